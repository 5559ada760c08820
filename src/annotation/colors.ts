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
  let best: string = DEFAULT_COLOR;
  let fewest = Number.POSITIVE_INFINITY;
  for (const color of ANNOTATION_COLORS) {
    const count = used.filter((other) => other.toLowerCase() === color).length;
    if (count >= fewest) continue;
    fewest = count;
    best = color;
  }
  return best;
}
