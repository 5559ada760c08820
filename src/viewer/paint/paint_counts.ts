/** How much of each label there is: asked for while somebody looks, and again a moment after edits. */

import type { LabelCounts } from '../../session/label_edits.js';
import type { SessionVolume } from '../../session/types.js';
import type { PaintHost } from './paint_tool.js';

/** Edits within this time are counted together. */
const PAUSE_MS = 400;

export class PaintCounts {
  readonly #known = new Map<number, LabelCounts>();
  /** Volumes that are counted, or have changed since. */
  readonly #asked = new Set<number>();
  /** Ends listening; it begins when somebody first looks. */
  #end: (() => void) | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly host: Pick<PaintHost, 'session' | 'refresh'>) {}

  /** The counts as they are known; what is out of date is asked for, unless edits have just come. */
  of(volume: SessionVolume | undefined): LabelCounts | undefined {
    if (!volume) return undefined;
    const { handle } = volume;
    this.#end ??= this.host.session.labels.onEdited(this.#edited);
    if (!this.#asked.has(handle) && this.#waiting === undefined) {
      this.#asked.add(handle);
      this.host.session.labels.counts(handle).then(
        (counts) => {
          this.#known.set(handle, counts);
          this.host.refresh();
        },
        () => this.#asked.delete(handle), // a view that was closed, or labels that are gone
      );
    }
    return this.#known.get(handle);
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    this.#end?.();
  }

  readonly #edited = (volume: number): void => {
    if (!this.#asked.delete(volume)) return;
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.host.refresh();
    }, PAUSE_MS);
  };
}
