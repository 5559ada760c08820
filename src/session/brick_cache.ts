/** Browser memory for bricks: bounded in bytes, the least recently used goes first. Pure. */

import { type BrickKey, keyText } from '../volume/geometry.js';
import type { Brick } from './types.js';

/** Half-open box of bricks of a level: [level, z0, y0, x0, z1, y1, x1]. */
export type BrickBox = readonly [number, number, number, number, number, number, number];

interface Entry {
  brick: Brick;
  /** Its content has changed at the source; it stays until the new one is here. */
  stale: boolean;
}

export class BrickCache {
  /** In order of use, least recent first. */
  readonly #entries = new Map<string, Entry>();
  bytes = 0;

  constructor(readonly maxBytes: number) {}

  /**
   * Keeps a brick in place of an older generation of it.
   *
   * @returns the brick that is now held: the one given, unless a newer one was there
   */
  put(brick: Brick): Brick {
    const text = entryText(brick.volume, brick);
    const before = this.#entries.get(text);
    if (before && !before.stale && before.brick.generation > brick.generation) return before.brick;
    this.#remove(text);
    this.#entries.set(text, { brick, stale: false });
    this.bytes += bytesOf(brick);
    for (const oldest of this.#entries.keys()) {
      if (this.bytes <= this.maxBytes || oldest === text) break;
      this.#remove(oldest);
    }
    return brick;
  }

  /** The brick, stale or not; looking does not count as use. */
  peek(volume: number, key: BrickKey): Brick | undefined {
    return this.#entries.get(entryText(volume, key))?.brick;
  }

  /** The brick if it is up to date, which counts as use. */
  fresh(volume: number, key: BrickKey): Brick | undefined {
    const text = entryText(volume, key);
    const entry = this.#entries.get(text);
    if (!entry || entry.stale) return undefined;
    this.#entries.delete(text);
    this.#entries.set(text, entry);
    return entry.brick;
  }

  /** Marks bricks of a volume that `test` picks as out of date. */
  outdate(volume: number, test: (brick: Brick) => boolean): void {
    for (const entry of this.#entries.values()) {
      if (entry.brick.volume === volume && test(entry.brick)) entry.stale = true;
    }
  }

  /** Forgets all bricks of a volume. */
  drop(volume: number): void {
    for (const [text, entry] of this.#entries) if (entry.brick.volume === volume) this.#remove(text);
  }

  #remove(text: string): void {
    const entry = this.#entries.get(text);
    if (!entry) return;
    this.bytes -= bytesOf(entry.brick);
    this.#entries.delete(text);
  }
}

/** Whether a brick lies in one of the boxes of a time point. */
export function inBoxes(key: BrickKey, boxes: readonly BrickBox[], time = 0): boolean {
  return (key.time ?? 0) === time && boxes.some(
    ([level, z0, y0, x0, z1, y1, x1]) =>
      key.level === level && key.z >= z0 && key.z < z1 && key.y >= y0 && key.y < y1 && key.x >= x0 && key.x < x1,
  );
}

/** The voxels are a view of the whole message, so that is what stays in memory. */
const bytesOf = (brick: Brick) => brick.voxels.buffer.byteLength;
const entryText = (volume: number, key: BrickKey) => `${volume}:${keyText(key)}`;
