import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readShared, type SharedName, writeShared } from '../../../src/viewer/instruments/shared_view.js';
import { fitted, ViewStore } from '../../../src/viewer/view_state.js';
import { KERNEL_MS, PacedSaves } from '../../../src/widget/kernel_pace.js';
import { EVERY_MS, shareView } from '../../../src/widget/shared_view.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A model's traits with listeners, as front ends keep them. */
class Model {
  readonly traits: Record<string, unknown> = { camera: {}, cross: [], time: 0, clip: {}, light: [], planes: {}, slab: {}, turn: [], slice_frame: {}, measurements: [], policy: 'exploration', views: 'four' };
  readonly listeners = new Map<string, Set<() => void>>();
  sets = 0;
  saves = 0;
  saved: Record<string, unknown> = {};
  get = (name: string) => this.traits[name];
  set = (name: string, value: unknown) => {
    this.sets += 1;
    this.put(name, value);
  };
  save_changes = () => {
    this.saves += 1;
    this.saved = { ...this.traits };
  };
  on = (event: string, listener: () => void) => this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  off = (event: string, listener: () => void) => this.listeners.get(event)?.delete(listener);
  put(name: string, value: unknown): void {
    if (JSON.stringify(this.traits[name]) === JSON.stringify(value)) return;
    this.traits[name] = value;
    for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
  }
}

function view() {
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted({ min: [0, 0, 0], max: [10, 10, 10] }, 'four', undefined, { width: 400, height: 300 }));
  const model = new Model();
  const ending = new AbortController();
  const instruments = {
    host: { store },
    get: (name: SharedName) => readShared(store.state, name),
    set: (name: SharedName, value: unknown) => {
      const change = writeShared(store.state, name, value);
      if (change) store.update(change);
      return change !== undefined;
    },
  };
  shareView(model as never, { instruments } as never, ending.signal, new PacedSaves(model, ending.signal));
  return { store, model, ending };
}

const turn = (store: ViewStore, yaw: number) => store.update({ camera: { ...store.state.camera, yaw } });

test('what the kernel sends back while a view moves on does not move it back; what others set does', () => {
  const { store, model } = view();
  jest.advanceTimersByTime(2 * KERNEL_MS);
  turn(store, 1);
  jest.advanceTimersByTime(EVERY_MS); // told at once
  const first = model.saved.camera;
  turn(store, 2);
  jest.advanceTimersByTime(EVERY_MS); // set, and yet to be told
  model.put('camera', first);
  expect(store.state.camera.yaw).toBe(2);
  expect(model.traits.camera).toMatchObject({ yaw: 2 });
  jest.advanceTimersByTime(2 * KERNEL_MS);
  expect(model.saved.camera).toMatchObject({ yaw: 2 });
  // The same value from elsewhere, once all is told; and another one while something is not.
  model.put('camera', first);
  expect(store.state.camera.yaw).toBe(1);
  turn(store, 3);
  jest.advanceTimersByTime(EVERY_MS);
  turn(store, 4);
  jest.advanceTimersByTime(EVERY_MS);
  model.put('camera', { ...(first as object), yaw: 5 });
  expect(store.state.camera.yaw).toBe(5);
});

test('a moving view sets its traits ten times a second and tells the kernel twice; both exactly once it rests', () => {
  const { store, model } = view();
  jest.advanceTimersByTime(EVERY_MS);
  const [sets, saves] = [model.sets, model.saves];
  expect([sets, saves]).toEqual([3, 1]); // camera, cross and the slices' frame; nothing else is set
  for (let i = 1; i <= 100; i += 1) {
    turn(store, i / 1000);
    jest.advanceTimersByTime(10);
  }
  jest.advanceTimersByTime(1000);
  expect(model.sets - sets).toBeLessThanOrEqual(11);
  expect(model.sets - sets).toBeGreaterThanOrEqual(9);
  expect(model.saves - saves).toBeLessThanOrEqual(3);
  expect(model.saves - saves).toBeGreaterThanOrEqual(2);
  expect(model.saved).toEqual(model.traits);
  expect((model.traits.camera as { yaw: number }).yaw).toBe(0.1);
  const rest = model.sets;
  jest.advanceTimersByTime(5000);
  expect(model.sets).toBe(rest);
});

test('what the kernel sets is shown and not told back', () => {
  const { store, model } = view();
  jest.advanceTimersByTime(EVERY_MS);
  const { sets } = model;
  model.put('time', 4);
  expect(store.state.time).toBe(4);
  model.put('cross', [1, 2, 3]);
  model.put('clip', { box: { min: [0, 0, 0], max: [5, 5, 5] } });
  model.put('light', ['x']);
  expect(store.state.cross).toEqual([1, 2, 3]);
  expect(store.state.clip?.box?.max).toEqual([5, 5, 5]);
  jest.advanceTimersByTime(1000);
  // The light was no light: the trait says again that there is none.
  expect([model.sets - sets, model.traits.light]).toEqual([1, []]);
});

test('two views linked both ways follow each other without a loop', () => {
  const [a, b] = [view(), view()];
  // As jslink does.
  a.model.on('change:camera', () => b.model.put('camera', a.model.traits.camera));
  b.model.on('change:camera', () => a.model.put('camera', b.model.traits.camera));
  jest.advanceTimersByTime(EVERY_MS);
  const told = () => a.model.sets + b.model.sets;
  const before = told();
  turn(a.store, 1);
  jest.advanceTimersByTime(EVERY_MS);
  expect(b.store.state.camera.yaw).toBe(1);
  turn(b.store, 2);
  jest.advanceTimersByTime(10_000);
  expect(a.store.state.camera.yaw).toBe(2);
  expect(told() - before).toBe(2);
  b.ending.abort();
  turn(a.store, 3);
  jest.advanceTimersByTime(1000);
  expect(b.store.state.camera.yaw).toBe(2);
});

test('what nobody should wait for is told at once, with what waited', () => {
  const model = new Model();
  const ending = new AbortController();
  const saves = new PacedSaves(model as never, ending.signal);
  saves.save();
  saves.save();
  expect(model.saves).toBe(1);
  saves.save(true);
  expect(model.saves).toBe(2);
  jest.advanceTimersByTime(2 * KERNEL_MS);
  expect(model.saves).toBe(2);
  saves.save();
  saves.save();
  ending.abort();
  jest.advanceTimersByTime(2 * KERNEL_MS);
  expect(model.saves).toBe(3);
});
