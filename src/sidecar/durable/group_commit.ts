/**
 * What is to be on disk before anybody hears of it. All that came in one turn of the event loop is written in one transaction, and then told in its order;
 * nothing waits for a timer, so that one edit alone is told at once and many at a time cost one write.
 */

/** One thing in the order. */
export interface Item {
  /** What to write; nothing for what only waits for those before it. */
  readonly write?: (() => void) | undefined;
  /** Called when it is on disk; with false when it could not be written. */
  readonly done: (kept: boolean) => void;
}

export class GroupCommit {
  #items: Item[] = [];
  #soon: NodeJS.Immediate | undefined;

  /**
   * @param ready false while nothing may be written: `flush` is to be called once that is over
   * @param commit writes all in one transaction; true where they are on disk
   */
  constructor(
    readonly ready: () => boolean,
    readonly commit: (writes: readonly (() => void)[]) => boolean,
  ) {}

  /** Nothing waits. */
  get idle(): boolean {
    return this.#items.length === 0;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#soon ??= setImmediate(() => this.flush());
  }

  /** Writes what waits, and tells; at the end (`force`) also where nothing should be written just now. */
  flush(force = false): void {
    if (this.#soon) clearImmediate(this.#soon);
    this.#soon = undefined;
    if (this.#items.length === 0 || !(force || this.ready())) return;
    const items = this.#items;
    this.#items = [];
    const writes = items.flatMap(({ write }) => (write ? [write] : []));
    const kept = this.commit(writes);
    for (const { done } of items) done(kept);
  }
}
