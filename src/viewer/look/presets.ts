/** Looks by name: those that come with the viewer, and people's own as a file. Pure. */

import { type Look, parseLook } from '../../annotation/look.js';
import type { Layer, LayerPatch } from '../../annotation/model.js';
import type { ValueRange } from '../../volume/ranges.js';

/** A look by name. What it does not mention stays as it is. */
export interface Preset {
  readonly name: string;
  readonly group: string;
  readonly kind: Layer['kind'];
  readonly look: LayerPatch;
  /** Its window in Hounsfield units, for CT. */
  readonly hounsfield?: readonly [number, number];
}

const image = { kind: 'image', mode: 'dvr', shading: 'local', blend: 'over', gamma: 1, log: false, opacity: 1 } as const;
const preset = (group: string, name: string, look: LayerPatch, hounsfield?: readonly [number, number]): Preset => {
  const { kind, ...defaults } = image;
  return { group, name, kind, look: { ...defaults, window: undefined, ...look }, ...(hounsfield && { hounsfield }) };
};
const labels = (name: string, look: LayerPatch): Preset => ({ group: 'Labels', name, kind: 'labels', look });

export const PRESETS: readonly Preset[] = [
  preset('CT', 'Bone', { colormap: 'bone', points: [[0, 0], [0.12, 0], [0.35, 0.4], [1, 0.95]] }, [100, 1500]),
  preset('CT', 'Soft tissue', { colormap: 'gray', points: [[0, 0], [0.4, 0], [0.65, 0.12], [1, 0.5]] }, [-160, 240]),
  preset('CT', 'Lung', { colormap: 'gray', points: [[0, 0], [0.25, 0], [0.4, 0.12], [0.6, 0.03], [0.8, 0.02], [1, 0.1]] }, [-1350, 150]),
  preset('CT', 'Vessels', { colormap: 'hot', points: [[0, 0], [0.1, 0], [0.35, 0.3], [1, 0.85]] }, [100, 600]),
  preset('MRI', 'Anatomy', { colormap: 'gray', points: [[0, 0], [0.2, 0], [0.5, 0.1], [1, 0.6]] }),
  preset('MRI', 'Angiography', { colormap: 'gray', mode: 'mip' }),
  preset('Fluorescence', 'Green', { colormap: '#33ff66', blend: 'additive', shading: 'none', gamma: 0.8, points: [[0, 0], [0.05, 0], [1, 0.6]] }),
  preset('Fluorescence', 'Red', { colormap: '#ff4433', blend: 'additive', shading: 'none', gamma: 0.8, points: [[0, 0], [0.05, 0], [1, 0.6]] }),
  preset('Fluorescence', 'Blue', { colormap: '#4488ff', blend: 'additive', shading: 'none', gamma: 0.8, points: [[0, 0], [0.05, 0], [1, 0.6]] }),
  preset('Fluorescence', 'Dim and bright', { colormap: 'inferno', mode: 'mip', log: true }),
  labels('Veil', { labelStyle: 'fill', opacity: 0.5 }),
  labels('Solid', { labelStyle: 'fill', opacity: 1 }),
  labels('Outline', { labelStyle: 'outline', opacity: 1 }),
];

/** Values of CT that were stored without a sign lie higher by this. */
const UNSIGNED_SHIFT = 1024;

/** What a preset changes of a layer whose values have that range. Where the values cannot be Hounsfield units the window is automatic. */
export function presetPatch({ look, hounsfield }: Preset, range: ValueRange): LayerPatch {
  if (!hounsfield) return look;
  const [low, high] = hounsfield;
  if (range.min < -200) return { ...look, window: [low, high] };
  if (range.max > 1200) return { ...look, window: [low + UNSIGNED_SHIFT, high + UNSIGNED_SHIFT] };
  return { ...look, window: undefined };
}

/** What of a look is about one volume or one moment, and no part of a preset. */
const NOT_SAVED: ReadonlySet<string> = new Set(['order', 'visible', 'transform', 'selected', 'isolate', 'labelColors', 'classes', 'range']);
const FIELDS = Object.keys(parseLook({})) as (keyof Look)[];
const storedName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Presets of one's own as the text of a file; the look has the document's names. */
export function presetsToJson(presets: readonly Preset[]): string {
  const entries = presets.map(({ name, kind, look }) => ({
    name, kind, look: Object.fromEntries(Object.entries(look).map(([field, value]) => [storedName(field), value ?? null])),
  }));
  return JSON.stringify({ voxbeam_presets: 1, presets: entries }, null, 2);
}

/**
 * Presets from the text of a file; a part of a look that makes no sense is left out.
 *
 * @throws Error for a text that is none of ours; its message is for people
 */
export function presetsFromJson(text: string): Preset[] {
  let read: { voxbeam_presets?: unknown; presets?: unknown };
  try {
    read = JSON.parse(text) ?? {};
  } catch {
    throw new Error('the file is not JSON');
  }
  if (read.voxbeam_presets !== 1 || !Array.isArray(read.presets)) throw new Error('the file holds no presets of voxbeam');
  return read.presets.flatMap((entry: { name?: unknown; kind?: unknown; look?: unknown }) => {
    const { name, kind, look } = entry ?? {};
    if (typeof name !== 'string' || !name || name.length > 100 || (kind !== 'image' && kind !== 'labels' && kind !== 'points') || typeof look !== 'object' || !look) return [];
    return [{ name, kind, group: OWN, look: believed(look as Record<string, unknown>) }];
  });
}

/** Group of people's own presets. */
export const OWN = 'Yours';

/** A layer's look as a preset. */
export function presetOf(name: string, layer: Layer): Preset {
  const look = Object.fromEntries(FIELDS.filter((field) => !NOT_SAVED.has(field)).map((field) => [field, layer[field]]));
  return { name, group: OWN, kind: layer.kind, look };
}

function believed(look: Record<string, unknown>): LayerPatch {
  const parsed = parseLook(look);
  const told = (field: keyof Look) => !NOT_SAVED.has(field) && look[storedName(field)] !== undefined;
  const meant = (field: keyof Look) => JSON.stringify(parsed[field] ?? null) === JSON.stringify(look[storedName(field)]);
  return Object.fromEntries(FIELDS.filter((field) => told(field) && meant(field)).map((field) => [field, parsed[field]]));
}
