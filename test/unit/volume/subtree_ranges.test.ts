import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { brickGrid, levelCount, type Vec3 } from '../../../src/volume/geometry.js';
import { BrickRanges } from '../../../src/volume/ranges.js';

const shape: Vec3 = [150, 90, 200];
const keys = Array.from({ length: levelCount(shape) }, (_, level) => {
  const [nz, ny, nx] = brickGrid(shape, level);
  return Array.from({ length: nz * ny * nx }, (_, i) => ({ level, z: Math.floor(i / (ny * nx)), y: Math.floor(i / nx) % ny, x: i % nx }));
}).flat();
type Row = (typeof keys)[number] & { min: number; max: number };
const rowsOf = (rows: readonly Row[]) => ({
  level: Uint8Array.from(rows, (r) => r.level), z: Uint32Array.from(rows, (r) => r.z), y: Uint32Array.from(rows, (r) => r.y),
  x: Uint32Array.from(rows, (r) => r.x), min: Float32Array.from(rows, (r) => r.min), max: Float32Array.from(rows, (r) => r.max),
});
const within = (a: (typeof keys)[number], b: (typeof keys)[number]) =>
  b.level <= a.level && [b.z >> (a.level - b.level), b.y >> (a.level - b.level), b.x >> (a.level - b.level)].join() === [a.z, a.y, a.x].join();

test('a subtree has the range of all bricks in it, once all of them are known, in whatever order they come', () => {
  const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 9 })), { minLength: keys.length, maxLength: keys.length });
  fc.assert(
    fc.property(fc.shuffledSubarray(keys, { minLength: keys.length - 3 }), values, (told, range) => {
      const rows = told.map((key, i) => ({ ...key, min: range[i]?.[0] as number, max: (range[i]?.[0] as number) + (range[i]?.[1] as number) }));
      const ranges = new BrickRanges(shape);
      for (let i = 0; i < rows.length; i += 5) ranges.apply(rowsOf(rows.slice(i, i + 5)));
      for (const key of keys) {
        const below = keys.filter((k) => within(key, k));
        const known = rows.filter((row) => within(key, row));
        const expected = known.length < below.length ? undefined : { min: Math.min(...known.map((r) => r.min)), max: Math.max(...known.map((r) => r.max)) };
        expect(ranges.subtree(key)).toEqual(expected);
      }
    }),
    { numRuns: 40 },
  );
});

test('a brick told twice counts once, and a huge volume takes no table for its finest levels', () => {
  const small = new BrickRanges([64, 64, 64]);
  small.apply(rowsOf([{ level: 0, z: 0, y: 0, x: 0, min: 3, max: 5 }]));
  small.apply(rowsOf([{ level: 0, z: 0, y: 0, x: 0, min: 4, max: 9 }]));
  expect(small.subtree({ level: 0, z: 0, y: 0, x: 0 })).toEqual({ min: 3, max: 9 });
  const huge = new BrickRanges([2 ** 20, 2 ** 20, 2 ** 20]);
  huge.apply(rowsOf([{ level: 0, z: 16383, y: 16383, x: 16383, min: 1, max: 2 }]));
  expect(huge.get({ level: 0, z: 16383, y: 16383, x: 16383 })).toEqual({ min: 1, max: 2 });
  expect(huge.subtree({ level: 0, z: 16383, y: 16383, x: 16383 })).toBeUndefined();
});
