/** Bricks of volumes that are functions of place, levels and halos included. */

import { BRICK_EDGE, STORED_EDGE, STORED_VOXELS, type StoredDtype, type VoxelArray } from '../../../src/protocol/index.js';
import { type BrickKey, levelShape, levelToVoxel, type Vec3 } from '../../../src/volume/geometry.js';

export type Field = (z: number, y: number, x: number) => number;
const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;

/** Value of voxel (z, y, x) of a level; the edge voxel beyond the volume. `field` takes places in voxels of level 0. */
export function voxelAt(field: Field, shape: Vec3, level: number, voxel: Vec3): number {
  const size = levelShape(shape, level);
  const [z, y, x] = voxel.map((n, axis) => levelToVoxel(Math.min(Math.max(n, 0), (size[axis] as number) - 1), level)) as [number, number, number];
  return field(z, y, x);
}

/** A brick with its halo. Levels are the field at the centres of their voxels, not means. */
export function makeBrick(field: Field, shape: Vec3, stored: StoredDtype, key: BrickKey): VoxelArray {
  const size = levelShape(shape, key.level);
  const places = ([key.z, key.y, key.x] as const).map((index, axis) =>
    Array.from({ length: STORED_EDGE }, (_, i) =>
      levelToVoxel(Math.min(Math.max(index * BRICK_EDGE + i - 1, 0), (size[axis] as number) - 1), key.level),
    ),
  ) as [number[], number[], number[]];
  const out = new ARRAY_OF[stored](STORED_VOXELS);
  let at = 0;
  for (const z of places[0]) {
    for (const y of places[1]) {
      for (const x of places[2]) {
        out[at] = field(z, y, x);
        at += 1;
      }
    }
  }
  return out;
}
