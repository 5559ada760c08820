/**
 * A thread that makes frames smaller: a brick takes milliseconds, in which the event loop serves others. It is started with the first frame, so
 * that an instance with fast links alone has none. What it makes is not kept: it takes a few percent of the thread to keep a slow link busy.
 */

import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { log } from '../log.js';
import { type Manner, smaller } from './encode.js';

interface Job {
  readonly id: number;
  readonly frame: Uint8Array;
  readonly manner: Manner;
}

interface Done {
  readonly id: number;
  /** Absent where the frame is to go as it is. */
  readonly frame?: Uint8Array;
  readonly ms: number;
}

export type Encoded = Omit<Done, 'id'>;

export class Encoder {
  #worker: Worker | undefined;
  #failed = false;
  #last = 0;
  readonly #waiting = new Map<number, (done: Encoded) => void>();

  /** The frame made smaller, or without it where it is to go as it is. `frame` is copied at once. */
  encode(frame: Uint8Array, manner: Manner): Promise<Encoded> {
    const worker = this.#start();
    if (!worker) return Promise.resolve({ ms: 0 });
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      worker.postMessage({ id, frame, manner } satisfies Job);
    });
  }

  close(): void {
    void this.#worker?.terminate();
  }

  #start(): Worker | undefined {
    if (this.#worker || this.#failed) return this.#worker;
    try {
      const worker = new Worker(fileURLToPath(import.meta.url), { stdin: false });
      worker.on('message', ({ id, ...done }: Done) => {
        this.#waiting.get(id)?.(done);
        this.#waiting.delete(id);
      });
      worker.on('error', (error: Error) => log(`the thread that compresses failed: ${error.message}; frames are sent as they are`));
      worker.on('exit', () => this.#fail());
      worker.unref();
      this.#worker = worker;
    } catch (error) {
      log(`no thread to compress in: ${(error as Error).message}; frames are sent as they are`);
      this.#failed = true;
    }
    return this.#worker;
  }

  /** It is gone: what it had goes as it is. */
  #fail(): void {
    this.#worker = undefined;
    this.#failed = true;
    for (const resolve of this.#waiting.values()) resolve({ ms: 0 });
    this.#waiting.clear();
  }
}

/** The thread's own side. */
export function serveEncoder(): void {
  parentPort?.on('message', ({ id, frame, manner }: Job) => {
    const began = performance.now();
    let made: Uint8Array<ArrayBuffer> | undefined;
    try {
      made = smaller(frame, manner);
    } catch {
      // Damaged in the store: it goes as it is, and its viewer says so.
    }
    const ms = performance.now() - began;
    if (made) parentPort?.postMessage({ id, frame: made, ms } satisfies Done, [made.buffer]);
    else parentPort?.postMessage({ id, ms } satisfies Done);
  });
}
