/**
 * LZ4 blocks, without the frames that files have: both ends know the length of what was compressed. A block is a row of sequences: a token of two
 * lengths, literals, and how far back and for how long the bytes before are repeated; the last has literals alone.
 */

import { FrameError } from './frame.js';

const MIN_MATCH = 4;
/** The last match begins at least so many bytes before the end, and the last so many bytes are literals. */
const [MATCH_LIMIT, LAST_LITERALS] = [12, 5];
const MAX_DISTANCE = 65_535;
const HASH_BITS = 14;
/** After so many misses (as a power of two) the search takes longer steps: noise is passed over quickly. */
const SKIP = 6;

/**
 * The block `from`, decompressed so that it fills `into`.
 *
 * @throws FrameError 4400 where it does not, or reaches beyond itself
 */
export function lz4Decode(from: Uint8Array, into: Uint8Array): void {
  const [end, full] = [from.length, into.length];
  let at = 0;
  let out = 0;
  const bad = (what: string): never => {
    throw new FrameError(4400, `LZ4 block of ${end} bytes: ${what} at byte ${at}, after ${out} of ${full}`);
  };
  for (;;) {
    if (at >= end) bad('no token');
    const token = from[at] as number;
    at += 1;
    let length = token >> 4;
    if (length === 15) {
      for (let more = 255; more === 255; at += 1) {
        if (at >= end) bad('a length without an end');
        more = from[at] as number;
        length += more;
      }
    }
    if (length > end - at || length > full - out) bad(`${length} literals`);
    if (length > 32) into.set(from.subarray(at, at + length), out);
    else for (let i = 0; i < length; i += 1) into[out + i] = from[at + i] as number;
    at += length;
    out += length;
    if (at === end) break;
    if (at + 2 > end) bad('half a distance');
    const distance = (from[at] as number) | ((from[at + 1] as number) << 8);
    at += 2;
    if (distance === 0 || distance > out) bad(`distance ${distance}`);
    length = token & 15;
    if (length === 15) {
      for (let more = 255; more === 255; at += 1) {
        if (at >= end) bad('a length without an end');
        more = from[at] as number;
        length += more;
      }
    }
    length += MIN_MATCH;
    if (length > full - out) bad(`${length} repeated bytes`);
    if (distance >= length && length > 32) into.copyWithin(out, out - distance, out - distance + length);
    else for (let i = 0; i < length; i += 1) into[out + i] = into[out + i - distance] as number;
    out += length;
  }
  if (out !== full) bad('the end');
}

/** The most bytes that a block of `bytes` can become. */
export function lz4Bound(bytes: number): number {
  return bytes + Math.ceil(bytes / 255) + 16;
}

/**
 * Compresses `from` into the start of `into`, which has `lz4Bound` bytes: greedily, by a table of where each four bytes were seen last.
 *
 * @returns the length of the block
 */
export function lz4Encode(from: Uint8Array, into: Uint8Array): number {
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  const last = from.length - MATCH_LIMIT;
  const matchEnd = from.length - LAST_LITERALS;
  const four = (i: number) => (from[i] as number) | ((from[i + 1] as number) << 8) | ((from[i + 2] as number) << 16) | ((from[i + 3] as number) << 24);
  let [at, anchor, out, misses] = [0, 0, 0, 0];
  const long = (rest: number) => {
    for (; rest >= 255; rest -= 255) into[out++] = 255;
    into[out++] = rest;
  };
  const literals = (length: number, match: number) => {
    into[out++] = (Math.min(length, 15) << 4) | Math.min(match, 15);
    if (length >= 15) long(length - 15);
    if (length > 32) into.set(from.subarray(anchor, anchor + length), out);
    else for (let i = 0; i < length; i += 1) into[out + i] = from[anchor + i] as number;
    out += length;
  };
  while (at <= last) {
    const value = four(at);
    const slot = Math.imul(value, 0x9e3779b1) >>> (32 - HASH_BITS);
    const seen = table[slot] as number;
    table[slot] = at;
    if (seen < 0 || at - seen > MAX_DISTANCE || four(seen) !== value) {
      misses += 1;
      at += 1 + (misses >> SKIP);
      continue;
    }
    let end = at + MIN_MATCH;
    for (let back = seen + MIN_MATCH; end < matchEnd && from[end] === from[back]; end += 1) back += 1;
    const match = end - at - MIN_MATCH;
    literals(at - anchor, match);
    into[out++] = (at - seen) & 255;
    into[out++] = (at - seen) >> 8;
    if (match >= 15) long(match - 15);
    at = end;
    anchor = end;
    misses = 0;
  }
  literals(from.length - anchor, 0);
  return out;
}
