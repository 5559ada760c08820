/**
 * Ranges of whole subtrees: the values of a brick and of all finer bricks inside it. A mean of 2 x 2 x 2 hides what is thin, so that a
 * brick may show nothing while a finer one inside it does; only a subtree that shows nothing need not be looked into.
 */

import { type BrickKey, brickGrid, levelCount, type Vec3 } from './geometry.js';
import type { ValueRange } from './ranges.js';

/** Levels with more bricks than this are not followed: nobody tells all of their ranges. */
const MOST_BRICKS = 2 ** 20;

interface LevelSums {
  readonly grid: Vec3;
  readonly min: Float32Array;
  readonly max: Float32Array;
  /** Bricks below and including this one whose range is known. */
  readonly known: Uint32Array;
  /** Whether the brick's own range is. */
  readonly told: Uint8Array;
}

/** Subtree ranges of one volume, kept up to date row by row. */
export class SubtreeRanges {
  readonly #levels: (LevelSums | undefined)[] = [];
  readonly #count: number;
  readonly #grids: readonly Vec3[];

  constructor(readonly shape: Vec3) {
    this.#count = levelCount(shape);
    this.#grids = Array.from({ length: this.#count }, (_, level) => brickGrid(shape, level));
  }

  /** Takes in the range of one brick. A range that became smaller stays as wide as it was. */
  add(level: number, z: number, y: number, x: number, min: number, max: number): void {
    let [fresh, iz, iy, ix] = [0, z, y, x];
    for (let l = level; l < this.#count; l += 1, iz >>= 1, iy >>= 1, ix >>= 1) {
      const sums = this.#level(l);
      if (!sums) continue;
      const at = (iz * sums.grid[1] + iy) * sums.grid[2] + ix;
      if (l === level) {
        if (!sums.told[at]) fresh = 1;
        sums.told[at] = 1;
      }
      sums.known[at] = (sums.known[at] as number) + fresh;
      if (min > max) continue;
      if (!(min >= (sums.min[at] as number))) sums.min[at] = min;
      if (!(max <= (sums.max[at] as number))) sums.max[at] = max;
    }
  }

  /** The range of a brick's subtree; undefined where some of it is not known. `min > max` where nothing in it is finite. */
  get({ level, z, y, x }: BrickKey): ValueRange | undefined {
    const sums = this.#levels[level];
    if (!sums) return undefined;
    const at = (z * sums.grid[1] + y) * sums.grid[2] + x;
    if ((sums.known[at] as number) < this.#below(level, z, y, x)) return undefined;
    return { min: sums.min[at] as number, max: sums.max[at] as number };
  }

  /** Bricks in a subtree. */
  #below(level: number, z: number, y: number, x: number): number {
    let count = 0;
    for (let l = level, span = 1; l >= 0; l -= 1, span *= 2) {
      const [nz, ny, nx] = this.#grids[l] as Vec3;
      count += Math.min(span, nz - z * span) * Math.min(span, ny - y * span) * Math.min(span, nx - x * span);
    }
    return count;
  }

  #level(level: number): LevelSums | undefined {
    const known = this.#levels[level];
    if (known) return known;
    const grid = this.#grids[level] as Vec3;
    const size = grid[0] * grid[1] * grid[2];
    if (size > MOST_BRICKS) return undefined;
    const made = {
      grid,
      min: new Float32Array(size).fill(Number.POSITIVE_INFINITY),
      max: new Float32Array(size).fill(Number.NEGATIVE_INFINITY),
      known: new Uint32Array(size),
      told: new Uint8Array(size),
    };
    this.#levels[level] = made;
    return made;
  }
}
