/** The voxels of stored bricks, for tiles: the one place of the sidecar that looks into a payload. */

import {
  constantVoxel, ConstantVoxels, FrameError, HEADER_BYTES, ITEM_BYTES, readHeader, readPayload, STORED_VOXELS, type VoxelDtype, type VoxelArray, voxelsAt,
} from '../protocol/index.js';
import { readBrick, type StoredBrick } from './brick_store.js';
import type { BufferPool } from './buffer_pool.js';
import type { StoreFile } from './store_file.js';

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;
/** What begins every message of an Arrow stream. */
const CONTINUATION = 0xffffffff;

/** Where the first buffer of an Arrow stream's first record batch begins: behind the schema's message and the batch's own. */
export function arrowBody(stream: Uint8Array): number {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 0;
  for (let message = 0; message < 2; message += 1) {
    if (at + 8 > stream.byteLength || view.getUint32(at, true) !== CONTINUATION) throw new FrameError(4400, 'payload is not an Arrow stream');
    at += 8 + view.getUint32(at + 4, true);
  }
  return at;
}

export class VoxelReader {
  /** Bricks whose payload held its checksum: what a tile is made of is checked before, for afterwards nobody can tell. */
  readonly #sound = new WeakSet<StoredBrick>();
  readonly #constants = new ConstantVoxels(4);

  constructor(
    readonly file: StoreFile,
    readonly pool: BufferPool,
  ) {}

  /**
   * Lends the voxels of a brick to `use`.
   *
   * @throws FrameError where the stored frame is damaged
   */
  read(brick: StoredBrick, dtype: VoxelDtype, use: (voxels: VoxelArray) => void): void {
    if (brick.constant) {
      use(this.#constants.expand(constantVoxel(brick.constant.subarray(HEADER_BYTES), dtype), STORED_VOXELS));
      return;
    }
    if (brick.whole) {
      use(new ARRAY_OF[dtype](brick.whole.buffer as ArrayBuffer, brick.whole.byteOffset + voxelsAt(dtype), STORED_VOXELS));
      return;
    }
    const buffer = this.pool.take(brick.units);
    try {
      readBrick(brick, this.file, buffer);
      const frame = buffer.subarray(0, brick.bytes);
      if (!brick.cut && !this.#sound.has(brick)) {
        readPayload(frame, readHeader(frame));
        this.#sound.add(brick);
      }
      const at = HEADER_BYTES + arrowBody(frame.subarray(HEADER_BYTES));
      const bytes = STORED_VOXELS * ITEM_BYTES[dtype];
      if (at + bytes > brick.bytes) throw new FrameError(4400, `payload holds ${brick.bytes - at} bytes of voxels; expected ${bytes}`);
      // A pooled buffer begins at an aligned byte, and the layout promises that the voxels do in the frame.
      const aligned = (buffer.byteOffset + at) % ITEM_BYTES[dtype] === 0;
      const source = aligned ? buffer : Uint8Array.prototype.slice.call(buffer, at, at + bytes);
      use(new ARRAY_OF[dtype](source.buffer as ArrayBuffer, aligned ? buffer.byteOffset + at : 0, STORED_VOXELS));
    } finally {
      this.pool.give(brick.units, buffer);
    }
  }
}
