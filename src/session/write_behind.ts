/** Bricks that wait to be written to the browser's storage: never before the first pictures, little while bricks stream in, the rest when it is quiet. */

import type { PackEntry } from './pack_format.js';

export type WriteJob = Pick<PackEntry, 'scope' | 'key' | 'written'> & { readonly frame: Uint8Array };

/** Bytes that may wait. */
export const MAX_WAITING = 32 * 2 ** 20;
/** Nothing is written this long after the first brick came: the first picture is being made then. */
const HEAD_START_MS = 3000;
const EVERY_MS = 100;
/** Without a brick for this long the stream counts as quiet. */
const QUIET_MS = 150;
/** Time that writing may take in each turn while bricks stream in, and while it is quiet. */
const BUSY_MS = 10;
const CALM_MS = 60;

export class WriteBehind {
  waiting = 0;
  waitingPeak = 0;
  skipped = 0;
  #jobs: WriteJob[] = [];
  #first: number | undefined;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: Promise<void> = Promise.resolve();

  /**
   * @param write writes one; false: no more is to be written
   * @param told called after each turn
   */
  constructor(
    private readonly write: (job: WriteJob) => Promise<boolean>,
    private readonly told: () => void,
  ) {}

  /** Takes a copy of `message`, or itself where it is `given`, unless too many wait. */
  add(record: Omit<WriteJob, 'frame'>, message: ArrayBuffer, given = false): void {
    this.#last = performance.now();
    this.#first ??= this.#last;
    if (this.waiting + message.byteLength > MAX_WAITING) {
      this.skipped += 1;
      return;
    }
    this.#jobs.push({ ...record, frame: new Uint8Array(given ? message : message.slice(0)) });
    this.waiting += message.byteLength;
    this.waitingPeak = Math.max(this.waitingPeak, this.waiting);
    this.soon();
  }

  /** A turn is due, if only to tell. */
  soon(): void {
    const headStart = this.#first === undefined ? 0 : this.#first + HEAD_START_MS - performance.now();
    const pause = Math.max(EVERY_MS, headStart);
    this.#timer ??= setTimeout(() => {
      this.#turn = this.#run();
    }, pause);
  }

  /** Forgets what waits of a scope. */
  drop(scope: string): void {
    this.#jobs = this.#jobs.filter((job) => job.scope !== scope);
    this.waiting = this.#jobs.reduce((n, { frame }) => n + frame.byteLength, 0);
  }

  clear(): void {
    this.#jobs = [];
    this.waiting = 0;
  }

  /** Writes all that waits, now. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#turn;
    clearTimeout(this.#timer);
    while (this.#jobs.length > 0) await this.#one();
  }

  async #run(): Promise<void> {
    const begun = performance.now();
    const share = begun - this.#last > QUIET_MS ? CALM_MS : BUSY_MS;
    while (this.#jobs.length > 0 && performance.now() - begun < share) await this.#one();
    this.#timer = undefined;
    this.told();
    if (this.#jobs.length > 0) this.soon();
  }

  async #one(): Promise<void> {
    const job = this.#jobs.shift();
    if (!job) return;
    this.waiting -= job.frame.byteLength;
    if (!(await this.write(job))) this.clear();
  }
}
