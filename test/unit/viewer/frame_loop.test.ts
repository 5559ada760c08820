/** @jest-environment jsdom */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { FrameLoop } from '../../../src/viewer/frame_loop.js';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A loop that asks for so many frames more. */
function loop(more = 0): { frames: number[]; loop: FrameLoop; failed: unknown[] } {
  const [frames, failed]: [number[], unknown[]] = [[], []];
  const made = new FrameLoop((now) => frames.push(now) <= more, (error) => failed.push(error));
  return { frames, failed, loop: made };
}

const FRAME_MS = 17;

test('asking twice is asking once, and a step that wants more is run again', () => {
  const { frames, loop: one } = loop(2);
  one.wake();
  one.wake();
  expect(frames.length).toBe(0);
  jest.advanceTimersByTime(5 * FRAME_MS);
  expect(frames.length).toBe(3);
});

test('a frame that was asked for can be had at once, and then not once more; one that was not asked for is not drawn', () => {
  const { frames, loop: one } = loop();
  one.hurry();
  expect(frames.length).toBe(0);
  one.wake();
  one.hurry();
  expect(frames.length).toBe(1);
  jest.advanceTimersByTime(5 * FRAME_MS);
  expect(frames.length).toBe(1);
});

test('an error ends it, and is told', () => {
  const failed: unknown[] = [];
  const one = new FrameLoop(() => {
    throw new Error('no');
  }, (error) => failed.push(error));
  one.wake();
  one.hurry();
  one.wake();
  one.hurry();
  jest.advanceTimersByTime(5 * FRAME_MS);
  expect(failed).toEqual([new Error('no')]);
});
