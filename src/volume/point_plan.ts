/**
 * Which bricks of a point cloud a view should show: best-first refinement by how far apart points would stand on the screen, until the
 * slots are spent. Points of a brick add to those of the coarser ones above it, so that any part of a plan is a thinner picture of the same.
 */

import { MaxHeap } from './binary_heap.js';
import type { BrickNumbering } from './brick_key.js';
import type { BrickKey, Vec3 } from './geometry.js';
import { childrenOf, type PlannedBrick } from './lod_plan.js';

export interface WorldBox {
  readonly min: Vec3;
  readonly max: Vec3;
}

export interface PointPlanInput {
  readonly numbering: BrickNumbering;
  /** Box of a brick with all finer ones, or undefined while that is not known. */
  readonly boxOf: (key: BrickKey) => WorldBox | undefined;
  /** Whether no point of the brick itself shows: it takes no slot, but finer ones may show. */
  readonly isEmpty: (key: BrickKey) => boolean;
  /** Pixels that a length covers at a box, with a weight for how central it is; undefined: it is out of view. */
  readonly see: (box: WorldBox) => { readonly pixels: number; readonly weight: number } | undefined;
  /** Points of a brick. */
  readonly rows: number;
  /** Most bricks in the plan. */
  readonly slots: number;
}

export interface PointPlan {
  /** By rising priority: every brick comes after those above it. */
  readonly bricks: readonly PlannedBrick[];
  readonly numbers: ReadonlySet<number>;
  /** Bricks of which it is not known yet where they are. */
  readonly unknown: number;
}

/** Finer points are asked for while those shown would stand further apart than this. */
export const SPACING_PIXELS = 1.5;

/** How far apart the points of a brick would lie on a surface across its box. */
function spacing({ min, max }: WorldBox, rows: number): number {
  return Math.hypot(max[0] - min[0], max[1] - min[1], max[2] - min[2]) / Math.sqrt(rows);
}

/** Plans the bricks of one cloud for one view. */
export function planPoints(input: PointPlanInput): PointPlan {
  const { numbering } = input;
  const seen: { key: BrickKey; box: WorldBox; error: number }[] = [];
  const heap = new MaxHeap();
  const bricks: PlannedBrick[] = [];
  let unknown = 0;
  const visit = (key: BrickKey): void => {
    const box = input.boxOf(key);
    if (!box) unknown += 1;
    const sight = box && input.see(box);
    if (!box || !sight) return;
    const error = spacing(box, input.rows) * sight.pixels;
    seen.push({ key, box, error });
    heap.push(seen.length - 1, error * sight.weight);
  };
  visit({ level: numbering.levels - 1, z: 0, y: 0, x: 0 });
  for (let at = heap.pop(); at !== undefined && bricks.length < input.slots; at = heap.pop()) {
    const { key, error } = seen[at] as (typeof seen)[number];
    // In the order in which they were chosen: what adds most comes first.
    if (!input.isEmpty(key)) bricks.push({ ...key, priority: bricks.length / (bricks.length + 64) + numbering.levels - 1 - key.level });
    if (error > SPACING_PIXELS) for (const child of childrenOf(numbering, key)) visit(child);
  }
  bricks.sort((a, b) => a.priority - b.priority);
  return { bricks, numbers: new Set(bricks.map(({ level, z, y, x }) => numbering.pack(level, z, y, x))), unknown };
}
