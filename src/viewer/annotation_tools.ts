/** Drawing points and boxes, and moving them: the drags behind the tools. */

import { boxBetween, dragFaces, handlePosition, type Sides, thickened } from '../annotation/box.js';
import { nextColor } from '../annotation/colors.js';
import { centreOf, movedForm } from '../annotation/forms.js';
import { annotationAt, type Hit, handleAt } from '../annotation/hit.js';
import type { Annotation, BoxCoords, PointCoords } from '../annotation/model.js';
import { nearestOnLine } from '../annotation/ray.js';
import type { Scene } from '../annotation/scene.js';
import { sliceAxes, sliceToWorld } from '../renderer/slice_view.js';
import type { Picked, Pixel, View } from '../renderer/views.js';
import type { Vec3 } from '../volume/geometry.js';
import { drawn, handlesIn, type Shape } from './marks.js';
import type { Drag } from './pointer.js';
import { clampTo } from './slice_controls.js';
import { onFacingPlane, projector, rayOf } from './view_geometry.js';
import type { Bounds, ViewStore } from './view_state.js';

/** What the tools need of the viewer around them. */
export interface ToolContext {
  readonly scene: Scene;
  readonly store: ViewStore;
  /** The view of that id as it is now. */
  view(id: string): View | undefined;
  pick(view: string, px: Pixel): Picked | undefined;
  bounds(): Bounds;
  /** Edge of a voxel along a world axis. */
  voxel(axis: 0 | 1 | 2): number;
  /** Name of the volume that marks are made on. */
  volumeName(): string;
  readonly author: string;
  /** Something to draw has changed. */
  redraw(): void;
  tell(message: string): void;
}

/** Pixels around a mark in which it is grabbed. */
const REACH = 7;
/** A press that moved less than this is a click. */
const SLACK = 3;
/** Of a box drawn in 3D no edge is shorter than this share of its longest. */
const LEAST_EDGE = 0.4;

export class AnnotationTools {
  /** What is being drawn. */
  draft: (Shape & { readonly color: string }) | undefined;

  constructor(readonly context: ToolContext) {}

  /** The annotation or handle under the pointer. */
  hit(view: View, px: Pixel): Hit | undefined {
    const { scene, store } = this.context;
    const selected = scene.annotation(store.state.selected ?? '');
    if (selected?.kind === 'box' && drawn(view, selected, this.#voxel(view))) {
      const handle = handleAt(px, selected.coords, handlesIn(view), projector(view), REACH);
      if (handle) return { id: selected.id, handle };
    }
    const found = annotationAt(px, scene.annotations(), (annotation) => drawn(view, annotation, this.#voxel(view)), REACH);
    return found && { id: found.id };
  }

  /** The drag that a press with the point or box tool begins. */
  draw(view: View, px: Pixel): Drag | undefined {
    return this.context.store.state.tool === 'box' ? this.#drawBox(view, px) : this.#drawPoint(view, px);
  }

  /** The drag that changes the annotation under the pointer; a press without a move only selects it. */
  edit(view: View, px: Pixel, { id, handle }: Hit): Drag | undefined {
    const { scene, store } = this.context;
    const annotation = scene.annotation(id);
    if (!annotation) return undefined;
    store.update({ selected: id });
    let moving = false;
    return {
      move: (to) => {
        if (!moving && Math.hypot(to[0] - px[0], to[1] - px[1]) < SLACK) return;
        if (!moving) scene.beginGesture();
        moving = true;
        const coords = this.#dragged(this.context.view(view.id) ?? view, annotation, handle, px, to);
        if (coords) scene.update(id, { coords });
      },
      end: (_, cancelled) => {
        if (!moving) return;
        if (cancelled) scene.update(id, { coords: annotation.coords });
        scene.endGesture();
      },
    };
  }

  #drawPoint(view: View, start: Pixel): Drag {
    const { context } = this;
    const place = (px: Pixel): PointCoords | undefined => {
      if (view.kind === 'slice') return clampTo(context.bounds(), sliceToWorld(view, px));
      return context.pick(view.id, px)?.world;
    };
    const show = (px: Pixel) => {
      const coords = place(px);
      this.#show(coords && { kind: 'point', coords });
    };
    show(start);
    return {
      move: show,
      end: (px, cancelled) => {
        this.#show(undefined);
        if (cancelled) return;
        const coords = place(px);
        if (coords) this.#add({ kind: 'point', coords });
        else context.tell('Nothing here to put a point on: aim at something opaque, or use a slice');
      },
    };
  }

  #drawBox(view: View, start: Pixel): Drag {
    const { context } = this;
    const bounds = context.bounds();
    const anchor = view.kind === 'slice' ? sliceToWorld(view, start) : (context.pick(view.id, start)?.world ?? context.store.state.cross);
    const from = clampTo(bounds, onFacingPlane(view, start, anchor) ?? anchor);
    const box = (px: Pixel): BoxCoords | undefined => {
      const to = onFacingPlane(view, px, anchor);
      if (!to || Math.hypot(px[0] - start[0], px[1] - start[1]) < SLACK) return undefined;
      const flat = boxBetween(from, clampTo(bounds, to));
      return view.kind === 'slice' ? this.#deepened(flat, sliceAxes(view.axis).normal) : thickened(flat, LEAST_EDGE);
    };
    const show = (px: Pixel) => {
      const coords = box(px);
      this.#show(coords && { kind: 'box', coords });
    };
    return {
      move: show,
      end: (px, cancelled) => {
        this.#show(undefined);
        const coords = cancelled ? undefined : box(px);
        if (coords) this.#add({ kind: 'box', coords });
        else if (!cancelled) context.tell('Drag to draw a box');
      },
    };
  }

  /** A rectangle of a slice as a box: as deep as its shorter edge, about the slice. */
  #deepened(flat: BoxCoords, normal: 0 | 1 | 2): BoxCoords {
    const edges = ([0, 1, 2] as const).filter((axis) => axis !== normal).map((axis) => flat[(axis + 3) as 3] - flat[axis]);
    const depth = Math.max(this.context.voxel(normal), Math.min(...edges));
    const box = [...flat];
    box[normal] = flat[normal] - depth / 2;
    box[normal + 3] = flat[normal] + depth / 2;
    return box as unknown as BoxCoords;
  }

  #dragged(view: View, annotation: Annotation, handle: Sides | undefined, from: Pixel, to: Pixel): Annotation['coords'] | undefined {
    if (annotation.kind === 'box' && handle) return dragHandle(view, annotation.coords, handle, from, to);
    if (annotation.kind === 'point' && view.kind === 'volume') {
      const picked = this.context.pick(view.id, to);
      if (picked) return picked.world;
    }
    const anchor = centreOf(annotation);
    const [a, b] = [onFacingPlane(view, from, anchor), onFacingPlane(view, to, anchor)];
    return a && b && movedForm(annotation, difference(b, a)).coords;
  }

  #add(shape: Pick<Annotation, 'kind' | 'coords'>): void {
    const { scene, store, author, volumeName } = this.context;
    const color = nextColor(scene.annotations().map((annotation) => annotation.color));
    const name = freeName(shape.kind === 'point' ? 'Point' : 'Box', scene.annotations());
    const common = { color, name, author, volumeName: volumeName() };
    const id =
      shape.kind === 'point'
        ? scene.add({ ...common, kind: 'point', coords: shape.coords as PointCoords })
        : scene.add({ ...common, kind: 'box', coords: shape.coords as BoxCoords });
    store.update({ selected: id });
  }

  #show(shape: Shape | undefined): void {
    this.draft = shape && { ...shape, color: nextColor(this.context.scene.annotations().map(({ color }) => color)) };
    this.context.redraw();
  }

  #voxel(view: View): number {
    return view.kind === 'slice' ? this.context.voxel(sliceAxes(view.axis).normal) : 0;
  }
}

/** The box after its handle was dragged: in a slice within it, in 3D along the axis of its face. */
export function dragHandle(view: View, box: BoxCoords, sides: Sides, from: Pixel, to: Pixel): BoxCoords | undefined {
  const start = handlePosition(box, sides);
  if (view.kind === 'slice') return dragFaces(box, sides, sliceToWorld(view, to));
  const axis = sides.findIndex((side) => side !== 0);
  const line: [number, number, number] = [0, 0, 0];
  line[axis] = 1;
  const [a, b] = [nearestOnLine(rayOf(view, from), start, line), nearestOnLine(rayOf(view, to), start, line)];
  return a && b && dragFaces(box, sides, difference(start, difference(a, b)));
}

/** The first of `Point 1`, `Point 2`, … that no annotation is called. */
export function freeName(word: string, annotations: readonly Annotation[]): string {
  const used = new Set(annotations.map(({ name }) => name));
  let number = 1;
  while (used.has(`${word} ${number}`)) number += 1;
  return `${word} ${number}`;
}

const difference = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
