/** How long an instance lives whose parent has gone. */

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Orphan } from '../../../src/sidecar/orphan.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('as long as somebody says so in time, and no longer; while its parent lives it needs no word', () => {
  const ends: string[] = [];
  const orphan = new Orphan(1000, (reason) => ends.push(reason));
  orphan.keep();
  jest.advanceTimersByTime(10_000);
  orphan.begin();
  for (let words = 0; words < 5; words += 1) {
    jest.advanceTimersByTime(900);
    orphan.keep();
    orphan.begin(); // its pipe ends, and is closed: one end
  }
  jest.advanceTimersByTime(999);
  expect(ends).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(ends).toEqual(['its parent is gone, and nobody took it up within 1000 ms']);
});

test('not at all where it was not given time', () => {
  const ends: string[] = [];
  new Orphan(0, (reason) => ends.push(reason)).begin();
  expect(ends).toEqual(['stdin closed']);
});
