/** Colours of annotations: told apart on grey, on the coloured maps, and by most colour-blind eyes. */

export const ANNOTATION_COLORS = [
  '#ffb000',
  '#38b6ff',
  '#ff5c8a',
  '#4ade80',
  '#c084fc',
  '#ff7a33',
  '#2dd4bf',
  '#f4f06a',
] as const;

/** Colour of an annotation that names none. */
export const DEFAULT_COLOR = ANNOTATION_COLORS[0];

/** The colour used least so far; of those the first in the palette. */
export function nextColor(used: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const color of used) counts.set(color, (counts.get(color) ?? 0) + 1);
  // The same colour in capitals is the same colour.
  const uses = (color: string) => (counts.get(color) ?? 0) + (color === color.toUpperCase() ? 0 : (counts.get(color.toUpperCase()) ?? 0));
  return ANNOTATION_COLORS.reduce<string>((best, color) => (uses(color) < uses(best) ? color : best), DEFAULT_COLOR);
}
