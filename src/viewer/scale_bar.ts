/** Round lengths for scale bars. Pure. */

/** A bar of `length` in the volume's unit, `pixels` long. */
export interface ScaleBar {
  readonly length: number;
  readonly pixels: number;
  readonly label: string;
}

/** Prefixes that a length reads better in: [unit, the unit it may become, factor]. */
const RELATIVES: readonly (readonly [string, string, number])[] = [
  ['nm', 'µm', 1e3],
  ['µm', 'mm', 1e3],
  ['um', 'mm', 1e3],
  ['micrometer', 'mm', 1e3],
  ['mm', 'm', 1e3],
  ['m', 'km', 1e3],
];

/** The largest of 1, 2 and 5 times a power of ten that is at most `limit`. */
export function niceBelow(limit: number): number {
  const power = 10 ** Math.floor(Math.log10(limit));
  // A hair of tolerance: 10 ** -3 * 5 is not exactly 0.005.
  const step = [5, 2, 1].find((factor) => factor * power <= limit * (1 + 1e-9)) ?? 1;
  return step * power;
}

/**
 * The longest round bar of at most `maxPixels`.
 *
 * @param pixelSize length of one CSS pixel in `unit`
 * @returns undefined where nothing sensible can be drawn
 */
export function scaleBar(pixelSize: number, unit: string, maxPixels: number): ScaleBar | undefined {
  if (!(pixelSize > 0) || !Number.isFinite(pixelSize) || maxPixels < 16) return undefined;
  const length = niceBelow(pixelSize * maxPixels);
  return { length, pixels: length / pixelSize, label: lengthLabel(length, unit) };
}

/** A round length in words, in a larger unit where that is shorter. */
export function lengthLabel(length: number, unit: string): string {
  const relative = RELATIVES.find(([from, , factor]) => from === unit && length >= factor);
  if (relative) return lengthLabel(Number((length / relative[2]).toPrecision(6)), relative[1]);
  const plain = length >= 1e-3 && length < 1e6;
  const number = plain ? String(Number(length.toPrecision(6))) : length.toExponential(0);
  return unit ? `${number} ${unit}` : number;
}
