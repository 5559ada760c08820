/** When the next time point is shown: at the rate that was set, but never before it is here. Pure. */

/** What playing knows of the time points around it. */
export interface Film {
  readonly count: number;
  readonly time: number;
  /** Whether all that the views want of a time point is here. */
  isReady(time: number): boolean;
}

/** Time points that are made ready ahead. */
const AHEAD = 3;
/** Steps of so many milliseconds count for the rate that is shown. */
const RATE_MS = 2_000;

export class Playback {
  playing = false;
  /** Time points a second. */
  rate = 10;
  loop = true;
  /** Whether the next time point is due and not here yet. */
  waiting = false;
  /** Time points that could not be loaded: they are passed over. */
  readonly failed = new Set<number>();
  #due = 0;
  #steps: number[] = [];

  start(now: number): void {
    this.playing = true;
    this.#due = now;
    this.#steps = [];
  }

  stop(): void {
    this.playing = this.waiting = false;
    this.#steps = [];
  }

  /** The time point to show from now on; undefined where that stays as it is. */
  step(now: number, film: Film): number | undefined {
    this.waiting = false;
    if (!this.playing || film.count < 2 || now < this.#due) return undefined;
    const [next] = this.coming(film, 1);
    if (next === undefined) {
      this.stop();
      return undefined;
    }
    if (!film.isReady(next)) {
      this.waiting = true;
      return undefined;
    }
    // Late steps are not made up for: playing is slower then, never in leaps.
    const [due, pause] = [this.#due, 1000 / this.rate];
    this.#due = due + pause > now ? due + pause : now + pause;
    this.#steps.push(now);
    return next;
  }

  /** The time points that come next; none after the last one where it does not begin anew. */
  coming({ count, time }: Pick<Film, 'count' | 'time'>, most = AHEAD): number[] {
    const found: number[] = [];
    for (let i = 1; i < count && found.length < most; i += 1) {
      const next = time + i;
      if (next >= count && !this.loop) break;
      if (!this.failed.has(next % count)) found.push(next % count);
    }
    return found;
  }

  /** Time points shown a second of late. */
  shownRate(now: number): number {
    while (this.#steps.length > 0 && (this.#steps[0] as number) < now - RATE_MS) this.#steps.shift();
    const first = this.#steps[0];
    if (first === undefined || this.#steps.length < 2) return 0;
    return ((this.#steps.length - 1) * 1000) / Math.max((this.#steps.at(-1) as number) - first, 1);
  }
}
