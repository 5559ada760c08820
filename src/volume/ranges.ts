/** The min/max table of a volume's bricks: what is empty under a transfer function is never asked for, nor stepped through. */

import type { RangeRows } from '../protocol/arrow.js';
import { type BrickKey, brickGrid, levelCount, type Vec3 } from './geometry.js';

/** Range of a brick's values, halo included. `min > max` where nothing in it is finite. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

interface LevelTable {
  readonly grid: Vec3;
  /** NaN where not known yet. */
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/** Ranges of the bricks of one volume, filled as they become known. */
export class BrickRanges {
  /** Rises with each change, so that what is derived from the table knows when it is stale. */
  version = 0;
  /** Range of all rows seen so far at any level. */
  overall: ValueRange | undefined;
  readonly #levels = new Map<number, LevelTable>();

  constructor(readonly shape: Vec3) {}

  /** Takes over the rows of one RANGES message; rows outside the volume are ignored. */
  apply(rows: RangeRows): void {
    let low = this.overall?.min ?? Number.POSITIVE_INFINITY;
    let high = this.overall?.max ?? Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rows.level.length; i += 1) {
      const table = this.#table(rows.level[i] as number);
      const [z, y, x] = [rows.z[i] as number, rows.y[i] as number, rows.x[i] as number];
      if (!table || z >= table.grid[0] || y >= table.grid[1] || x >= table.grid[2]) continue;
      const at = (z * table.grid[1] + y) * table.grid[2] + x;
      const min = rows.min[i] as number;
      const max = rows.max[i] as number;
      table.min[at] = min;
      table.max[at] = max;
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
    const at = (z * table.grid[1] + y) * table.grid[2] + x;
    const min = table.min[at];
    const max = table.max[at];
    return min === undefined || max === undefined || Number.isNaN(min) ? undefined : { min, max };
  }

  #table(level: number): LevelTable | undefined {
    const known = this.#levels.get(level);
    if (known || level >= levelCount(this.shape)) return known;
    const grid = brickGrid(this.shape, level);
    const size = grid[0] * grid[1] * grid[2];
    const table = { grid, min: new Float32Array(size).fill(Number.NaN), max: new Float32Array(size).fill(Number.NaN) };
    this.#levels.set(level, table);
    return table;
  }
}
