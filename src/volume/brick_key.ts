/** Numbers for the bricks of a volume: one number a brick, so that sets and maps of them stay small and fast. */

import { type BrickKey, brickGrid, levelCount, type Vec3 } from './geometry.js';

/**
 * Packs the brick keys of volumes of one shape into numbers and back. At a time point coarser levels have the smaller numbers; those
 * of time point t begin at t times the bricks of one.
 */
export class BrickNumbering {
  readonly levels: number;
  /** Bricks of all levels at one time point. */
  readonly bricks: number;
  readonly #grid: readonly Vec3[];
  readonly #base: readonly number[];
  readonly #first: number;

  /**
   * @param time the time point that `pack` numbers bricks of
   * @throws RangeError where the volume has more bricks than a double counts
   */
  constructor(
    readonly shape: Vec3,
    readonly time = 0,
  ) {
    this.levels = levelCount(shape);
    this.#grid = Array.from({ length: this.levels }, (_, level) => brickGrid(shape, level));
    const base = new Array<number>(this.levels).fill(0);
    let count = 0;
    for (let level = this.levels - 1; level >= 0; level -= 1) {
      base[level] = count;
      count += (this.#grid[level] as Vec3).reduce((a, b) => a * b);
    }
    if (count * (time + 1) > Number.MAX_SAFE_INTEGER) {
      const times = time ? ` at time point ${time}` : '';
      throw new RangeError(`a volume of ${shape.join(' x ')} voxels${times} has ${count} bricks; at most 2^53 can be addressed`);
    }
    this.#base = base;
    this.bricks = count;
    this.#first = time * count;
  }

  /** Bricks of `level` along z, y, x. */
  grid(level: number): Vec3 {
    return this.#grid[level] as Vec3;
  }

  /** The number of a brick of this numbering's time point. */
  pack(level: number, z: number, y: number, x: number): number {
    const [, ny, nx] = this.#grid[level] as Vec3;
    return this.#first + (this.#base[level] as number) + (z * ny + y) * nx + x;
  }

  /** The number of a brick of any time point. */
  packKey({ level, z, y, x, time = 0 }: BrickKey): number {
    return this.pack(level, z, y, x) + (time - this.time) * this.bricks;
  }

  /** Whether a number is of this numbering's time point. */
  owns(number: number): boolean {
    return number >= this.#first && number < this.#first + this.bricks;
  }

  /** The brick of a number, of any time point. */
  unpack(number: number): BrickKey {
    const time = Math.floor(number / this.bricks);
    const own = number - time * this.bricks;
    let level = 0;
    while ((this.#base[level] as number) > own) level += 1;
    const [, ny, nx] = this.#grid[level] as Vec3;
    const at = own - (this.#base[level] as number);
    return { level, z: Math.floor(at / (ny * nx)), y: Math.floor(at / nx) % ny, x: at % nx, ...(time > 0 && { time }) };
  }
}
