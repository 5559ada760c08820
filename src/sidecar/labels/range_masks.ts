/** Which voxels of an image have a value in a range, brick by brick; what is kept of each is one bit a voxel. */

import { type EditOp, ErrorCode, MAX_RANGE_BRICKS, type ValueRange } from '../../protocol/index.js';
import type { BrickKey, Vec3 } from '../../volume/geometry.js';
import { editBricks } from '../../volume/labels/edit.js';
import { type BrickMask, maskOfRange } from '../../volume/labels/mask.js';
import type { Services } from '../services.js';
import type { VolumeRecord } from '../volume_record.js';
import { ImageRefused, imageOf, lookInto } from './image_bricks.js';

export type Masks = ReadonlyMap<string, BrickMask>;

/**
 * The voxels in range of every brick that an edit may touch.
 *
 * @param told called with bricks looked at, and all of them
 * @throws ImageRefused, EditError
 */
export async function rangeMasks(
  services: Services, labels: VolumeRecord, { volume, low, high, time }: ValueRange, op: EditOp, signal: AbortSignal, told: (done: number, total: number) => void,
): Promise<Masks> {
  const image = imageOf(services, labels, volume, time);
  if (low > high) throw new ImageRefused(ErrorCode.UNSUPPORTED, `the range from ${low} to ${high} is empty`, 'give the lower value first');
  if (op.kind === 'fill' || op.kind === 'interpolate') throw new ImageRefused(ErrorCode.UNSUPPORTED, `a range of values for ${op.kind}`, 'use it with a stroke, a box, a polygon or a mask');
  const keys = imageKeys(editBricks(labels.description.shape as Vec3, op), time);
  const masks = new Map<string, BrickMask>();
  await lookInto(services, image, keys, ({ z, y, x }, values) => masks.set(`${z}/${y}/${x}`, maskOfRange(values, low, high)), signal, told);
  return masks;
}

/**
 * Keys of bricks of an image at level 0.
 *
 * @throws ImageRefused where they are too many for one edit
 */
export function imageKeys(bricks: Iterable<readonly [number, number, number]>, time: number | undefined): BrickKey[] {
  const keys = [...bricks].map(([z, y, x]): BrickKey => ({ level: 0, z, y, x, ...(time && { time }) }));
  if (keys.length > MAX_RANGE_BRICKS) throw new ImageRefused(ErrorCode.TOO_LARGE, `${keys.length} bricks of the image to look into; the limit is ${MAX_RANGE_BRICKS}`, 'divide the edit');
  return keys;
}
