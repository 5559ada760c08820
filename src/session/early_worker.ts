/**
 * A worker that was started before the code that uses it had come, and a socket that it has opened: starting the one and opening the other
 * takes a tenth of a second each, in which the page reads the viewer's code. The loader starts it, the first session takes it.
 */

import type { LinkCommand, LinkEvent } from './link.js';
import type { WorkerLike } from './worker_link.js';

/** What the first session is expected to open. */
export type EarlySocket = Omit<Extract<LinkCommand, { t: 'open' }>, 't' | 'id'>;

/** A view that is not shown by then, as one of a notebook that was only opened, shall not count as somebody who looks. */
const KEPT_MS = 5_000;
/** The socket's number in the worker; those of a session begin at 1. */
const EARLY_ID = 0;

/** A worker as a session knows it. What comes over the early socket is held until the session opens the very same. */
export class EarlyWorker implements WorkerLike {
  onmessage: WorkerLike['onmessage'] = null;
  onerror: WorkerLike['onerror'] = null;
  heard = false;
  /** The session's number for the early socket, once it has opened it. */
  #known: number | undefined;
  #held: LinkEvent[] = [];

  /** @param early opened at once */
  constructor(
    readonly worker: WorkerLike,
    private early?: EarlySocket,
  ) {
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => this.onerror?.(event);
    if (early) worker.postMessage({ ...early, t: 'open', id: EARLY_ID }, []);
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    const command = message as LinkCommand;
    if (command.t === 'open' && this.early && this.#adopt(command)) return;
    const early = this.#known !== undefined && 'id' in command && command.id === this.#known;
    this.worker.postMessage(early ? { ...command, id: EARLY_ID } : command, transfer);
  }

  terminate(): void {
    this.worker.terminate();
  }

  /** Whether what is to be opened is open already; if it is something else, the early socket is of no use. */
  #adopt({ t, id, ...wanted }: LinkCommand & { t: 'open' }): boolean {
    const { url, protocols, hello } = this.early as EarlySocket;
    const same = JSON.stringify([url, protocols, hello]) === JSON.stringify([wanted.url, wanted.protocols, wanted.hello]);
    this.early = undefined;
    const held = this.#held.splice(0);
    if (!same) {
      this.worker.postMessage({ t: 'close', id: EARLY_ID }, []);
      return false;
    }
    this.#known = id;
    for (const event of held) this.#receive(event);
    return true;
  }

  #receive(event: LinkEvent | { t: 'beat' }): void {
    this.heard = true;
    if (!('id' in event) || event.id !== EARLY_ID) this.onmessage?.({ data: event });
    else if (this.#known !== undefined) this.onmessage?.({ data: { ...event, id: this.#known } });
    else if (this.early) this.#held.push(event);
  }
}

/** Where it waits, by the hash of its code: another build's worker is not taken. */
const place = (integrity: string): symbol => Symbol.for(`voxbeam worker ${integrity}`);
type Waiting = Record<symbol, WorkerLike | undefined>;

/** Keeps a worker for the first who asks; one that nobody has asked for by then is ended, with its connection. */
export function leaveWorker(integrity: string, worker: WorkerLike, ms = KEPT_MS): void {
  const waiting = globalThis as unknown as Waiting;
  waiting[place(integrity)] = worker;
  setTimeout(() => {
    if (waiting[place(integrity)] === worker) takeWorker(integrity)?.terminate();
  }, ms);
}

/** The worker that waits, if one does; it is the caller's from now on. */
export function takeWorker(integrity: string): WorkerLike | undefined {
  const waiting = globalThis as unknown as Waiting;
  const worker = waiting[place(integrity)];
  waiting[place(integrity)] = undefined;
  return worker;
}
