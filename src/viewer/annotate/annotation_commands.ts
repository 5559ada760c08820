/** What keys, buttons and the table do to annotations. */

import { centreOf, movedForm } from '../../annotation/forms.js';
import type { Annotation, AnnotationPatch, Form, PointCoords } from '../../annotation/model.js';
import type { Scene } from '../../annotation/scene.js';
import { minus, plus } from '../../annotation/vectors.js';
import { cameraBasis } from '../../renderer/camera.js';
import { sliceDistance, sliceFrame } from '../../renderer/slice_view.js';
import type { View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { AnnotationTools } from '../annotation_tools.js';
import { worldPerPixel } from '../view_geometry.js';
import { selectedIds, selection, type ViewStore } from '../view_state.js';
import { type DrawingState, isDrawingTool } from './drawing_state.js';

/** What they act on. */
export interface AnnotationCommandContext {
  readonly scene: Scene;
  readonly store: ViewStore;
  tools(): AnnotationTools;
  mayEdit(): boolean;
  activeView(): View | undefined;
  /** The nearest place for the cross. */
  snap(place: Vec3): Vec3;
}

/** Commands for annotations, by key and from the panel. */
export interface AnnotationCommands {
  readonly scene: Scene;
  /** Says why something was refused. */
  readonly tell: (message: string) => void;
  update(id: string, patch: AnnotationPatch): void;
  remove(id: string): void;
  /** Shows it in the middle of the views. */
  jump(id: string): void;
  select(id: string | undefined): void;
  /** Selects it too, or no longer. */
  toggle(id: string): void;
  /** Selects these, and no others. */
  selectAll(ids?: readonly string[]): void;
  /** Removes all that is selected. */
  removeSelected(): void;
  /** Changes all that is selected, as one step. */
  updateSelected(patch: AnnotationPatch): void;
  /** The next one, or the one before, of the list. */
  step(by: 1 | -1): void;
  /** Gives the selected one the class, or what is drawn next. */
  classify(label: string): void;
  /** The class of that number, where a mark is selected or a drawing tool in hand; false where there is none. */
  digit(number: number): boolean;
  drawing(patch: Partial<DrawingState>): void;
  /** What is drawn goes to the centres of voxels, or to vertices; or no longer. */
  toggleSnap(to: 'snapVoxels' | 'snapVertices'): void;
  copy(cut: boolean): void;
  paste(): void;
  duplicate(): void;
}

/** Pixels by which a copy stands beside its original. */
const BESIDE = 12;

/** What was copied last, in any viewer of the page. */
let copied: readonly Annotation[] = [];

export function makeAnnotationCommands(context: AnnotationCommandContext): AnnotationCommands {
  const { scene, store } = context;
  const selected = (): Annotation | undefined => scene.annotation(store.state.selected ?? '');
  const all = (): Annotation[] => selectedIds(store.state).flatMap((id) => scene.annotation(id) ?? []);
  /** Those of the selection that may be changed: not what is in a locked layer. */
  const open = (): Annotation[] => (context.mayEdit() ? all().filter(({ layer }) => !scene.groups.get(layer).locked) : []);
  const remove = (id: string) => {
    if (!context.mayEdit()) return;
    scene.remove(id);
    if (store.state.selected === id) store.update({ selected: undefined });
  };
  const drawing = (patch: Partial<DrawingState>) => store.update({ drawing: { ...store.state.drawing, ...patch } });
  const jump = (id: string) => {
    const annotation = scene.annotation(id);
    if (!annotation) return;
    const place = centreOf(annotation);
    store.update({ cross: context.snap(place), center: place, selected: id, camera: { ...store.state.camera, target: place } });
  };
  const put = (annotations: readonly Annotation[], delta: PointCoords) => {
    const ids: string[] = [];
    scene.together(() => {
      for (const annotation of annotations) {
        const { kind, coords } = movedForm<Form>(annotation, delta);
        ids.push(context.tools().add({ kind, coords } as Form, annotation));
      }
    });
    store.update(selection(ids));
  };
  const updateSelected = (patch: AnnotationPatch) => {
    const annotations = open();
    if (annotations.length === 0) return;
    scene.together(() => {
      for (const { id } of annotations) scene.update(id, patch);
    });
  };
  const removeSelected = () => {
    const annotations = open();
    if (annotations.length === 0) return;
    scene.together(() => {
      for (const { id } of annotations) scene.remove(id);
    });
    store.update({ selected: undefined });
  };
  const classify = (label: string) => {
    const annotations = isDrawingTool(store.state.tool) ? [] : all();
    if (annotations.length > 0 && context.mayEdit()) updateSelected({ label: annotations.every((each) => each.label === label) ? '' : label });
    else drawing({ label: store.state.drawing.label === label ? '' : label });
  };
  return {
    scene,
    tell: (message) => context.tools().context.tell(message),
    update: (id, patch) => context.mayEdit() && scene.update(id, patch),
    remove,
    jump,
    select: (id) => store.update({ selected: id }),
    toggle(id) {
      const ids = selectedIds(store.state).filter((each) => scene.annotation(each));
      store.update(selection(ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id]));
    },
    selectAll: (ids) => store.update(selection(ids ?? context.tools().index.items.filter((each) => context.tools().isOpen(each)).map(({ id }) => id))),
    removeSelected,
    updateSelected,
    step(by) {
      const list = scene.annotations();
      if (list.length === 0) return;
      const at = list.findIndex(({ id }) => id === store.state.selected);
      const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length;
      jump((list[next] as Annotation).id);
    },
    classify,
    digit(number) {
      const found = scene.classes.list()[number - 1];
      if (!found || !(selected() || isDrawingTool(store.state.tool)) || !context.mayEdit()) return false;
      classify(found.name);
      return true;
    },
    drawing,
    toggleSnap: (to) => drawing({ [to]: !store.state.drawing[to] }),
    copy(cut) {
      if (all().length === 0) return;
      copied = all();
      if (cut) removeSelected();
    },
    paste() {
      const [first] = copied;
      if (first && context.mayEdit()) put(copied, pasteDelta(context.activeView(), first, store.state.cross, scene.annotation(first.id) !== undefined));
    },
    duplicate() {
      if (all().length > 0 && context.mayEdit()) put(all(), aside(context.activeView()));
    },
  };
}

/** From where something was copied to where it is pasted: the slice that is looked at, in 3D the cross; beside itself where that is the same. */
function pasteDelta(view: View | undefined, form: Form, cross: Vec3, stands: boolean): PointCoords {
  const centre = centreOf(form);
  const delta: PointCoords = view?.kind === 'slice' ? plus([0, 0, 0], sliceFrame(view).normal, -sliceDistance(view, centre)) : minus(cross, centre);
  return stands && Math.hypot(...delta) < 1e-9 ? aside(view) : delta;
}

function aside(view: View | undefined): PointCoords {
  if (!view) return [0, 0, 0];
  const { right, up } = view.kind === 'slice' ? sliceFrame(view) : cameraBasis(view.camera);
  const by = BESIDE * worldPerPixel(view);
  return plus(plus([0, 0, 0], right, by), up, -by);
}
