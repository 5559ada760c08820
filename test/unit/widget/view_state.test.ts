/** @jest-environment jsdom */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { reportViewState } from '../../../src/widget/view_state.js';

const ended: AbortController[] = [];
beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  for (const one of ended.splice(0)) one.abort();
  jest.useRealTimers();
});

/** A view whose root element says things; what the kernel was told, and whether it was at once. */
function reported() {
  const root = document.createElement('div');
  const session = { transport: undefined as string | undefined, on: () => undefined };
  const held: Record<string, unknown> = {};
  const told: [boolean, Record<string, unknown>][] = [];
  const end = new AbortController();
  ended.push(end);
  reportViewState(
    { set: (name: string, value: unknown) => { held[name] = value; } } as never, root, session as never, end.signal,
    { save: (atOnce: boolean) => { told.push([atOnce, { ...held }]); } } as never,
  );
  return { root, session, told, after: (ms: number) => jest.advanceTimersByTimeAsync(ms) };
}

test('the first picture, the transport and the word that all is here are told within half a second, the last one at once', async () => {
  const { root, session, told, after } = reported();
  session.transport = 'direct';
  Object.assign(root.dataset, { firstPicture: '1000', missing: '5', bytes: '70000' });
  await after(501);
  expect(told).toEqual([[false, { transport: 'direct', codec: '', settled: false, stats: { bytes: 70000, first_picture: 1000, missing: 5 } }]]);
  Object.assign(root.dataset, { settled: 'true', missing: '0' });
  await after(501);
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject([true, { settled: true, stats: { missing: 0 } }]);
});

test('counters alone are told every two seconds, and that a connection at rest is there not at all', async () => {
  const { root, told, after } = reported();
  root.dataset.firstPicture = '1000';
  await after(501);
  for (let missing = 40; missing > 0; missing -= 1) {
    Object.assign(root.dataset, { missing: String(missing), bytes: String(1e6 * (41 - missing)) });
    await after(200);
  }
  expect(told.length).toBe(1 + 4);
  root.dataset.settled = 'true';
  await after(501);
  expect(told[5]).toMatchObject([true, { stats: { missing: 1, bytes: 40e6 } }]);
  for (let i = 1; i <= 100; i += 1) {
    root.dataset.bytes = String(40e6 + 308 * i);
    await after(1000);
  }
  expect(told).toHaveLength(6);
});
