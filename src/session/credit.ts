/**
 * The bytes of bricks that may be under way, given back to the sidecar as they come into browser memory; once much there waits for the
 * viewer, as the viewer is done with them. So the network goes on while a GPU makes room.
 */

import type { Brick } from './types.js';

const FLUSH_MS = 16;

export class CreditBook {
  /** What each brick in the viewer's hands took. */
  readonly #held = new WeakMap<Brick, number>();
  /** Bytes of all of them. */
  #inHands = 0;
  /** Bytes of that which are owed to this connection. */
  #owed = 0;
  #ready = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param total bytes a connection starts with
   * @param send gives that many bytes back
   * @param most bytes in the viewer's hands for which nothing is owed
   */
  constructor(
    readonly total: number,
    private readonly send: (bytes: number) => void,
    private readonly most: () => number = () => 0,
  ) {}

  /** A connection began, with all its credit: what was owed to the one before is void. */
  renew(): void {
    this.#owed = 0;
    this.#ready = 0;
  }

  /** The viewer holds `brick`, which took `bytes`. */
  hold(brick: Brick, bytes: number): void {
    this.#held.set(brick, bytes);
    this.#inHands += bytes;
    if (this.#inHands - this.#owed <= this.most()) this.giveBack(bytes);
    else this.#owed += bytes;
  }

  /** The viewer is done with `brick`. A brick from browser memory took nothing. */
  release(brick: Brick): void {
    const bytes = this.#held.get(brick) ?? 0;
    this.#held.delete(brick);
    this.#inHands -= bytes;
    const paid = Math.min(bytes, this.#owed);
    this.#owed -= paid;
    if (paid > 0) this.giveBack(paid);
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
