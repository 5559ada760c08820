/** The value of a volume at a voxel, from the finest brick at hand. Pure. */

import { BRICK_EDGE, BRICK_HALO, STORED_EDGE } from '../protocol/limits.js';
import type { VolumeDescription } from '../protocol/messages.js';
import type { Brick } from '../session/types.js';
import { type BrickKey, levelCount, type Vec3 } from '../volume/geometry.js';

/**
 * The value at a voxel (z, y, x) of level 0.
 *
 * @returns undefined outside the volume and where no brick that holds the voxel is here
 */
export function valueAt(
  { shape, scale, offset }: VolumeDescription,
  lookup: (key: BrickKey) => Brick | undefined,
  voxel: Vec3,
): number | undefined {
  const at = voxel.map((v) => Math.floor(v + 0.5)) as unknown as Vec3;
  if (at.some((v, axis) => v < 0 || v >= shape[axis]!)) return undefined;
  for (let level = 0; level < levelCount(shape); level += 1) {
    const [z, y, x] = at.map((v) => Math.floor(v / 2 ** level)) as [number, number, number];
    const key = { level, z: Math.floor(z / BRICK_EDGE), y: Math.floor(y / BRICK_EDGE), x: Math.floor(x / BRICK_EDGE) };
    const brick = lookup(key);
    if (!brick) continue;
    const index = (v: number) => (v % BRICK_EDGE) + BRICK_HALO;
    const stored = brick.voxels[(index(z) * STORED_EDGE + index(y)) * STORED_EDGE + index(x)] as number;
    return stored * scale + offset;
  }
  return undefined;
}
