/** What of the annotations lies under the pointer, in one view. The view is given as a projection, so 2D and 3D share this. Pure. */

import { BOX_EDGES, handlePosition, type Sides } from './box.js';
import type { Annotation, BoxCoords, PointCoords } from './model.js';
import { type Px, pixelDistance, segmentDistance } from './pixels.js';

/** A world point's pixel, or undefined where the view does not show it. */
export type Project = (world: PointCoords) => Px | undefined;

/** What of a shape is taken hold of. */
export type Grip =
  | { readonly part: 'faces'; readonly sides: Sides }
  | { readonly part: 'vertex' | 'edge'; readonly index: number }
  | { readonly part: 'turn' };

/** A grip with its place in a view. */
export interface PlacedGrip {
  readonly grip: Grip;
  readonly px: Px;
}

/** Under the pointer: an annotation, and of the selected one the grip, where it is one. */
export interface Hit {
  readonly id: string;
  readonly grip?: Grip;
}

/** The grip nearest to the pixel, within `reach`; a vertex before what lies as near. */
export function gripAt(px: Px, placed: readonly PlacedGrip[], reach: number): Grip | undefined {
  let nearest: Grip | undefined;
  let least = reach;
  for (const { grip, px: at } of placed) {
    const distance = pixelDistance(px, at);
    if (distance > least || (distance === least && nearest)) continue;
    least = distance;
    nearest = grip;
  }
  return nearest;
}

/** Whether a pixel lies within an outline (even-odd). */
export function within(px: Px, outline: readonly Px[]): boolean {
  let inside = false;
  outline.forEach(([x, y], i) => {
    const [u, v] = outline[(i + 1) % outline.length] as Px;
    if (y > px[1] !== v > px[1] && px[0] < x + ((px[1] - y) / (v - y)) * (u - x)) inside = !inside;
  });
  return inside;
}

/** What a view draws of an annotation: a dot, or lines. */
export interface Drawn {
  readonly dot?: Px;
  readonly lines: readonly (readonly [Px, Px])[];
  /** For each line, whether the shape itself lies before it. */
  readonly behind?: readonly boolean[];
  /** The outline of an area that is filled faintly. */
  readonly fill?: readonly Px[];
}

/** Pixel lines of all edges in view of a box with these corners. */
export function projectEdges(places: readonly PointCoords[], project: Project): [Px, Px][] {
  const corners = places.map(project);
  return BOX_EDGES.flatMap(([a, b]) => {
    const [from, to] = [corners[a], corners[b]];
    return from && to ? [[from, to] as [Px, Px]] : [];
  });
}

/** Distance of a pixel to what is drawn; infinite where nothing is. */
export function drawnDistance(px: Px, drawn: Drawn): number {
  const dot = drawn.dot ? pixelDistance(px, drawn.dot) : Number.POSITIVE_INFINITY;
  return drawn.lines.reduce((least, [a, b]) => Math.min(least, segmentDistance(px, a, b)), dot);
}

/** The handle of the box nearest to the pixel, within `reach`. */
export function handleAt(px: Px, box: BoxCoords, handles: readonly Sides[], project: Project, reach: number): Sides | undefined {
  let nearest: Sides | undefined;
  let least = reach;
  for (const sides of handles) {
    const at = project(handlePosition(box, sides));
    const distance = at ? pixelDistance(px, at) : Number.POSITIVE_INFINITY;
    if (distance > least) continue;
    least = distance;
    nearest = sides;
  }
  return nearest;
}

/**
 * The annotation nearest to the pixel, within `reach`; of two equally near, the one made later, which is drawn above.
 *
 * @param draw what the view draws of an annotation, undefined for those it does not show
 */
export function annotationAt(
  px: Px,
  annotations: readonly Annotation[],
  draw: (annotation: Annotation) => Drawn | undefined,
  reach: number,
): Annotation | undefined {
  let nearest: Annotation | undefined;
  let least = reach;
  for (const annotation of annotations) {
    const drawn = draw(annotation);
    const distance = drawn ? drawnDistance(px, drawn) : Number.POSITIVE_INFINITY;
    if (distance > least) continue;
    least = distance;
    nearest = annotation;
  }
  return nearest;
}
