import { describe, expect, test } from '@jest/globals';
import { decodeHead, encodeEntry, ENTRY_BYTES, entryOffset, HEAD_BYTES, PACK_ENTRIES, type PackEntry, packEnd, packMagic } from '../../../src/session/pack_format.js';

const entry = (i: number): PackEntry => ({
  scope: i.toString(16).padStart(32, 'a'), key: { level: i % 5, z: i, y: 2 ** 32 - 1 - i, x: 7 * i, ...(i % 2 && { time: i }) },
  offset: HEAD_BYTES + 1000 * i, bytes: 1000, written: 1.7e12 + i,
});
function head(count: number): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  bytes.set(packMagic());
  for (let i = 0; i < count; i += 1) bytes.set(encodeEntry(entry(i)), entryOffset(i));
  return bytes;
}

describe('the head of a pack', () => {
  test('gives back what was written, in order, and where to go on', () => {
    for (const count of [0, 1, 37, PACK_ENTRIES]) {
      const { entries, next } = decodeHead(head(count));
      expect(entries).toEqual(Array.from({ length: count }, (_, i) => entry(i)));
      expect(next).toBe(count);
      expect(packEnd(entries)).toBe(HEAD_BYTES + 1000 * count);
    }
  });

  test('no flipped bit of an entry gives another entry: that one is left out, and its place is not used again', () => {
    for (let bit = 0; bit < 8 * ENTRY_BYTES; bit += 1) {
      const bytes = head(3);
      const at = entryOffset(1) + (bit >> 3);
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      const { entries, next } = decodeHead(bytes);
      expect(entries).toEqual([entry(0), entry(2)]);
      expect(next).toBe(3);
    }
  });

  test('a file that is no pack, or ends early, has no entries and takes none', () => {
    const other = head(3);
    other[0] = 0;
    expect(decodeHead(other)).toEqual({ entries: [], next: PACK_ENTRIES });
    expect(decodeHead(head(3).subarray(0, HEAD_BYTES - 1))).toEqual({ entries: [], next: PACK_ENTRIES });
  });
});
