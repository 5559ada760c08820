/** Values of an image at level 0, where they are exact: of the bricks in the store, and of the producer for those that are not there. A few bricks at a time. */

import { ErrorCode, FrameError, type VoxelDtype } from '../../protocol/index.js';
import { type BrickKey, keyText } from '../../volume/geometry.js';
import type { BrickFailure } from '../broker.js';
import type { BrickWaiter } from '../demand.js';
import type { Services } from '../services.js';
import type { VolumeRecord } from '../volume_record.js';
import { nextTurn } from './in_turns.js';

/** Bricks asked for at once. */
const AT_ONCE = 16;
/** After what viewers need now, before what is only filled. */
const PRIORITY = 1e6;

/** Why voxels cannot be looked at. */
export class ImageRefused extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly remedy: string | undefined,
  ) {
    super(message);
  }
}

/**
 * The image whose voxels decide about those of labels.
 *
 * @throws ImageRefused where there is none whose voxels are those of the labels
 */
export function imageOf({ catalog }: Services, labels: VolumeRecord, volume: number, time = 0): VolumeRecord {
  const image = catalog.get(volume);
  const refuse = (code: number, message: string, remedy: string): never => {
    throw new ImageRefused(code, message, remedy);
  };
  if (!image) return refuse(ErrorCode.NOT_FOUND, `no volume ${volume} to compare with`, 'choose an image that is shown');
  const { shape, voxel_size, origin, stored, times, name } = image.description;
  const own = labels.description;
  if (stored === 'points') return refuse(ErrorCode.UNSUPPORTED, `"${name}" is a cloud of points, which has no voxels`, 'choose an image');
  if (`${shape}/${voxel_size}/${origin}` !== `${own.shape}/${own.voxel_size}/${own.origin}`) {
    return refuse(ErrorCode.UNSUPPORTED, `the voxels of "${name}" are not those of the labels "${own.name}"`, 'choose an image of the same shape, voxel size and origin');
  }
  if (time >= (times?.count ?? 1)) return refuse(ErrorCode.NOT_FOUND, `"${name}" has no time point ${time}`, 'choose one that it has');
  return image;
}

/**
 * Lends the values of some bricks, halo included, one after the other.
 *
 * @param told called with bricks looked at, and all of them
 * @throws ImageRefused, or the reason of `signal`
 */
export async function lookInto(
  services: Services, image: VolumeRecord, keys: readonly BrickKey[], use: (key: BrickKey, values: ArrayLike<number>) => void,
  signal: AbortSignal | undefined, told?: (done: number, total: number) => void,
): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    signal?.throwIfAborted();
    await new Lookout(services, image, use).look(keys.slice(at, at + AT_ONCE), signal);
    told?.(Math.min(at + AT_ONCE, keys.length), keys.length);
    await nextTurn();
  }
}

/** Waits for some bricks of an image and looks at each while it is there. */
class Lookout implements BrickWaiter {
  readonly #missing = new Map<string, BrickKey>();
  #done: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  constructor(
    readonly services: Services,
    readonly image: VolumeRecord,
    readonly use: (key: BrickKey, values: ArrayLike<number>) => void,
  ) {}

  async look(keys: readonly BrickKey[], signal: AbortSignal | undefined): Promise<void> {
    const { broker } = this.services;
    const stop = () => this.#failed(signal?.reason as Error);
    signal?.addEventListener('abort', stop);
    try {
      await new Promise<void>((done, failed) => {
        [this.#done, this.#failed] = [done, failed];
        for (const key of keys) this.#missing.set(keyText(key), key);
        for (const key of keys) broker.want(this, this.image, key, PRIORITY);
      });
    } finally {
      signal?.removeEventListener('abort', stop);
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
      voxels.read(brick, stored as VoxelDtype, (values) => {
        // Values as everybody computes them: to divide the ends of a range instead would round.
        this.use(key, scale === 1 && offset === 0 ? values : Float64Array.from(values, (value) => value * scale + offset));
      });
    } catch (error) {
      this.#failed(error instanceof FrameError ? new ImageRefused(ErrorCode.INTERNAL, `brick ${id} of "${record.description.name}": ${error.message}`, 'do it again') : (error as Error));
      return;
    }
    this.#missing.delete(id);
    if (this.#missing.size === 0) this.#done();
  }

  failed(_record: VolumeRecord, _key: BrickKey, { code, message, remedy }: BrickFailure): void {
    this.#failed(new ImageRefused(code, `the image's voxels cannot be looked at: ${message}`, remedy));
  }
}
