import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { count, formatBytes, formatCoordinates, formatNumber } from '../../../src/viewer/format.js';
import { lengthLabel, niceBelow, scaleBar } from '../../../src/viewer/scale_bar.js';

test('scale bars are 1, 2 or 5 times a power of ten and as long as fits', () => {
  expect(niceBelow(99)).toBe(50);
  expect(niceBelow(100)).toBe(100);
  expect(niceBelow(0.0049)).toBeCloseTo(0.002, 12);
  expect(niceBelow(0.005)).toBeCloseTo(0.005, 12);
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (limit) => {
      const nice = niceBelow(limit);
      expect(nice).toBeLessThanOrEqual(limit * (1 + 1e-9));
      expect(nice * 2.5).toBeGreaterThanOrEqual(limit * (1 - 1e-9));
      expect([1, 2, 5]).toContain(Math.round(nice / 10 ** Math.floor(Math.log10(nice * 1.0000001))));
    }),
  );
});

test('a bar says its length in the unit, or in a larger one', () => {
  expect(scaleBar(0.5, 'mm', 110)).toEqual({ length: 50, pixels: 100, label: '50 mm' });
  expect(scaleBar(20, 'µm', 110)?.label).toBe('2 mm');
  expect(lengthLabel(2000, 'nm')).toBe('2 µm');
  expect(lengthLabel(500, 'nm')).toBe('500 nm');
  expect(lengthLabel(5, '')).toBe('5');
  expect(lengthLabel(0.0000005, 'pc')).toBe('5e-7 pc');
});

test('there is no bar where none could be read', () => {
  expect(scaleBar(Number.NaN, 'mm', 100)).toBeUndefined();
  expect(scaleBar(0, 'mm', 100)).toBeUndefined();
  expect(scaleBar(1, 'mm', 10)).toBeUndefined();
});

test('numbers are short and true', () => {
  expect(formatNumber(0.8312345)).toBe('0.8312');
  expect(formatNumber(-1234567)).toBe('−1234567');
  expect(formatNumber(0.00001234)).toBe('1.23e−5');
  expect(formatNumber(Number.NaN)).toBe('not a number');
  expect(formatNumber(65535)).toBe('65535');
});

test('coordinates have the digits that the voxel size makes worth reading', () => {
  expect(formatCoordinates([-0.04, 18.26, 12], 1)).toBe('0.0, 18.3, 12.0');
  expect(formatCoordinates([1.23456, 0, 0], 0.01)).toBe('1.235, 0.000, 0.000');
  expect(formatCoordinates([1234.6, 0, 0], 100)).toBe('1235, 0, 0');
});

test('sizes and counts', () => {
  expect([0, 999, 1000, 12_345_678, 5e12].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 KB', '12.3 MB', '5.0 TB']);
  expect([count(1, 'brick'), count(0, 'brick')]).toEqual(['1 brick', '0 bricks']);
});
