/** The bricks of one volume as everybody sees them: what is committed, decoded as far as there is room. */

import type { LabelDtype } from '../../protocol/index.js';
import { brickGrid, type Vec3 } from '../../volume/geometry.js';
import type { BrickAccess, LabelBrick } from '../../volume/labels/brick.js';
import { decodeBrick } from './brick_codec.js';
import { log } from '../log.js';
import type { LabelStorage } from './label_storage.js';
import type { Lru } from './lru.js';

/** Bytes that a brick takes in memory. */
export function brickBytes(brick: LabelBrick): number {
  return typeof brick === 'number' ? 128 : brick.byteLength + 128;
}

export class CommittedBricks implements BrickAccess {
  /** Bricks that are not all 0. */
  readonly #there: Set<string>;

  /** @param decoded shared by all volumes */
  constructor(
    readonly storage: LabelStorage,
    readonly name: string,
    readonly handle: number,
    readonly shape: Vec3,
    readonly dtype: LabelDtype,
    readonly decoded: Lru<LabelBrick>,
  ) {
    this.#there = new Set(storage.keys(name));
  }

  has(level: number, z: number, y: number, x: number): boolean {
    return this.#there.has(`${level}/${z}/${y}/${x}`);
  }

  /** Bricks that are not all 0, and those whose halo may show one of them: from the coarsest level on, which every view needs. */
  *painted(): Generator<readonly [level: number, z: number, y: number, x: number]> {
    const places = [...this.#there].map((key) => key.split('/').map(Number) as [number, number, number, number]);
    places.sort((a, b) => b[0] - a[0]);
    const seen = new Set<string>();
    for (const [level, z, y, x] of places) {
      const grid = brickGrid(this.shape, level);
      for (let k = Math.max(0, z - 1); k <= Math.min(grid[0] - 1, z + 1); k += 1) {
        for (let j = Math.max(0, y - 1); j <= Math.min(grid[1] - 1, y + 1); j += 1) {
          for (let i = Math.max(0, x - 1); i <= Math.min(grid[2] - 1, x + 1); i += 1) {
            const key = `${level}/${k}/${j}/${i}`;
            if (seen.has(key)) continue;
            seen.add(key);
            yield [level, k, j, i];
          }
        }
      }
    }
  }

  read(level: number, z: number, y: number, x: number): LabelBrick {
    const key = `${level}/${z}/${y}/${x}`;
    if (!this.#there.has(key)) return 0;
    const known = this.decoded.get(`${this.handle}:${key}`);
    if (known !== undefined) return known;
    const brick = this.#stored(key);
    this.decoded.set(`${this.handle}:${key}`, brick, brickBytes(brick));
    return brick;
  }

  /** A brick that is damaged is 0: that one is lost, not the volume. */
  #stored(key: string): LabelBrick {
    try {
      const bytes = this.storage.brick(this.name, key);
      if (bytes) return decodeBrick(bytes, this.dtype);
      throw new Error('it is not in the storage');
    } catch (error) {
      log(`labels "${this.name}": brick ${key} is lost: ${(error as Error).message}`);
      this.#there.delete(key);
      return 0;
    }
  }

  write(): void {
    throw new Error('what is committed is not written to');
  }

  /** A brick is committed now; `brick` where it is still at hand. */
  committed(key: string, brick: LabelBrick | undefined, empty: boolean): void {
    const id = `${this.handle}:${key}`;
    if (empty) this.#there.delete(key);
    else this.#there.add(key);
    if (empty || brick === undefined) this.decoded.delete(id);
    else this.decoded.set(id, brick, brickBytes(brick));
  }

  forget(): void {
    this.decoded.clear(`${this.handle}:`);
  }
}
