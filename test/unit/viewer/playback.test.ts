import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Film, Playback } from '../../../src/viewer/time/playback.js';
import { timeWords } from '../../../src/viewer/time/time_bar.js';

const film = (count: number, time: number, isReady: Film['isReady'] = () => true): Film => ({ count, time, isReady });

/** Plays for a while at 1000 frames a second; the time points with when they were shown. */
function play(playback: Playback, count: number, ms: number, isReady: Film['isReady'] = () => true) {
  let time = 0;
  const shown: [number, number][] = [];
  playback.start(0);
  for (let now = 0; now <= ms; now += 1) {
    const next = playback.step(now, film(count, time, isReady));
    if (next === undefined) continue;
    time = next;
    shown.push([now, time]);
  }
  return shown;
}

describe('playing', () => {
  test('steps at its rate, round the end', () => {
    const playback = new Playback();
    playback.rate = 10;
    expect(play(playback, 3, 499).map(([now, time]) => `${now}:${time}`)).toEqual(['0:1', '100:2', '200:0', '300:1', '400:2']);
  });

  test('stops at the end where it does not begin anew', () => {
    const playback = new Playback();
    playback.loop = false;
    expect(play(playback, 4, 2000).map(([, time]) => time)).toEqual([1, 2, 3]);
    expect(playback.playing).toBe(false);
  });

  test('waits for what is not here, says so, and does not leap afterwards', () => {
    const playback = new Playback();
    playback.rate = 10;
    let arrived = false;
    playback.start(0);
    expect(playback.step(0, film(5, 0, () => arrived))).toBeUndefined();
    expect(playback.waiting).toBe(true);
    expect(playback.step(750, film(5, 0, () => arrived))).toBeUndefined();
    arrived = true;
    expect(playback.step(751, film(5, 0, () => arrived))).toBe(1);
    expect(playback.waiting).toBe(false);
    expect([playback.step(840, film(5, 1)), playback.step(851, film(5, 1))]).toEqual([undefined, 2]);
  });

  test('passes over what failed', () => {
    const playback = new Playback();
    playback.failed.add(1).add(2);
    expect(playback.coming(film(5, 0))).toEqual([3, 4]);
    expect(playback.coming(film(5, 3))).toEqual([4, 0, 3].slice(0, 2));
  });

  test('a film of which nothing else can be loaded stops', () => {
    const playback = new Playback();
    playback.failed.add(1);
    playback.start(0);
    expect(playback.step(1, film(2, 0))).toBeUndefined();
    expect(playback.playing).toBe(false);
  });

  test('never shows what is not ready, never faster than its rate, whatever arrives when', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.constantFrom(5, 10, 30), fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 9, maxLength: 9 }), (count, rate, arrivals) => {
        const playback = new Playback();
        playback.rate = rate;
        let clock = 0;
        let time = 0;
        let steps = 0;
        playback.start(0);
        for (; clock < 1500; clock += 4) {
          const next = playback.step(clock, film(count, time, (t) => (arrivals[t] as number) <= clock));
          if (next === undefined) continue;
          expect(next).toBe((time + 1) % count);
          expect(arrivals[next] as number).toBeLessThanOrEqual(clock);
          time = next;
          steps += 1;
        }
        expect(steps).toBeLessThanOrEqual((1500 / 1000) * rate + 2);
      }),
      { numRuns: 60 },
    );
  });

  test('the rate that is shown is that of the last two seconds', () => {
    const playback = new Playback();
    playback.rate = 5;
    play(playback, 4, 3000);
    expect(playback.shownRate(3000)).toBeCloseTo(5, 5);
    expect(playback.shownRate(9000)).toBe(0);
  });
});

test('where one is in words', () => {
  expect(timeWords({ time: 2, count: 20, step: undefined, unit: '' })).toBe('3 / 20');
  expect(timeWords({ time: 3, count: 20, step: 0.5, unit: 's' })).toBe('4 / 20 · 1.5 s');
});
