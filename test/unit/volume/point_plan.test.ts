import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import type { BrickKey, Vec3 } from '../../../src/volume/geometry.js';
import { childrenOf } from '../../../src/volume/lod_plan.js';
import { planPoints, SPACING_PIXELS, type WorldBox } from '../../../src/volume/point_plan.js';

const edges = fc.integer({ min: 1, max: 6 }).map((n) => 64 * n);
const shapes = fc.tuple(edges, edges, edges);

/** A unit box cut as evenly as the keys say. */
function boxIn(numbering: BrickNumbering) {
  return ({ level, z, y, x }: BrickKey): WorldBox => {
    const grid = numbering.grid(level);
    const at = [x, y, z];
    const size = [grid[2], grid[1], grid[0]];
    return { min: at.map((i, a) => i / size[a]!) as unknown as Vec3, max: at.map((i, a) => (i + 1) / size[a]!) as unknown as Vec3 };
  };
}

/** The brick above, if any. */
const above = ({ level, z, y, x }: BrickKey): BrickKey => ({ level: level + 1, z: z >> 1, y: y >> 1, x: x >> 1 });

test('a plan keeps within its slots, holds what is above each brick that may show something, and puts it first', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 2, max: 7 }), (shape, slots, pixels, sieve) => {
      const numbering = new BrickNumbering(shape);
      const pack = ({ level, z, y, x }: BrickKey) => numbering.pack(level, z, y, x);
      const isEmpty = (key: BrickKey) => pack(key) % sieve === 1;
      const plan = planPoints({ numbering, boxOf: boxIn(numbering), isEmpty, see: () => ({ pixels, weight: 1 }), rows: 100, slots });
      expect(plan.bricks.length).toBeLessThanOrEqual(slots);
      expect(plan.numbers.size).toBe(plan.bricks.length);
      const place = new Map(plan.bricks.map((brick, i) => [pack(brick), i]));
      for (const brick of plan.bricks) {
        expect(isEmpty(brick)).toBe(false);
        if (brick.level === numbering.levels - 1) continue;
        const parent = above(brick);
        if (!isEmpty(parent)) expect(place.get(pack(parent))).toBeLessThan(place.get(pack(brick)) as number);
      }
    }),
    { numRuns: 200 },
  );
});

test('with slots enough every brick in view is refined until its points stand close', () => {
  const numbering = new BrickNumbering([256, 256, 256]);
  const boxOf = boxIn(numbering);
  const left = (box: WorldBox) => (box.min[0] < 0.5 ? { pixels: 20, weight: 1 } : undefined);
  const plan = planPoints({ numbering, boxOf, isEmpty: () => false, see: left, rows: 100, slots: 10_000 });
  const spacing = (key: BrickKey) => {
    const { min, max } = boxOf(key);
    return (20 * Math.hypot(...min.map((n, i) => (max[i] as number) - n))) / 10;
  };
  expect(spacing({ level: 2, z: 0, y: 0, x: 0 })).toBeGreaterThan(SPACING_PIXELS); // 3.46 pixels for the whole, 1.73 and 0.87 below
  expect(plan.bricks.map(({ level }) => level)).toEqual([2, ...Array<number>(4).fill(1), ...Array<number>(32).fill(0)]);
  expect(plan.bricks.filter(({ level }) => level === 1)).toHaveLength(childrenOf(numbering, { level: 2, z: 0, y: 0, x: 0 }).length / 2);
});

test('nothing is planned of a cloud whose boxes are not known yet, or that is out of view', () => {
  const numbering = new BrickNumbering([128, 64, 64]);
  const input = { numbering, isEmpty: () => false, rows: 10, slots: 9 };
  expect(planPoints({ ...input, boxOf: () => undefined, see: () => ({ pixels: 1, weight: 1 }) })).toMatchObject({ bricks: [], unknown: 1 });
  expect(planPoints({ ...input, boxOf: boxIn(numbering), see: () => undefined })).toMatchObject({ bricks: [], unknown: 0 });
});

test('a plan counts the bricks of which it is not known where they are: it is not whole before', () => {
  const numbering = new BrickNumbering([128, 128, 128]);
  const boxOf = boxIn(numbering);
  const told = (key: BrickKey) => (key.level === 1 || key.x === 0 ? boxOf(key) : undefined);
  const input = { numbering, isEmpty: () => false, see: () => ({ pixels: 1000, weight: 1 }), rows: 10, slots: 99 };
  expect(planPoints({ ...input, boxOf: told })).toMatchObject({ unknown: 4, bricks: { length: 5 } });
  expect(planPoints({ ...input, boxOf })).toMatchObject({ unknown: 0, bricks: { length: 9 } });
});
