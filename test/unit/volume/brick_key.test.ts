import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MaxHeap } from '../../../src/volume/binary_heap.js';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import { brickCount, brickGrid, levelCount, type Vec3 } from '../../../src/volume/geometry.js';

const shapes = fc.tuple(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 700 }));

test('every brick has its own number, from 0 to the count, and back', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const numbering = new BrickNumbering(shape);
      const seen = new Set<number>();
      for (let level = 0; level < levelCount(shape); level += 1) {
        const [nz, ny, nx] = brickGrid(shape, level);
        for (let z = 0; z < nz; z += 1) {
          for (let y = 0; y < ny; y += 1) {
            for (let x = 0; x < nx; x += 1) {
              const number = numbering.pack(level, z, y, x);
              seen.add(number);
              expect(numbering.unpack(number)).toEqual({ level, z, y, x });
            }
          }
        }
      }
      expect(seen.size).toBe(brickCount(shape));
      expect(Math.max(...seen)).toBe(seen.size - 1);
    }),
    { numRuns: 40 },
  );
});

test('a brick of an exabyte volume is numbered exactly', () => {
  const shape: Vec3 = [2 ** 20, 2 ** 20, 2 ** 20];
  const numbering = new BrickNumbering(shape);
  const key = { level: 0, z: 16383, y: 12345, x: 6789 };
  expect(numbering.unpack(numbering.pack(0, key.z, key.y, key.x))).toEqual(key);
});

test('a volume of more bricks than a double counts is refused by its shape', () => {
  expect(() => new BrickNumbering([2 ** 31, 2 ** 31, 2 ** 31])).toThrow(/2147483648 x 2147483648 x 2147483648/);
});

test('the heap gives items by falling weight', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 })), (given) => {
      const weights = given.map((w) => w + 0); // -0 is 0
      const heap = new MaxHeap();
      weights.forEach((w, i) => {
        heap.push(i, w);
      });
      expect(heap.size).toBe(weights.length);
      const out: number[] = [];
      for (let i = heap.pop(); i !== undefined; i = heap.pop()) out.push(weights[i] as number);
      expect(out).toEqual([...weights].sort((a, b) => b - a));
    }),
  );
});

test('bricks of time points have numbers of their own, and an exabyte leaves room for a thousand', () => {
  const shape: Vec3 = [2 ** 20, 2 ** 20, 2 ** 20];
  const numbering = new BrickNumbering(shape, 999);
  const corner = { level: 0, z: 16383, y: 16383, x: 16383 };
  const number = numbering.pack(corner.level, corner.z, corner.y, corner.x);
  expect(number).toBe(1000 * numbering.bricks - 1);
  expect(numbering.unpack(number)).toEqual({ ...corner, time: 999 });
  expect(numbering.packKey({ ...corner, time: 999 })).toBe(number);
  expect(numbering.unpack(numbering.packKey(corner))).toEqual(corner);
  expect([numbering.owns(number), numbering.owns(number + 1), numbering.owns(numbering.packKey(corner))]).toEqual([true, false, false]);
  expect(() => new BrickNumbering(shape, 2 ** 20)).toThrow('time point 1048576');
});
