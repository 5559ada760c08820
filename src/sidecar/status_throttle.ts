/** Tells clients how volumes are coming on: at most ten times a second each, and always the last word. */

import type { VolumeRecord } from './volume_record.js';

const INTERVAL_MS = 100;

export class StatusThrottle {
  readonly #sent = new WeakMap<VolumeRecord, number>();
  readonly #timers = new Map<VolumeRecord, NodeJS.Timeout>();

  constructor(readonly send: (record: VolumeRecord) => void) {}

  /** The status of `record` has changed. */
  changed(record: VolumeRecord, urgent: boolean): void {
    const wait = (this.#sent.get(record) ?? Number.NEGATIVE_INFINITY) + INTERVAL_MS - performance.now();
    if (urgent || wait <= 0) this.#now(record);
    else if (!this.#timers.has(record)) this.#timers.set(record, setTimeout(() => this.#now(record), wait));
  }

  /** Sends nothing more. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #now(record: VolumeRecord): void {
    clearTimeout(this.#timers.get(record));
    this.#timers.delete(record);
    if (!record.live) return;
    this.#sent.set(record, performance.now());
    this.send(record);
  }
}
