/** How many voxels of a brick each label has, without those beyond the volume. */

import { BRICK_EDGE } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';
import { BRICK_PLANE, type LabelBrick } from './brick.js';

/** Labels above 0, and their voxels. */
export type BrickCount = ReadonlyMap<number, number>;

export function countBrick(brick: LabelBrick, shape: Vec3, at: Vec3): BrickCount {
  const [nz, ny, nx] = shape.map((n, axis) => Math.min(n - (at[axis] as number) * BRICK_EDGE, BRICK_EDGE)) as [number, number, number];
  const counts = new Map<number, number>();
  if (typeof brick === 'number') return brick === 0 ? counts : counts.set(brick, nz * ny * nx);
  let [last, run] = [0, 0];
  const close = () => {
    if (last !== 0 && run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
    run = 0;
  };
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0, i = z * BRICK_PLANE + y * BRICK_EDGE; x < nx; x += 1, i += 1) {
        const label = brick[i] as number;
        if (label !== last) {
          close();
          last = label;
        }
        run += 1;
      }
    }
  }
  close();
  return counts;
}
