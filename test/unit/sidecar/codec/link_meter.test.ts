/** A link's rate from probes, on a clock of the test's own. */

import { expect, test } from '@jest/globals';
import { LinkMeter } from '../../../../src/sidecar/codec/link_meter.js';

/** Sends `frames` of `bytes` over a link of this rate and round trip, four of them at a time. */
function run(rate: number, rtt: number, frames: number, bytes: number, late: (i: number) => number = () => 0): LinkMeter {
  const meter = new LinkMeter();
  const answers: { at: number; number: number }[] = [];
  let [now, free, probes] = [0, 0, 0];
  const hand = (size: number) => {
    const number = meter.handed(size, now);
    free = Math.max(free, now) + (size / rate) * 1000;
    if (number !== undefined) {
      probes += 1;
      answers.push({ number, at: free + rtt + late(probes) });
    }
  };
  const until = (time: number) => {
    now = time;
    for (const { number, at } of answers.splice(0)) {
      if (at <= now) meter.answered(number, at);
      else answers.push({ number, at });
    }
  };
  hand(500);
  until(free + rtt);
  for (let i = 0; i < frames; i += 1) {
    hand(bytes);
    until(Math.max(now, free - (4 * bytes * 1000) / rate));
  }
  until(free + rtt + 1e6);
  return meter;
}

test('slow and fast links are measured within a tenth, busy all the time or with pauses', () => {
  for (const [rate, rtt] of [[250_000, 100], [1_250_000, 20], [12.5e6, 5], [125e6, 1], [1e9, 0.5]] as const) {
    const meter = run(rate, rtt, 200, 300_000);
    expect(meter.rtt).toBeLessThan(rtt + (500 / rate) * 1000 + 0.01);
    expect((meter.rate as number) / rate).toBeGreaterThan(0.9);
    expect((meter.rate as number) / rate).toBeLessThan(1.1);
  }
});

test('a sender that makes a frame now and then does not make a link slow', () => {
  const [rate, rtt, bytes] = [500e6, 0.5, 575_000];
  const meter = new LinkMeter(rtt);
  for (let i = 0; i < 1000; i += 1) {
    const now = i * 25;
    const number = meter.handed(bytes, now);
    if (number !== undefined) meter.answered(number, now + (bytes / rate) * 1000 + rtt);
  }
  expect((meter.rate as number) / rate).toBeGreaterThan(0.9);
  expect((meter.rate as number) / rate).toBeLessThan(1.1);
});

test('answers that come late now and then do not make a link slow', () => {
  const meter = run(125e6, 1, 400, 300_000, (i) => (i % 3 === 0 ? 0 : 40));
  expect(meter.rate as number).toBeGreaterThan(0.8 * 125e6);
});

test('a link that is not used has no rate; one probe is under way at a time, and few on a fast link', () => {
  const meter = new LinkMeter();
  expect(meter.rate).toBeUndefined();
  expect(meter.handed(100, 0)).toBe(1);
  expect(meter.handed(1e6, 1)).toBeUndefined();
  meter.answered(7, 2);
  expect(meter.handed(1e6, 2)).toBeUndefined();
  meter.answered(1, 3);
  expect(meter.rtt).toBe(3);
  expect(meter.rate).toBeUndefined();
  let probes = 0;
  for (let i = 0; i < 1000; i += 1) {
    const number = meter.handed(300_000, 4 + i);
    if (number === undefined) continue;
    probes += 1;
    meter.answered(number, 4 + i + 0.5);
  }
  expect(probes).toBeLessThan(60);
  expect(meter.rate as number).toBeGreaterThan(1e8);
});
