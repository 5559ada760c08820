/** The min/max table of a volume's bricks: what is empty under a transfer function is never asked for, nor stepped through. */

import type { RangeRows } from '../protocol/arrow.js';
import { BrickBoxes } from './brick_boxes.js';
import { type BrickKey, brickGrid, levelCount, type Vec3 } from './geometry.js';
import { SubtreeRanges } from './subtree_ranges.js';

/** Range of a brick's values, halo included. `min > max` where nothing in it is finite. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/** Bricks of a level up to which its table is whole. */
const DENSE_BRICKS = 2 ** 20;
/** Of a larger level so many of the ranges told last are kept. */
export const SPARSE_BRICKS = 2 ** 18;

/** Ranges of the bricks of one level: all of them side by side, or those that are known of a level too large for that. */
class LevelTable {
  readonly #dense: Float32Array | undefined;
  readonly #sparse = new Map<number, ValueRange>();

  constructor(readonly grid: Vec3) {
    const bricks = grid[0] * grid[1] * grid[2];
    if (bricks <= DENSE_BRICKS) this.#dense = new Float32Array(2 * bricks).fill(Number.NaN); // NaN: not known
  }

  set(at: number, min: number, max: number): void {
    if (this.#dense) {
      this.#dense[2 * at] = min;
      this.#dense[2 * at + 1] = max;
      return;
    }
    this.#sparse.delete(at);
    this.#sparse.set(at, { min, max });
    if (this.#sparse.size <= SPARSE_BRICKS) return;
    for (const oldest of this.#sparse.keys()) {
      this.#sparse.delete(oldest);
      break;
    }
  }

  get(at: number): ValueRange | undefined {
    if (!this.#dense) return this.#sparse.get(at);
    const min = this.#dense[2 * at];
    const max = this.#dense[2 * at + 1];
    return min === undefined || max === undefined || Number.isNaN(min) ? undefined : { min, max };
  }
}

/** Ranges of the bricks of one volume, filled as they become known. */
export class BrickRanges {
  /** Rises with each change, so that what is derived from the table knows when it is stale. */
  version = 0;
  /** Range of all rows seen so far at any level. */
  overall: ValueRange | undefined;
  /** Where the bricks of a point cloud are; empty for volumes, whose bricks are where their keys say. */
  readonly boxes = new BrickBoxes();
  readonly #levels = new Map<number, LevelTable>();
  readonly #subtrees: SubtreeRanges;

  constructor(readonly shape: Vec3) {
    this.#subtrees = new SubtreeRanges(shape);
  }

  /** Takes over the rows of one RANGES message; rows outside the volume are ignored. */
  apply(rows: RangeRows): void {
    if (rows.boxes) this.boxes.apply(rows);
    let low = this.overall?.min ?? Number.POSITIVE_INFINITY;
    let high = this.overall?.max ?? Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rows.level.length; i += 1) {
      const table = this.#table(rows.level[i] as number);
      const [z, y, x] = [rows.z[i] as number, rows.y[i] as number, rows.x[i] as number];
      if (!table || z >= table.grid[0] || y >= table.grid[1] || x >= table.grid[2]) continue;
      const at = (z * table.grid[1] + y) * table.grid[2] + x;
      const min = rows.min[i] as number;
      const max = rows.max[i] as number;
      table.set(at, min, max);
      this.#subtrees.add(rows.level[i] as number, z, y, x, min, max);
      if (min > max) continue;
      low = Math.min(low, min);
      high = Math.max(high, max);
    }
    if (low <= high) this.overall = { min: low, max: high };
    this.version += 1;
  }

  /** The range of a brick, or undefined while it is not known. */
  get({ level, z, y, x }: BrickKey): ValueRange | undefined {
    const table = this.#levels.get(level);
    if (!table) return undefined;
    return table.get((z * table.grid[1] + y) * table.grid[2] + x);
  }

  /** The range of a brick and of all finer bricks inside it; undefined while some of it is not known. */
  subtree(key: BrickKey): ValueRange | undefined {
    return this.#subtrees.get(key);
  }

  #table(level: number): LevelTable | undefined {
    const known = this.#levels.get(level);
    if (known || level >= levelCount(this.shape)) return known;
    const table = new LevelTable(brickGrid(this.shape, level));
    this.#levels.set(level, table);
    return table;
  }
}
