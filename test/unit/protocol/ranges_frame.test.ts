import { expect, test } from '@jest/globals';
import { parseRanges } from '../../../src/protocol/arrow.js';
import { encodeRanges, type RangeRow, readHeader, readPayload } from '../../../src/protocol/index.js';

test.each([0, 1, 2, 7, 8, 1000, 1001, 1008, 4096, 40_000])('the rows of RANGES of %d bricks are read as they were written', (count) => {
  const rows = Array.from({ length: count }, (_, i): RangeRow => [i % 26, i, 2 * i, 0xffffffff - i, i / 2, i]);
  const frame = encodeRanges(9, rows);
  const header = readHeader(frame);
  expect(header.volume).toBe(9);
  const { level, z, y, x, min, max } = parseRanges(readPayload(frame, header));
  expect(level.length).toBe(count);
  expect(Array.from(level, (_, i) => [level[i], z[i], y[i], x[i], min[i], max[i]])).toEqual(rows);
});
