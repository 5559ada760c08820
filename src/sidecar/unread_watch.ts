/** Notices a client whose system takes nothing more of what it was sent: its credit would be held, and its frames kept, for ever. */

/** How often it looks, in a limit's time. */
const LOOKS = 4;

export class UnreadWatch {
  #handed = 0;
  #taken = 0;
  #still = 0;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param limitMs so long may bytes wait without one of them being taken
   * @param backlog bytes handed over and not taken yet
   * @param stuck told, with the bytes that wait
   */
  constructor(limitMs: number, backlog: () => number, stuck: (bytes: number) => void) {
    this.#timer = setInterval(() => {
      const waiting = backlog();
      const taken = this.#handed - waiting;
      this.#still = waiting > 0 && taken <= this.#taken ? this.#still + 1 : 0;
      this.#taken = Math.max(this.#taken, taken);
      if (this.#still > LOOKS) stuck(waiting);
    }, limitMs / LOOKS);
    this.#timer.unref();
  }

  /** Bytes are given to the socket. */
  handed(bytes: number): void {
    this.#handed += bytes;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
