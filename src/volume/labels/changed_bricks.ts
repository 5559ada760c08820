/** Where labels changed: a box of voxels in each brick. */

import type { VoxelBox } from '../../protocol/labels.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import { BRICK_PLANE } from './brick.js';

/** Voxels of one brick that changed: how many, and the box around them, both ends included. */
export class BrickChange {
  voxels = 0;
  z0 = BRICK_EDGE;
  y0 = BRICK_EDGE;
  x0 = BRICK_EDGE;
  z1 = -1;
  y1 = -1;
  x1 = -1;

  constructor(
    readonly z: number,
    readonly y: number,
    readonly x: number,
  ) {}

  /** Voxel number `at` changed. */
  add(at: number): void {
    this.voxels += 1;
    const z = (at / BRICK_PLANE) | 0;
    const y = (at >>> 6) & 63;
    const x = at & 63;
    if (z < this.z0) this.z0 = z;
    if (z > this.z1) this.z1 = z;
    if (y < this.y0) this.y0 = y;
    if (y > this.y1) this.y1 = y;
    if (x < this.x0) this.x0 = x;
    if (x > this.x1) this.x1 = x;
  }
}

/** The changed bricks of one level. */
export class ChangedBricks {
  readonly bricks: BrickChange[] = [];

  begin(z: number, y: number, x: number): BrickChange {
    const change = new BrickChange(z, y, x);
    this.bricks.push(change);
    return change;
  }

  get voxels(): number {
    return this.bricks.reduce((sum, { voxels }) => sum + voxels, 0);
  }

  /** The box around all of it, half-open, in voxels of the level; null where nothing changed. */
  box(): VoxelBox | null {
    if (this.bricks.length === 0) return null;
    const low: [number, number, number] = [Infinity, Infinity, Infinity];
    const high: [number, number, number] = [-1, -1, -1];
    for (const { z, y, x, z0, y0, x0, z1, y1, x1 } of this.bricks) {
      const ends = [[z, z0, z1], [y, y0, y1], [x, x0, x1]] as const;
      for (const axis of [0, 1, 2] as const) {
        const [at, from, to] = ends[axis];
        low[axis] = Math.min(low[axis], at * BRICK_EDGE + from);
        high[axis] = Math.max(high[axis], at * BRICK_EDGE + to + 1);
      }
    }
    return [low, high];
  }
}
