/**
 * A pack: one file of the browser's storage that holds bricks. A head of fixed size lists its records, the records follow:
 * whole frames, as they came. Every entry of the head and every frame carry a checksum, so what a crash or a disk left
 * half written or changed is found out when it is read. Pure.
 */

import type { BrickKey } from '../volume/geometry.js';
import { xxh32 } from '../protocol/xxh32.js';

/** The bytes `VXP2`. */
const MAGIC = 0x32505856;
const MAGIC_BYTES = 64;
export const ENTRY_BYTES = 64;
/** Records of a pack, at most: bricks fill it before, small tiles do not. */
export const PACK_ENTRIES = 512;
/** Where the first record begins. */
export const HEAD_BYTES = MAGIC_BYTES + PACK_ENTRIES * ENTRY_BYTES;
/** The largest a pack gets. */
export const PACK_BYTES = 32 * 2 ** 20;

/** One record: whose brick it is, which one, and where it stands. No bytes: what is older of that scope is void. */
export interface PackEntry {
  /** 16 bytes in hexadecimal. */
  readonly scope: string;
  readonly key: BrickKey;
  readonly offset: number;
  readonly bytes: number;
  /** When it was written, in ms since 1970. */
  readonly written: number;
}

/** The first bytes of a new pack. */
export function packMagic(): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(MAGIC_BYTES);
  new DataView(out.buffer).setUint32(0, MAGIC, true);
  return out;
}

/** Where the entry of a number stands. */
export const entryOffset = (index: number): number => MAGIC_BYTES + index * ENTRY_BYTES;

/** An entry as it is written. */
export function encodeEntry({ scope, key, offset, bytes, written }: PackEntry): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(out.buffer);
  for (let i = 0; i < 16; i += 1) out[i] = Number.parseInt(scope.slice(2 * i, 2 * i + 2), 16);
  const numbers = [key.level, key.z, key.y, key.x, key.time ?? 0, offset, bytes];
  for (const [i, n] of numbers.entries()) view.setUint32(16 + 4 * i, n, true);
  view.setFloat64(48, written, true);
  view.setUint32(60, xxh32(out.subarray(0, 60)), true);
  return out;
}

/**
 * The entries of a pack's head, in the order in which they were written, and the number of the next one. Entries that
 * fail their checks are left out; a file that is no pack has none, and is full.
 */
export function decodeHead(head: Uint8Array): { entries: PackEntry[]; next: number } {
  if (head.byteLength < HEAD_BYTES) return { entries: [], next: PACK_ENTRIES };
  const view = new DataView(head.buffer, head.byteOffset, HEAD_BYTES);
  if (view.getUint32(0, true) !== MAGIC) return { entries: [], next: PACK_ENTRIES };
  const entries: PackEntry[] = [];
  let next = 0;
  for (let index = 0; index < PACK_ENTRIES; index += 1) {
    const at = entryOffset(index);
    const bytes = head.subarray(at, at + ENTRY_BYTES);
    if (bytes.some((byte) => byte !== 0)) next = index + 1;
    if (view.getUint32(at + 60, true) !== xxh32(bytes.slice(0, 60))) continue;
    const number = (i: number) => view.getUint32(at + 16 + 4 * i, true);
    const scope = [...bytes.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const time = number(4);
    const key: BrickKey = { level: number(0), z: number(1), y: number(2), x: number(3), ...(time > 0 && { time }) };
    entries.push({ scope, key, offset: number(5), bytes: number(6), written: view.getFloat64(at + 48, true) });
  }
  return { entries, next };
}

/** Where the next record of a pack begins. */
export function packEnd(entries: readonly PackEntry[]): number {
  return entries.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes), HEAD_BYTES);
}
