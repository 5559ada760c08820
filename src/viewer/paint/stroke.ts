/** Strokes of the brush: from the pointer's way over a view to the voxels of an edit. Pure. */

import type { EditOp } from '../../protocol/labels.js';
import { MAX_EDIT_VOXELS } from '../../protocol/limits.js';
import type { View } from '../../renderer/views.js';
import { type Vec3, type VolumeGeometry, worldToVoxel } from '../../volume/geometry.js';

/** Points of one edit at most, as the wire has it. */
const MOST_POINTS = 4096;

/** A stroke that is drawn, or on its way. World x, y, z. */
export interface Stroke {
  /** The view it is drawn in. */
  readonly view: string;
  readonly points: Vec3[];
  /** World radius. */
  readonly radius: number;
  /** Part of it that the brush has at each point, where a pen says how hard it is pressed. */
  readonly scales?: number[];
  /** A ball; otherwise a disc in the slice. */
  readonly deep: boolean;
  readonly color: string;
  /** The inside of what is drawn, in place of a brush's way; of a box two corners. */
  readonly area?: 'lasso' | 'box';
}

/** World length of a brush's radius. */
export const brushRadius = (volume: VolumeGeometry, radius: number): number => radius * Math.min(...volume.voxelSize);

/** The axis z, y, x (0, 1, 2) across a slice that stands straight; undefined for a turned one and for 3D. */
export function acrossOf(view: View): 0 | 1 | 2 | undefined {
  if (view.kind !== 'slice' || view.turn) return undefined;
  return view.axis;
}

/** Whether a stroke has come far enough from its last point for another one: a quarter of the brush. */
export function isFurther({ points, radius }: Stroke, to: Vec3): boolean {
  const last = points.at(-1);
  return !last || Math.hypot(to[0] - last[0], to[1] - last[1], to[2] - last[2]) >= radius / 4;
}

/**
 * The edit of a stroke. A disc has no radius across its slice, so that it stays in the slice's voxels.
 *
 * @param across the axis across the slice of a disc
 */
export function strokeOp(volume: VolumeGeometry, { points, radius, deep, scales }: Stroke, across: 0 | 1 | 2 | undefined): EditOp {
  const step = Math.ceil(points.length / MOST_POINTS);
  const keep = <T>(all: readonly T[]): T[] => all.filter((_, i) => i % step === 0 || i === all.length - 1).slice(0, MOST_POINTS);
  const radii = volume.voxelSize.map((edge, axis) => (!deep && axis === across ? 0 : Math.max(radius / edge, 0.5)));
  return {
    kind: 'stroke',
    points: keep(points).map((point) => [...worldToVoxel(volume, point)] as [number, number, number]),
    radius: radii as [number, number, number],
    ...(scales && { scales: keep(scales) }),
  };
}

/** What a fill through all slices may reach: the volume, of a large one as much around the seed as one edit may have, a cube where it can be. */
export function fillBox(shape: Vec3, seed: Vec3): [[number, number, number], [number, number, number]] {
  const edges = [...shape] as [number, number, number];
  let left = MAX_EDIT_VOXELS;
  const shortestFirst = ([0, 1, 2] as (0 | 1 | 2)[]).sort((a, b) => shape[a] - shape[b]);
  for (const [i, axis] of shortestFirst.entries()) {
    edges[axis] = Math.min(shape[axis], Math.floor(left ** (1 / (3 - i)) + 1e-6));
    left = Math.floor(left / edges[axis]);
  }
  const start = edges.map((edge, axis) => Math.min(Math.max((seed[axis] as number) - (edge >> 1), 0), (shape[axis] as number) - edge)) as [number, number, number];
  return [start, start.map((low, axis) => low + (edges[axis] as number)) as [number, number, number]];
}

/** The edit that fills from a place: through all slices, or in the slice across an axis. Undefined where it lies outside. */
export function fillOp(volume: VolumeGeometry, at: Vec3, across: 0 | 1 | 2 | undefined): EditOp | undefined {
  const seed = worldToVoxel(volume, at).map((n) => Math.round(n)) as [number, number, number];
  if (seed.some((n, axis) => n < 0 || n >= (volume.shape[axis] as number))) return undefined;
  if (across === undefined) return { kind: 'fill', seed, box: fillBox(volume.shape, seed), dims: 3 };
  const box: [[number, number, number], [number, number, number]] = [[0, 0, 0], [...volume.shape]];
  box[0][across] = seed[across];
  box[1][across] = seed[across] + 1;
  return { kind: 'fill', seed, box, dims: 2, axis: across };
}
