import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Capture, type CaptureHost, checkedSize, stageFor, type StageSize } from '../../../src/viewer/capture.js';
import { Dialog } from '../../../src/viewer/dialog.js';
import { Menu } from '../../../src/viewer/instruments/menu.js';
import { makeMovie, type MovieCode, movieFrames, type MovieOptions } from '../../../src/viewer/movie.js';
import { button } from '../../../src/viewer/toolbar.js';
import { fitted, ViewStore } from '../../../src/viewer/view_state.js';
import { openPage } from './browser_page.js';

const MOVIE: MovieOptions = { kind: 'turntable', seconds: 2, fps: 4, width: 101, height: 60, format: 'webm' };
let close: () => void;
beforeEach(() => {
  close = openPage();
  (globalThis as { Node?: unknown }).Node = document.defaultView?.Node;
});
afterEach(() => {
  delete (globalThis as { VideoEncoder?: unknown }).VideoEncoder;
  close();
});

function makeStore() {
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted({ min: [0, 0, 0], max: [10, 10, 10] }, 'four', undefined, { width: 400, height: 300 }));
  return store;
}

/** A viewer that has all bricks after `turns` frames, and draws into a canvas of the size it holds. */
function host(turns: number, problem?: string) {
  const held: (StageSize | undefined)[] = [];
  const drawn: [number, number][] = [];
  const picture = document.createElement('canvas');
  let left = turns;
  const made: CaptureHost = {
    size: () => ({ width: 400, height: 300 }),
    hold: (size) => {
      held.push(size);
      if (size) [picture.width, picture.height] = [Math.round(size.width * size.ratio), Math.round(size.height * size.ratio)];
    },
    advance: () => {
      left -= 1;
      return left > 0 ? left : undefined;
    },
    drawNow: () => ({ picture, overlay: document.createElement('canvas') }),
    problem: () => problem,
  };
  // jsdom draws nothing: what would be drawn is noted.
  const context = { drawImage: (from: HTMLCanvasElement) => drawn.push([from.width, from.height]) };
  Object.assign(Object.getPrototypeOf(picture), { getContext: () => context });
  return { host: made, held, drawn, turns: () => turns - left };
}

test('a stage for a picture has the proportions of the picture and letters as large as on the screen', () => {
  expect(stageFor(1600, 1200, { width: 400, height: 300 })).toEqual({ width: 400, height: 300, ratio: 4 });
  const wide = stageFor(3000, 750, { width: 400, height: 300 });
  expect(wide.width / wide.height).toBeCloseTo(4, 9);
  expect(wide.width * wide.height).toBeCloseTo(120_000, 6);
  expect(Math.round(wide.width * wide.ratio)).toBe(3000);
  expect(stageFor(100, 80, { width: 400, height: 300 })).toEqual({ width: 100, height: 80, ratio: 1 });
  for (const [w, h] of [[15, 100], [100.5, 100], [20_000, 100], [Number.NaN, 100], [16_000, 16_000]] as const) expect(() => checkedSize(w, h)).toThrow(RangeError);
});

test('a picture waits for its bricks, comes in its size, and the stage is given back', async () => {
  const of = host(4);
  const capture = new Capture(of.host);
  const canvas = await capture.at({ width: 800, height: 600 }, new AbortController().signal, async (shoot) => {
    await expect(capture.at({ width: 100, height: 100 }, new AbortController().signal, () => Promise.resolve())).rejects.toThrow(/already/);
    return shoot();
  });
  expect([canvas.width, canvas.height]).toEqual([800, 600]);
  expect(of.turns()).toBe(4);
  expect(of.drawn[0]).toEqual([800, 600]);
  expect(of.held).toEqual([{ width: 400, height: 300, ratio: 2 }, undefined]);
});

test('where the GPU has no room the picture is refused in words, and the stage given back too', async () => {
  const of = host(4, 'target needs 900 bytes of GPU memory');
  await expect(new Capture(of.host).at({ width: 800, height: 600 }, new AbortController().signal, (shoot) => shoot())).rejects.toThrow(/900 bytes/);
  expect(of.held.at(-1)).toBeUndefined();
});

test('a turntable’s frames go round once, none twice', () => {
  const { state } = makeStore();
  const frames = movieFrames(MOVIE, state, 1);
  expect(frames.map(({ camera }) => Math.round(((camera!.yaw - state.camera.yaw) * 180) / Math.PI))).toEqual([0, 45, 90, 135, 180, 225, 270, 315]);
  expect(movieFrames({ ...MOVIE, degrees: 90 }, state, 1).at(-1)!.camera!.yaw - state.camera.yaw).toBeCloseTo((78.75 * Math.PI) / 180, 9);
  expect(() => movieFrames({ ...MOVIE, seconds: 0 }, state, 1)).toThrow(/0 frames/);
  expect(() => movieFrames({ ...MOVIE, seconds: 1e6 }, state, 1)).toThrow(/3600/);
  expect(movieFrames({ ...MOVIE, kind: 'time' }, state, 4)).toEqual([{ time: 0 }, { time: 1 }, { time: 2 }, { time: 3 }]);
  expect(() => movieFrames({ ...MOVIE, kind: 'time' }, state, 1)).toThrow(/one time point/);
});

test('a movie that is cancelled leaves the view as it was, and one that cannot be encoded says so', async () => {
  const store = makeStore();
  const start = store.state.camera;
  const of = host(0);
  const added: number[] = [];
  let cancelled = 0;
  const cancel = new AbortController();
  const code = async (): Promise<MovieCode> => ({
    startMovie: async ({ width }) => ({
      add: async () => {
        added.push(width);
        if (added.length === 3) cancel.abort(new Error('cancelled'));
      },
      finish: async () => new Blob(['movie']),
      cancel: async () => {
        cancelled += 1;
      },
    }),
  });
  const make = (signal: AbortSignal, progress: (done: number, all: number) => void = () => undefined) =>
    makeMovie(MOVIE, { capture: new Capture(of.host), store, code, times: 1 }, signal, progress);
  await expect(make(cancel.signal)).rejects.toThrow(/WebCodecs/);
  (globalThis as { VideoEncoder?: unknown }).VideoEncoder = class {};
  await expect(make(cancel.signal)).rejects.toThrow('cancelled');
  expect(added).toEqual([100, 100, 100]); // even, as codecs want it
  expect([cancelled, of.held.at(-1)]).toEqual([1, undefined]);
  expect(store.state.camera).toBe(start);
  const told: number[] = [];
  const movie = await make(new AbortController().signal, (done, all) => told.push(done / all));
  expect(await movie.text()).toBe('movie');
  expect(told).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]);
  expect(store.state.camera).toBe(start);
});

test('a dialog starts, tells its progress, says what failed, and cancels when it is closed', async () => {
  let run: { values: Record<string, string>; signal: AbortSignal; progress: (done: number, of: number) => void } | undefined;
  let fail: (error: Error) => void = () => undefined;
  const dialog = new Dialog('Make', [
    { name: 'n', label: 'Number', kind: 'number', value: 3 },
    { name: 'c', label: 'Choice', kind: 'choice', value: 'b', choices: { a: 'A', b: 'B' } },
  ], (values, signal, progress) => {
    run = { values, signal, progress };
    return new Promise((_, reject) => {
      fail = reject;
    });
  });
  document.body.append(dialog.element);
  const submit = () => dialog.element.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
  submit();
  expect(run?.values).toEqual({ n: '3', c: 'b' });
  run?.progress(2, 8);
  expect(dialog.element.querySelector('progress')?.value).toBe(0.25);
  expect(dialog.element.textContent).toContain('2 of 8');
  fail(new Error('too large'));
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(dialog.element.querySelector('[role="status"]')?.textContent).toBe('too large');
  submit();
  dialog.element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  expect(run?.signal.aborted).toBe(true);
  expect(dialog.element.isConnected).toBe(false);
});

test('the menu opens from its button, moves by arrows, runs and closes', () => {
  const ran: string[] = [];
  const opener = button('more', 'More', () => undefined);
  const menu = new Menu('More', opener, [
    [{ name: 'a', words: 'A', run: () => ran.push('a') }],
    [{ name: 'b', words: 'B', key: 'b', on: () => true, run: () => ran.push('b') }],
  ]);
  document.body.append(opener, menu.element);
  const key = (name: string) => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
  opener.click();
  expect([menu.element.hidden, opener.getAttribute('aria-expanded')]).toEqual([false, 'true']);
  key('ArrowUp');
  expect((document.activeElement as HTMLElement).dataset.item).toBe('b');
  expect(document.activeElement?.getAttribute('aria-checked')).toBe('true');
  (document.activeElement as HTMLElement).click();
  expect([ran, menu.element.hidden, document.activeElement === opener]).toEqual([['b'], true, true]);
  opener.click();
  key('Escape');
  expect([ran, menu.element.hidden]).toEqual([['b'], true]);
});
