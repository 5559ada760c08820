/** The view's own state as traits: camera, cross, clip, light and measurements, both ways between page and kernel. */

import { SHARED_NAMES, type SharedName } from '../viewer/instruments/shared_view.js';
import type { Viewer } from '../viewer/viewer.js';
import type { PacedSaves } from './kernel_pace.js';
import type { ViewModel } from './model.js';

/** While a view moves, its traits change this often on the page; once it rests, exactly. */
export const EVERY_MS = 100;

/** What of a viewer this needs. */
export type SharedViewer = Pick<Viewer, 'instruments'>;

/**
 * Keeps traits and viewer equal until `signal` is aborted.
 *
 * Nothing goes round: of each field the value last told or heard is remembered, and only another one is told. So views whose traits are
 * linked follow each other, and neither hears its own move again. The kernel sends back what it was told; the view may have moved on by
 * then, which the kernel is yet to be told: the trait is set to what the view has again.
 *
 * @param saves tells the kernel what was set
 */
export function shareView(model: ViewModel, { instruments }: SharedViewer, signal: AbortSignal, saves: PacedSaves): void {
  const last = new Map<SharedName, string>();
  /** What was told lately: of each field what the kernel was told last, and what it is yet to be told. */
  const told = new Map<SharedName, Set<string>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hear = (name: SharedName) => {
    const value = model.get(name);
    const text = JSON.stringify(value);
    if (text === last.get(name)) return;
    if (saves.waiting && told.get(name)?.has(text)) {
      const shown = instruments.get(name);
      last.set(name, JSON.stringify(shown));
      model.set(name, shown as never);
      return;
    }
    told.delete(name);
    last.set(name, text);
    // What is malformed is answered with what is shown.
    if (!instruments.set(name, value)) soon();
  };
  const tell = () => {
    timer = undefined;
    let changed = false;
    for (const name of SHARED_NAMES) {
      const value = instruments.get(name);
      const text = JSON.stringify(value);
      const before = last.get(name);
      if (value === undefined || text === before) continue;
      if (!saves.waiting || !told.has(name)) told.set(name, new Set(before === undefined ? [] : [before]));
      told.get(name)?.add(text);
      last.set(name, text);
      model.set(name, value as never);
      changed = true;
    }
    if (changed) saves.save();
  };
  const soon = () => {
    timer ??= setTimeout(tell, EVERY_MS);
  };
  const listeners = SHARED_NAMES.map((name) => [`change:${name}`, () => hear(name)] as const);
  for (const name of SHARED_NAMES) hear(name);
  for (const [event, listener] of listeners) model.on(event as never, listener as never);
  const end = instruments.host.store.onChange(soon);
  soon();
  signal.addEventListener('abort', () => {
    end();
    clearTimeout(timer);
    for (const [event, listener] of listeners) model.off(event as never, listener as never);
  });
}
