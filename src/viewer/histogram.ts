/** How often values occur, and the window that shows them well. Taken from coarse bricks: the coarsest holds all of a volume, and comes first. Pure. */

import type { VolumeDescription } from '../protocol/messages.js';
import type { Brick } from '../session/types.js';
import type { ValueRange } from '../volume/ranges.js';
import { eachRow } from './look/coarse_bricks.js';

/** Counts of values in equal bins over `min..max`. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly bins: Float64Array;
}

const BINS = 1024;
/** A lowest bin with more than this share of all voxels is background, and tells nothing about the rest. */
const BACKGROUND_SHARE = 0.1;
/** Share of the voxels that are not background which the automatic window leaves below, and above. */
const OUTLIERS = 0.002;

/** The histogram of a brick's finite values, without halo and padding; undefined where there are none. */
export function brickHistogram(brick: Brick, { shape, scale, offset }: VolumeDescription): Histogram | undefined {
  const { voxels } = brick;
  const counted = voxels instanceof Uint8Array || voxels instanceof Uint16Array ? countIntegers(brick, shape, voxels) : countNumbers(brick, shape);
  if (!counted) return undefined;
  const { low, high, bins } = counted;
  if (scale < 0) bins.reverse();
  const ends = [low * scale + offset, high * scale + offset];
  return { min: Math.min(...ends), max: Math.max(...ends), bins };
}

/** Stored values in equal bins from the lowest to the highest. */
interface Counted {
  readonly low: number;
  readonly high: number;
  readonly bins: Float64Array;
}

/** Bins for each number of `low..high`. */
const binScale = (low: number, high: number): number => (high > low ? (BINS - 1e-6) / (high - low) : 0);

/** How often each number of 16 bits occurs; reused. */
let numbers: Uint32Array | undefined;

/** Integers of up to 16 bits are counted one by one, in one pass. */
function countIntegers(brick: Brick, shape: VolumeDescription['shape'], voxels: Uint8Array | Uint16Array): Counted | undefined {
  numbers ??= new Uint32Array(2 ** 16);
  const counts = numbers.fill(0);
  eachRow(brick, shape, (from, to) => {
    for (let i = from; i < to; i += 1) {
      const value = voxels[i] as number;
      counts[value] = (counts[value] as number) + 1;
    }
  });
  const low = counts.findIndex((count) => count > 0);
  if (low < 0) return undefined;
  const high = counts.findLastIndex((count) => count > 0);
  const bins = new Float64Array(BINS);
  const toBin = binScale(low, high);
  for (let value = low; value <= high; value += 1) {
    const bin = Math.floor((value - low) * toBin);
    bins[bin] = (bins[bin] as number) + (counts[value] as number);
  }
  return { low, high, bins };
}

/** Others in two passes; what is not finite counts as nothing. */
function countNumbers(brick: Brick, shape: VolumeDescription['shape']): Counted | undefined {
  const { voxels } = brick;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  eachRow(brick, shape, (from, to) => {
    for (let i = from; i < to; i += 1) {
      const value = voxels[i] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  });
  if (!(low <= high) || !Number.isFinite(low) || !Number.isFinite(high)) return undefined;
  const bins = new Float64Array(BINS);
  const toBin = binScale(low, high);
  eachRow(brick, shape, (from, to) => {
    for (let i = from; i < to; i += 1) {
      const bin = Math.floor(((voxels[i] as number) - low) * toBin);
      if (bin >= 0) bins[bin] = (bins[bin] as number) + 1; // NaN compares false
    }
  });
  return { low, high, bins };
}

/**
 * The window in which a new image is shown: nearly all of what is not background, a share of outliers cut off at each end.
 *
 * @param range the range of all known bricks, for when there is no histogram yet
 */
export function autoWindow(histogram: Histogram | undefined, range: ValueRange | undefined, outliers = OUTLIERS): readonly [number, number] {
  if (!histogram) return range ? spread(range.min, range.max) : [0, 1];
  const { bins, min, max } = histogram;
  const all = bins.reduce((sum, n) => sum + n, 0);
  const background = (bins[0] as number) > all * BACKGROUND_SHARE;
  const first = background ? 1 : 0;
  const counted = all - (background ? (bins[0] as number) : 0);
  const bin = (max - min) / BINS;
  let [low, high] = [first, BINS - 1];
  for (let sum = bins[low] as number; low < high && sum < counted * outliers; sum += bins[low] as number) low += 1;
  for (let sum = bins[high] as number; high > low && sum < counted * outliers; sum += bins[high] as number) high -= 1;
  // Background belongs to the window: its edge is the darkest of what is seen, not a value among others.
  return spread(background ? min : min + low * bin, min + (high + 1) * bin);
}

/** A window must not be empty: a constant volume is shown at its lower end. */
function spread(low: number, high: number): readonly [number, number] {
  if (!(high > low)) return [low, low + Math.max(1e-6, Math.abs(low) * 1e-3)];
  // To a thousandth of the span: more digits would be noise to read and to type.
  const step = 10 ** (Math.floor(Math.log10(high - low)) - 3);
  const round = (value: number) => Number((Math.round(value / step) * step).toPrecision(12));
  return [round(low), round(high)];
}

/** Several histograms as one, each counted `weight` times; undefined where there are none. */
export function mergeHistograms(parts: readonly { readonly histogram: Histogram; readonly weight: number }[]): Histogram | undefined {
  if (parts.length === 0) return undefined;
  const min = Math.min(...parts.map(({ histogram }) => histogram.min));
  const max = Math.max(...parts.map(({ histogram }) => histogram.max));
  const bins = new Float64Array(BINS);
  const toBin = max > min ? (BINS - 1e-6) / (max - min) : 0;
  for (const { histogram, weight } of parts) {
    const width = (histogram.max - histogram.min) / BINS;
    for (let i = 0; i < BINS; i += 1) {
      const at = Math.floor((histogram.min + (i + 0.5) * width - min) * toBin);
      bins[at] = (bins[at] as number) + weight * (histogram.bins[i] as number);
    }
  }
  return { min, max, bins };
}

/**
 * How much of a histogram lies between rising values, as heights 0..1 of bars: for drawing.
 *
 * @param edges one more than there are bars; values within a bin count as evenly spread
 */
export function barHeights({ bins, min, max }: Histogram, edges: readonly number[], log: boolean): number[] {
  const below = new Float64Array(bins.length + 1);
  for (let i = 0; i < bins.length; i += 1) below[i + 1] = (below[i] as number) + (bins[i] as number);
  const width = (max - min) / bins.length;
  const countBelow = (value: number): number => {
    if (width === 0) return value > min ? (below[bins.length] as number) : 0;
    const at = Math.min(Math.max((value - min) / width, 0), bins.length);
    const i = Math.min(Math.floor(at), bins.length - 1);
    return (below[i] as number) + (at - i) * (bins[i] as number);
  };
  const sums = edges.slice(1).map((edge, i) => countBelow(edge) - countBelow(edges[i] as number));
  const height = log ? Math.log1p : (sum: number) => sum;
  const most = height(Math.max(1e-9, ...sums));
  return sums.map((sum) => Math.max(0, height(sum)) / most);
}
