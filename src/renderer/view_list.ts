/** The views of a renderer: they keep their state by their ids. */

import type { ViewState } from './view_state.js';
import type { View } from './views.js';

/** Whether two lists of views are laid out alike. */
export function sameLayout(a: readonly View[], b: readonly View[]): boolean {
  const layout = (list: readonly View[]) => JSON.stringify(list.map(({ id, kind, rect }) => [id, kind, rect]));
  return layout(a) === layout(b);
}

/**
 * States for `views`: those there were, changed, and new ones; the others are disposed.
 *
 * @param changed called for each one that has changed
 */
export function updateViews(
  states: readonly ViewState[],
  views: readonly View[],
  make: (view: View) => ViewState,
  changed: () => void,
): ViewState[] {
  const now = performance.now();
  const before = new Map(states.map((state) => [state.view.id, state]));
  const after = views.map((view) => {
    const known = before.get(view.id);
    if (known?.view.kind !== view.kind) return make(view);
    before.delete(view.id);
    if (known.change(view, now)) changed();
    return known;
  });
  for (const state of before.values()) state.dispose();
  return after;
}
