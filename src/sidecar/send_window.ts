/** What may be sent to one viewer now: as many bytes as its credit covers, and few frames at a time. Bricks and tiles share it. */

import { MAX_CREDIT_BYTES } from '../protocol/index.js';

/** Frames handed to the socket and not yet taken by it. */
export const MAX_SENDS_IN_FLIGHT = 4;

export class SendWindow {
  #inFlight = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(private credit: number) {}

  /** Calls `listener` whenever there may be room again. */
  onRoom(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The viewer gives credit back. */
  add(bytes: number): void {
    this.credit = Math.min(this.credit + bytes, MAX_CREDIT_BYTES);
    this.#tell();
  }

  /** Whether another frame may be begun. */
  get open(): boolean {
    return this.#inFlight < MAX_SENDS_IN_FLIGHT;
  }

  /** Takes room for a frame of `bytes`; false where there is none. */
  take(bytes: number): boolean {
    if (!this.open || bytes > this.credit) return false;
    this.credit -= bytes;
    this.#inFlight += 1;
    return true;
  }

  /** The socket has taken a frame. */
  sent(): void {
    this.#inFlight -= 1;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
