import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { secretsEqual, Tickets } from '../../../src/sidecar/tickets.js';

const GRANT = { role: 'edit', origin: 'loopback' } as const;

function clocked() {
  const clock = { now: 1000 };
  return { clock, tickets: new Tickets(() => clock.now) };
}

describe('tickets', () => {
  test('are 32 bytes, all different, and good once', () => {
    const { tickets } = clocked();
    const all = Array.from({ length: 50 }, () => tickets.issue('stream', GRANT, 100));
    expect(new Set(all).size).toBe(50);
    for (const ticket of all) expect(ticket).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(tickets.take('stream', all[7] as string)).toMatchObject(GRANT);
    expect(tickets.take('stream', all[7] as string)).toBeUndefined();
  });

  test('are good until their time is over, to the millisecond', () => {
    const { clock, tickets } = clocked();
    const [a, b] = [tickets.issue('page', GRANT, 120_000), tickets.issue('page', GRANT, 120_000)];
    clock.now += 119_999;
    expect(tickets.take('page', a)).toBeDefined();
    clock.now += 1;
    expect(tickets.take('page', b)).toBeUndefined();
  });

  test('are of one use', () => {
    const { tickets } = clocked();
    expect(tickets.take('stream', tickets.issue('page', GRANT, 100))).toBeUndefined();
    expect(tickets.take('stream', tickets.issue('stream', GRANT, 100))).toBeDefined();
  });

  test('for the next connection run out from when the connection ends', () => {
    const { clock, tickets } = clocked();
    const resume = tickets.issue('stream', GRANT, Number.POSITIVE_INFINITY);
    clock.now += 1e9;
    tickets.expireIn('stream', resume, 600_000);
    clock.now += 599_999;
    expect(tickets.take('stream', resume)).toMatchObject(GRANT);
  });

  test('that are nothing of the kind are refused', () => {
    const { tickets } = clocked();
    const real = tickets.issue('stream', GRANT, 100);
    for (const ticket of ['', 'x', real.slice(1), `${real}A`, `${real}=`, real.toUpperCase(), '__proto__', '\u0000']) {
      expect(tickets.take('stream', ticket)).toBeUndefined();
    }
    expect(tickets.take('stream', real)).toBeDefined();
  });

  test('are not kept as such, and not without bound', () => {
    const { tickets } = clocked();
    const first = tickets.issue('stream', GRANT, 1e9);
    expect(inspect(tickets, { depth: 9, showHidden: true })).not.toContain(first);
    for (let i = 0; i < 4096; i += 1) tickets.issue('stream', GRANT, 1e9);
    expect(tickets.take('stream', first)).toBeUndefined(); // the oldest went
  });
});

test('secrets of different length are unequal, not an error', () => {
  expect(secretsEqual('a', 'ab')).toBe(false);
  expect(secretsEqual('', '')).toBe(true);
  expect(secretsEqual('abc', 'abc')).toBe(true);
});
