/** A layer's own place in the world: its points are scaled, turned and shifted there. World points are x, y, z. */

import type { Frustum } from './frustum.js';
import type { Vec3 } from './geometry.js';

/** Rows of a 3x3 matrix. */
export type Mat3 = readonly [Vec3, Vec3, Vec3];

/** How a layer is moved: p is scaled, then turned (a quaternion x, y, z, w of any length), then shifted. */
export interface Transform {
  readonly translate: Vec3;
  readonly rotate: readonly [number, number, number, number];
  readonly scale: Vec3;
}

/** A transform as matrices: world = to * p + shift, p = back * (world - shift). */
export interface Placement {
  readonly to: Mat3;
  readonly back: Mat3;
  readonly shift: Vec3;
  readonly scale: Vec3;
}

const IDENTITY: Mat3 = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

/** The placement that leaves everything where it is. */
export const UNPLACED: Placement = { to: IDENTITY, back: IDENTITY, shift: [0, 0, 0], scale: [1, 1, 1] };

const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** A matrix times a vector. */
export const times = (m: Mat3, v: Vec3): Vec3 => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];

/** The matrix with rows and columns swapped. */
export const transposed = (m: Mat3): Mat3 => [0, 1, 2].map((i) => [m[0][i], m[1][i], m[2][i]]) as unknown as Mat3;

/** The placement of a transform; none leaves everything where it is. */
export function placementOf(transform: Transform | undefined): Placement {
  if (!transform) return UNPLACED;
  const { translate: shift, rotate, scale } = transform;
  const length = Math.hypot(...rotate);
  const [x, y, z, w] = length > 0 ? (rotate.map((n) => n / length) as unknown as typeof rotate) : [0, 0, 0, 1];
  const turn: Mat3 = [
    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
  ];
  const to = turn.map((row) => row.map((n, i) => n * (scale[i] as number))) as unknown as Mat3;
  const back = transposed(turn).map((row, i) => row.map((n) => n / (scale[i] as number))) as unknown as Mat3;
  return { to, back, shift, scale };
}

/** Where a layer's point is in the world. */
export function toWorld({ to, shift }: Placement, p: Vec3): Vec3 {
  const [x, y, z] = times(to, p);
  return [x + shift[0], y + shift[1], z + shift[2]];
}

/** Where the eight corners of a layer's box are in the world. */
export function cornersOf(placement: Placement, { min, max }: { readonly min: Vec3; readonly max: Vec3 }): Vec3[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((c) => toWorld(placement, [c & 1 ? max[0] : min[0], c & 2 ? max[1] : min[1], c & 4 ? max[2] : min[2]]));
}

/** Which point of a layer is at a place of the world. */
export function toLayer({ back, shift }: Placement, world: Vec3): Vec3 {
  return times(back, [world[0] - shift[0], world[1] - shift[1], world[2] - shift[2]]);
}

/** The box around a layer's box in the world. */
export function placedBounds(placement: Placement, { min, max }: { readonly min: Vec3; readonly max: Vec3 }): { min: Vec3; max: Vec3 } {
  const middle = toWorld(placement, [0, 1, 2].map((i) => ((min[i] as number) + (max[i] as number)) / 2) as unknown as Vec3);
  const half = [0, 1, 2].map((i) => ((max[i] as number) - (min[i] as number)) / 2);
  const reach = placement.to.map((row) => row.reduce((sum, n, i) => sum + Math.abs(n) * (half[i] as number), 0));
  const shifted = (sign: number): Vec3 => middle.map((n, i) => n + sign * (reach[i] as number)) as unknown as Vec3;
  return { min: shifted(-1), max: shifted(1) };
}

/** A unit direction as a layer sees it. */
export function directionInLayer({ back }: Placement, direction: Vec3): Vec3 {
  const [x, y, z] = times(back, direction);
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

/**
 * A frustum as a layer sees it. Lengths are those of the layer; where it is not scaled alike along its axes, the pixels that a
 * length covers are counted for the longest.
 */
export function frustumInLayer(placement: Placement, frustum: Frustum): Frustum {
  if (placement === UNPLACED) return frustum;
  const { to, shift, scale } = placement;
  const columns = transposed(to);
  return {
    eye: toLayer(placement, frustum.eye),
    forward: directionInLayer(placement, frustum.forward),
    planes: frustum.planes.map(([a, b, c, d]) => {
      const [x, y, z] = times(columns, [a, b, c]);
      return [x, y, z, d + a * shift[0] + b * shift[1] + c * shift[2]] as const;
    }),
    // Both the size of a voxel and its distance are in the layer's lengths: only what is not alike remains.
    pixelsPerUnit: (frustum.pixelsPerUnit * Math.max(...scale)) / Math.min(...scale),
  };
}
