/**
 * TILE frames, made without Arrow's library: what stands around the texels is a constant of the dtype, as it is for bricks. The
 * constants are what pyarrow writes for a batch of STORED_TILE_TEXELS rows.
 */

import { ITEM_BYTES, type VoxelDtype, type VoxelArray } from './dtype.js';
import { type FrameHeader, FrameType, HEADER_BYTES, writeHeader } from './frame.js';
import { STORED_TILE_TEXELS } from './limits.js';
import { xxh32 } from './xxh32.js';

/** An Arrow stream ends with this. */
const END = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

const PREFIX: Readonly<Record<VoxelDtype, string>> = {
  u8:
    '/////+gAAAAQAAAAAAAKAA4ABgAFAAgACgAAAAABBAAQAAAAAAAKAAwAAAAEAAgACgAAAGwAAAAEAAAAAQAAAAwAAAAIAAwABAAIAAgAAABIAAAABAAA' +
    'ADgAAAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAAAAAABAAAAcAAAAAEAAAAUAAAAEAAUAAgA' +
    'AAAHAAwAAAAQABAAAAAAAAACEAAAACAAAAAEAAAAAAAAAAYAAAB2b3hlbHMAAAAABgAIAAQABgAAAAgAAAAAAAAA/////4gAAAAUAAAAAAAAAAwAFgAG' +
    'AAUACAAMAAwAAAAAAwQAGAAAAAhCAAAAAAAAAAAKABgADAAEAAgACgAAADwAAAAQAAAABEIAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAARCAAAAAAAAAAAAAAEAAAAEQgAAAAAAAAAAAAAAAAAA',
  u16:
    '/////+gAAAAQAAAAAAAKAA4ABgAFAAgACgAAAAABBAAQAAAAAAAKAAwAAAAEAAgACgAAAGwAAAAEAAAAAQAAAAwAAAAIAAwABAAIAAgAAABIAAAABAAA' +
    'ADgAAAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAAAAAABAAAAcAAAAAEAAAAUAAAAEAAUAAgA' +
    'AAAHAAwAAAAQABAAAAAAAAACEAAAACAAAAAEAAAAAAAAAAYAAAB2b3hlbHMAAAAABgAIAAQABgAAABAAAAAAAAAA/////4gAAAAUAAAAAAAAAAwAFgAG' +
    'AAUACAAMAAwAAAAAAwQAGAAAAAiEAAAAAAAAAAAKABgADAAEAAgACgAAADwAAAAQAAAABEIAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAiEAAAAAAAAAAAAAAEAAAAEQgAAAAAAAAAAAAAAAAAA',
  u32:
    '/////+gAAAAQAAAAAAAKAA4ABgAFAAgACgAAAAABBAAQAAAAAAAKAAwAAAAEAAgACgAAAGwAAAAEAAAAAQAAAAwAAAAIAAwABAAIAAgAAABIAAAABAAA' +
    'ADgAAAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAAAAAABAAAAcAAAAAEAAAAUAAAAEAAUAAgA' +
    'AAAHAAwAAAAQABAAAAAAAAACEAAAACAAAAAEAAAAAAAAAAYAAAB2b3hlbHMAAAAABgAIAAQABgAAACAAAAAAAAAA/////4gAAAAUAAAAAAAAAAwAFgAG' +
    'AAUACAAMAAwAAAAAAwQAGAAAABAIAQAAAAAAAAAKABgADAAEAAgACgAAADwAAAAQAAAABEIAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAABAIAQAAAAAAAAAAAAEAAAAEQgAAAAAAAAAAAAAAAAAA',
  f32:
    '/////+gAAAAQAAAAAAAKAA4ABgAFAAgACgAAAAABBAAQAAAAAAAKAAwAAAAEAAgACgAAAGwAAAAEAAAAAQAAAAwAAAAIAAwABAAIAAgAAABIAAAABAAA' +
    'ADgAAAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAAAAAABAAAAcAAAAAEAAAAUAAAAEAAUAAgA' +
    'AAAHAAwAAAAQABAAAAAAAAADEAAAACAAAAAEAAAAAAAAAAYAAAB2b3hlbHMAAAAABgAIAAYABgAAAAAAAQAAAAAA/////4gAAAAUAAAAAAAAAAwAFgAG' +
    'AAUACAAMAAwAAAAAAwQAGAAAABAIAQAAAAAAAAAKABgADAAEAAgACgAAADwAAAAQAAAABEIAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAABAIAQAAAAAAAAAAAAEAAAAEQgAAAAAAAAAAAAAAAAAA',};

const prefixes = new Map<VoxelDtype, Uint8Array>();

function prefixOf(dtype: VoxelDtype): Uint8Array {
  let bytes = prefixes.get(dtype);
  if (!bytes) {
    bytes = Uint8Array.from(atob(PREFIX[dtype]), (char) => char.charCodeAt(0));
    prefixes.set(dtype, bytes);
  }
  return bytes;
}

/** Bytes of a TILE frame. */
export function tileFrameBytes(dtype: VoxelDtype): number {
  const texels = STORED_TILE_TEXELS * ITEM_BYTES[dtype];
  return HEADER_BYTES + prefixOf(dtype).byteLength + Math.ceil(texels / 8) * 8 + END.length;
}

/** A TILE frame of these texels; the header's `z` is the plane, `y` the row, `x` the column. */
export function encodeTile(
  dtype: VoxelDtype,
  texels: VoxelArray,
  fields: Omit<FrameHeader, 'type' | 'payloadBytes' | 'checksum'>,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(tileFrameBytes(dtype));
  const prefix = prefixOf(dtype);
  frame.set(prefix, HEADER_BYTES);
  frame.set(new Uint8Array(texels.buffer, texels.byteOffset, texels.byteLength), HEADER_BYTES + prefix.byteLength);
  frame.set(END, frame.byteLength - END.length);
  const payload = frame.subarray(HEADER_BYTES);
  writeHeader(frame, { ...fields, type: FrameType.TILE, payloadBytes: payload.byteLength, checksum: xxh32(payload) });
  return frame;
}
