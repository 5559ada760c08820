/** What of the annotations lies under the pointer, in one view. The view is given as a projection, so 2D and 3D share this. Pure. */

import { BOX_EDGES, boxCorners, handlePosition, type Sides } from './box.js';
import type { Annotation, BoxCoords, PointCoords } from './model.js';
import { type Px, pixelDistance, segmentDistance } from './pixels.js';

/** A world point's pixel, or undefined where the view does not show it. */
export type Project = (world: PointCoords) => Px | undefined;

/** Under the pointer: an annotation, and of a box the handle, where it is one. */
export interface Hit {
  readonly id: string;
  readonly handle?: Sides;
}

/** What a view draws of an annotation: a dot, or lines. */
export interface Drawn {
  readonly dot?: Px;
  readonly lines: readonly (readonly [Px, Px])[];
  /** For each line, whether the shape itself lies before it. */
  readonly behind?: readonly boolean[];
}

/** Pixel lines of all edges of a box in view. */
export function projectEdges(box: BoxCoords, project: Project): [Px, Px][] {
  const corners = boxCorners(box).map(project);
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
