/** One binary message: a 64-byte little-endian header and a payload. */

import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from './limits.js';
import { xxh32 } from './xxh32.js';

export const HEADER_BYTES = 64;
/** The bytes `VXB1`, read as a little-endian number. */
export const MAGIC = 0x31425856;

/** What a frame is. README.md says who sends which, with what payload. */
export const FrameType = {
  HELLO: 1,
  WELCOME: 2,
  NEED: 3,
  CANCEL: 4,
  BRICK: 5,
  CREDIT: 6,
  ERROR: 7,
  PING: 8,
  PONG: 9,
  VOLUME: 10,
  VOLUME_GONE: 11,
  RANGES: 12,
  SCENE: 13,
  STATUS: 14,
  DONE: 15,
  FILL: 16,
  CHANGED: 17,
  STOP: 18,
  DOWN: 19,
  NEED_TILE: 20,
  CANCEL_TILE: 21,
  TILE: 22,
  HELP: 23,
  LABELS: 24,
  EDIT: 25,
  EDITED: 26,
  UNDO: 27,
  READ: 28,
  REGION: 29,
  CANCEL_EDIT: 30,
  PROGRESS: 31,
  UPLOAD: 32,
  SAVED: 40,
  HISTORY: 41,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];
const TYPES: ReadonlySet<number> = new Set(Object.values(FrameType));

/** Bits of the header's flags. */
export const Flag = {
  /** The voxels are a strided preview, to be replaced by means (images) or modes (labels). */
  PREVIEW: 1,
  /** All voxels are the same, and the payload is one of them. */
  CONSTANT: 2,
  /** The brick is the one that the viewer holds already: no payload. */
  SAME: 4,
  /** The voxels are those of 256 steps between the lowest and the highest, until the true ones are asked for. */
  LOSSY: 8,
} as const;

/** How the payload of a BRICK or TILE was made smaller for its way to one viewer, and what it is without that. */
export interface Coding {
  /** A code of CODEC_CODE. */
  codec: number;
  /** Bytes of the items that were sorted by their first, second, … byte before; 1 where they were not. */
  item: number;
  /** Length and XXH32 of the payload as it was. */
  bytes: number;
  checksum: number;
}

/** The header's fields. Fields that do not belong to a frame's type are 0. */
export interface FrameHeader {
  type: FrameType;
  flags: number;
  volume: number;
  level: number;
  dtype: number;
  z: number;
  y: number;
  x: number;
  generation: number;
  payloadBytes: number;
  checksum: number;
  /** Index of the time point of BRICK and RANGES. */
  time: number;
  /** Present where the payload is coded. */
  coding?: Coding;
}

/** Why a frame was refused; `code` is one of the ERROR codes. */
export class FrameError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'FrameError';
  }
}

/** Writes `header` at the start of `out`, with the header's own checksum. */
export function writeHeader(out: Uint8Array, header: FrameHeader): void {
  const view = new DataView(out.buffer, out.byteOffset, HEADER_BYTES);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, PROTOCOL_VERSION, true);
  view.setUint8(6, header.type);
  view.setUint8(7, header.flags);
  view.setUint32(8, header.volume, true);
  view.setUint8(12, header.level);
  view.setUint8(13, header.dtype);
  const { codec = 0, item = 0, bytes = 0, checksum = 0 } = header.coding ?? {};
  view.setUint8(14, codec);
  view.setUint8(15, item);
  view.setUint32(16, header.z, true);
  view.setUint32(20, header.y, true);
  view.setUint32(24, header.x, true);
  view.setUint32(28, header.generation, true);
  view.setUint32(32, header.payloadBytes, true);
  view.setUint32(36, header.checksum, true);
  view.setUint32(40, header.time, true);
  view.setUint32(44, bytes, true);
  view.setUint32(48, checksum, true);
  for (let at = 52; at < 60; at += 4) view.setUint32(at, 0, true);
  view.setUint32(60, xxh32(out.subarray(0, 60)), true);
}

/**
 * Reads and checks the header of `bytes`, in the order magic, version, header checksum, type, length.
 *
 * @param bytes a frame, or at least its first 64 bytes
 * @param frameBytes the frame's whole length, where `bytes` holds only its start
 * @throws FrameError with code 4400 (bad frame), 4409 (version) or 4413 (too large)
 */
export function readHeader(bytes: Uint8Array, frameBytes = bytes.byteLength): FrameHeader {
  if (frameBytes > MAX_FRAME_BYTES) {
    throw new FrameError(4413, `frame of ${frameBytes} bytes; the limit is ${MAX_FRAME_BYTES}`);
  }
  if (bytes.byteLength < HEADER_BYTES) {
    throw new FrameError(4400, `frame of ${bytes.byteLength} bytes; a header alone has ${HEADER_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new FrameError(4400, `magic 0x${view.getUint32(0, true).toString(16)}; expected 0x${MAGIC.toString(16)}`);
  }
  const version = view.getUint16(4, true);
  if (version !== PROTOCOL_VERSION) {
    throw new FrameError(4409, `protocol version ${version}; this side speaks ${PROTOCOL_VERSION}: update the older one`);
  }
  if (view.getUint32(60, true) !== xxh32(bytes.subarray(0, 60))) throw new FrameError(4400, 'header checksum differs');
  const type = view.getUint8(6);
  if (!TYPES.has(type)) throw new FrameError(4400, `unknown frame type ${type}`);
  const payloadBytes = view.getUint32(32, true);
  if (HEADER_BYTES + payloadBytes !== frameBytes) {
    throw new FrameError(4400, `header says ${payloadBytes} payload bytes; the frame holds ${frameBytes - HEADER_BYTES}`);
  }
  const codec = view.getUint8(14);
  return {
    ...(codec !== 0 && { coding: { codec, item: view.getUint8(15), bytes: view.getUint32(44, true), checksum: view.getUint32(48, true) } }),
    type: type as FrameType,
    flags: view.getUint8(7),
    volume: view.getUint32(8, true),
    level: view.getUint8(12),
    dtype: view.getUint8(13),
    z: view.getUint32(16, true),
    y: view.getUint32(20, true),
    x: view.getUint32(24, true),
    generation: view.getUint32(28, true),
    payloadBytes,
    checksum: view.getUint32(36, true),
    time: view.getUint32(40, true),
  };
}

/** The payload of a whole frame, checked against the header's checksum; a view, not a copy. */
export function readPayload(bytes: Uint8Array, header: FrameHeader): Uint8Array {
  const payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + header.payloadBytes);
  const found = xxh32(payload);
  if (found !== header.checksum) {
    throw new FrameError(4400, `payload checksum ${found}; the header says ${header.checksum}`);
  }
  return payload;
}

/** A frame of `type` around `payload` (copied). */
export function encodeFrame(type: FrameType, payload: Uint8Array, fields: Partial<FrameHeader> = {}): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(HEADER_BYTES + payload.byteLength);
  out.set(payload, HEADER_BYTES);
  writeHeader(out, {
    flags: 0, volume: 0, level: 0, dtype: 0, z: 0, y: 0, x: 0, generation: 0, time: 0,
    ...fields,
    type,
    payloadBytes: payload.byteLength,
    checksum: xxh32(payload),
  });
  return out;
}
