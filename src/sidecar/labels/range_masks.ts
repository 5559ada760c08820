/**
 * Which voxels of an image have a value in a range: asked where they are exact, of the bricks of level 0 in the store, and of the producer
 * for those that are not there. A few bricks at a time; what is kept of each is one bit a voxel.
 */

import { type EditOp, ErrorCode, FrameError, MAX_RANGE_BRICKS, type ValueRange, type VoxelDtype } from '../../protocol/index.js';
import { type BrickKey, keyText, type Vec3 } from '../../volume/geometry.js';
import { editBricks } from '../../volume/labels/edit.js';
import { type BrickMask, maskOfRange } from '../../volume/labels/mask.js';
import type { BrickFailure } from '../broker.js';
import type { BrickWaiter } from '../demand.js';
import type { Services } from '../services.js';
import type { VolumeRecord } from '../volume_record.js';
import { nextTurn } from './in_turns.js';

/** Bricks asked for at once. */
const AT_ONCE = 16;
/** After what viewers need now, before what is only filled. */
const PRIORITY = 1e6;

export type RangeMasks = ReadonlyMap<string, BrickMask>;

/** Why voxels cannot be looked at. */
export class RangeRefused extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly remedy: string | undefined,
  ) {
    super(message);
  }
}

/**
 * The image of a range.
 *
 * @throws RangeRefused where there is none whose voxels are those of the labels
 */
export function imageOf({ catalog }: Services, labels: VolumeRecord, { volume, low, high, time = 0 }: ValueRange): VolumeRecord {
  const image = catalog.get(volume);
  const refuse = (code: number, message: string, remedy: string): never => {
    throw new RangeRefused(code, message, remedy);
  };
  if (!image) return refuse(ErrorCode.NOT_FOUND, `no volume ${volume} to compare with`, 'choose an image that is shown');
  const { shape, voxel_size, origin, stored, times, name } = image.description;
  const own = labels.description;
  if (stored === 'points') return refuse(ErrorCode.UNSUPPORTED, `"${name}" is a cloud of points, which has no voxels`, 'choose an image');
  if (`${shape}/${voxel_size}/${origin}` !== `${own.shape}/${own.voxel_size}/${own.origin}`) {
    return refuse(ErrorCode.UNSUPPORTED, `the voxels of "${name}" are not those of the labels "${own.name}"`, 'choose an image of the same shape, voxel size and origin');
  }
  if (time >= (times?.count ?? 1)) return refuse(ErrorCode.NOT_FOUND, `"${name}" has no time point ${time}`, 'choose one that it has');
  if (low > high) return refuse(ErrorCode.UNSUPPORTED, `the range from ${low} to ${high} is empty`, 'give the lower value first');
  return image;
}

/**
 * The voxels in range of every brick that an edit may touch.
 *
 * @param told called with bricks looked at, and all of them
 * @throws RangeRefused, EditError
 */
export async function rangeMasks(
  services: Services, labels: VolumeRecord, range: ValueRange, op: EditOp, signal: AbortSignal, told: (done: number, total: number) => void,
): Promise<RangeMasks> {
  const image = imageOf(services, labels, range);
  if (op.kind === 'fill' || op.kind === 'interpolate') throw new RangeRefused(ErrorCode.UNSUPPORTED, `a range of values for ${op.kind}`, 'use it with a stroke, a box, a polygon or a mask');
  const keys = [...editBricks(labels.description.shape as Vec3, op)].map(([z, y, x]): BrickKey => ({ level: 0, z, y, x, ...(range.time && { time: range.time }) }));
  if (keys.length > MAX_RANGE_BRICKS) throw new RangeRefused(ErrorCode.TOO_LARGE, `${keys.length} bricks of the image to look into; the limit is ${MAX_RANGE_BRICKS}`, 'divide the edit');
  const masks = new Map<string, BrickMask>();
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    signal.throwIfAborted();
    await new Lookout(services, image, range, masks).look(keys.slice(at, at + AT_ONCE), signal);
    told(masks.size, keys.length);
    await nextTurn();
  }
  return masks;
}

/** Waits for some bricks of an image and looks at each while it is there. */
class Lookout implements BrickWaiter {
  readonly #missing = new Map<string, BrickKey>();
  #done: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  constructor(
    readonly services: Services,
    readonly image: VolumeRecord,
    readonly range: ValueRange,
    readonly masks: Map<string, BrickMask>,
  ) {}

  async look(keys: readonly BrickKey[], signal: AbortSignal): Promise<void> {
    const { broker } = this.services;
    const stop = () => this.#failed(signal.reason as Error);
    signal.addEventListener('abort', stop);
    try {
      await new Promise<void>((done, failed) => {
        [this.#done, this.#failed] = [done, failed];
        for (const key of keys) this.#missing.set(keyText(key), key);
        for (const key of keys) broker.want(this, this.image, key, PRIORITY);
      });
    } finally {
      signal.removeEventListener('abort', stop);
      broker.unwant(this, this.image, this.#missing.keys());
    }
  }

  ready(record: VolumeRecord, id: string): void {
    const key = this.#missing.get(id);
    if (!key) return;
    const { broker, voxels } = this.services;
    const brick = broker.store.use(record.handle, id);
    try {
      if (!brick || brick.preview) throw new FrameError(4400, 'it is not there as it will be');
      const { scale, offset, stored } = record.description;
      const { low, high } = this.range;
      voxels.read(brick, stored as VoxelDtype, (values) => {
        // Values as everybody computes them: to divide the ends of the range instead would round.
        const shown = scale === 1 && offset === 0 ? values : Float64Array.from(values, (value) => value * scale + offset);
        this.masks.set(`${key.z}/${key.y}/${key.x}`, maskOfRange(shown, low, high));
      });
    } catch (error) {
      this.#failed(error instanceof FrameError ? new RangeRefused(ErrorCode.INTERNAL, `brick ${id} of "${record.description.name}": ${error.message}`, 'do it again') : (error as Error));
      return;
    }
    this.#missing.delete(id);
    if (this.#missing.size === 0) this.#done();
  }

  failed(_record: VolumeRecord, _key: BrickKey, { code, message, remedy }: BrickFailure): void {
    this.#failed(new RangeRefused(code, `the image's voxels cannot be looked at: ${message}`, remedy));
  }
}
