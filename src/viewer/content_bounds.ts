/** Where in a volume there is something to see, from its coarsest brick: 3D looks at that and not at the air around it. Pure. */

import { BRICK_HALO, STORED_EDGE } from '../protocol/limits.js';
import type { VolumeDescription } from '../protocol/messages.js';
import type { Brick } from '../session/types.js';
import { levelShape, levelToVoxel, type Vec3, type VolumeGeometry, voxelToWorld } from '../volume/geometry.js';

/**
 * World bounds of the voxels with a value of at least `threshold`.
 *
 * @param brick the one that holds all of the volume
 * @returns undefined where no voxel has
 */
export function contentBounds(
  brick: Brick,
  geometry: VolumeGeometry,
  { scale, offset }: Pick<VolumeDescription, 'scale' | 'offset'>,
  threshold: number,
): { min: Vec3; max: Vec3 } | undefined {
  const size = levelShape(geometry.shape, brick.level);
  const low: [number, number, number] = [...size];
  const high: [number, number, number] = [-1, -1, -1];
  for (let z = 0; z < size[0]; z += 1) {
    for (let y = 0; y < size[1]; y += 1) {
      const row = ((z + BRICK_HALO) * STORED_EDGE + y + BRICK_HALO) * STORED_EDGE + BRICK_HALO;
      for (let x = 0; x < size[2]; x += 1) {
        if (!((brick.voxels[row + x] as number) * scale + offset >= threshold)) continue;
        if (z < low[0]) low[0] = z;
        if (z > high[0]) high[0] = z;
        if (y < low[1]) low[1] = y;
        if (y > high[1]) high[1] = y;
        if (x < low[2]) low[2] = x;
        if (x > high[2]) high[2] = x;
      }
    }
  }
  if (high[0] < 0) return undefined;
  // Faces of the coarse voxels, and not beyond the volume: the last one may be only half filled.
  const face = (i: number, side: number, axis: number) => Math.min(levelToVoxel(i + side, brick.level), geometry.shape[axis]! - 0.5);
  return {
    min: voxelToWorld(geometry, low.map((i, axis) => face(i, -0.5, axis)) as unknown as Vec3),
    max: voxelToWorld(geometry, high.map((i, axis) => face(i, 0.5, axis)) as unknown as Vec3),
  };
}
