import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Vec3 } from '../../../src/volume/geometry.js';
import { hasBrick, levelCount } from '../../../src/volume/geometry.js';
import { brickAt, linearIn, nearestIn, positionInBrick } from '../../../src/volume/sample.js';
import { makeLevel, TestVolume } from '../../browser/renderer_volume.js';

const shape: Vec3 = [130, 96, 70];
const ramp = new TestVolume(1, 'f32', 'image', makeLevel(shape, 'f32', (z, y, x) => 100 + 5 * z + 3 * y + 2 * x));
const labels = new TestVolume(2, 'u16', 'labels', makeLevel(shape, 'u16', (z, y, x) => (z * 7 + y * 3 + x) % 1000));

// Axes of odd length end in a coarse voxel whose mean is of fewer voxels: the outer coarse voxel is left out.
const inner = (n: number, level: number) => fc.double({ min: 2 ** level, max: n - 1 - 2 ** (level + 1), noNaN: true });

test('a linear ramp reads the same at a place on every level', () => {
  for (let level = 0; level < levelCount(shape); level += 1) {
    fc.assert(
      fc.property(inner(130, level), inner(96, level), inner(70, level), (z, y, x) => {
        const key = brickAt(level, [z, y, x]);
        expect(hasBrick(shape, key)).toBe(true);
        expect(linearIn(ramp.brick(key).voxels, key, [z, y, x])).toBeCloseTo(100 + 5 * z + 3 * y + 2 * x, 3);
      }),
    );
  }
});

test('at a voxel’s centre both ways of reading give the voxel', () => {
  const index = (n: number) => fc.integer({ min: 0, max: n - 1 });
  fc.assert(
    fc.property(index(130), index(96), index(70), (z, y, x) => {
      const key = brickAt(0, [z, y, x]);
      const voxels = labels.brick(key).voxels;
      expect(nearestIn(voxels, key, [z, y, x])).toBe((z * 7 + y * 3 + x) % 1000);
      expect(linearIn(voxels, key, [z, y, x])).toBe((z * 7 + y * 3 + x) % 1000);
    }),
  );
});

test('a position lies within its stored brick, its neighbours too', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 }), inner(130, 0), inner(96, 0), inner(70, 0), (level, z, y, x) => {
      for (const p of positionInBrick(brickAt(level, [z, y, x]), [z, y, x])) {
        expect(p).toBeGreaterThanOrEqual(0.5);
        expect(p).toBeLessThan(64.5);
      }
    }),
  );
});

test('a voxel that is not a number is not mixed away', () => {
  const holed = new TestVolume(3, 'f32', 'image', makeLevel([64, 64, 64], 'f32', (z, y, x) => (z === 10 && y === 10 && x === 10 ? Number.NaN : 1)));
  const key = { level: 0, z: 0, y: 0, x: 0 };
  expect(linearIn(holed.brick(key).voxels, key, [10.4, 10, 10])).toBeNaN();
  expect(linearIn(holed.brick(key).voxels, key, [12, 12, 12])).toBe(1);
});
