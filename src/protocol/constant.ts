/** Bricks and tiles whose voxels are all the same: their frame has the flag CONSTANT, and one stored voxel as its payload. */

import { ITEM_BYTES, type VoxelArray, type VoxelDtype } from './dtype.js';
import { encodeFrame, Flag, FrameError, type FrameHeader, type FrameType } from './frame.js';

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;

/** `count` voxels of `dtype`, all 0. */
export function voxelArray(dtype: VoxelDtype, count: number): VoxelArray {
  return new ARRAY_OF[dtype](count);
}

/**
 * The one voxel of a constant frame's payload.
 *
 * @throws FrameError 4400 where the payload is of another length
 */
export function constantVoxel(payload: Uint8Array, dtype: VoxelDtype): VoxelArray {
  if (payload.byteLength !== ITEM_BYTES[dtype]) {
    throw new FrameError(4400, `constant payload of ${payload.byteLength} bytes; one voxel of ${dtype} has ${ITEM_BYTES[dtype]}`);
  }
  return new ARRAY_OF[dtype](Uint8Array.from(payload).buffer); // aligned, also where a Buffer's own slice would be none
}

/** Whether all voxels have the same bits, which is more than being equal: NaN is the same as itself, 0 and -0 are not. */
export function isConstant(voxels: VoxelArray): boolean {
  const bits = voxels instanceof Float32Array ? new Uint32Array(voxels.buffer, voxels.byteOffset, voxels.length) : voxels;
  const first = bits[0];
  for (let i = bits.length - 1; i > 0; i -= 1) if (bits[i] !== first) return false;
  return bits.length > 0;
}

/** A BRICK or TILE frame that says one voxel of `voxels` for all of them. */
export function encodeConstant(type: FrameType, voxels: VoxelArray, fields: Partial<FrameHeader>): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.BYTES_PER_ELEMENT);
  return encodeFrame(type, payload, { ...fields, flags: (fields.flags ?? 0) | Flag.CONSTANT });
}

/** Expanded frames, the least recently used first: most constant bricks of a volume have one and the same value. */
export class ConstantVoxels {
  readonly #known = new Map<string, VoxelArray>();

  /** @param most arrays kept */
  constructor(readonly most: number) {}

  /** `count` voxels like the one of `voxel`. Shared: nobody may write to them. */
  expand(voxel: VoxelArray, count: number): VoxelArray {
    const bits = [...new Uint8Array(voxel.buffer, voxel.byteOffset, voxel.BYTES_PER_ELEMENT)].join(',');
    const text = `${voxel.constructor.name} ${count} ${bits}`;
    let all = this.#known.get(text);
    if (!all) {
      all = new (voxel.constructor as new (length: number) => VoxelArray)(count).fill(voxel[0] as number);
      if (this.#known.size >= this.most) this.#known.delete(this.#known.keys().next().value as string);
    }
    this.#known.delete(text);
    this.#known.set(text, all);
    return all;
  }
}
