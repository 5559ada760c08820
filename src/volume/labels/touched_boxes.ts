/** Which bricks of a level, with their halo, show what changed. */

import type { BrickBox } from '../../protocol/messages.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import { brickGrid, type Vec3 } from '../geometry.js';
import type { ChangedBricks } from './changed_bricks.js';

const LAST = BRICK_EDGE - 1;

/** Bricks of a level that show the changed voxels: those they are in, and the neighbours whose halo they reach into. */
export function shownBy(shape: Vec3, level: number, changed: ChangedBricks): Vec3[] {
  const grid = brickGrid(shape, level);
  const found = new Map<string, Vec3>();
  for (const { z, y, x, z0, y0, x0, z1, y1, x1 } of changed.bricks) {
    for (let k = z0 === 0 ? z - 1 : z; k <= (z1 === LAST ? z + 1 : z); k += 1) {
      for (let j = y0 === 0 ? y - 1 : y; j <= (y1 === LAST ? y + 1 : y); j += 1) {
        for (let i = x0 === 0 ? x - 1 : x; i <= (x1 === LAST ? x + 1 : x); i += 1) {
          if (k < 0 || j < 0 || i < 0 || k >= grid[0] || j >= grid[1] || i >= grid[2]) continue;
          found.set(`${k}/${j}/${i}`, [k, j, i]);
        }
      }
    }
  }
  return [...found.values()];
}

/** Boxes of these bricks; one around all of them where there would be more than `most`. */
export function boxesOf(level: number, bricks: readonly Vec3[], most: number): BrickBox[] {
  if (bricks.length <= most) return bricks.map(([z, y, x]) => [level, z, y, x, z + 1, y + 1, x + 1]);
  const [low, high] = [[Infinity, Infinity, Infinity], [0, 0, 0]] as [[number, number, number], [number, number, number]];
  for (const brick of bricks) {
    for (const axis of [0, 1, 2] as const) {
      low[axis] = Math.min(low[axis], brick[axis]);
      high[axis] = Math.max(high[axis], brick[axis] + 1);
    }
  }
  return [[level, ...low, ...high]];
}
