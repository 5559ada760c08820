/** The layers of the scene document: one for each volume, with how it is shown. */

import * as Y from 'yjs';
import type { VolumeDescription } from '../protocol/messages.js';
import { DEFAULT_POINTS } from './default_points.js';

/** Name of the document's map of layers. */
export const LAYERS = 'layers';

/** Colours of an image's channels, where its file names none: told apart when they are added, also by people who are colour-blind. */
export const CHANNEL_COLORS = ['#00c853', '#ff2fd0', '#18b4ff', '#ffc400', '#ff5a36', '#a680ff'] as const;
const DEFAULT_COLORMAP = { image: 'gray', labels: 'labels', points: 'viridis' } as const;
/** Of points all are shown: what hides the dark values of a scan would hide the low ones. */
const SOLID = [[0, 1], [1, 1]] as const;

/**
 * Adds a layer for a volume unless it has one: the settings people made before the volume came back stay.
 * Without `window` the viewers choose it from the volume's value ranges.
 */
export function ensureLayer(doc: Y.Doc, description: VolumeDescription): void {
  const layers = doc.getMap<unknown>(LAYERS);
  if (layers.get(description.name) instanceof Y.Map) return;
  const { kind, display } = description;
  const labels = kind === 'labels';
  doc.transact(() => {
    const layer = new Y.Map<unknown>();
    layers.set(description.name, layer);
    layer.set('kind', kind);
    layer.set('volume_name', description.name);
    layer.set('order', nextOrder(layers, labels));
    layer.set('visible', true);
    layer.set('opacity', labels ? 0.5 : 1);
    layer.set('colormap', display.colormap ?? description.channel?.color ?? defaultColormap(description));
    layer.set('points', (kind === 'points' ? SOLID : DEFAULT_POINTS).map((point) => [...point]));
    layer.set('mode', 'dvr');
    if (description.channel) layer.set('blend', 'additive');
    if (display.window) layer.set('window', [...display.window]);
    if (display.range) layer.set('range', [...display.range]);
  });
}

function defaultColormap({ kind, channel }: VolumeDescription): string {
  if (channel) return CHANNEL_COLORS[channel.index % CHANNEL_COLORS.length] as string;
  return DEFAULT_COLORMAP[kind];
}

/** Removes the layer of the volume called `name`. */
export function removeLayer(doc: Y.Doc, name: string): void {
  const layers = doc.getMap<unknown>(LAYERS);
  if (layers.has(name)) doc.transact(() => layers.delete(name));
}

/** Labels lie over images: they are counted from a thousand. */
function nextOrder(layers: Y.Map<unknown>, labels: boolean): number {
  const base = labels ? 1000 : 0;
  let order = base;
  for (const layer of layers.values()) {
    const other = layer instanceof Y.Map ? layer.get('order') : undefined;
    if (typeof other === 'number' && other >= base && other < base + 1000) order = Math.max(order, other + 1);
  }
  return order;
}
