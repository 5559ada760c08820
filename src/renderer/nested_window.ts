/**
 * Windows inside windows, for volumes too large for one table: each is of the next coarser level and twice as wide, all around the
 * eye, so that a table of a few MiB reaches from single voxels to the whole of an exabyte. Pure; vectors are z, y, x in cells.
 */

import { BRICK_EDGE } from '../protocol/limits.js';
import type { BrickNumbering } from '../volume/brick_key.js';
import type { Frustum } from '../volume/frustum.js';
import { type VolumeGeometry, type Vec3, worldToVoxel } from '../volume/geometry.js';
import { MERGE_PIXELS } from '../volume/lod_plan.js';
import type { TableWindow } from './table_window.js';

/** Cells along each axis of a nested window, for pictures of few and of many rows. */
const EDGE = 32;
const LARGE_EDGE = 48;
/** Cells between the end of what a window shows and its own end: the eye may be anywhere in the middle cell. */
const SLACK = 2;

/** Windows around the same place. */
export interface Nest {
  /** First cell of each window, the finest first, in cells of its level. */
  readonly origins: readonly Vec3[];
  /** What they are around, in cells of the finest level from its window's first cell. */
  readonly center: Vec3;
  /** Cells of its own level that a window shows from the centre in any direction, so that one is inside it whatever is rounded. */
  readonly reach: number;
}

/** A window that has others around it. */
export type NestedWindow = TableWindow & { readonly nest: Nest };

/** The windows that a frustum needs: from the level of which a voxel in view covers a pixel to one that holds the whole volume. */
export function nestWindows(numbering: BrickNumbering, geometry: VolumeGeometry, frustum: Frustum, pixelsPerVoxel = 1): NestedWindow {
  const voxel = worldToVoxel(geometry, frustum.eye);
  const inside = voxel.map((n, i) => Math.min(Math.max(n + 0.5, 0), geometry.shape[i] as number));
  const away = Math.hypot(...voxel.map((n, i) => (n + 0.5 - (inside[i] as number)) * (geometry.voxelSize[i] as number)));
  const perPixel = frustum.pixelsPerUnit * Math.max(...geometry.voxelSize);
  const finest = Math.floor(Math.log2(Math.max((away * MERGE_PIXELS * pixelsPerVoxel) / perPixel, 1)));
  const level = Math.min(finest, numbering.levels - 1);
  const edge = perPixel / pixelsPerVoxel / Math.min(...geometry.voxelSize) > (EDGE / 2 - SLACK) * BRICK_EDGE ? LARGE_EDGE : EDGE;
  const origins: Vec3[] = [];
  for (let l = level; l < numbering.levels; l += 1) {
    const grid = numbering.grid(l);
    const cell = BRICK_EDGE * 2 ** l;
    origins.push(grid.map((n, i) => Math.max(Math.min(Math.floor((inside[i] as number) / cell) - edge / 2, n - edge), 0)) as unknown as Vec3);
    if (Math.max(...grid) <= edge) break;
  }
  const origin = origins[0] as Vec3;
  const center = inside.map((n, i) => n / (BRICK_EDGE * 2 ** level) - (origin[i] as number)) as unknown as Vec3;
  const size = numbering.grid(level).map((n) => Math.min(n, edge)) as unknown as Vec3;
  return { level, origin, size, nest: { origins, center, reach: edge / 2 - SLACK } };
}

/** Whether the cells that show a brick are fine enough for it. */
export function inNest({ level: finest, origin, nest }: NestedWindow, level: number, z: number, y: number, x: number): boolean {
  const steps = level - finest;
  if (steps < 0) return false;
  if (steps >= nest.origins.length - 1) return true;
  const { center, reach } = nest;
  const at = [z, y, x];
  for (let i = 0; i < 3; i += 1) {
    const middle = ((center[i] as number) + (origin[i] as number)) / 2 ** steps;
    const from = at[i] as number;
    if (Math.max(Math.abs(from - middle), Math.abs(from + 1 - middle)) > reach) return false;
  }
  return true;
}

/** The window of the nest that shows a place, in cells of the finest level from its window's first cell; as the shader chooses it. */
export function nestIndex({ nest }: NestedWindow, place: Vec3): number {
  const far = Math.max(...place.map((n, i) => Math.abs(n - (nest.center[i] as number))));
  return Math.min(Math.max(Math.ceil(Math.log2(far / nest.reach)), 0), nest.origins.length - 1);
}

/** The single windows of a table, in the order in which they are stacked along z. */
export function stackedWindows(window: TableWindow): TableWindow[] {
  if (!window.nest) return [window];
  return window.nest.origins.map((origin, i) => ({ level: window.level + i, origin, size: window.size }));
}
