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

  /** The most that was ever held at once. */
  peak = 0;

  /** @param reserved bytes of the bound that others hold now */
  constructor(
    public maxBytes: number,
    readonly reserved: () => number = () => 0,
  ) {}

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
    this.trim(bytesOf(brick));
    if (this.bytes + bytesOf(brick) + this.reserved() > this.maxBytes) return brick; // larger than all there is: used, not kept
    this.#entries.set(text, { brick, stale: false });
    this.bytes += bytesOf(brick);
    this.peak = Math.max(this.peak, this.bytes);
    return brick;
  }

  /** Lets go of what the bound no longer covers when `more` bytes come. */
  trim(more = 0): void {
    this.#shrink(this.maxBytes - this.reserved() - more);
  }

  /** Another bound, which holds at once. */
  limit(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.trim();
    this.peak = this.bytes;
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

  /** The least recently used go until `maxBytes` are left. */
  #shrink(maxBytes: number): void {
    for (const oldest of this.#entries.keys()) {
      if (this.bytes <= maxBytes) break;
      this.#remove(oldest);
    }
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

/** What a constant brick takes: itself. */
const CONSTANT_BYTES = 512;

/** Memory that a brick takes: its voxels are a view of the whole message, so that is what stays. */
export const bytesOf = (brick: Brick): number => (brick.constant ? CONSTANT_BYTES : brick.voxels.buffer.byteLength);
const entryText = (volume: number, key: BrickKey) => `${volume}:${keyText(key)}`;
