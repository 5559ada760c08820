/** Pings in both directions' stead: two unanswered ones mean that the connection is dead, whatever the socket says. */

const UNANSWERED = 2;

export class Heartbeat {
  #timer: ReturnType<typeof setInterval> | undefined;
  #unanswered = 0;
  #patient = false;

  /**
   * @param ping sends a PING holding `t`
   * @param dead called when two pings in a row were not answered
   */
  constructor(
    private readonly ping: (t: number) => void,
    private readonly dead: () => void,
  ) {}

  /**
   * Pings now and then every `everyMs`.
   *
   * @param patient silence means nothing: a kernel that is busy for minutes still holds its tunnel, and says when it ends
   */
  start(everyMs: number, patient: boolean): void {
    this.stop();
    this.#unanswered = 0;
    this.#patient = patient;
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Anything that came shows that the other side lives. */
  alive(): void {
    this.#unanswered = 0;
  }

  /** The answer to a ping: the round trip in ms. */
  pong(t: number): number {
    this.#unanswered = 0;
    return performance.now() - t;
  }

  #beat(): void {
    if (this.#unanswered >= UNANSWERED) {
      if (this.#patient) return; // the answers are on their way; more questions would only queue behind them
      this.stop();
      this.dead();
      return;
    }
    this.#unanswered += 1;
    this.ping(performance.now());
  }
}
