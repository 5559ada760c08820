/**
 * How often the kernel is told what a view does. Each message makes it busy and idle again, which a notebook shows in its toolbars: while a
 * view is turned, drawing those costs as much as the picture. Linked views on the page follow the traits themselves, which are not held back.
 */

import type { ViewModel } from './model.js';

/** Between two messages that can wait. */
export const KERNEL_MS = 500;

/** Saves what was set on a model: the first time at once, then every `KERNEL_MS` at most, and the last state always. */
export function pacedSaves(model: Pick<ViewModel, 'save_changes'>, signal: AbortSignal): (atOnce?: boolean) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waits = false;
  const save = (): void => {
    waits = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      if (waits) save();
    }, KERNEL_MS);
    model.save_changes();
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  return (atOnce = false) => {
    if (atOnce || timer === undefined) save();
    else waits = true;
  };
}
