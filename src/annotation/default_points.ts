/** What a new layer starts with; apart from the schema of all that a layer may have, which whoever only adds layers does not need. */

/** Opacity points of a new layer: [value 0..1 within the window, opacity 0..1]. Chosen so that the low values of a scan stay clear. */
export const DEFAULT_POINTS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.15, 0],
  [1, 0.8],
];
