/** What lies under the pointer, in words. */

import type { Picked } from '../renderer/views.js';
import type { Brick } from '../session/types.js';
import { type BrickKey, type Vec3, worldToVoxel } from '../volume/geometry.js';
import { labelId } from '../volume/label_ids.js';
import { placementOf, toLayer } from '../volume/placement.js';
import { formatCoordinates, formatNumber } from './format.js';
import { geometryOf, type ShownLayer } from './shown_layers.js';
import { valueAt } from './value_at.js';

/** What browser memory holds of a brick. */
export type Lookup = (volume: number, key: BrickKey) => Brick | undefined;

/** A place under the pointer; `picked` where the renderer found a value. */
export interface Pointed {
  readonly world: Vec3;
  readonly picked: Picked | undefined;
}

/**
 * Voxel, world position and value of a place, and the labels there; of a point its number and properties.
 *
 * @example 'voxel 94, 116, 98 · −0.5, 18.2, 12 mm · 0.831 · gm 1'
 * @example 'stars 1203 · 0.2, −4, 7.1 pc · 0.93 · mass 2.5'
 */
export function readout(
  { world, picked }: Pointed,
  layers: readonly ShownLayer[],
  leading: ShownLayer,
  lookup: Lookup,
): string {
  const shown = layers.find(({ volume }) => volume.handle === picked?.volume) ?? leading;
  const { description } = shown.volume;
  const voxel = (picked?.voxel ?? worldToVoxel(geometryOf(description), toLayer(placementOf(shown.layer.transform), world))).map((v) => Math.round(v)) as unknown as Vec3;
  const inside = voxel.every((v, axis) => v >= 0 && v < description.shape[axis]!);
  const place = formatCoordinates(picked?.world ?? world, Math.min(...description.voxel_size));
  const named = picked?.point ? Object.entries(picked.point.properties).map(([name, value]) => `${name} ${formatNumber(value)}`) : [];
  const parts = picked?.point ? [`${description.name} ${picked.point.index}`] : inside && shown.layer.kind !== 'points' ? [`voxel ${voxel.join(', ')}`] : [];
  parts.push(`${place}${description.unit ? ` ${description.unit}` : ''}`);
  if (inside && shown.layer.kind === 'image') {
    const value = picked?.value ?? valueAt(description, (key) => lookup(shown.volume.handle, key), voxel);
    if (value !== undefined) parts.push(formatNumber(value));
  }
  if (picked?.point && picked.value !== undefined) parts.push(formatNumber(picked.value), ...named);
  for (const { volume, layer } of layers) {
    if (layer.kind !== 'labels' || !layer.visible) continue;
    const at = worldToVoxel(geometryOf(volume.description), toLayer(placementOf(layer.transform), picked?.world ?? world));
    const label = valueAt(volume.description, (key) => lookup(volume.handle, key), at);
    if (label) parts.push(`${volume.description.name} ${labelId(volume.description, label)}`);
  }
  return parts.join(' · ');
}
