/**
 * Voxels of 16 or 32 bits as 8: steps between the lowest and the highest of a brick or tile, to look at until the true ones are here. What it holds:
 * the lowest and the highest value as f32, then one byte a voxel, 0 to 254 for the steps and 255 for NaN.
 */

import { voxelArray } from './constant.js';
import type { VoxelArray, VoxelDtype } from './dtype.js';
import { FrameError } from './frame.js';

/** Bytes before the voxels' own. */
export const PREVIEW_HEAD = 8;
const STEPS = 254;
const NOT_A_NUMBER = 255;

/** Dtypes of which a preview is smaller. Labels have none: a number next to one's own is another label. */
export function hasPreview(dtype: VoxelDtype): boolean {
  return dtype === 'u16' || dtype === 'f32';
}

/** Writes the preview of `voxels` into `into`, which has PREVIEW_HEAD bytes more than there are voxels. */
export function encodePreview(voxels: VoxelArray, into: Uint8Array): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < voxels.length; i += 1) {
    const value = voxels[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 0]; // no numbers at all
  const view = new DataView(into.buffer, into.byteOffset, PREVIEW_HEAD);
  view.setFloat32(0, low, true);
  view.setFloat32(4, high, true);
  const scale = high > low ? STEPS / (high - low) : 0;
  for (let i = 0; i < voxels.length; i += 1) {
    const value = voxels[i] as number;
    into[PREVIEW_HEAD + i] = Number.isNaN(value) ? NOT_A_NUMBER : (value - low) * scale + 0.5;
  }
}

/**
 * The `count` voxels that a preview stands for.
 *
 * @throws FrameError 4400 where it is of another length, its ends are no numbers in order, or a voxel of whole numbers is none
 */
export function decodePreview(bytes: Uint8Array, dtype: VoxelDtype, count: number): VoxelArray {
  if (!hasPreview(dtype)) throw new FrameError(4400, `preview of stored dtype ${dtype}`);
  if (bytes.length !== PREVIEW_HEAD + count) throw new FrameError(4400, `preview of ${bytes.length} bytes; expected ${PREVIEW_HEAD + count}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREVIEW_HEAD);
  const [low, high] = [view.getFloat32(0, true), view.getFloat32(4, true)];
  const whole = dtype === 'u16';
  if (!(low <= high && Number.isFinite(high - low)) || (whole && (low < 0 || high > 65_535))) {
    throw new FrameError(4400, `preview of ${dtype} from ${low} to ${high}`);
  }
  const values = voxelArray(dtype, 256);
  for (let step = 0; step <= STEPS; step += 1) values[step] = low + ((high - low) * step) / STEPS + (whole ? 0.5 : 0);
  values[NOT_A_NUMBER] = Number.NaN;
  const voxels = voxelArray(dtype, count);
  for (let i = 0; i < count; i += 1) {
    const step = bytes[PREVIEW_HEAD + i] as number;
    if (whole && step === NOT_A_NUMBER) throw new FrameError(4400, 'preview of u16 with a voxel that is no number');
    voxels[i] = values[step] as number;
  }
  return voxels;
}
