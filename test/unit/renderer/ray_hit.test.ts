import { expect, test } from '@jest/globals';
import { peakNear } from '../../../src/renderer/ray_hit.js';

/** A bell sampled at whole numbers and mixed linearly between them, as voxels of a level are. */
const sampled = (middle: number, width: number) => (at: number) => {
  const bell = (x: number) => Math.exp(-((x - middle) ** 2) / (2 * width ** 2));
  const low = Math.floor(at);
  return bell(low) + (at - low) * (bell(low + 1) - bell(low));
};

test('the middle of a peak is found between samples, wherever it lies among them', () => {
  let sampleOff = 0;
  for (const width of [0.8, 1, 1.5]) {
    for (let middle = 10; middle < 11; middle += 0.05) {
      const weight = sampled(middle, width);
      const highest = [...Array(20).keys()].map((n) => n + 0.5).reduce((a, b) => (weight(b) > weight(a) ? b : a));
      sampleOff = Math.max(sampleOff, Math.abs(highest - middle));
      expect(Math.abs(peakNear(highest, 1, weight) - middle)).toBeLessThan(0.11);
    }
  }
  expect(sampleOff).toBeGreaterThan(0.45);
});

test('what is flat, or has no neighbour on one side, stays where its highest sample is', () => {
  expect(peakNear(3.5, 1, () => 7)).toBe(3.5);
  expect(peakNear(0.5, 1, (at) => (at < 0 ? Number.NaN : 1 - at / 10))).toBe(0.5);
  // A slope has no peak: no farther than a part of a step.
  expect(peakNear(3.5, 2, (at) => at)).toBeCloseTo(5, 1);
});
