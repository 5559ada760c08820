/** The order in which a volume is made resident: coarse to fine, so that an unfinished fill is a whole picture of every time point. */

import { brickGrid, type BrickKey, keyText, levelCount, type Vec3 } from '../volume/geometry.js';

export class FillWalk {
  readonly #shape: Vec3;
  readonly #times: number;
  #time = 0;
  #level: number;
  #index = 0;
  /** Bricks already passed that are missing again. */
  readonly #again = new Map<string, BrickKey>();

  /** @param fromStart false: only what `again` names, for a volume that was filled before */
  constructor(shape: Vec3, times = 1, fromStart = true) {
    this.#shape = shape;
    this.#times = times;
    this.#level = fromStart ? levelCount(shape) - 1 : -1;
  }

  /** The next brick for which `missing` holds, or undefined at the end (for now: `again` may bring more). */
  next(missing: (key: BrickKey, id: string) => boolean): BrickKey | undefined {
    for (const [id, key] of this.#again) {
      this.#again.delete(id);
      if (missing(key, id)) return key;
    }
    for (; this.#level >= 0; this.#level -= 1, this.#time = 0) {
      const [nz, ny, nx] = brickGrid(this.#shape, this.#level);
      for (; this.#time < this.#times; this.#time += 1, this.#index = 0) {
        while (this.#index < nz * ny * nx) {
          const i = this.#index;
          this.#index += 1;
          const key = { level: this.#level, z: Math.floor(i / (ny * nx)), y: Math.floor(i / nx) % ny, x: i % nx, time: this.#time };
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
    return this.#level < 0 && this.#again.size === 0;
  }
}
