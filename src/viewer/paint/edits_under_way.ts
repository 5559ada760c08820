/** Edits, and undoing them, that were sent and are not applied: those that take their time can be followed and called off. */

import type { FollowOptions } from '../../session/label_edits.js';

/** Of an edit that takes longer it is said how far it is. */
export const SHOWN_AFTER_MS = 250;

/** What is done to labels. */
export type Doing = 'edit' | 'undo' | 'redo';

interface UnderWay {
  readonly doing: Doing;
  readonly stop: AbortController;
  slow: boolean;
  /** The part that is done, as far as that was told. */
  share: number | undefined;
}

/** What there is to say of the edits that take their time. */
export interface EditsShown {
  readonly count: number;
  /** Of several that are not alike: an edit. */
  readonly doing: Doing;
  /** Of the one that is furthest behind; undefined while one of them waits for its turn. */
  readonly share: number | undefined;
  /** All of them are being called off. */
  readonly cancelling: boolean;
}

export class EditsUnderWay {
  readonly #all = new Set<UnderWay>();

  /** @param changed there is something else to show */
  constructor(public changed: () => void = () => undefined) {}

  /** What is to be seen of them; undefined where none takes its time. */
  get shown(): EditsShown | undefined {
    const slow = [...this.#all].filter((each) => each.slow);
    if (slow.length === 0) return undefined;
    const [first] = slow as [UnderWay];
    const shares = slow.map(({ share }) => share);
    return {
      count: slow.length, doing: slow.every(({ doing }) => doing === first.doing) ? first.doing : 'edit', cancelling: slow.every(({ stop }) => stop.signal.aborted),
      share: shares.includes(undefined) ? undefined : Math.min(...(shares as number[])),
    };
  }

  /** Follows what `send` sends, until it is answered. */
  async follow<T>(doing: Doing, send: (options: Required<FollowOptions>) => Promise<T>): Promise<{ readonly answer: T; readonly late: boolean }> {
    const edit: UnderWay = { doing, stop: new AbortController(), slow: false, share: undefined };
    const { signal } = edit.stop;
    const timer = setTimeout(() => {
      edit.slow = true;
      this.changed();
    }, SHOWN_AFTER_MS);
    this.#all.add(edit);
    const progress = (share: number) => {
      edit.share = share;
      if (edit.slow) this.changed();
    };
    try {
      return { answer: await send({ progress, signal }), late: signal.aborted };
    } catch (error) {
      throw signal.aborted ? new Error('It was cancelled: nothing was changed') : error;
    } finally {
      clearTimeout(timer);
      this.#all.delete(edit);
      if (edit.slow) this.changed();
    }
  }

  /** Calls off all that is shown; false where there is nothing that is not being called off already. */
  cancel(): boolean {
    const open = [...this.#all].filter(({ slow, stop }) => slow && !stop.signal.aborted);
    for (const { stop } of open) stop.abort();
    if (open.length > 0) this.changed();
    return open.length > 0;
  }
}
