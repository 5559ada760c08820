import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { xxh32 } from '../../../src/protocol/xxh32.js';

/** The hash as its specification words it: 64-bit arithmetic, no tricks. */
function specified(bytes: Uint8Array, seed: number): number {
  const [P1, P2, P3, P4, P5] = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn, 0x27d4eb2fn, 0x165667b1n];
  const u32 = (n: bigint) => BigInt.asUintN(32, n);
  const rotate = (n: bigint, by: bigint) => u32((n << by) | (n >> (32n - by)));
  const word = (at: number) => BigInt(new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true));
  const s = BigInt(seed);
  let at = 0;
  let h: bigint;
  if (bytes.length >= 16) {
    const lanes = [u32(s + P1 + P2), u32(s + P2), s, u32(s - P1)];
    for (; at + 16 <= bytes.length; at += 16) {
      for (let i = 0; i < 4; i += 1) lanes[i] = u32(rotate(u32((lanes[i] as bigint) + word(at + 4 * i) * P2), 13n) * P1);
    }
    h = u32([1n, 7n, 12n, 18n].reduce((sum, by, i) => sum + rotate(lanes[i] as bigint, by), 0n));
  } else h = u32(s + P5);
  h = u32(h + BigInt(bytes.length));
  for (; at + 4 <= bytes.length; at += 4) h = u32(rotate(u32(h + word(at) * P3), 17n) * P4);
  for (; at < bytes.length; at += 1) h = u32(rotate(u32(h + BigInt(bytes[at] as number) * P5), 11n) * P1);
  h = u32((h ^ (h >> 15n)) * P2);
  h = u32((h ^ (h >> 13n)) * P3);
  return Number(h ^ (h >> 16n));
}

const ascii = (text: string) => new TextEncoder().encode(text);

describe('xxh32', () => {
  // From the reference implementation, by way of Python's xxhash.
  test.each([
    ['', 0, 0x02cc5d05],
    ['', 0x9e3779b1, 0x36b78ae7],
    ['a', 0, 0x550d7456],
    ['abc', 0, 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0, 0xe2293b2f],
  ])('of %j with seed %d', (text, seed, hash) => {
    expect(xxh32(ascii(text), seed)).toBe(hash);
  });

  test('is the specified one for every length and offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(3), fc.nat(0xffffffff), (bytes, offset, seed) => {
        const shifted = new Uint8Array(bytes.length + offset).subarray(offset); // words are read from any alignment
        shifted.set(bytes);
        expect(xxh32(shifted, seed)).toBe(specified(bytes, seed));
      }),
      { numRuns: 500 },
    );
  });
});
