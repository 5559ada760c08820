/**
 * Tiles in the browser's storage: they are kept beside the bricks of their volume, under the same fingerprint, and bookkeeping knows one as
 * a brick whose level is beyond all levels and whose other numbers are its row, its column and a hash of its plane and time point. A plane's
 * number means nothing on another visit.
 */

import { xxh32 } from '../protocol/xxh32.js';
import type { BrickKey } from '../volume/geometry.js';
import { keyText } from '../volume/geometry.js';
import type { KeptClient } from './kept_client.js';
import type { Brick, WantedBrick, WantedPlane } from './types.js';

/** Levels of tiles begin here; those of bricks end before. */
export const TILE_LEVEL = 128;

/** 64 bits of what a plane is. */
export interface PlaneHash {
  readonly a: number;
  readonly b: number;
}

/** The same for the same plane and time point, on every visit. */
export function planeHash({ frame, time }: WantedPlane): PlaneHash {
  const { origin, u, v, slab } = frame;
  const text = JSON.stringify([origin, u, v, slab ? [slab.along, slab.thickness, slab.mode] : 0, time]);
  const hash = (salt: string) => xxh32(new TextEncoder().encode(salt + text));
  return { a: hash('plane'), b: Math.max(hash('again'), 1) };
}

/** What a tile is kept as. */
export const keptTileKey = ({ a, b }: PlaneHash, level: number, row: number, column: number): BrickKey => ({
  level: TILE_LEVEL + level, z: a, y: row, x: column, time: b,
});

/** Whether what is kept under a key is a tile. */
export const isTileKey = ({ level }: BrickKey): boolean => level >= TILE_LEVEL;

/** What the desk for tiles is to know of the storage: its keys (level, plane's number, row, column) there and back. */
export class KeptTiles {
  readonly #hashes = new Map<number, PlaneHash>();
  readonly #numbers = new Map<string, number>();

  constructor(
    readonly client: () => KeptClient,
    /** Tells the worker which plane a number stands for: what comes of it is kept as that. */
    readonly name: (plane: number, hash: PlaneHash) => void,
  ) {}

  /** A plane is wanted: from now on its number stands for it. */
  plane(plane: WantedPlane): void {
    if (this.#hashes.has(plane.number)) return;
    const hash = planeHash(plane);
    this.#hashes.set(plane.number, hash);
    this.#numbers.set(`${hash.a}/${hash.b}`, plane.number);
    this.name(plane.number, hash);
  }

  /** A plane is forgotten. */
  forget(number: number): void {
    const hash = this.#hashes.get(number);
    this.#hashes.delete(number);
    if (hash && this.#numbers.get(`${hash.a}/${hash.b}`) === number) this.#numbers.delete(`${hash.a}/${hash.b}`);
  }

  /** Another worker took over: it is told everything again. */
  restarted(): void {
    for (const [number, hash] of this.#hashes) this.name(number, hash);
  }

  /** The key that the desk has for what is kept under one; undefined where its plane is not known any more. */
  deskKey({ level, z, y, x, time = 0 }: BrickKey): BrickKey | undefined {
    const number = this.#numbers.get(`${z}/${time}`);
    return number === undefined ? undefined : { level: level - TILE_LEVEL, z: number, y, x };
  }

  take(volume: number, wanted: readonly WantedBrick[]): readonly WantedBrick[] {
    return this.#through(wanted, (kept) => this.client().take(volume, kept));
  }

  cancel(volume: number, keys: readonly BrickKey[]): readonly BrickKey[] {
    return this.#through(keys, (kept) => this.client().cancel(volume, kept));
  }

  hold(brick: Brick): void {
    this.client().hold(brick);
  }

  consumed(brick: Brick): void {
    this.client().consumed(brick);
  }

  #through<K extends BrickKey>(keys: readonly K[], ask: (kept: readonly K[]) => readonly BrickKey[]): readonly K[] {
    const back = new Map<string, K>();
    const kept = keys.map((key) => {
      const hash = this.#hashes.get(key.z);
      const as = { ...key, ...(hash && keptTileKey(hash, key.level, key.y, key.x)) };
      back.set(keyText(as), key);
      return as;
    });
    return ask(kept).map((key) => back.get(keyText(key)) as K);
  }
}
