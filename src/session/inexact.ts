/**
 * Bricks that came as voxels of 8 bits. Once nothing is under way and nobody asked for anything else for a moment, the true ones are due: what
 * is held counts as out of date, and those that are looked at are wanted again.
 */

import { type BrickKey, keyText } from '../volume/geometry.js';
import type { BrickBox } from './brick_cache.js';
import type { Brick } from './types.js';

/** How long the views are at rest before. */
export const REST_MS = 200;

/** Bricks of a volume and time point that count as changed. */
export interface Outdated {
  readonly volume: number;
  readonly time: number;
  readonly boxes: BrickBox[];
}

export class Inexact {
  /** Held as such, by volume and keyText. */
  readonly #held = new Map<string, BrickKey & { readonly volume: number }>();
  /** Of which nothing but the true voxels will do, by volume. */
  readonly #due = new Map<number, Set<string>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param idle whether nothing is under way
   * @param rested told what counts as out of date
   */
  constructor(
    readonly idle: () => boolean,
    readonly rested: (outdated: readonly Outdated[]) => void,
  ) {}

  get size(): number {
    return this.#held.size;
  }

  /** A brick is here, in either form. */
  came({ volume, level, z, y, x, time = 0, lossy }: Brick): void {
    const key = { volume, level, z, y, x, ...(time ? { time } : {}) };
    const text = keyText(key);
    if (lossy) this.#held.set(`${volume}:${text}`, key);
    else if (this.#held.size > 0 || this.#due.size > 0) {
      this.#held.delete(`${volume}:${text}`);
      this.#due.get(volume)?.delete(text);
    }
    this.moved();
  }

  /** The views want something else, or something came: they are not at rest. */
  moved(): void {
    clearTimeout(this.#timer);
    if (this.#held.size > 0) this.#timer = setTimeout(() => this.#rest(), REST_MS);
  }

  /** Whether nothing but the true voxels will do. */
  due(volume: number, key: BrickKey): boolean {
    return this.#due.get(volume)?.has(keyText(key)) ?? false;
  }

  /** Those of `keys` of which any form will do, and those of which the true one is due. */
  split<K extends BrickKey>(volume: number, keys: readonly K[]): [rough: readonly K[], exact: readonly K[]] {
    if (!this.#due.get(volume)?.size) return [keys, []];
    return [keys.filter((key) => !this.due(volume, key)), keys.filter((key) => this.due(volume, key))];
  }

  drop(volume: number): void {
    this.#due.delete(volume);
    for (const [text, key] of this.#held) if (key.volume === volume) this.#held.delete(text);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #rest(): void {
    if (!this.idle()) {
      this.moved();
      return;
    }
    const outdated = new Map<string, Outdated>();
    for (const key of this.#held.values()) {
      const { volume, level, z, y, x, time = 0 } = key;
      const one = outdated.get(`${volume} ${time}`) ?? { volume, time, boxes: [] };
      outdated.set(`${volume} ${time}`, one);
      one.boxes.push([level, z, y, x, z + 1, y + 1, x + 1]);
      this.#due.set(volume, (this.#due.get(volume) ?? new Set()).add(keyText(key)));
    }
    this.#held.clear();
    this.rested([...outdated.values()]);
  }
}
