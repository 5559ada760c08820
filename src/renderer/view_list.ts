/** The views of a renderer: they keep their state by their ids. */

import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';
import { planeView, type WorldBox } from './plane_views.js';
import { worldBounds } from '../volume/geometry.js';
import { cornersOf } from '../volume/placement.js';
import type { View } from './views.js';

/** Whether two lists of views are laid out alike. */
export function sameLayout(a: readonly View[], b: readonly View[]): boolean {
  const layout = (list: readonly View[]) => JSON.stringify(list.filter((view) => !(view.kind === 'slice' && view.within)).map(({ id, kind, rect }) => [id, kind, rect]));
  return layout(a) === layout(b);
}

/**
 * States for `views`: those there were, changed, and new ones; the others are disposed.
 */
export function updateViews(
  states: readonly ViewState[],
  views: readonly View[],
  make: (view: View) => ViewState,
): { views: ViewState[]; changed: boolean } {
  let changed = false;
  const now = performance.now();
  const before = new Map(states.map((state) => [state.view.id, state]));
  const after = views.map((view) => {
    const known = before.get(view.id);
    if (known?.view.kind !== view.kind) return make(view);
    before.delete(view.id);
    changed = known.change(view, now) || changed;
    return known;
  });
  for (const state of before.values()) state.dispose();
  for (const state of after) state.planes = after.filter(({ within }) => within === state.view.id);
  return { views: after, changed };
}

/** The views, and the slices that stand in them. */
export function withPlanes(views: readonly View[], layers: readonly VolumeState[]): View[] {
  const box = boundsOf(layers);
  const planes = views.flatMap((view) => (view.kind === 'volume' && view.planes && box ? view.planes.map((plane) => planeView(view, plane, box)) : []));
  return [...views, ...planes.filter((plane) => plane !== undefined)];
}

/** What makes a slice that stands in a view out of date does so for the view: it is drawn with it. */
export function drawWithin(states: readonly ViewState[], now: number): void {
  for (const host of states) {
    for (const plane of host.planes) {
      if (plane.drawDirty) host.redraw(now, !plane.altered);
      plane.drawDirty = plane.altered = false;
    }
  }
}

/** The box of the world around layers. */
function boundsOf(layers: readonly VolumeState[]): WorldBox | undefined {
  const corners = layers.flatMap(({ geometry, placement }) => cornersOf(placement, worldBounds(geometry)));
  const ends = (of: (...n: number[]) => number) => [0, 1, 2].map((i) => of(...corners.map((corner) => corner[i] as number))) as [number, number, number];
  return corners.length > 0 ? { min: ends(Math.min), max: ends(Math.max) } : undefined;
}
