/** What the mouse places and drags, done by keys alone: the pointer that they move, through the real tools. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Pixel, SliceView, View } from '../../../src/renderer/views.js';
import { AnnotationTools } from '../../../src/viewer/annotation_tools.js';
import { type GestureContext, Interactions } from '../../../src/viewer/interactions.js';
import type { Instrument } from '../../../src/viewer/instruments/instrument.js';
import { FIRST_PAINT } from '../../../src/viewer/paint/paint_state.js';
import { onFacingPlane } from '../../../src/viewer/view_geometry.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const SIZE = { width: 800, height: 600 };

function viewer(mayEdit = true, instruments: Pick<Instrument, 'press' | 'hover'> = {}) {
  const scene = new Scene(new Y.Doc(), {});
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  store.update({ cross: [50.5, 50.5, 50.5] });
  const view = (id: string) => viewsOf(store.state, SIZE).find((each) => each.id === id) as View;
  const pointed: (Pixel | undefined)[] = [];
  const said: string[] = [];
  const context: GestureContext = {
    scene, store, view, author: 'test',
    pick: (id, px) => {
      const world = onFacingPlane(view(id), px, [60, 50, 50]);
      return world && { volume: 1, world, voxel: [0, 0, 0], level: 0 };
    },
    bounds: () => BOUNDS, grid: () => ({ shape: [100, 100, 100], voxelSize: [1, 1, 1], origin: [0.5, 0.5, 0.5] }), voxel: () => 1, volumeName: () => 'brain',
    redraw: () => undefined, tell: (message) => said.push(message), mayEdit: () => mayEdit, moving: () => undefined, setCursor: () => undefined,
    viewUnder: (px) => viewsOf(store.state, SIZE).find(({ rect }) => px[0] >= rect.x && px[0] < rect.x + rect.width && px[1] >= rect.y && px[1] < rect.y + rect.height),
    pointAt: (_, px) => void pointed.push(px),
  };
  const interactions = new Interactions(context, new AnnotationTools(context), instruments);
  return { scene, store, view, pointed, said, interactions, keys: interactions.keys };
}

const near = (coords: readonly number[] | undefined, expected: readonly number[]) => {
  expect(coords?.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(coords?.[i]).toBeCloseTo(value, 6);
  });
};

test('a point is put where the arrows took the pointer, a voxel a step, ten with shift', () => {
  const { scene, store, view, keys, pointed } = viewer();
  store.update({ tool: 'point' });
  expect(keys.move(1, 0, false)).toBe(false); // not shown yet: the arrows are what they were
  expect(keys.press(view('axial'))).toBe(true);
  expect(scene.annotations()).toHaveLength(0);
  near(keys.at?.px, worldToSlice(view('axial') as SliceView, [50.5, 50.5, 50.5]));
  for (let i = 0; i < 3; i += 1) keys.move(1, 0, false);
  keys.move(0, -1, true);
  expect(pointed.length).toBeGreaterThan(3); // what is read under it follows
  keys.press(view('axial'));
  const { right, up } = { right: worldToSlice(view('axial') as SliceView, [51.5, 50.5, 50.5]), up: worldToSlice(view('axial') as SliceView, [50.5, 51.5, 50.5]) };
  const origin = worldToSlice(view('axial') as SliceView, [50.5, 50.5, 50.5]);
  const [sx, sy] = [Math.sign(right[0] - origin[0]), -Math.sign(up[1] - origin[1])];
  near(scene.annotations()[0]?.coords, [50.5 + 3 * sx, 50.5 - 10 * sy, 50.5]);
});

test('a polygon is drawn vertex by vertex, a box from corner to corner; escape leaves it as it was', () => {
  const { scene, store, view, keys, interactions } = viewer();
  store.update({ tool: 'polygon' });
  keys.press(view('axial'));
  for (const [dx, dy] of [[0, 0], [1, 0], [0, 1]] as const) {
    keys.move(dx, dy, true);
    keys.press(view('axial'));
  }
  expect(interactions.tools.path.finish()).toBe(true);
  const [polygon] = scene.annotations();
  expect(polygon?.kind).toBe('polygon');
  expect(polygon?.coords).toHaveLength(9);

  store.update({ tool: 'box' });
  keys.press(view('axial'));
  expect(keys.shown?.holding).toBe(true);
  keys.move(1, 1, true);
  expect(keys.cancel()).toBe(true);
  expect(scene.annotations()).toHaveLength(1);
  keys.press(view('axial'));
  keys.move(1, 1, true);
  keys.press(view('axial'));
  const box = scene.annotations()[1];
  expect(box?.kind).toBe('box');
  const [x0, y0, , x1, y1] = box!.coords as number[];
  near([x1! - x0!, y1! - y0!], [10, 10]);
  expect(keys.shown?.holding).toBe(false);
});

test('the selected mark is taken hold of, moved and let go as one step of undo', () => {
  const { scene, store, view, keys } = viewer();
  const id = scene.add({ kind: 'point', coords: [40.5, 60.5, 50.5], name: 'a', color: '#ff0000', volumeName: '', author: '' });
  store.update({ selected: id });
  keys.press(view('axial'));
  near(keys.at?.px, worldToSlice(view('axial') as SliceView, [40.5, 60.5, 50.5]));
  keys.press(view('axial'));
  for (let i = 0; i < 5; i += 1) keys.move(1, 0, false);
  expect(keys.release()).toBe(true);
  expect(Math.abs((scene.annotation(id)?.coords[0] ?? 0) - 40.5)).toBeCloseTo(5, 6);
  scene.undo();
  near(scene.annotation(id)?.coords, [40.5, 60.5, 50.5]);
});

test('while painting, a press is let go at once, and one with hold draws on until the next', () => {
  const gestures: string[] = [];
  const did = (what: string) => () => void gestures.push(what);
  const press = () => {
    gestures.push('press');
    return { move: did('move'), end: did('end') };
  };
  const { store, view, keys } = viewer(true, { press, hover: () => undefined });
  store.update({ paint: FIRST_PAINT });
  keys.press(view('axial'));
  keys.press(view('axial'));
  expect([gestures, keys.shown?.holding]).toEqual([['press', 'end'], false]);
  keys.press(view('axial'), true);
  keys.move(1, 0, false);
  expect([gestures.slice(2), keys.shown?.holding]).toEqual([['press', 'move'], true]);
  keys.press(view('axial'), true);
  expect([gestures.slice(4), keys.shown?.holding]).toEqual([['end'], false]);
});

test('in 3D a point goes onto the surface', () => {
  const { scene, store, view, keys } = viewer();
  store.update({ tool: 'point' });
  keys.press(view('volume'));
  keys.move(1, 0, true);
  keys.press(view('volume'));
  expect(scene.annotations()).toHaveLength(1);
});

test('it stays within its view, goes when the mouse comes or the tool does, and is not there for nothing', () => {
  const { store, view, keys, interactions } = viewer();
  expect(keys.press(view('axial'))).toBe(false); // nothing to place or move: space plays
  store.update({ tool: 'point' });
  expect(keys.press(undefined)).toBe(false);
  keys.press(view('axial'));
  for (let i = 0; i < 200; i += 1) keys.move(-1, 1, true);
  const { rect } = view('axial');
  expect(keys.at?.px).toEqual([rect.x, rect.y]);
  interactions.hover([200, 100]);
  expect(keys.shown).toBeUndefined();
  keys.press(view('axial'));
  expect(keys.shown).toBeDefined();
  store.update({ tool: 'navigate' });
  expect(keys.shown).toBeUndefined();
  const looking = viewer(false);
  looking.store.update({ selected: 'x' });
  expect(looking.keys.press(looking.view('axial'))).toBe(false);
});
