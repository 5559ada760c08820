/** Which bricks a slice should show: those that cross it at the level where a voxel is about a pixel, and coarser stand-ins. */

import { BRICK_EDGE } from '../protocol/limits.js';
import type { BrickNumbering } from './brick_key.js';
import { type BrickKey, type VolumeGeometry, type Vec3, worldToVoxel } from './geometry.js';
import type { BrickPlan, PlannedBrick } from './lod_plan.js';

/** What a plan of a slice depends on. */
export interface SliceInput {
  readonly geometry: VolumeGeometry;
  readonly numbering: BrickNumbering;
  /** Low and high corner (x, y, z) of what the view shows; along the normal both are the slice's position. */
  readonly min: Vec3;
  readonly max: Vec3;
  /** World lengths per device pixel. */
  readonly pixelSize: number;
  /** Most bricks in the plan. */
  readonly slots: number;
  readonly previous?: BrickPlan | undefined;
}

/** Bricks of `level` from and up to (exclusive) which a world box reaches, z, y, x; empty where it misses the volume. */
export function bricksInBox(
  geometry: VolumeGeometry,
  numbering: BrickNumbering,
  level: number,
  min: Vec3,
  max: Vec3,
): { from: Vec3; to: Vec3 } {
  const [low, high] = [worldToVoxel(geometry, min), worldToVoxel(geometry, max)];
  const edge = BRICK_EDGE * 2 ** level;
  const grid = numbering.grid(level);
  const index = (v: Vec3, axis: number): number => Math.floor(((v[axis] as number) + 0.5) / edge);
  const outside = [0, 1, 2].some(
    (i) => (high[i] as number) < -0.5 || (low[i] as number) > (geometry.shape[i] as number) - 0.5,
  );
  if (outside) return { from: [0, 0, 0], to: [0, 0, 0] };
  const from = [0, 1, 2].map((i) => Math.min(Math.max(index(low, i), 0), (grid[i] as number) - 1));
  const to = [0, 1, 2].map((i) => Math.min(Math.max(index(high, i), 0), (grid[i] as number) - 1) + 1);
  return { from: from as unknown as Vec3, to: to as unknown as Vec3 };
}

const countIn = ({ from, to }: { from: Vec3; to: Vec3 }): number => (to[0] - from[0]) * (to[1] - from[1]) * (to[2] - from[2]);

/** The level whose voxels are about as large as a pixel. A level in use stays so until a voxel is 0.7 pixels. */
export function sliceLevel(geometry: VolumeGeometry, levels: number, pixelSize: number, previous?: number): number {
  const exact = Math.log2(pixelSize / Math.min(...geometry.voxelSize));
  const level = Math.floor(exact + 1e-9);
  const kept = previous !== undefined && Math.abs(level - previous) === 1 && Math.abs(exact - Math.max(level, previous)) < 0.1;
  return Math.min(Math.max(kept ? previous : level, 0), levels - 1);
}

/** Plans the bricks of one volume for one slice. */
export function planSlice(input: SliceInput): BrickPlan {
  const { geometry, numbering, min, max } = input;
  const top = numbering.levels - 1;
  const at = (level: number) => bricksInBox(geometry, numbering, level, min, max);
  const sum = (level: number): number => {
    let bricks = level === top ? 0 : 1;
    for (let l = level; l <= top; l += 1) bricks += countIn(at(l));
    return bricks;
  };
  const wanted = sliceLevel(geometry, numbering.levels, input.pixelSize, input.previous?.finest);
  let level = wanted;
  while (level < top && sum(level) > input.slots) level += 1;

  const bricks: PlannedBrick[] = [];
  const numbers = new Set<number>();
  const split = new Set<number>();
  const add = (key: BrickKey, priority: number): void => {
    const number = numbering.pack(key.level, key.z, key.y, key.x);
    if (numbers.has(number)) return;
    numbers.add(number);
    if (key.level > level) split.add(number);
    bricks.push({ ...key, priority: priority / (top + 1), coarse: key.level > level });
  };
  add({ level: top, z: 0, y: 0, x: 0 }, 0);
  for (let l = top; l >= level; l -= 1) {
    const { from, to } = at(l);
    const middle = [0, 1, 2].map((i) => ((from[i] as number) + (to[i] as number) - 1) / 2) as unknown as Vec3;
    const reach = Math.max(Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]), 1);
    for (let z = from[0]; z < to[0]; z += 1) {
      for (let y = from[1]; y < to[1]; y += 1) {
        for (let x = from[2]; x < to[2]; x += 1) {
          const far = Math.hypot(z - middle[0], y - middle[1], x - middle[2]) / reach;
          add({ level: l, z, y, x }, top - l + Math.min(far, 1) * 0.9);
        }
      }
    }
  }
  bricks.sort((a, b) => a.priority - b.priority);
  return { bricks, numbers, split, demand: sum(wanted), peak: sum(wanted), finest: level, coarsest: level };
}
