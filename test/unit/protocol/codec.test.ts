/** LZ4 blocks, sorted bytes and previews of 8 bits: there and back, and what is refused. */

import { expect, test } from '@jest/globals';
import { decodePreview, encodePreview, hasPreview, lz4Bound, lz4Decode, lz4Encode, PREVIEW_HEAD, shuffle, unshuffle } from '../../../src/protocol/index.js';
import { SEED, seeded } from '../../seed.js';

function packed(bytes: Uint8Array): Uint8Array {
  const into = new Uint8Array(lz4Bound(bytes.length));
  return into.slice(0, lz4Encode(bytes, into));
}

function unpacked(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  lz4Decode(block, out);
  return out;
}

test('LZ4: every kind of content comes back, and what repeats itself becomes small', () => {
  const chance = seeded(SEED);
  const cases: [Uint8Array, number][] = [];
  for (const length of [0, 1, 4, 5, 11, 12, 13, 14, 15, 16, 18, 19, 20, 270, 271, 65_535, 65_536, 70_000]) {
    cases.push([new Uint8Array(length).fill(7), length < 64 ? length + 16 : length / 20 + 16]);
    cases.push([Uint8Array.from({ length }, () => Math.floor(chance() * 256)), lz4Bound(length)]);
    cases.push([Uint8Array.from({ length }, (_, i) => (i % 300 < 100 ? i * i : i >> 4) & 255), lz4Bound(length)]);
    cases.push([Uint8Array.from({ length }, () => (chance() < 0.9 ? 0 : Math.floor(chance() * 4))), lz4Bound(length)]);
  }
  for (const [bytes, most] of cases) {
    const block = packed(bytes);
    expect(block.length).toBeLessThanOrEqual(most);
    expect(Buffer.compare(unpacked(block, bytes.length), bytes)).toBe(0);
  }
});

test('LZ4: a block that another encoder made', () => {
  // 'abcdabcdabcdabcdabcdabcd' + 'hello': four literals, a match of distance 4, and the last literals.
  const block = Uint8Array.from([0x4f, 0x61, 0x62, 0x63, 0x64, 4, 0, 1, 0x50, 0x68, 0x65, 0x6c, 0x6c, 0x6f]);
  expect(new TextDecoder().decode(unpacked(block, 29))).toBe('abcdabcdabcdabcdabcdabcdhello');
});

test('LZ4: what reaches beyond itself, or ends too early or too late, is refused', () => {
  const block = [0x4f, 0x61, 0x62, 0x63, 0x64, 4, 0, 1, 0x50, 0x68, 0x65, 0x6c, 0x6c, 0x6f];
  const wrong = (bytes: number[], length = 29) => expect(() => unpacked(Uint8Array.from(bytes), length)).toThrow(expect.objectContaining({ code: 4400 }));
  wrong([]);
  for (let cut = 1; cut < block.length; cut += 1) wrong(block.slice(0, cut));
  wrong(block, 28);
  wrong(block, 30);
  for (const distance of [0, 5, 255]) wrong(block.with(5, distance));
  wrong(block.with(6, 255));
  wrong([0xff, 255, 255, 255, 255]);
  wrong([0x0f, ...block.slice(1)]);
});

test('sorted bytes come back', () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => i);
  for (const item of [1, 2, 4]) {
    const [sorted, back] = [new Uint8Array(24), new Uint8Array(24)];
    shuffle(bytes, item, sorted);
    unshuffle(sorted, item, back);
    expect(back).toEqual(bytes);
    if (item === 2) expect([...sorted.slice(0, 4), ...sorted.slice(12, 16)]).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  }
});

test('a preview is within half a step, its ends are true, and what is no number stays none', () => {
  const chance = seeded(SEED);
  for (const [voxels, dtype] of [
    [Uint16Array.from({ length: 1000 }, (_, i) => 300 + i * 61), 'u16'],
    [Uint16Array.from({ length: 1000 }, () => 65_535 * chance()), 'u16'],
    [new Uint16Array(1000).fill(9), 'u16'],
    [Float32Array.from({ length: 1000 }, (_, i) => (i % 7 === 3 ? Number.NaN : (chance() - 0.5) * 1e6)), 'f32'],
    [new Float32Array(1000).fill(Number.NaN), 'f32'],
  ] as const) {
    const bytes = new Uint8Array(PREVIEW_HEAD + voxels.length);
    encodePreview(voxels, bytes);
    const seen = decodePreview(bytes, dtype, voxels.length);
    const numbers = Array.from(voxels).filter((v) => !Number.isNaN(v));
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const most = numbers.length > 0 ? (high - low) / 508 + (dtype === 'u16' ? 0.5 : high * 1e-6) : 0;
    for (const [i, value] of voxels.entries()) {
      if (Number.isNaN(value)) expect(seen[i]).toBeNaN();
      else expect(Math.abs((seen[i] as number) - value)).toBeLessThanOrEqual(most);
      if (value === low || value === high) expect(seen[i]).toBe(value);
    }
  }
  expect((['u8', 'u16', 'u32', 'f32'] as const).map(hasPreview)).toEqual([false, true, false, true]);
});

test('previews that cannot be are refused', () => {
  const preview = (low: number, high: number, ...steps: number[]) => {
    const bytes = new Uint8Array(PREVIEW_HEAD + steps.length);
    new DataView(bytes.buffer).setFloat32(0, low, true);
    new DataView(bytes.buffer).setFloat32(4, high, true);
    bytes.set(steps, PREVIEW_HEAD);
    return bytes;
  };
  expect([...decodePreview(preview(0, 254, 0, 1, 254), 'u16', 3)]).toEqual([0, 1, 254]);
  for (const [bytes, dtype, count] of [
    [preview(0, 254, 0), 'u16', 2], [preview(0, 254, 255), 'u16', 1], [preview(2, 1, 0), 'f32', 1], [preview(Number.NaN, 1, 0), 'f32', 1],
    [preview(0, Number.POSITIVE_INFINITY, 0), 'f32', 1], [preview(-1, 1, 0), 'u16', 1], [preview(0, 65_536, 0), 'u16', 1], [preview(0, 1, 0), 'u8', 1],
    [preview(-3e38, 3e38, 0).subarray(0, 4), 'f32', 1],
  ] as const) expect(() => decodePreview(bytes, dtype, count)).toThrow(expect.objectContaining({ code: 4400 }));
});
