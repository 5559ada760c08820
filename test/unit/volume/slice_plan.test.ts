import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import type { Vec3, VolumeGeometry } from '../../../src/volume/geometry.js';
import { bricksInBox, planSlice, sliceLevel } from '../../../src/volume/slice_plan.js';

const geometry: VolumeGeometry = { shape: [300, 400, 500], voxelSize: [2, 1, 1], origin: [0, 0, 0] };
const numbering = new BrickNumbering(geometry.shape);

test('the level is that where a voxel is about a pixel', () => {
  expect([0.2, 1, 1.9, 2, 4.1, 100].map((size) => sliceLevel(geometry, 4, size))).toEqual([0, 0, 0, 1, 2, 3]);
});

test('a level in use is kept near its border', () => {
  expect(sliceLevel(geometry, 4, 2.02, 0)).toBe(0);
  expect(sliceLevel(geometry, 4, 1.98, 1)).toBe(1);
  expect(sliceLevel(geometry, 4, 2.4, 0)).toBe(1);
});

test('a slice wants the bricks that cross it, all of them, and each one’s ancestors', () => {
  const at = fc.record({
    z: fc.double({ min: 0, max: 590, noNaN: true }),
    x: fc.double({ min: 0, max: 480, noNaN: true }),
    y: fc.double({ min: 0, max: 380, noNaN: true }),
    size: fc.double({ min: 0.1, max: 20, noNaN: true }),
    slots: fc.integer({ min: 5, max: 400 }),
  });
  fc.assert(
    fc.property(at, ({ z, x, y, size, slots }) => {
      const [min, max]: [Vec3, Vec3] = [[x - 100 * size, y - 80 * size, z], [x + 100 * size, y + 80 * size, z]];
      const plan = planSlice({ geometry, numbering, min, max, pixelSize: size, slots });
      expect(plan.bricks.length).toBeLessThanOrEqual(slots);
      const { from, to } = bricksInBox(geometry, numbering, plan.finest, min, max);
      for (let by = from[1]; by < to[1]; by += 1) {
        for (let bx = from[2]; bx < to[2]; bx += 1) {
          expect(plan.numbers.has(numbering.pack(plan.finest, from[0], by, bx))).toBe(true);
        }
      }
      for (const b of plan.bricks) {
        if (b.level === numbering.levels - 1) continue;
        expect(plan.numbers.has(numbering.pack(b.level + 1, b.z >> 1, b.y >> 1, b.x >> 1))).toBe(true);
      }
    }),
  );
});

test('too few slots give a coarser level', () => {
  const box = { min: [0, 0, 100] as Vec3, max: [500, 400, 100] as Vec3 };
  const fine = planSlice({ geometry, numbering, ...box, pixelSize: 1, slots: 500 });
  const coarse = planSlice({ geometry, numbering, ...box, pixelSize: 1, slots: 30 });
  expect(fine.finest).toBe(0);
  expect(coarse.finest).toBeGreaterThan(0);
  expect(coarse.demand).toBe(fine.demand);
});

test('a slice beside the volume wants the coarsest brick alone', () => {
  const plan = planSlice({ geometry, numbering, min: [0, 0, 900], max: [500, 400, 900], pixelSize: 1, slots: 100 });
  expect(plan.bricks).toHaveLength(1);
});
