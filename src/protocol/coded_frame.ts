/** BRICK and TILE frames on their way to one viewer: made smaller where that is faster, and made whole again. */

import { type Codec, CODEC_CODE, codecFromCode } from './codec.js';
import { dtypeFromCode, ITEM_BYTES, STORE_UNITS } from './dtype.js';
import { type Coding, Flag, FrameError, type FrameHeader, FrameType, HEADER_BYTES, writeHeader } from './frame.js';
import { STORED_TILE_TEXELS, STORED_VOXELS, UNIT_BYTES } from './limits.js';
import { lz4Decode } from './lz4.js';
import { PREVIEW_HEAD } from './preview8.js';
import { unshuffle } from './shuffle.js';
import { xxh32 } from './xxh32.js';

/** A tile's payload beside its texels. */
const TILE_ROOM = 1024;

/** Fills `into` with what `from` was before it was compressed; throws where it does not fill it. */
export type Decode = (from: Uint8Array, into: Uint8Array) => void;
/** `zstd` is missing where there is no WebAssembly. */
export type Decoders = Readonly<Partial<Record<Exclude<Codec, 'raw'>, Decode>>>;

/**
 * Checks what a coded frame says of itself, before anything is allocated.
 *
 * @throws FrameError 4400 where such a frame cannot be
 */
export function checkCoding({ type, flags, dtype, coding: { codec, item, bytes } = NONE }: FrameHeader): Exclude<Codec, 'raw'> {
  const stored = dtypeFromCode(dtype);
  const name = codecFromCode(codec);
  if ((type !== FrameType.BRICK && type !== FrameType.TILE) || !stored) throw new FrameError(4400, `coded frame of type ${type} and stored dtype ${dtype}`);
  if (!name || name === 'raw') throw new FrameError(4400, `unknown codec ${codec}`);
  if ((flags & (Flag.CONSTANT | Flag.SAME)) !== 0) throw new FrameError(4400, `coded frame with flags ${flags}`);
  const tile = type === FrameType.TILE;
  if ((flags & Flag.LOSSY) !== 0) {
    const exact = PREVIEW_HEAD + (tile ? STORED_TILE_TEXELS : STORED_VOXELS);
    if (bytes !== exact || item !== 1) throw new FrameError(4400, `coded preview of ${bytes} bytes in items of ${item}; expected ${exact}, of 1`);
    return name;
  }
  const most = tile ? STORED_TILE_TEXELS * 4 + TILE_ROOM : STORE_UNITS[stored] * UNIT_BYTES - HEADER_BYTES;
  if (bytes === 0 || bytes > most) throw new FrameError(4400, `coded payload of ${bytes} bytes; the limit is ${most}`);
  const own = stored === 'points' ? 1 : ITEM_BYTES[stored];
  if ((item !== 1 && item !== own) || bytes % item !== 0) throw new FrameError(4400, `coded payload of ${bytes} bytes of ${stored} in items of ${item}`);
  return name;
}
const NONE: Coding = { codec: 0, item: 0, bytes: 0, checksum: 0 };

/**
 * The payload of a coded frame as it was, at `at` of a new buffer.
 *
 * @throws FrameError 4400 where the header is wrong, no decoder is there, or what comes out is not what the header says
 */
export function decodePayload(header: FrameHeader, payload: Uint8Array, decoders: Decoders, at = 0): Uint8Array<ArrayBuffer> {
  const name = checkCoding(header);
  const decode = decoders[name];
  if (!decode) throw new FrameError(4400, `a payload in ${name}, which was not offered`);
  const { bytes, item, checksum } = header.coding as Coding;
  const out = new Uint8Array(new ArrayBuffer(at + bytes), at);
  if (item === 1) decode(payload, out);
  else {
    const sorted = new Uint8Array(bytes);
    decode(payload, sorted);
    unshuffle(sorted, item, out);
  }
  const found = xxh32(out);
  if (found !== checksum) throw new FrameError(4400, `checksum of the decoded payload ${found}; the header says ${checksum}`);
  return out;
}

/** The frame that a coded one stands for, in a buffer of its own; `header` becomes its header. Not for previews. */
export function restoreFrame(header: FrameHeader, payload: Uint8Array, decoders: Decoders): { header: FrameHeader; message: ArrayBuffer } {
  const { buffer } = decodePayload(header, payload, decoders, HEADER_BYTES);
  const { coding, ...rest } = header;
  const restored = { ...rest, payloadBytes: coding?.bytes ?? 0, checksum: coding?.checksum ?? 0 };
  writeHeader(new Uint8Array(buffer), restored);
  return { header: restored, message: buffer };
}

/** A frame of `compressed` in place of a payload of `bytes` and `checksum`. */
export function codedFrame(header: FrameHeader, codec: Codec, item: number, compressed: Uint8Array, bytes: number, checksum: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(HEADER_BYTES + compressed.byteLength);
  out.set(compressed, HEADER_BYTES);
  const coding = { codec: CODEC_CODE[codec], item, bytes, checksum };
  writeHeader(out, { ...header, coding, payloadBytes: compressed.byteLength, checksum: xxh32(compressed) });
  return out;
}

export const LZ4_ONLY: Decoders = { lz4: lz4Decode };
