/** Axis-aligned boxes: corners, edges, handles, and what dragging a handle does. World x, y, z. Pure. */

import { type BoxCoords, orderedBox, type PointCoords } from './model.js';

type Axis = 0 | 1 | 2;
/** For each axis x, y, z: the low face (-1), the high face (1), or neither (0). */
export type Sides = readonly [-1 | 0 | 1, -1 | 0 | 1, -1 | 0 | 1];

/** The eight corners; bit 0, 1, 2 of the index is the side in x, y, z. */
export function boxCorners(box: BoxCoords): PointCoords[] {
  return Array.from({ length: 8 }, (_, i) => [box[i & 1 ? 3 : 0], box[i & 2 ? 4 : 1], box[i & 4 ? 5 : 2]]);
}

/** The twelve edges, as pairs of indices of corners. */
export const BOX_EDGES: readonly (readonly [number, number])[] = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((corner) =>
  [1, 2, 4].filter((bit) => !(corner & bit)).map((bit) => [corner, corner | bit] as const),
);

/** Of each edge, whether it ends in the corner that lies farthest along `forward`: the box's own faces stand before it. */
export function edgesBehind(forward: PointCoords): boolean[] {
  const farthest = forward.reduce((corner, along, axis) => (along > 0 ? corner | (1 << axis) : corner), 0);
  return BOX_EDGES.map(([a, b]) => a === farthest || b === farthest);
}

/** The box with `a` and `b` as opposite corners. */
export function boxBetween(a: PointCoords, b: PointCoords): BoxCoords {
  return orderedBox([...a, ...b] as unknown as BoxCoords);
}

/** Centre of a box. */
export function boxCentre(box: BoxCoords): PointCoords {
  return [(box[0] + box[3]) / 2, (box[1] + box[4]) / 2, (box[2] + box[5]) / 2];
}

/**
 * A box grown so that no edge is shorter than `fraction` of the longest: what is drawn with a mouse has two
 * dimensions, and a box without a third can be neither seen from the side nor grabbed there.
 */
export function thickened(box: BoxCoords, fraction: number): BoxCoords {
  const sizes = [0, 1, 2].map((axis) => box[(axis + 3) as 3] - box[axis as 0]);
  const least = Math.max(...sizes) * fraction;
  const grown = [...box];
  for (const axis of [0, 1, 2]) {
    const missing = (least - (sizes[axis] as number)) / 2;
    if (missing <= 0) continue;
    grown[axis] = (grown[axis] as number) - missing;
    grown[axis + 3] = (grown[axis + 3] as number) + missing;
  }
  return grown as unknown as BoxCoords;
}

/** Where the handle of `sides` stands: middle of a face, an edge or the box, or a corner. */
export function handlePosition(box: BoxCoords, sides: Sides): PointCoords {
  const at = (axis: Axis) => {
    const [low, high] = [box[axis], box[(axis + 3) as 3]];
    return sides[axis] === 0 ? (low + high) / 2 : sides[axis] < 0 ? low : high;
  };
  return [at(0), at(1), at(2)];
}

/** Handles of the box's rectangle in a slice with the normal `axis`: corners and edges. */
export function sliceHandles(axis: Axis): Sides[] {
  const all = [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b])).filter(([a, b]) => a !== 0 || b !== 0);
  return all.map((pair) => {
    const sides = [...pair];
    sides.splice(axis, 0, 0);
    return sides as unknown as Sides;
  });
}

/** Handles of the box in 3D: the middles of its faces. */
export const FACE_HANDLES: readonly Sides[] = [
  [-1, 0, 0],
  [1, 0, 0],
  [0, -1, 0],
  [0, 1, 0],
  [0, 0, -1],
  [0, 0, 1],
];

/** The box after the faces of `sides` were dragged to `to`; a face dragged through its opposite turns the box over. */
export function dragFaces(box: BoxCoords, sides: Sides, to: PointCoords): BoxCoords {
  const moved = [...box];
  for (const axis of [0, 1, 2] as const) {
    if (sides[axis] !== 0) moved[sides[axis] < 0 ? axis : axis + 3] = to[axis];
  }
  return orderedBox(moved as unknown as BoxCoords);
}

/** Whether the slice with the normal `axis` at `position` cuts the box. */
export function sliceCuts(box: BoxCoords, axis: Axis, position: number): boolean {
  return position >= box[axis] && position <= box[(axis + 3) as 3];
}
