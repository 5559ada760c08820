/** Bricks while edits are applied that nobody may see yet: what they wrote over what is committed. */

import type { LabelDtype } from '../../protocol/index.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { BrickAccess, LabelBrick } from '../../volume/labels/brick.js';
import { decodeBrick, encodeBrick } from './brick_codec.js';
import { brickBytes, type CommittedBricks } from './committed_bricks.js';
import type { StoredBrick } from './label_storage.js';
import { Lru } from './lru.js';

/** Bytes of decoded bricks that one batch of edits may hold; older ones wait encoded. */
const DECODED_BYTES = 32 * 2 ** 20;

/** A brick that was written: decoded, or encoded where there was no room. */
interface Written {
  brick: LabelBrick | undefined;
  bytes: Uint8Array | undefined;
}

export class WorkingBricks implements BrickAccess {
  readonly shape: Vec3;
  readonly dtype: LabelDtype;
  readonly #written = new Map<string, Written>();
  readonly #decoded = new Lru<Written>(DECODED_BYTES, (_, written) => {
    written.bytes = encodeBrick(written.brick as LabelBrick);
    written.brick = undefined;
  });
  /** What stood there before the edit that is being applied. */
  readonly #before = new Map<string, Written | undefined>();

  constructor(readonly committed: CommittedBricks) {
    this.shape = committed.shape;
    this.dtype = committed.dtype;
  }

  read(level: number, z: number, y: number, x: number): LabelBrick {
    const written = this.#written.get(`${level}/${z}/${y}/${x}`);
    if (!written) return this.committed.read(level, z, y, x);
    if (written.brick !== undefined) return written.brick;
    return written.bytes ? decodeBrick(written.bytes, this.dtype) : 0;
  }

  write(level: number, z: number, y: number, x: number, brick: LabelBrick): void {
    const key = `${level}/${z}/${y}/${x}`;
    if (!this.#before.has(key)) this.#before.set(key, this.#written.get(key));
    const written: Written = { brick, bytes: undefined };
    this.#written.set(key, written);
    this.#decoded.set(key, written, brickBytes(brick));
  }

  /** An edit begins: `rollBack` leaves what was before it. */
  begin(): void {
    this.#before.clear();
  }

  rollBack(): void {
    for (const [key, written] of this.#before) {
      this.#decoded.delete(key);
      if (written) this.#written.set(key, written);
      else this.#written.delete(key);
    }
    this.#before.clear();
  }

  /** All that was written, encoded. Gives way after each brick. */
  *encoded(): Generator<number, StoredBrick[]> {
    const bricks: StoredBrick[] = [];
    for (const [key, written] of this.#written) {
      if (written.brick !== undefined) written.bytes = encodeBrick(written.brick);
      bricks.push({ key, bytes: written.bytes });
      yield 0;
    }
    return bricks;
  }

  /** What was written is committed; `changed` hears of each brick. */
  publish(changed: (key: string) => void): void {
    for (const [key, { brick, bytes }] of this.#written) {
      this.committed.committed(key, brick, bytes === undefined);
      changed(key);
    }
  }
}
