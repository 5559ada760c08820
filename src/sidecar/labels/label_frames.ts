/** The bricks of an editable volume as viewers get them, made when they are asked for and kept while there is room. */

import { encodeConstant, FrameType, type LabelDtype, readHeader, sealVoxels, STORED_VOXELS, voxelFrameBytes, voxelsAt } from '../../protocol/index.js';
import { BrickHalo } from '../../volume/labels/brick_halo.js';
import { type BrickAccess, labelArray } from '../../volume/labels/brick.js';
import type { LentBricks, StoredBrick } from '../brick_store.js';
import type { VolumeRecord } from '../volume_record.js';
import type { Lru } from './lru.js';

export class LabelFrames implements LentBricks {
  /** @param frames shared by all volumes */
  constructor(
    readonly record: VolumeRecord,
    readonly bricks: BrickAccess,
    readonly frames: Lru<StoredBrick>,
  ) {}

  has(): boolean {
    return true;
  }

  brick(id: string): StoredBrick {
    const known = this.frames.get(`${this.record.handle}:${id}`);
    if (known) return known;
    const brick = this.#make(id);
    this.frames.set(`${this.record.handle}:${id}`, brick, brick.bytes + 256);
    return brick;
  }

  /** A brick shows other labels now. */
  outdated(id: string): void {
    this.frames.delete(`${this.record.handle}:${id}`);
  }

  #make(id: string): StoredBrick {
    const [level, z, y, x] = id.split('/').map(Number) as [number, number, number, number];
    const { handle: volume, units, generation, dtypeCode } = this.record;
    const { dtype } = this.bricks;
    const key = { level, z, y, x };
    const fields = { volume, level, dtype: dtypeCode, z, y, x, generation, time: 0 };
    const halo = new BrickHalo(this.bricks, key);
    const { constant: label } = halo;
    const constant = label === undefined ? undefined : encodeConstant(FrameType.BRICK, labelArray(dtype, 1).fill(label), fields);
    const frame = constant ?? voxelFrame(halo, dtype, fields);
    const { checksum } = readHeader(frame);
    return { volume, key, id, offset: -1, units, bytes: frame.byteLength, generation, preview: false, checksum, ...(constant ? { constant } : { whole: frame }) };
  }
}

type Fields = Omit<Parameters<typeof sealVoxels>[3], 'type' | 'flags'>;

function voxelFrame(halo: BrickHalo, dtype: LabelDtype, fields: Fields): Uint8Array {
  const frame = new Uint8Array(voxelFrameBytes(dtype, STORED_VOXELS));
  const array = dtype === 'u8' ? Uint8Array : dtype === 'u16' ? Uint16Array : Uint32Array;
  halo.copy(new array(frame.buffer, voxelsAt(dtype), STORED_VOXELS));
  sealVoxels(frame, dtype, STORED_VOXELS, { ...fields, type: FrameType.BRICK, flags: 0 });
  return frame;
}
