import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_OPACITY_POINTS, isClear, logSteepness, type OpacityPoint, opacityAt, opacityOfStep, placeOfShare, shareOfPlace, windowShare,
} from '../../../src/volume/opacity.js';

const points = fc
  .array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0, 0.2, 0.7)), { minLength: 1, maxLength: 6 })
  .map((list) => list.sort((a, b) => a[0] - b[0]) as OpacityPoint[]);

test('opacity is linear between points and level beyond them', () => {
  const list: OpacityPoint[] = [[0.2, 0], [0.6, 0.4], [0.8, 0.1]];
  expect([0, 0.2, 0.4, 0.6, 0.7, 1].map((t) => opacityAt(list, t))).toEqual([0, 0, expect.closeTo(0.2), 0.4, expect.closeTo(0.25), 0.1]);
});

test('a range is clear exactly where neither its ends nor a point between them have an opacity', () => {
  const place = fc.oneof(fc.double({ min: -0.1, max: 1.1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 1));
  const some = fc.oneof(points, fc.constantFrom<OpacityPoint[]>([], [[0.5, 0], [0.5, 0.4], [1, 0.4]], [[0, 0.3], [0.25, 0], [0.5, 0]]));
  fc.assert(
    fc.property(some, place, place, (list, a, b) => {
      const range = { min: Math.min(a, b), max: Math.max(a, b) };
      const [from, to] = [range.min, range.max].map((t) => Math.min(Math.max(t, 0), 1)) as [number, number];
      const between = list.filter(([t]) => t >= from && t <= to).map(([, opacity]) => opacity);
      const most = Math.max(opacityAt(list, from), opacityAt(list, to), ...between);
      expect(isClear({ window: [0, 1], points: list, mode: 'dvr' }, range)).toBe(most <= 0);
    }),
    { numRuns: 2000 },
  );
});

test('a brick that is called clear has no opaque value', () => {
  const value = fc.double({ min: -100, max: 1100, noNaN: true });
  fc.assert(
    fc.property(points, value, value, fc.double({ min: 0, max: 1, noNaN: true }), (list, a, b, f) => {
      const range = { min: Math.min(a, b), max: Math.max(a, b) };
      if (!isClear({ window: [0, 1000], points: list, mode: 'dvr' }, range)) return;
      const t = Math.min(Math.max((range.min + f * (range.max - range.min)) / 1000, 0), 1);
      expect(opacityAt(list, t)).toBeLessThanOrEqual(1e-12);
    }),
  );
});

test('a range that is no number is not called clear', () => {
  expect(isClear({ window: [0, 1], points: [[0, 0], [0.5, 0], [1, 1]], mode: 'dvr' }, { min: Number.NaN, max: Number.NaN })).toBe(false);
});

test('what has nothing finite is clear; a maximum below the window is clear in a maximum projection', () => {
  const display = { window: [100, 200] as const, points: [[0, 1], [1, 1]] as OpacityPoint[], mode: 'mip' as const };
  expect(isClear(display, { min: 1, max: 0 })).toBe(true);
  expect(isClear(display, { min: 0, max: 100 })).toBe(true);
  expect(isClear(display, { min: 0, max: 101 })).toBe(false);
  expect(isClear({ ...display, mode: 'dvr' }, { min: 0, max: 50 })).toBe(false);
});

test('steps of parts add up to the whole', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.integer({ min: 1, max: 50 }), (opacity, parts) => {
      expect(1 - (1 - opacityOfStep(opacity, 1 / parts)) ** parts).toBeCloseTo(opacity, 9);
    }),
  );
});

test('an empty window is a threshold, and a reversed one turns', () => {
  expect([windowShare([5, 5], 4), windowShare([5, 5], 5), windowShare([10, 0], 2)]).toEqual([0, 1, 0.8]);
});

test('a logarithmic window: each decade the same width; from 0 or below by an offset logarithm; at most three decades', () => {
  const at = (window: readonly [number, number], value: number) => placeOfShare(windowShare(window, value), logSteepness(window));
  expect([1, 10, 100, 1000].map((value) => at([1, 1000], value))).toEqual([0, 1 / 3, 2 / 3, 1].map((t) => expect.closeTo(t, 9)));
  expect(at([0, 1000], 0)).toBe(0);
  expect(at([0, 1000], 10)).toBeCloseTo(Math.log(11) / Math.log(1001), 9);
  expect(at([-500, 500], -490)).toBeCloseTo(Math.log(11) / Math.log(1001), 9);
  expect(logSteepness([1, 1e9])).toBe(1000);
  expect(at([7, 7], 8)).toBe(1);
  expect(at([100, 1], 10)).toBeCloseTo(0.5, 9);
  const window = fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(window, fc.double({ min: 0, max: 1, noNaN: true }), (w, share) => {
      const steepness = logSteepness(w);
      expect(shareOfPlace(placeOfShare(share, steepness), steepness)).toBeCloseTo(share, 6);
    }),
  );
});

test('a logarithmic window is clear where its points say so at the places of the logarithm', () => {
  const display = { window: [1, 1000] as const, points: [[0, 0], [0.6, 0], [1, 1]] as OpacityPoint[], mode: 'dvr' };
  expect(isClear({ ...display, log: false }, { min: 1, max: 100 })).toBe(true);
  expect(isClear({ ...display, log: true }, { min: 1, max: 100 })).toBe(false);
  expect(isClear({ ...display, log: true }, { min: 1, max: 60 })).toBe(true);
});

test('the default opacities clear the lowest values and never fall', () => {
  expect(opacityAt(DEFAULT_OPACITY_POINTS, 0.1)).toBe(0);
  for (let t = 0; t < 1; t += 0.01) expect(opacityAt(DEFAULT_OPACITY_POINTS, t + 0.01)).toBeGreaterThanOrEqual(opacityAt(DEFAULT_OPACITY_POINTS, t));
});
