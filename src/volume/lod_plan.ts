/**
 * Which bricks a perspective view should show: best-first refinement by screen-space error until the slots are spent.
 * Every ancestor of a planned brick is planned too, so that something coarser always stands in for what is missing.
 */

import { BRICK_EDGE } from '../protocol/limits.js';
import { MaxHeap } from './binary_heap.js';
import type { BrickNumbering } from './brick_key.js';
import { boxDistance, boxInView, centerWeight, type Frustum } from './frustum.js';
import { type BrickKey, type VolumeGeometry, type Vec3, voxelToWorld } from './geometry.js';

/** A brick that a plan asks for; small priorities come first. */
export interface PlannedBrick extends BrickKey {
  readonly priority: number;
}

/** The outcome of planning. Bricks are named by their numbers. */
export interface BrickPlan {
  /** Bricks to be resident, by rising priority; the coarsest is the first. */
  readonly bricks: readonly PlannedBrick[];
  /** The same, by number. */
  readonly numbers: ReadonlySet<number>;
  /** Bricks whose children are planned instead of them. */
  readonly split: ReadonlySet<number>;
  /** Slots the plan would take if there were enough, as far as `slots` let it look. */
  readonly demand: number;
  /** Finest and coarsest level that is to be seen. */
  readonly finest: number;
  readonly coarsest: number;
}

/** What a plan depends on. */
export interface LodInput {
  readonly geometry: VolumeGeometry;
  readonly numbering: BrickNumbering;
  readonly frustum: Frustum;
  /** Most bricks in the plan. */
  readonly slots: number;
  /** Whether a brick shows nothing: it takes no slot and is not refined. */
  readonly isEmpty: (level: number, z: number, y: number, x: number) => boolean;
  /** The plan before: what it split is split until its error is clearly small. */
  readonly previous?: BrickPlan | undefined;
  /** Nothing below this level is planned. */
  readonly finestLevel?: number;
}

/** A brick is refined where a voxel covers more pixels than this, and stays refined down to the second number. */
export const SPLIT_PIXELS = 1.0;
export const MERGE_PIXELS = 0.7;

/** Low and high corner (x, y, z) of a brick in the world, cut off at the volume's faces. */
export function brickBounds(geometry: VolumeGeometry, key: BrickKey): { min: Vec3; max: Vec3 } {
  const edge = BRICK_EDGE * 2 ** key.level;
  const low: Vec3 = [key.z * edge - 0.5, key.y * edge - 0.5, key.x * edge - 0.5];
  const high = low.map((n, i) => Math.min(n + edge, (geometry.shape[i] as number) - 0.5)) as unknown as Vec3;
  return { min: voxelToWorld(geometry, low), max: voxelToWorld(geometry, high) };
}

/** The children of a brick that exist. */
export function childrenOf(numbering: BrickNumbering, key: BrickKey): BrickKey[] {
  if (key.level === 0) return [];
  const level = key.level - 1;
  const [nz, ny, nx] = numbering.grid(level);
  const children: BrickKey[] = [];
  for (let z = 2 * key.z; z < Math.min(2 * key.z + 2, nz); z += 1) {
    for (let y = 2 * key.y; y < Math.min(2 * key.y + 2, ny); y += 1) {
      for (let x = 2 * key.x; x < Math.min(2 * key.x + 2, nx); x += 1) children.push({ level, z, y, x });
    }
  }
  return children;
}

/** Plans the bricks of one volume for one perspective view. */
export function planLod(input: LodInput): BrickPlan {
  const { geometry, numbering, frustum, isEmpty, previous } = input;
  const voxel = Math.max(...geometry.voxelSize);
  const finestLevel = input.finestLevel ?? 0;
  const top = numbering.levels - 1;
  const seen: { key: BrickKey; number: number; error: number; weight: number }[] = [];
  const numbers = new Set<number>();
  const split = new Set<number>();
  const heap = new MaxHeap();
  let demand = 0;

  const visit = (key: BrickKey): void => {
    const { min, max } = brickBounds(geometry, key);
    const size = voxel * 2 ** key.level;
    const error = (size * frustum.pixelsPerUnit) / Math.max(boxDistance(frustum.eye, min, max), size);
    const weight = centerWeight(frustum, min, max);
    const number = numbering.pack(key.level, key.z, key.y, key.x);
    numbers.add(number);
    seen.push({ key, number, error, weight });
    const limit = previous?.split.has(number) ? MERGE_PIXELS : SPLIT_PIXELS;
    if (key.level > finestLevel && error > limit) heap.push(seen.length - 1, error * weight);
  };

  visit({ level: top, z: 0, y: 0, x: 0 });
  demand = 1;
  for (let at = heap.pop(); at !== undefined; at = heap.pop()) {
    const { key, number } = seen[at] as (typeof seen)[number];
    const children = childrenOf(numbering, key).filter((child) => {
      if (isEmpty(child.level, child.z, child.y, child.x)) return false;
      const { min, max } = brickBounds(geometry, child);
      return boxInView(frustum, min, max);
    });
    demand += children.length;
    if (seen.length + children.length > input.slots) continue;
    split.add(number);
    for (const child of children) visit(child);
  }

  const leaves = seen.filter(({ number }) => !split.has(number));
  const bricks = seen.map(({ key, error, weight }) => ({
    ...key,
    priority: top - key.level + 1 - (error * weight) / (1 + error * weight),
  }));
  bricks.sort((a, b) => a.priority - b.priority);
  return {
    bricks,
    numbers,
    split,
    demand,
    finest: Math.min(...leaves.map(({ key }) => key.level)),
    coarsest: Math.max(...leaves.map(({ key }) => key.level)),
  };
}
