/**
 * TILE and BRICK frames, made without Arrow's library: what stands around the voxels is a constant of the dtype and their number. The
 * constants are what pyarrow writes for a batch of STORED_TILE_TEXELS rows; for another number of rows only the numbers in them differ.
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

const prefixes = new Map<string, Uint8Array>();

/** What stands before `rows` voxels. */
function prefixOf(dtype: VoxelDtype, rows: number): Uint8Array {
  let bytes = prefixes.get(`${dtype} ${rows}`);
  if (!bytes) {
    bytes = Uint8Array.from(atob(PREFIX[dtype]), (char) => char.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const item = ITEM_BYTES[dtype];
    const numbers = new Map([STORED_TILE_TEXELS, STORED_TILE_TEXELS * item, padded(STORED_TILE_TEXELS * item)].map((n, i) => [n, [rows, rows * item, padded(rows * item)][i] as number]));
    for (let at = 0; at + 8 <= bytes.byteLength; at += 4) {
      const number = numbers.get(view.getUint32(at, true));
      if (number !== undefined && view.getUint32(at + 4, true) === 0) view.setUint32(at, number, true);
    }
    prefixes.set(`${dtype} ${rows}`, bytes);
  }
  return bytes;
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Where the voxels begin in a frame. */
export function voxelsAt(dtype: VoxelDtype): number {
  return HEADER_BYTES + prefixOf(dtype, STORED_TILE_TEXELS).byteLength;
}

/** Bytes of a frame of `rows` voxels. */
export function voxelFrameBytes(dtype: VoxelDtype, rows: number): number {
  return voxelsAt(dtype) + padded(rows * ITEM_BYTES[dtype]) + END.length;
}

/** Completes a frame of exactly its length, in which `rows` voxels stand at `voxelsAt`. */
export function sealVoxels(frame: Uint8Array, dtype: VoxelDtype, rows: number, fields: Omit<FrameHeader, 'payloadBytes' | 'checksum'>): void {
  frame.set(prefixOf(dtype, rows), HEADER_BYTES);
  frame.fill(0, voxelsAt(dtype) + rows * ITEM_BYTES[dtype], frame.byteLength - END.length);
  frame.set(END, frame.byteLength - END.length);
  const payload = frame.subarray(HEADER_BYTES);
  writeHeader(frame, { ...fields, payloadBytes: payload.byteLength, checksum: xxh32(payload) });
}

/** Bytes of a TILE frame. */
export function tileFrameBytes(dtype: VoxelDtype): number {
  return voxelFrameBytes(dtype, STORED_TILE_TEXELS);
}

/** A TILE frame of these texels; the header's `z` is the plane, `y` the row, `x` the column. */
export function encodeTile(
  dtype: VoxelDtype,
  texels: VoxelArray,
  fields: Omit<FrameHeader, 'type' | 'payloadBytes' | 'checksum'>,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(tileFrameBytes(dtype));
  frame.set(new Uint8Array(texels.buffer, texels.byteOffset, texels.byteLength), voxelsAt(dtype));
  sealVoxels(frame, dtype, STORED_TILE_TEXELS, { ...fields, type: FrameType.TILE });
  return frame;
}
