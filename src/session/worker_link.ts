/** The page's side of the worker: starts it, watches that it answers, and does its work on the page where it cannot be had. */

import type { FrameLink, LinkCommand, LinkEvent, StartLink } from './link.js';

/** The part of Worker that is used. */
export interface WorkerLike {
  onmessage: ((event: { data: LinkEvent | { t: 'beat' } }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Whether it has been heard already, so that there is no need to wait for its first beat. */
  readonly heard?: boolean;
  terminate(): void;
}

const TICK_MS = 500;
const LINGER_MS = 250;
/** Ticks without an answer, 2 s, after which a worker counts as hung. Ticks of the page are counted, not time: a page
 * that was itself busy for seconds sees the answers that waited for it before its next tick. */
const HUNG_TICKS = 4;

export class WorkerLink implements FrameLink {
  #worker: WorkerLike | undefined;
  /** Where the work is done when there is no worker. */
  #fallback: FrameLink | undefined;
  /** Commands from before the worker's first beat. */
  #early: LinkCommand[] | undefined = [];
  #missed = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param startWorker may throw, as where a page's policy refuses workers
   * @param startFallback makes the link used then
   */
  constructor(
    private readonly report: (event: LinkEvent) => void,
    private readonly startWorker: () => WorkerLike,
    private readonly startFallback: StartLink,
  ) {
    this.#start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  do(command: LinkCommand): void {
    if (this.#fallback) this.#fallback.do(command);
    else if (this.#early) this.#early.push(command);
    else this.#post(command);
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#fallback?.dispose();
    const worker = this.#worker;
    this.#worker = undefined;
    // What was sent last, such as the goodbye to others, is still on its way through the worker.
    if (worker) setTimeout(() => worker.terminate(), LINGER_MS);
  }

  #start(): void {
    try {
      const worker = this.startWorker();
      this.#worker = worker;
      worker.onmessage = ({ data }) => this.#receive(worker, data);
      worker.onerror = () => {
        if (worker === this.#worker && this.#early) this.#fallBack();
      };
      if (worker.heard) this.#begin();
      worker.postMessage({ t: 'beat' }, []);
    } catch {
      this.#fallBack();
    }
  }

  #receive(worker: WorkerLike, event: LinkEvent | { t: 'beat' }): void {
    if (worker !== this.#worker) return;
    this.#missed = 0;
    if (event.t !== 'beat') {
      this.report(event);
      return;
    }
    this.#begin();
  }

  /** What waited for the worker is done. */
  #begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const command of early) this.#post(command);
  }

  #tick(): void {
    if (this.#fallback) return;
    if (this.#missed >= HUNG_TICKS) {
      this.#worker?.terminate();
      this.#missed = 0;
      if (this.#early) {
        this.#fallBack(); // it never spoke: blocked without an error, as some policies do
        return;
      }
      this.#early = [];
      this.#start();
      this.report({ t: 'hung' });
      return;
    }
    this.#missed += 1;
    this.#worker?.postMessage({ t: 'beat' }, []);
  }

  #fallBack(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#fallback = this.startFallback(this.report);
    for (const command of early) this.#fallback.do(command);
  }

  #post(command: LinkCommand): void {
    const transfer =
      command.t === 'check' ? [command.message] : command.t === 'send' ? [command.frame.buffer as ArrayBuffer] : [];
    this.#worker?.postMessage(command, transfer);
  }
}
