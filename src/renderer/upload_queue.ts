/** Bricks on their way to the GPU: a few in each frame, for as long as the frame's share of time lasts. */

import type { Brick } from '../session/types.js';

interface Offer {
  readonly brick: Brick;
  readonly uploaded: () => void;
}

/** Bricks that were offered and are not yet on the GPU. */
export class UploadQueue {
  readonly #offers = new Map<string, Offer>();

  get size(): number {
    return this.#offers.size;
  }

  /** Adds a brick; an older one of the same key that still waits is dropped. `uploaded` is called once, whatever becomes of it. */
  add(key: string, brick: Brick, uploaded: () => void): void {
    const older = this.#offers.get(key);
    this.#offers.set(key, { brick, uploaded });
    older?.uploaded();
  }

  /** Whether a brick is waiting. */
  has(key: string): boolean {
    return this.#offers.has(key);
  }

  /**
   * Hands bricks to `upload` until `budgetMs` is spent or it has had `most`, at least one: coarse ones first, so that the picture is never
   * finer in one place while it is missing in another.
   *
   * @returns how many were handed over
   */
  run(budgetMs: number, upload: (brick: Brick) => void, most = Number.POSITIVE_INFINITY, now: () => number = () => performance.now()): number {
    if (this.#offers.size === 0) return 0;
    const start = now();
    const order = [...this.#offers].sort(([, a], [, b]) => b.brick.level - a.brick.level);
    let count = 0;
    for (const [key, { brick, uploaded }] of order) {
      if (count > 0 && (count >= most || now() - start >= budgetMs)) break;
      this.#offers.delete(key);
      try {
        upload(brick);
      } finally {
        uploaded();
      }
      count += 1;
    }
    return count;
  }

  /** Drops the bricks that `drop` names. */
  drop(drop: (brick: Brick) => boolean): void {
    for (const [key, { brick, uploaded }] of [...this.#offers]) {
      if (!drop(brick)) continue;
      this.#offers.delete(key);
      uploaded();
    }
  }
}
