/** The bytes of bricks that may be under way, given back to the sidecar as the viewer is done with them. */

import type { Brick } from './types.js';

const FLUSH_MS = 16;

export class CreditBook {
  /** What each brick in the viewer's hands took, and over which connection: a new one starts with all its credit. */
  readonly #owed = new WeakMap<Brick, { bytes: number; epoch: number }>();
  #epoch = 0;
  #ready = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param total bytes a connection starts with
   * @param send gives that many bytes back
   */
  constructor(
    readonly total: number,
    private readonly send: (bytes: number) => void,
  ) {}

  /** A connection began: what was owed to the one before is void. */
  renew(): void {
    this.#epoch += 1;
    this.#ready = 0;
  }

  /** The viewer holds `brick`, which took `bytes`. */
  hold(brick: Brick, bytes: number): void {
    this.#owed.set(brick, { bytes, epoch: this.#epoch });
  }

  /** The viewer is done with `brick`. A brick from browser memory took nothing. */
  release(brick: Brick): void {
    const owed = this.#owed.get(brick);
    this.#owed.delete(brick);
    if (owed?.epoch === this.#epoch) this.giveBack(owed.bytes);
  }

  /** Gives bytes back, several bricks in a message. */
  giveBack(bytes: number): void {
    this.#ready += bytes;
    if (this.#ready >= this.total / 8) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const bytes = this.#ready;
    this.#ready = 0;
    if (bytes > 0) this.send(bytes);
  }
}
