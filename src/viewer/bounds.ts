/** What part of the world the volumes take. Pure. */

import { type Vec3, worldBounds } from '../volume/geometry.js';
import { placedBounds, placementOf } from '../volume/placement.js';
import { geometryOf, type ShownLayer } from './shown_layers.js';
import type { Bounds } from './view_state.js';

/** World bounds of all volumes together; undefined without any. */
export function unitedBounds(layers: readonly ShownLayer[]): Bounds | undefined {
  return united(layers.map(({ volume, layer }) => placedBounds(placementOf(layer.transform), worldBounds(geometryOf(volume.description)))));
}

/** World bounds of what can be seen of the images, where that is known. */
export function contentOf(layers: readonly ShownLayer[]): Bounds | undefined {
  return united(layers.flatMap(({ content, layer }) => (content && layer.visible ? [placedBounds(placementOf(layer.transform), content)] : [])));
}

function united(all: readonly Bounds[]): Bounds | undefined {
  if (all.length === 0) return undefined;
  const outermost = (choose: (...values: number[]) => number, end: 'min' | 'max') =>
    [0, 1, 2].map((i) => choose(...all.map((bounds) => bounds[end][i]!))) as unknown as Vec3;
  return { min: outermost(Math.min, 'min'), max: outermost(Math.max, 'max') };
}
