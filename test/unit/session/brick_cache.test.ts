import { describe, expect, test } from '@jest/globals';
import { BrickCache, inBoxes } from '../../../src/session/brick_cache.js';
import type { Brick } from '../../../src/session/types.js';

const KB = 1024;
const brick = (x: number, generation = 1, volume = 1): Brick => ({
  volume, level: 0, z: 0, y: 0, x, generation, preview: generation === 0, dtype: 'u8', voxels: new Uint8Array(KB),
});
const key = (x: number) => ({ level: 0, z: 0, y: 0, x });

describe('BrickCache', () => {
  test('stays under its budget; the least recently used goes first', () => {
    const cache = new BrickCache(3 * KB);
    for (const x of [1, 2, 3]) cache.put(brick(x));
    cache.fresh(1, key(1));
    cache.put(brick(4));
    expect([1, 2, 3, 4].map((x) => cache.peek(1, key(x)) !== undefined)).toEqual([true, false, true, true]);
    expect(cache.bytes).toBe(3 * KB);
  });

  test('the peak is never over the bound; a brick larger than all of it is not kept; another bound holds at once', () => {
    const cache = new BrickCache(3 * KB);
    for (let x = 0; x < 50; x += 1) cache.put(brick(x));
    expect(cache.peak).toBe(3 * KB);
    cache.limit(KB);
    expect([cache.bytes, cache.peak]).toEqual([KB, KB]);
    expect(cache.peek(1, key(49))).toBeDefined();
    cache.limit(KB - 1);
    expect(cache.put(brick(50)).x).toBe(50);
    expect([cache.bytes, cache.peak]).toEqual([0, 0]);
  });

  test('looking is not using', () => {
    const cache = new BrickCache(2 * KB);
    for (const x of [1, 2]) cache.put(brick(x));
    cache.peek(1, key(1));
    cache.put(brick(3));
    expect(cache.peek(1, key(1))).toBeUndefined();
  });

  test('a newer generation replaces, an older one does not, and bytes are counted once', () => {
    const cache = new BrickCache(9 * KB);
    cache.put(brick(1, 1));
    const newer = brick(1, 2);
    expect(cache.put(newer)).toBe(newer);
    expect(cache.put(brick(1, 1))).toBe(newer);
    expect(cache.bytes).toBe(KB);
  });

  test('what is out of date can still be looked at, and anything replaces it', () => {
    const cache = new BrickCache(9 * KB);
    cache.put(brick(1, 5));
    cache.outdate(1, (b) => inBoxes(b, [[0, 0, 0, 1, 1, 1, 2]]));
    expect([cache.fresh(1, key(1)), cache.peek(1, key(1))?.generation]).toEqual([undefined, 5]);
    const remade = brick(1, 1);
    expect(cache.put(remade)).toBe(remade);
    expect(cache.fresh(1, key(1))).toBe(remade);
  });

  test('a dropped volume leaves the others', () => {
    const cache = new BrickCache(9 * KB);
    cache.put(brick(1));
    cache.put(brick(1, 1, 2));
    cache.drop(1);
    expect([cache.peek(1, key(1)), cache.peek(2, key(1))?.volume, cache.bytes]).toEqual([undefined, 2, KB]);
  });

  test('boxes are half open', () => {
    const boxes = [[1, 0, 0, 2, 1, 1, 4]] as const;
    expect([1, 2, 3, 4].map((x) => inBoxes({ level: 1, z: 0, y: 0, x }, boxes))).toEqual([false, true, true, false]);
    expect(inBoxes({ level: 0, z: 0, y: 0, x: 2 }, boxes)).toBe(false);
  });
});
