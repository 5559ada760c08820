/** A frame made smaller, for a link that is slower than this takes. Pure but for zstd, which Node has. */

import zlib from 'node:zlib';
import {
  type Codec, codedFrame, dtypeFromCode, encodePreview, Flag, type FrameHeader, FrameType, hasPreview, HEADER_BYTES, ITEM_BYTES, lz4Bound, lz4Encode, PREVIEW_HEAD,
  readHeader, readPayload, shuffle, STORED_TILE_TEXELS, STORED_VOXELS, type VoxelArray, xxh32,
} from '../../protocol/index.js';
import { arrowBody } from '../voxel_reader.js';

/** How a frame is to travel. */
export interface Manner {
  readonly codec: Exclude<Codec, 'raw'>;
  /** As voxels of 8 bits first. */
  readonly lossy: boolean;
}

/** Node's own, since 22.15. */
export const HAS_ZSTD = typeof zlib.zstdCompressSync === 'function';
/** The fastest: the next ones take twice the time for a twentieth less. */
const ZSTD_LEVEL = 1;
/** A frame that would be no smaller than this part of itself is sent as it is. */
const WORTH = 0.95;

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;

/**
 * A BRICK or TILE frame, made smaller; undefined where it would not be, or has no preview.
 *
 * @throws FrameError where a frame of which a preview is to be made is damaged: afterwards nobody could tell
 */
export function smaller(frame: Uint8Array, { codec, lossy }: Manner): Uint8Array<ArrayBuffer> | undefined {
  const header = readHeader(frame);
  const stored = dtypeFromCode(header.dtype);
  if (!stored || (header.flags & (Flag.CONSTANT | Flag.SAME)) !== 0) return undefined;
  const payload = lossy ? previewOf(frame, header) : frame.subarray(HEADER_BYTES);
  if (!payload) return undefined;
  const item = lossy || stored === 'points' || payload.length % ITEM_BYTES[stored] !== 0 ? 1 : ITEM_BYTES[stored];
  let sorted = payload;
  if (item > 1) {
    sorted = new Uint8Array(payload.length);
    shuffle(payload, item, sorted);
  }
  const compressed = codec === 'zstd' ? zstd(sorted) : lz4(sorted);
  if (compressed.byteLength > WORTH * (frame.byteLength - HEADER_BYTES)) return undefined;
  const flags = header.flags | (lossy ? Flag.LOSSY : 0);
  return codedFrame({ ...header, flags }, codec, item, compressed, payload.length, lossy ? xxh32(payload) : header.checksum);
}

/** The voxels of a frame as 8 bits each. */
function previewOf(frame: Uint8Array, header: FrameHeader): Uint8Array | undefined {
  const stored = dtypeFromCode(header.dtype);
  if (!stored || stored === 'points' || !hasPreview(stored)) return undefined;
  const payload = readPayload(frame, header);
  const count = header.type === FrameType.TILE ? STORED_TILE_TEXELS : STORED_VOXELS;
  const at = arrowBody(payload);
  if (at + count * ITEM_BYTES[stored] > payload.length) return undefined;
  // Aligned, whatever the frame is a view of.
  const voxels: VoxelArray = new ARRAY_OF[stored](Uint8Array.prototype.slice.call(payload, at, at + count * ITEM_BYTES[stored]).buffer as ArrayBuffer);
  const preview = new Uint8Array(PREVIEW_HEAD + count);
  encodePreview(voxels, preview);
  return preview;
}

function zstd(bytes: Uint8Array): Uint8Array {
  return zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } });
}

function lz4(bytes: Uint8Array): Uint8Array {
  const into = new Uint8Array(lz4Bound(bytes.length));
  return into.subarray(0, lz4Encode(bytes, into));
}
