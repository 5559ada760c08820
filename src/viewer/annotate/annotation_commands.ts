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
import type { ViewStore } from '../view_state.js';
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
let copied: Annotation | undefined;

export function makeAnnotationCommands(context: AnnotationCommandContext): AnnotationCommands {
  const { scene, store } = context;
  const selected = (): Annotation | undefined => scene.annotation(store.state.selected ?? '');
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
  const put = (annotation: Annotation, delta: PointCoords) => {
    const { kind, coords } = movedForm<Form>(annotation, delta);
    context.tools().add({ kind, coords } as Form, annotation);
  };
  const classify = (label: string) => {
    const annotation = isDrawingTool(store.state.tool) ? undefined : selected();
    if (annotation && context.mayEdit()) scene.update(annotation.id, { label: annotation.label === label ? '' : label });
    else drawing({ label: store.state.drawing.label === label ? '' : label });
  };
  return {
    scene,
    tell: (message) => context.tools().context.tell(message),
    update: (id, patch) => context.mayEdit() && scene.update(id, patch),
    remove,
    jump,
    select: (id) => store.update({ selected: id }),
    step(by) {
      const all = scene.annotations();
      if (all.length === 0) return;
      const at = all.findIndex(({ id }) => id === store.state.selected);
      const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
      jump((all[next] as Annotation).id);
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
      const annotation = selected();
      if (!annotation) return;
      copied = annotation;
      if (cut) remove(annotation.id);
    },
    paste() {
      if (copied && context.mayEdit()) put(copied, pasteDelta(context.activeView(), copied, store.state.cross, scene.annotation(copied.id) !== undefined));
    },
    duplicate() {
      const annotation = selected();
      if (annotation && context.mayEdit()) put(annotation, aside(context.activeView()));
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
