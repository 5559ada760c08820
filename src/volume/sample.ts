/** Values at places: of a voxel or a continuous position, from bricks. */

import { BRICK_EDGE, BRICK_HALO, STORED_EDGE } from '../protocol/limits.js';
import type { BrickKey, Vec3 } from './geometry.js';

/** The voxels of a brick with their halo, z, y, x order. */
export type BrickVoxels = ArrayLike<number>;

/** The brick of `level` that a position (z, y, x, voxels of level 0, integers are centres) lies in. */
export function brickAt(level: number, voxel: Vec3): BrickKey {
  const edge = BRICK_EDGE * 2 ** level;
  const index = (n: number): number => Math.floor((n + 0.5) / edge);
  return { level, z: index(voxel[0]), y: index(voxel[1]), x: index(voxel[2]) };
}

/** Position in a stored brick (0 is the centre of its first, halo voxel) of a position in voxels of level 0. */
export function positionInBrick(key: BrickKey, voxel: Vec3): Vec3 {
  const scale = 2 ** key.level;
  const local = (n: number, index: number): number => (n + 0.5) / scale - BRICK_EDGE * index + BRICK_HALO - 0.5;
  return [local(voxel[0], key.z), local(voxel[1], key.y), local(voxel[2], key.x)];
}

const clampIndex = (n: number): number => Math.min(Math.max(n, 0), STORED_EDGE - 1);

/** The stored value of the voxel of `key`'s level that holds a position. */
export function nearestIn(voxels: BrickVoxels, key: BrickKey, voxel: Vec3): number {
  const [z, y, x] = positionInBrick(key, voxel).map((n) => clampIndex(Math.round(n))) as [number, number, number];
  return voxels[(z * STORED_EDGE + y) * STORED_EDGE + x] as number;
}

/** The stored values around a position, mixed linearly, as the GPU's filter does. NaN where one of them is. */
export function linearIn(voxels: BrickVoxels, key: BrickKey, voxel: Vec3): number {
  const p = positionInBrick(key, voxel);
  const low = p.map((n) => Math.min(Math.max(Math.floor(n), 0), STORED_EDGE - 2)) as [number, number, number];
  const [fz, fy, fx] = p.map((n, i) => Math.min(Math.max(n - (low[i] as number), 0), 1)) as [number, number, number];
  let sum = 0;
  for (let corner = 0; corner < 8; corner += 1) {
    const [dz, dy, dx] = [corner >> 2, (corner >> 1) & 1, corner & 1];
    const at = ((low[0] + dz) * STORED_EDGE + low[1] + dy) * STORED_EDGE + low[2] + dx;
    sum += (dz ? fz : 1 - fz) * (dy ? fy : 1 - fy) * (dx ? fx : 1 - fx) * (voxels[at] as number);
  }
  return sum;
}
