/** The value of a volume at a voxel, from the finest brick at hand. Pure. */

import type { VolumeDescription } from '../protocol/messages.js';
import type { Brick } from '../session/types.js';
import { type BrickKey, levelCount, type Vec3 } from '../volume/geometry.js';
import { brickAt, nearestIn } from '../volume/sample.js';

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
  if (voxel.some((v, axis) => v < -0.5 || v >= shape[axis]! - 0.5)) return undefined;
  for (let level = 0; level < levelCount(shape); level += 1) {
    const brick = lookup(brickAt(level, voxel));
    if (brick) return nearestIn(brick.voxels, brick, voxel) * scale + offset;
  }
  return undefined;
}
