/** Numbers for the bricks of a volume: one number a brick, so that sets and maps of them stay small and fast. */

import { type BrickKey, brickGrid, levelCount, type Vec3 } from './geometry.js';

/** Packs the brick keys of volumes of one shape into numbers and back. Coarser levels have the smaller numbers. */
export class BrickNumbering {
  readonly levels: number;
  readonly #grid: readonly Vec3[];
  readonly #base: readonly number[];

  /** @throws RangeError where the volume has more bricks than a double counts */
  constructor(readonly shape: Vec3) {
    this.levels = levelCount(shape);
    this.#grid = Array.from({ length: this.levels }, (_, level) => brickGrid(shape, level));
    const base = new Array<number>(this.levels).fill(0);
    let count = 0;
    for (let level = this.levels - 1; level >= 0; level -= 1) {
      base[level] = count;
      count += (this.#grid[level] as Vec3).reduce((a, b) => a * b);
    }
    if (count > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`a volume of ${shape.join(' x ')} voxels has ${count} bricks; at most 2^53 can be addressed`);
    }
    this.#base = base;
  }

  /** Bricks of `level` along z, y, x. */
  grid(level: number): Vec3 {
    return this.#grid[level] as Vec3;
  }

  /** The number of a brick. */
  pack(level: number, z: number, y: number, x: number): number {
    const [, ny, nx] = this.#grid[level] as Vec3;
    return (this.#base[level] as number) + (z * ny + y) * nx + x;
  }

  /** The brick of a number. */
  unpack(number: number): BrickKey {
    let level = 0;
    while ((this.#base[level] as number) > number) level += 1;
    const [, ny, nx] = this.#grid[level] as Vec3;
    const at = number - (this.#base[level] as number);
    return { level, z: Math.floor(at / (ny * nx)), y: Math.floor(at / nx) % ny, x: at % nx };
  }
}
