/**
 * How often the kernel is told what a view does. Each message makes it busy and idle again, which a notebook shows in its toolbars: while a
 * view is turned, drawing those costs as much as the picture. Linked views on the page follow the traits themselves, which are not held back.
 */

import type { ViewModel } from './model.js';

/** Between two messages that can wait. */
export const KERNEL_MS = 1000;

/** Saves what was set on a model: the first time at once, then every `KERNEL_MS` at most, and the last state always. */
export class PacedSaves {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = false;

  constructor(
    readonly model: Pick<ViewModel, 'save_changes'>,
    signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** Whether something was set that the kernel has not been told yet. */
  get waiting(): boolean {
    return this.#waiting;
  }

  save(atOnce = false): void {
    if (!atOnce && this.#timer !== undefined) {
      this.#waiting = true;
      return;
    }
    this.#waiting = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting) this.save();
    }, KERNEL_MS);
    this.model.save_changes();
  }
}
