/** Edits of what is said of single labels. Pure. */

import type { LabelClass } from '../../annotation/look.js';
import type { Layer } from '../../annotation/model.js';
import type { Rgb } from '../../renderer/colormaps.js';

/** Most ids that are selected at a time, as the scene takes them. */
const MOST = 4096;

/** The selection with an id more, or less; a full one loses its oldest. */
export function toggled(selected: readonly string[], id: string): readonly string[] {
  return selected.includes(id) ? selected.filter((other) => other !== id) : [...selected, id].slice(-MOST);
}

/** The colours with another one for an id, or without one. */
export function withColor(colors: Readonly<Record<string, string>>, id: string, color: string | undefined): Readonly<Record<string, string>> {
  const { [id]: _, ...rest } = colors;
  return color === undefined ? rest : { ...rest, [id]: color };
}

export const hexOfLabel = (rgb: Rgb): string => `#${rgb.map((c) => Math.round(c * 255).toString(16).padStart(2, '0')).join('')}`;

/** Colours without those that ids have by their class: what is written as their own. */
export function ownColors({ labelColors, classes }: Pick<Layer, 'labelColors' | 'classes'>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labelColors).filter(([id, color]) => classes[id]?.color !== color));
}

/** The classes with another name or colour for a label; one without both is taken away. */
export function withClass(classes: Readonly<Record<string, LabelClass>>, id: string, patch: Partial<LabelClass>): Readonly<Record<string, LabelClass>> {
  const { [id]: known, ...rest } = classes;
  const now = { name: '', color: null, ...known, ...patch };
  return now.name === '' && now.color === null ? rest : { ...rest, [id]: now };
}
