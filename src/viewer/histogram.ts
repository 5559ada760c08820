/** How often values occur, and the window that shows them well. Taken from the coarsest brick: it holds all of a volume, and comes first. Pure. */

import type { VolumeDescription } from '../protocol/messages.js';
import { BRICK_HALO, STORED_EDGE } from '../protocol/limits.js';
import type { Brick } from '../session/types.js';
import { levelShape } from '../volume/geometry.js';
import type { ValueRange } from '../volume/ranges.js';

/** Counts of values in equal bins over `min..max`. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly bins: Float64Array;
}

const BINS = 1024;
/** A lowest bin with more than this share of all voxels is background, and tells nothing about the rest. */
const BACKGROUND_SHARE = 0.1;
/** Shares of the voxels that are not background which the automatic window leaves below and above. */
const BELOW = 0.002;
const ABOVE = 0.002;

/** The histogram of a brick's finite values, without halo and padding; undefined where there are none. */
export function brickHistogram(brick: Brick, { shape, scale, offset }: VolumeDescription): Histogram | undefined {
  const [nz, ny, nx] = levelShape(shape, brick.level).map((n) => Math.min(n, STORED_EDGE - 2 * BRICK_HALO)) as [number, number, number];
  const { voxels } = brick;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const each = (use: (stored: number) => void) => {
    for (let z = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        const row = ((z + BRICK_HALO) * STORED_EDGE + y + BRICK_HALO) * STORED_EDGE + BRICK_HALO;
        for (let x = row; x < row + nx; x += 1) use(voxels[x] as number);
      }
    }
  };
  each((stored) => {
    if (stored < low) low = stored;
    if (stored > high) high = stored;
  });
  if (!(low <= high) || !Number.isFinite(low) || !Number.isFinite(high)) return undefined;
  const bins = new Float64Array(BINS);
  const toBin = high > low ? (BINS - 1e-6) / (high - low) : 0;
  each((stored) => {
    const bin = Math.floor((stored - low) * toBin);
    if (bin >= 0) bins[bin] = (bins[bin] as number) + 1; // NaN compares false
  });
  if (scale < 0) bins.reverse();
  const ends = [low * scale + offset, high * scale + offset];
  return { min: Math.min(...ends), max: Math.max(...ends), bins };
}

/**
 * The window in which a new image is shown: nearly all of what is not background, outliers cut off.
 *
 * @param range the range of all known bricks, for when there is no histogram yet
 */
export function autoWindow(histogram: Histogram | undefined, range: ValueRange | undefined): readonly [number, number] {
  if (!histogram) return range ? spread(range.min, range.max) : [0, 1];
  const { bins, min, max } = histogram;
  const all = bins.reduce((sum, n) => sum + n, 0);
  const background = (bins[0] as number) > all * BACKGROUND_SHARE;
  const first = background ? 1 : 0;
  const counted = all - (background ? (bins[0] as number) : 0);
  const bin = (max - min) / BINS;
  let [low, high] = [first, BINS - 1];
  for (let sum = bins[low] as number; low < high && sum < counted * BELOW; sum += bins[low] as number) low += 1;
  for (let sum = bins[high] as number; high > low && sum < counted * ABOVE; sum += bins[high] as number) high -= 1;
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

/** The histogram in `count` equal bins over a window, on a logarithmic scale of 0..1: for drawing. */
export function heights(histogram: Histogram, window: readonly [number, number], count: number): number[] {
  const { bins, min, max } = histogram;
  const sums = new Array<number>(count).fill(0);
  for (let i = 0; i < bins.length; i += 1) {
    const value = min + ((i + 0.5) / bins.length) * (max - min);
    const at = Math.floor(((value - window[0]) / (window[1] - window[0])) * count);
    if (at >= 0 && at < count) sums[at] = (sums[at] as number) + (bins[i] as number);
  }
  const most = Math.log1p(Math.max(1, ...sums));
  return sums.map((sum) => Math.log1p(sum) / most);
}
