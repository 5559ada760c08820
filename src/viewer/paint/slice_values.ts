/** Values of an image all over what a slice shows, from the finest bricks at hand: for a histogram of just that. Pure. */

import { sliceToWorld } from '../../renderer/slice_view.js';
import type { SliceView } from '../../renderer/views.js';
import type { Brick, SessionVolume } from '../../session/types.js';
import { type BrickKey, levelCount, worldToVoxel } from '../../volume/geometry.js';
import { brickAt, nearestIn } from '../../volume/sample.js';
import type { Histogram } from '../histogram.js';

/** Samples along each side of the view. */
const SAMPLES = 96;
const BINS = 256;

/** Finds a brick in memory. */
type Lookup = (volume: number, key: BrickKey) => Brick | undefined;

/** The values at places spread evenly over a slice's view, those beside the volume and without a brick left out. */
export function sliceValues({ handle, description }: SessionVolume, view: SliceView, lookup: Lookup, time: number): Float64Array {
  const { shape, voxel_size: voxelSize, origin, scale, offset, times } = description;
  const at = times && time > 0 ? { time: Math.min(time, times.count - 1) } : {};
  const values = new Float64Array(SAMPLES ** 2);
  let count = 0;
  let last: Brick | undefined;
  const find = (voxel: readonly [number, number, number]): Brick | undefined => {
    if (last) {
      const key = brickAt(last.level, voxel);
      if (key.z === last.z && key.y === last.y && key.x === last.x) return last;
    }
    for (let level = 0; level < levelCount(shape); level += 1) {
      const brick = lookup(handle, { ...brickAt(level, voxel), ...at });
      if (brick) return brick;
    }
    return undefined;
  };
  const { x, y, width, height } = view.rect;
  for (let i = 0; i < SAMPLES; i += 1) {
    for (let j = 0; j < SAMPLES; j += 1) {
      const world = sliceToWorld(view, [x + ((j + 0.5) * width) / SAMPLES, y + ((i + 0.5) * height) / SAMPLES]);
      const voxel = worldToVoxel({ shape, voxelSize, origin }, world) as [number, number, number];
      if (voxel.some((v, axis) => v < -0.5 || v >= (shape[axis] as number) - 0.5)) continue;
      last = find(voxel);
      if (!last) continue;
      const value = nearestIn(last.voxels, last, voxel) * scale + offset;
      if (!Number.isFinite(value)) continue;
      values[count] = value;
      count += 1;
    }
  }
  return values.subarray(0, count).sort();
}

/** How often rising values occur; undefined where there are none. */
export function histogramOf(values: Float64Array): Histogram | undefined {
  const [min, max] = [values[0], values.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const bins = new Float64Array(BINS);
  for (const value of values) {
    const bin = max > min ? Math.min(Math.floor(((value - min) / (max - min)) * BINS), BINS - 1) : 0;
    bins[bin] = (bins[bin] as number) + 1;
  }
  return { min, max, bins };
}

/** Which part of rising values lies from `low` to `high`, both included. */
export function shareWithin(values: Float64Array, low: number, high: number): number {
  if (values.length === 0) return 0;
  const below = (end: number, included: boolean): number => {
    let [from, to] = [0, values.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const value = values[middle] as number;
      if (value < end || (included && value === end)) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  return Math.max(0, below(high, true) - below(low, false)) / values.length;
}
