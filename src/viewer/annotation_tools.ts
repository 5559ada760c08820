/** Drawing annotations, and changing them by hand: the drags behind the tools. */

import { nextColor } from '../annotation/colors.js';
import { annotationAt, gripAt, type Hit } from '../annotation/hit.js';
import { KIND_WORDS } from '../annotation/kinds.js';
import { MarkIndex } from '../annotation/mark_index.js';
import type { Annotation, Form } from '../annotation/model.js';
import { withoutVertex } from '../annotation/paths.js';
import type { Scene } from '../annotation/scene.js';
import { sliceAxes, sliceToWorld } from '../renderer/slice_view.js';
import type { Picked, Pixel, View } from '../renderer/views.js';
import type { VolumeGeometry } from '../volume/geometry.js';
import { rectangleForm } from './annotate/draw_shapes.js';
import { isDrawingTool } from './annotate/drawing_state.js';
import { editDrag } from './annotate/edit_drag.js';
import { gripsOf } from './annotate/grips.js';
import { shortened } from './annotate/path_drawing.js';
import type { Band } from './annotate/rubber_band.js';
import { PathTool } from './annotate/path_tool.js';
import { nearPixel, Placer } from './annotate/place.js';
import { drawn, type Shape } from './marks.js';
import type { Drag } from './pointer.js';
import { clampTo } from './slice_controls.js';
import { onFacingPlane } from './view_geometry.js';
import type { Bounds, ViewStore } from './view_state.js';

/** What the tools need of the viewer around them. */
export interface ToolContext {
  readonly scene: Scene;
  readonly store: ViewStore;
  /** The view of that id as it is now. */
  view(id: string): View | undefined;
  pick(view: string, px: Pixel): Picked | undefined;
  bounds(): Bounds;
  /** The volume whose voxels slices go through; undefined without any. */
  grid(): VolumeGeometry | undefined;
  /** Edge of a voxel along a world axis. */
  voxel(axis: 0 | 1 | 2): number;
  /** Name of the volume that marks are made on. */
  volumeName(): string;
  readonly author: string;
  /** Something to draw has changed. */
  redraw(): void;
  tell(message: string): void;
}

/** Pixels around a mark in which it is grabbed; a finger is wider than a pointer. */
export const REACH = 7;
export const TOUCH_REACH = 18;
/** A press that moved less than this is a click. */
export const SLACK = 3;
export class AnnotationTools {
  /** What is being drawn. */
  draft: (Shape & { readonly color: string }) | undefined;
  /** What is drawn click by click. */
  readonly path: PathTool;
  /** The vertex that was pressed last, of the selected annotation: the one that the delete key takes. */
  vertex: number | undefined;
  /** The frame that is being drawn around several. */
  band: Band | undefined;
  readonly index: MarkIndex;
  readonly placer: Placer;
  #color = '';

  constructor(readonly context: ToolContext) {
    this.index = new MarkIndex(context.scene);
    this.placer = new Placer(context, this.index);
    this.path = new PathTool(this);
    context.store.onChange((now, before) => {
      if (now.selected !== before.selected) this.vertex = undefined;
      if (now.tool !== before.tool) this.cancel();
    });
  }

  /** The annotation or grip under the pointer; nothing of layers that are locked. */
  hit(view: View, px: Pixel, reach = REACH): Hit | undefined {
    const { scene, store } = this.context;
    const selected = scene.annotation(store.state.selected ?? '');
    const voxel = this.voxel(view);
    if (selected && this.isOpen(selected) && drawn(view, selected, voxel)) {
      const grip = gripAt(px, gripsOf(view, selected, voxel), reach);
      if (grip) return { id: selected.id, grip };
    }
    const near = nearPixel(this.index, view, px, reach).filter((annotation) => this.isOpen(annotation));
    const found = annotationAt(px, near, (annotation) => drawn(view, annotation, voxel), reach);
    return found && { id: found.id };
  }

  /** The drag that a press with a drawing tool begins. */
  draw(view: View, px: Pixel): Drag | undefined {
    const { store, scene, tell } = this.context;
    const { tool, drawing } = store.state;
    if (!isDrawingTool(tool)) return undefined;
    const layer = scene.groups.get(drawing.layer);
    if (!layer.visible || layer.locked) {
      tell(`The layer “${layer.name}” is ${layer.visible ? 'locked' : 'hidden'}: nothing is drawn into it`);
      return undefined;
    }
    this.#color = scene.classes.get(drawing.label)?.color ?? layer.color ?? nextColor(scene.annotations().map(({ color }) => color));
    if (tool === 'point') return this.#drawPoint(view, px);
    if (tool === 'freehand') return this.path.freehand(view, px);
    if (tool === 'box' || tool === 'oriented_box' || tool === 'ellipsoid') return this.#drawRectangle(tool, view, px);
    return this.path.press(tool, view, px);
  }

  /** The drag that changes the annotation under the pointer; a press without a move only selects it. */
  edit(view: View, px: Pixel, hit: Hit): Drag | undefined {
    return editDrag(this, view, px, hit);
  }

  /** Leaves the path that is drawn, or the vertex that is chosen; false where there is neither. */
  cancel(): boolean {
    const busy = this.path.leave() || this.vertex !== undefined;
    this.vertex = undefined;
    if (busy || this.draft) this.show(undefined);
    return busy;
  }

  /** Takes a vertex out of the selected path; false where none is chosen. */
  removeVertex(index = this.vertex): boolean {
    const { scene, store, tell } = this.context;
    const selected = scene.annotation(store.state.selected ?? '');
    if (!selected || index === undefined || !this.isOpen(selected)) return false;
    const form = shortened(selected, index, withoutVertex);
    if (form) scene.update(selected.id, { coords: form.coords });
    else tell('It has no vertex to spare: remove all of it instead');
    this.vertex = undefined;
    return true;
  }

  /** Adds a shape as the next annotation, and selects it. */
  add(form: Form, like?: Pick<Annotation, 'name' | 'label' | 'props' | 'color' | 'layer'>): string {
    const { scene, store, author, volumeName } = this.context;
    const { label, layer } = like ?? store.state.drawing;
    const name = like?.name || freeName(KIND_WORDS[form.kind], scene.annotations());
    const id = scene.add({ ...form, name, color: like?.color ?? this.#color, label, layer, author, volumeName: volumeName(), ...(like && { props: like.props }) });
    store.update({ selected: id });
    return id;
  }

  #drawPoint(view: View, start: Pixel): Drag {
    const { context } = this;
    const show = (px: Pixel) => {
      const coords = this.placer.at(view, px);
      this.show(coords && { kind: 'point', coords });
    };
    show(start);
    return {
      move: show,
      end: (px, cancelled) => {
        this.show(undefined);
        if (cancelled) return;
        const coords = this.placer.at(view, px);
        if (coords) this.add({ kind: 'point', coords });
        else context.tell('Nothing here to put a point on: aim at something opaque, or use a slice');
      },
    };
  }

  #drawRectangle(tool: 'box' | 'oriented_box' | 'ellipsoid', view: View, start: Pixel): Drag {
    const { context } = this;
    const bounds = context.bounds();
    const anchor = this.placer.at(view, start) ?? (view.kind === 'slice' ? sliceToWorld(view, start) : context.store.state.cross);
    const from = clampTo(bounds, view.kind === 'slice' ? anchor : (onFacingPlane(view, start, anchor) ?? anchor));
    const form = (px: Pixel): Form | undefined => {
      const free = view.kind === 'slice' ? this.placer.at(view, px) : onFacingPlane(view, px, anchor);
      if (!free || Math.hypot(px[0] - start[0], px[1] - start[1]) < SLACK) return undefined;
      return rectangleForm(tool, view, from, clampTo(bounds, free), this.voxel(view));
    };
    return {
      move: (px) => this.show(form(px)),
      end: (px, cancelled) => {
        this.show(undefined);
        const made = cancelled ? undefined : form(px);
        if (made) this.add(made);
        else if (!cancelled) context.tell(`Drag to draw ${tool === 'ellipsoid' ? 'an ellipsoid' : 'a box'}`);
      },
    };
  }

  /** Whether an annotation's layer may be edited. */
  isOpen({ layer }: Annotation): boolean {
    const group = this.context.scene.groups.get(layer);
    return group.visible && !group.locked;
  }

  /** Shows what is being drawn. */
  show(shape: Shape | undefined): void {
    this.draft = shape && { ...shape, color: this.#color || '#ffffff' };
    this.context.redraw();
  }

  /** Depth of a voxel in a view: what lies so near to a slice is in it. */
  voxel(view: View): number {
    return view.kind === 'slice' ? this.context.voxel(sliceAxes(view.axis).normal) : 0;
  }
}

/** The first of `Point 1`, `Point 2`, … that no annotation is called. */
export function freeName(word: string, annotations: readonly Pick<Annotation, 'name'>[]): string {
  const used = new Set(annotations.map(({ name }) => name));
  let number = 1;
  while (used.has(`${word} ${number}`)) number += 1;
  return `${word} ${number}`;
}
