/**
 * Who may write where in the store: a table in memory that threads share, with a number for each unit of the store. A place is granted with the need that
 * names it, claimed by the thread that is about to write there, and nobody's afterwards: so no frame that comes late, or twice, is written over another's.
 */

import { STORE_UNITS, type StoredDtype, UNIT_BYTES } from '../../protocol/index.js';

/** A grant's number is the maker's, and in its lowest bits the units of the place: a frame may be no larger. */
const UNIT_BITS = 3;
/** Numbers of makers; afterwards they begin anew. */
export const MAX_MAKERS = 2 ** (31 - UNIT_BITS) - 1;
/** A write takes a fraction of a millisecond, and on a busy machine its thread may not run for long. Behind so many of these it is thought dead. */
const WRITE_MS = 1_000;
const MOST_WAITS = 10;

export type Claim = 'written' | 'refused' | 'misfit';

export class PlaceGrants {
  readonly #table: Int32Array;

  /** @param memory of as many numbers as the store has units */
  constructor(readonly memory: SharedArrayBuffer) {
    this.#table = new Int32Array(memory);
  }

  static forStore(bytes: number): PlaceGrants {
    return new PlaceGrants(new SharedArrayBuffer(4 * Math.ceil(bytes / UNIT_BYTES)));
  }

  grant(place: number, maker: number, units: number): void {
    Atomics.store(this.#table, place / UNIT_BYTES, (maker << UNIT_BITS) | units);
  }

  /** Nobody writes there any more: a write that has begun is waited for. */
  withdraw(place: number): void {
    const at = place / UNIT_BYTES;
    const now = Atomics.load(this.#table, at);
    if (now === 0) return;
    if (now > 0 && Atomics.compareExchange(this.#table, at, now, 0) === now) return;
    // Freed while it is written, the place would be another brick's under the writer's hands.
    for (let waits = 0; waits < MOST_WAITS; waits += 1) {
      const writing = Atomics.load(this.#table, at);
      if (writing >= 0) break;
      Atomics.wait(this.#table, at, writing, WRITE_MS);
    }
    Atomics.store(this.#table, at, 0);
  }

  /** Nobody writes anywhere any more. */
  withdrawAll(): void {
    for (let unit = 0; unit < this.#table.length; unit += 1) this.withdraw(unit * UNIT_BYTES);
  }

  /**
   * Runs `write` where the place is granted to `maker` and a frame of `bytes` and `stored` dtype fits there: the grant is used up. `misfit`: it is granted, and the
   * frame does not fit.
   */
  claim(place: number, maker: number, bytes: number, stored: StoredDtype, write: () => void): Claim {
    const at = place / UNIT_BYTES;
    const units = STORE_UNITS[stored];
    if (!Number.isInteger(at) || at < 0 || at >= this.#table.length) return 'refused';
    const granted = (maker << UNIT_BITS) | units;
    const now = Atomics.load(this.#table, at);
    if (now > 0 && now >> UNIT_BITS === maker && (now !== granted || bytes > units * UNIT_BYTES)) return 'misfit';
    if (Atomics.compareExchange(this.#table, at, granted, -granted) !== granted) return 'refused';
    try {
      write();
    } finally {
      // Where it was given up meanwhile, what stands there may be the next one's grant.
      Atomics.compareExchange(this.#table, at, -granted, 0);
      Atomics.notify(this.#table, at);
    }
    return 'written';
  }
}
