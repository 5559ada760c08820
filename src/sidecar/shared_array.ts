/**
 * Level 0 of a volume where the producer's array is itself shared memory: no brick of it is made, moved or stored. The sidecar opens that memory
 * and cuts each brick, with its halo, when it is sent.
 */

import fs from 'node:fs';
import {
  BRICK_EDGE, BRICK_HALO, type FrameHeader, FrameType, ITEM_BYTES, sealVoxels, type SharedPlace, STORED_EDGE, STORED_VOXELS, type VoxelArray, voxelArray,
  type VoxelDtype, voxelFrameBytes, voxelsAt,
} from '../protocol/index.js';
import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { log } from './log.js';

/** Lines of an array up to this long are read together with what lies between them; of longer ones only what is needed. */
const MAX_WHOLE_LINE = 8192;
const PLANE = STORED_EDGE * STORED_EDGE;

/** From and to, in voxels of the level, and where the first of them stands in the brick. */
interface Span {
  readonly low: number;
  readonly high: number;
  readonly at: number;
}

function spanOf(index: number, size: number): Span {
  const first = index * BRICK_EDGE - BRICK_HALO;
  const low = Math.max(first, 0);
  return { low, high: Math.min(first + STORED_EDGE, size), at: low - first };
}

export class SharedArray {
  #fd: number | undefined;
  #scratch: VoxelArray;
  readonly #bytes: Uint8Array;

  private constructor(
    fd: number,
    readonly shape: Vec3,
    readonly dtype: VoxelDtype,
    readonly offset: number,
  ) {
    this.#fd = fd;
    const line = Math.min(shape[2] * ITEM_BYTES[dtype], MAX_WHOLE_LINE);
    this.#scratch = voxelArray(dtype, (STORED_EDGE * Math.max(line, STORED_EDGE * ITEM_BYTES[dtype])) / ITEM_BYTES[dtype]);
    this.#bytes = new Uint8Array(this.#scratch.buffer);
  }

  /**
   * The array at `place`, in C order; undefined where this process cannot have it: then its bricks are asked for like any others.
   * What is opened must be the very file that the producer means, its user's alone, and large enough.
   */
  static open(place: SharedPlace, shape: Vec3, dtype: VoxelDtype): SharedArray | undefined {
    let fd: number | undefined;
    try {
      fd = fs.openSync(place.path, fs.constants.O_RDONLY | fs.constants.O_NOCTTY | fs.constants.O_NONBLOCK);
      const { ino, size, uid, mode } = fs.fstatSync(fd);
      const needed = place.offset + shape[0] * shape[1] * shape[2] * ITEM_BYTES[dtype];
      const wrong =
        ino !== place.inode ? `is another file: inode ${ino}, not ${place.inode}`
        : uid !== process.getuid?.() || (mode & 0o077) !== 0 ? `is open to others: uid ${uid}, mode ${(mode & 0o777).toString(8)}`
        : size < needed ? `has ${size} bytes; the volume needs ${needed}`
        : place.offset % ITEM_BYTES[dtype] !== 0 ? `begins at byte ${place.offset}, no multiple of ${ITEM_BYTES[dtype]}`
        : undefined;
      if (!wrong) return new SharedArray(fd, shape, dtype, place.offset);
      log(`shared memory ${place.path} ${wrong}; bricks are asked for instead`);
    } catch (error) {
      log(`shared memory ${place.path} cannot be opened: ${(error as Error).message}; bricks are asked for instead`);
    }
    if (fd !== undefined) fs.closeSync(fd);
    return undefined;
  }

  /** Bytes of a brick's frame. */
  get frameBytes(): number {
    return voxelFrameBytes(this.dtype, STORED_VOXELS);
  }

  /**
   * Cuts a brick of level 0 and seals its frame at the start of `out`.
   *
   * @returns bytes that were copied to make it: those read, which include what lies between the lines, and those written
   * @throws Error where the memory is shorter than it was
   */
  cut(out: Uint8Array, key: BrickKey, header: Pick<FrameHeader, 'volume' | 'dtype' | 'generation'>): number {
    const frame = out.subarray(0, this.frameBytes);
    const at = voxelsAt(this.dtype);
    const voxels = new (this.#scratch.constructor as new (buffer: ArrayBufferLike, at: number, count: number) => VoxelArray)(
      frame.buffer, frame.byteOffset + at, STORED_VOXELS,
    );
    const [z, y, x] = [spanOf(key.z, this.shape[0]), spanOf(key.y, this.shape[1]), spanOf(key.x, this.shape[2])];
    let read = 0;
    for (let k = z.low; k < z.high; k += 1) read += this.#plane(voxels, (z.at + k - z.low) * PLANE, k, y, x);
    // Beyond the volume its faces again.
    for (let k = z.at - 1; k >= 0; k -= 1) voxels.copyWithin(k * PLANE, (k + 1) * PLANE, (k + 2) * PLANE);
    for (let k = z.at + z.high - z.low; k < STORED_EDGE; k += 1) voxels.copyWithin(k * PLANE, (k - 1) * PLANE, k * PLANE);
    if (this.dtype === 'f32') onlyFinite(voxels as Float32Array);
    sealVoxels(frame, this.dtype, STORED_VOXELS, { ...header, type: FrameType.BRICK, flags: 0, level: 0, z: key.z, y: key.y, x: key.x, time: 0 });
    return read + STORED_VOXELS * ITEM_BYTES[this.dtype];
  }

  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** One plane of a brick, its edge voxels repeated. Returns the bytes read. */
  #plane(voxels: VoxelArray, into: number, k: number, y: Span, x: Span): number {
    const item = ITEM_BYTES[this.dtype];
    const [rows, columns, width] = [y.high - y.low, x.high - x.low, this.shape[2]];
    const whole = width * item <= MAX_WHOLE_LINE;
    const pitch = whole ? width : columns;
    const begin = (k * this.shape[1] + y.low) * width + x.low;
    if (whole) this.#read(0, (rows - 1) * width + columns, begin);
    else for (let j = 0; j < rows; j += 1) this.#read(j * columns, columns, begin + j * width);
    const scratch = this.#scratch;
    for (let j = 0; j < STORED_EDGE; j += 1) {
      const line = Math.min(Math.max(j - y.at, 0), rows - 1) * pitch;
      const row = into + j * STORED_EDGE;
      if (columns === STORED_EDGE) {
        for (let i = 0; i < STORED_EDGE; i += 1) voxels[row + i] = scratch[line + i] as number;
      } else {
        for (let i = 0; i < STORED_EDGE; i += 1) voxels[row + i] = scratch[line + Math.min(Math.max(i - x.at, 0), columns - 1)] as number;
      }
    }
    return (whole ? (rows - 1) * width + columns : rows * columns) * item;
  }

  /** Reads `count` voxels from number `from` of the array into the scratch, at `at`. */
  #read(at: number, count: number, from: number): void {
    const item = ITEM_BYTES[this.dtype];
    for (let done = 0; done < count * item; ) {
      const got = fs.readSync(this.#fd as number, this.#bytes, at * item + done, count * item - done, this.offset + from * item + done);
      if (got === 0) throw new Error(`the shared memory of this volume ends before voxel ${from + count}`);
      done += got;
    }
  }
}

/** What is not finite is stored as NaN. */
function onlyFinite(voxels: Float32Array): void {
  for (let i = 0; i < voxels.length; i += 1) {
    const value = voxels[i] as number;
    if (value - value !== 0) voxels[i] = Number.NaN;
  }
}
