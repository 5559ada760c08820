/**
 * The order in which a volume is made resident: coarse to fine, so that an unfinished fill is a whole picture of every time point; or
 * level 0 first, where what there is of the coarser ones will be replaced.
 */

import { brickGrid, type BrickKey, keyText, levelCount, type Vec3 } from '../volume/geometry.js';

export class FillWalk {
  readonly #shape: Vec3;
  readonly #times: number;
  #time = 0;
  /** Levels to come, the last of them first. */
  readonly #levels: number[];
  #index = 0;
  /** Bricks already passed that are missing again. */
  readonly #again = new Map<string, BrickKey>();

  /** @param from where it begins; `nowhere`: only what `again` names, for a volume that was filled before */
  constructor(shape: Vec3, times = 1, from: 'coarsest' | 'finest' | 'nowhere' = 'coarsest') {
    this.#shape = shape;
    this.#times = times;
    this.#levels = Array.from({ length: from === 'nowhere' ? 0 : levelCount(shape) }, (_, level) => level);
    if (from === 'finest') this.#levels.push(...this.#levels.splice(0, 1));
  }

  /** The next brick for which `missing` holds, or undefined at the end (for now: `again` may bring more). */
  next(missing: (key: BrickKey, id: string) => boolean): BrickKey | undefined {
    for (const [id, key] of this.#again) {
      this.#again.delete(id);
      if (missing(key, id)) return key;
    }
    for (; this.#levels.length > 0; this.#levels.pop(), this.#time = 0) {
      const level = this.#levels[this.#levels.length - 1] as number;
      const [nz, ny, nx] = brickGrid(this.#shape, level);
      for (; this.#time < this.#times; this.#time += 1, this.#index = 0) {
        while (this.#index < nz * ny * nx) {
          const i = this.#index;
          this.#index += 1;
          const key = { level, z: Math.floor(i / (ny * nx)), y: Math.floor(i / nx) % ny, x: i % nx, time: this.#time };
          if (missing(key, keyText(key))) return key;
        }
      }
    }
    return undefined;
  }

  /** A brick that was passed and is missing again. */
  again(key: BrickKey): void {
    this.#again.set(keyText(key), key);
  }

  /** Whether `next` has nothing more to give. */
  get ended(): boolean {
    return this.#levels.length === 0 && this.#again.size === 0;
  }
}
