import { expect, test } from '@jest/globals';
import { bookmarked, recalled } from '../../../src/viewer/instruments/bookmarks.js';
import { between, eased, Flight } from '../../../src/viewer/instruments/flight.js';
import { PageLink } from '../../../src/viewer/instruments/links.js';
import { readShared, writeShared } from '../../../src/viewer/instruments/shared_view.js';
import { fitted, ViewStore } from '../../../src/viewer/view_state.js';
import { openPage } from './browser_page.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;

function makeStore() {
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, { width: 800, height: 600 }));
  return store;
}

test('fields go out as plain values and come back; what is malformed changes nothing', () => {
  const store = makeStore();
  store.update({ clip: { box: BOUNDS, planes: [{ normal: [0, 0, 1], offset: 3 }] }, light: [0, 1, 0] });
  for (const name of ['camera', 'cross', 'clip', 'light'] as const) {
    const value = JSON.parse(JSON.stringify(readShared(store.state, name)));
    const other = makeStore();
    other.update(writeShared(other.state, name, value)!);
    expect(readShared(other.state, name)).toEqual(value);
  }
  expect(writeShared(store.state, 'clip', {})).toEqual({ clip: undefined });
  expect(writeShared(store.state, 'light', [0, 0, 5])).toEqual({ light: [0, 0, 1] });
  // A normal of another length scales the offset with it.
  expect(writeShared(store.state, 'clip', { planes: [{ normal: [0, 0, 2], offset: 8 }] })).toEqual({ clip: { planes: [{ normal: [0, 0, 1], offset: 4 }] } });
  const [tape] = writeShared(store.state, 'measurements', [{ start: [0, 0, 0], end: [0, 3, 4], length: 1 }])!.measurements!;
  store.update({ measurements: [tape!] });
  expect(readShared(store.state, 'measurements')).toEqual([{ start: [0, 0, 0], end: [0, 3, 4], length: 5 }]);
  for (const [name, value] of [
    ['camera', { target: [0, 0, 0], distance: -1, yaw: 0, pitch: 0 }], ['camera', { target: [0, 0], distance: 1, yaw: 0, pitch: 0 }],
    ['cross', [1, 2]], ['cross', 'here'], ['clip', { box: { min: [1, 0, 0], max: [0, 1, 1] } }], ['light', [0, 0, 0]],
    ['measurements', [{ start: [0, 0, 0] }]], ['clip', { planes: [{ normal: [0, 0, 0], offset: 0 }] }],
  ] as const) expect([name, writeShared(store.state, name, value)]).toEqual([name, undefined]);
});

test('how thick, how turned and how near slices are goes out and comes back to the last digit; parts may be left out', () => {
  const store = makeStore();
  const fields = ['slab', 'turn', 'slice_frame', 'views'] as const;
  const read = (of: ViewStore) => JSON.parse(JSON.stringify(Object.fromEntries(fields.map((name) => [name, readShared(of.state, name)]))));
  expect(read(store)).toEqual({ slab: {}, turn: [], slice_frame: { center: [50, 50, 50], pixel_size: store.state.pixelSize }, views: 'four' });
  store.update({ slab: { thickness: 30, mode: 'max' }, turn: [0.1, -0.7, 0.1, 0.7], center: [1, 2, 3], pixelSize: 0.25, layout: 'slices' });
  const other = makeStore();
  other.update({ maximised: 'axial' });
  const set = (name: (typeof fields)[number], value: unknown) => other.update(writeShared(other.state, name, value)!);
  for (const name of fields) set(name, read(store)[name]);
  expect(read(other)).toEqual({ ...read(store), turn: other.state.turn });
  expect(Math.hypot(...other.state.turn!)).toBeCloseTo(1, 14);
  expect(other.state.maximised).toBeUndefined();
  // Of length 1 a turn stays what it is: it may go to and fro for ever.
  const again = read(other).turn;
  for (let i = 0; i < 5; i += 1) set('turn', read(other).turn);
  expect(read(other).turn).toEqual(again);
  set('slice_frame', { pixel_size: 2 });
  expect(read(other).slice_frame).toEqual({ center: [1, 2, 3], pixel_size: 2 });
  set('slab', { thickness: 5 });
  expect(other.state.slab).toEqual({ thickness: 5, mode: 'mean' });
  for (const nothing of [{}, { thickness: 0, mode: 'max' }]) {
    set('slab', nothing);
    expect(other.state.slab).toBeUndefined();
  }
  for (const nothing of [[], [0, 0, 0, 1], [0, 0, 0, -3]]) {
    set('turn', [0, 1, 0, 1]);
    set('turn', nothing);
    expect(other.state.turn).toBeUndefined();
  }
  // The views that are shown already are not changed: one that stands alone stays so.
  other.update({ maximised: 'axial' });
  set('views', 'slices');
  expect(other.state.maximised).toBe('axial');
  for (const [name, value] of [
    ['slab', { thickness: -1, mode: 'max' }], ['slab', { thickness: 1, mode: 'sum' }], ['slab', { thickness: 1, depth: 2 }], ['slab', 3],
    ['turn', [0, 0, 0, 0]], ['turn', [1, 0, 0]], ['turn', [1e308, 1e308, 1e308, 1e308]], ['slice_frame', { pixel_size: 0 }], ['slice_frame', { center: [1, 2] }], ['views', 'five'],
  ] as const) expect([name, writeShared(store.state, name, value)]).toEqual([name, undefined]);
});

test('linked views move together, each is told once, and leaving ends it', () => {
  const stores = [makeStore(), makeStore(), makeStore()];
  const links = stores.map((store) => new PageLink(store, () => true));
  const changes = [0, 0, 0];
  stores.forEach((store, i) => {
    store.onChange(() => {
      changes[i]! += 1;
    });
  });
  const [a, b, c] = stores as [ViewStore, ViewStore, ViewStore];
  a.update({ cross: [1, 1, 1] });
  expect(b.state.cross).not.toEqual([1, 1, 1]);
  for (const link of links) link.toggle();
  // Who joins takes over what the first has.
  expect(c.state.cross).toEqual([1, 1, 1]);
  expect(links.map(({ on, others }) => [on, others])).toEqual([[true, 2], [true, 2], [true, 2]]);
  changes.fill(0);
  for (let i = 0; i < 50; i += 1) stores[i % 3]!.update({ camera: { ...a.state.camera, yaw: i / 10 } });
  expect(changes).toEqual([50, 50, 50]);
  expect([a, b, c].map(({ state }) => state.camera.yaw)).toEqual([4.9, 4.9, 4.9]);
  expect(b.state.camera).toBe(a.state.camera);
  // Slices too, with all that belongs to them, and what is undone is undone in all.
  a.update({ turn: [0, 1, 0, 0], slab: { thickness: 4, mode: 'min' }, pixelSize: 0.5, center: [5, 6, 7] });
  expect([b, c].map(({ state: { turn, slab, pixelSize, center } }) => [turn, slab, pixelSize, center])).toEqual(Array(2).fill([[0, 1, 0, 0], { thickness: 4, mode: 'min' }, 0.5, [5, 6, 7]]));
  b.update({ turn: undefined, slab: undefined });
  expect([a, c].map(({ state: { turn, slab } }) => [turn, slab])).toEqual(Array(2).fill([undefined, undefined]));
  // What is this viewer's alone stays so.
  a.update({ light: [0, 0, 1], tool: 'tape' });
  expect([b.state.light, b.state.tool]).toEqual([undefined, 'navigate']);
  links[1]!.toggle();
  a.update({ cross: [2, 2, 2] });
  expect([b.state.cross, c.state.cross]).toEqual([[1, 1, 1], [2, 2, 2]]);
  for (const link of links) link.dispose();
  a.update({ cross: [3, 3, 3] });
  expect(c.state.cross).toEqual([2, 2, 2]);
  expect(links[0]!.others).toBe(0);
});

test('a bookmark brings camera, cross, clip, light, layout and how the slices stand back, and believes only what makes sense', () => {
  const store = makeStore();
  store.update({ cross: [10, 20, 30], clip: { box: BOUNDS }, layout: 'slices' });
  store.update({ time: 3, turn: [0, 1, 0, 0], slab: { thickness: 7, mode: 'max' }, center: [11, 22, 33], pixelSize: 0.125 });
  const saved = JSON.parse(JSON.stringify(bookmarked(store.state)));
  const other = makeStore();
  other.update({ light: [1, 0, 0], maximised: 'axial' });
  other.update(recalled(saved, other.state));
  expect(bookmarked(other.state)).toEqual(saved);
  expect(other.state.time).toBe(3);
  expect([other.state.light, other.state.maximised, other.state.center]).toEqual([undefined, undefined, [11, 22, 33]]);
  expect([other.state.turn, other.state.slab, other.state.pixelSize]).toEqual([[0, 1, 0, 0], { thickness: 7, mode: 'max' }, 0.125]);
  // One that only says where the cross is has it in the middle.
  expect(recalled({ cross: [1, 2, 3] }, other.state)).toEqual({ cross: [1, 2, 3], center: [1, 2, 3] });
  const before = other.state;
  other.update(recalled({ camera: 'x', cross: [1], layout: 'five', clip: 3, extra: {} }, before));
  expect(other.state).toBe(before);
});

test('a move goes the shorter way round and ends exactly; who asks for less motion, or takes hold, has it at once', async () => {
  const close = openPage();
  const store = makeStore();
  const from = { ...store.state.camera, yaw: 0.1, distance: 100 };
  const to = { ...from, yaw: 2 * Math.PI - 0.1, distance: 400 };
  expect(between(from, to, 0.5).yaw).toBeCloseTo(0, 9);
  expect(between(from, to, 0.5).distance).toBeCloseTo(200, 9);
  expect(between(from, to, 1)).toBe(to);
  expect([eased(0), eased(0.5), eased(1)]).toEqual([0, 0.5, 1]);
  store.update({ camera: from });
  const moving: boolean[] = [];
  const flight = new Flight(store, (active) => moving.push(active), () => false);
  flight.to({ camera: to, cross: [1, 2, 3] });
  expect(store.state.cross).toEqual([1, 2, 3]);
  const steps = new Set<number>();
  const end = store.onChange(({ camera }) => steps.add(camera.yaw));
  const late = Date.now() + 60_000;
  while (moving.length < 2 && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 10));
  end();
  expect(store.state.camera).toBe(to);
  expect(steps.size).toBeGreaterThan(1); // it does not jump
  expect(moving).toEqual([true, false]);
  flight.to({ camera: from });
  await new Promise((resolve) => setTimeout(resolve, 60));
  const mine = { ...from, pitch: 1 };
  store.update({ camera: mine });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(store.state.camera).toBe(mine);
  expect(moving).toEqual([true, false, true, false]);
  new Flight(store, (active) => moving.push(active), () => true).to({ camera: to });
  expect(store.state.camera).toBe(to);
  expect(moving).toHaveLength(4);
  close();
});
