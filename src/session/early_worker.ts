/**
 * A worker that was started before the code that uses it had come: starting one takes a tenth of a second, in which the page reads the
 * viewer's code. The loader starts it, the first session takes it.
 */

/** Where it waits, by the hash of its code: another build's worker is not taken. */
const place = (integrity: string): symbol => Symbol.for(`voxbeam worker ${integrity}`);
type Waiting = Record<symbol, Worker | undefined>;

/** Keeps a worker for the first who asks. */
export function leaveWorker(integrity: string, worker: Worker): void {
  (globalThis as unknown as Waiting)[place(integrity)] = worker;
}

/** The worker that waits, if one does; it is the caller's from now on. */
export function takeWorker(integrity: string): Worker | undefined {
  const waiting = globalThis as unknown as Waiting;
  const worker = waiting[place(integrity)];
  waiting[place(integrity)] = undefined;
  return worker;
}
