/** Slices turned and thick: the views that come of it, handles in 3D, gestures in turned slices, fields. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { project } from '../../../src/renderer/camera.js';
import { sliceDistance, sliceFrame, sliceToWorld, worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Pixel, SliceView, View } from '../../../src/renderer/views.js';
import { dot, plus } from '../../../src/viewer/instruments/clip.js';
import { Instruments } from '../../../src/viewer/instruments/instruments.js';
import { combined, slicePlanes, turnAbout } from '../../../src/viewer/instruments/slice_planes.js';
import { crossTo, panSlices, stepSlice, zoomSlices } from '../../../src/viewer/slice_controls.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';
import { openPage } from './browser_page.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const SIZE = { width: 800, height: 600 };
const VOLUME = { shape: [101, 101, 101], voxelSize: [1, 1, 1], origin: [0, 0, 0] } as const;

function setUp() {
  const close = openPage();
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const slice = (id: string) => view(id) as SliceView;
  const instruments = new Instruments({
    store, scene: new Scene(new Y.Doc(), {}), view, pick: () => undefined, bounds: () => BOUNDS, voxel: () => 1, unit: () => 'mm', moving: () => undefined,
    author: 'test', mayEdit: () => true, openPanel: () => undefined, refresh: () => undefined, redraw: () => undefined, debug: () => undefined, tell: () => undefined,
  });
  const at = (world: readonly [number, number, number]): Pixel => {
    const v = view('volume');
    if (v.kind !== 'volume') throw new Error('no 3D view');
    return project(v.camera, v.rect, world)!.px;
  };
  return { store, view, slice, instruments, at, close };
}

const near = (a: readonly number[], b: readonly number[], within = 1e-6) => {
  for (const [i, n] of a.entries()) expect(Math.abs(n - b[i]!)).toBeLessThan(within);
};
const IDS = ['axial', 'coronal', 'sagittal'] as const;

test('turned slices go through the cross, at right angles, around the centre that they share', () => {
  const { store, slice, close } = setUp();
  store.update({ cross: [30, 40, 60], center: [50, 55, 45], turn: combined(turnAbout([0, 0, 1], 0.4), turnAbout([0.6, 0.8, 0], 0.7)) });
  const frames = IDS.map((id) => sliceFrame(slice(id)));
  for (const id of IDS) {
    expect(Math.abs(sliceDistance(slice(id), [30, 40, 60]))).toBeLessThan(1e-9);
    const { middle, normal } = sliceFrame(slice(id));
    const off = plus(middle, [50, 55, 45], -1);
    expect(Math.abs(Math.abs(dot(off, normal)) - Math.hypot(...off))).toBeLessThan(1e-9);
    near(sliceToWorld(slice(id), worldToSlice(slice(id), [30, 40, 60])), [30, 40, 60]);
  }
  for (const [i, j] of [[0, 1], [0, 2], [1, 2]] as const) expect(Math.abs(dot(frames[i]!.normal, frames[j]!.normal))).toBeLessThan(1e-9);
  expect(combined(turnAbout([0, 0, 1], -0.4), turnAbout([0, 0, 1], 0.4))).toBeUndefined();
  close();
});

test('in a turned slice, steps follow its normal, pans and zooms its own axes, and the cross stays in it', () => {
  const { store, slice, close } = setUp();
  store.update({ turn: turnAbout([1, 0, 0], Math.PI / 4) });
  const before = slice('axial');
  const { normal, right, up } = sliceFrame(before);
  store.update(stepSlice(store.state, before, 4, VOLUME));
  near(store.state.cross, plus([50, 50, 50], normal, 4));
  const now = slice('axial');
  const px: Pixel = [now.rect.x + 120, now.rect.y + 90];
  const world = sliceToWorld(now, px);
  store.update(panSlices(store.state, now, 10, 20));
  near(sliceToWorld(slice('axial'), [px[0] + 10, px[1] + 20]), world);
  store.update(zoomSlices(store.state, slice('axial'), 0.5, [px[0] + 10, px[1] + 20]));
  near(sliceToWorld(slice('axial'), [px[0] + 10, px[1] + 20]), world);
  store.update(crossTo(slice('axial'), [px[0] + 10, px[1] + 20], VOLUME));
  near(store.state.cross, world);
  expect(Math.abs(sliceDistance(slice('axial'), world))).toBeLessThan(1e-6);
  expect(Math.abs(dot(right, up))).toBeLessThan(1e-12);
  close();
});

test('handles in 3D move a slice along its normal and turn all of them; a cancelled drag leaves nothing', () => {
  const { store, view, instruments, at, close } = setUp();
  const [axial] = slicePlanes(store.state, BOUNDS);
  expect(instruments.press(view('volume'), at(axial!.move))).toBeUndefined();
  instruments.key('slices');
  const drag = (from: Pixel, to: Pixel, cancelled = false) => {
    const held = instruments.press(view('volume'), from);
    held?.move(to, undefined as never);
    held?.end(to, cancelled);
    return held !== undefined;
  };
  expect(instruments.hover(view('volume'), at(axial!.move))).toBe('move');
  expect(drag(at(axial!.move), at(plus(axial!.move, [0, 0, 1], 12)))).toBe(true);
  near(store.state.cross, [50, 50, 62], 0.01);
  const [moved] = slicePlanes(store.state, BOUNDS);
  const arm = Math.hypot(...plus(moved!.turn, store.state.cross, -1));
  expect(drag(at(moved!.turn), at(plus(moved!.turn, [0, 0, 1], arm)), true)).toBe(true);
  expect(store.state.turn).toBeUndefined();
  drag(at(moved!.turn), at(plus(moved!.turn, [0, 0, 1], arm)));
  // An arm's length along the normal is 45 degrees, towards where it was dragged.
  const [turned] = slicePlanes(store.state, BOUNDS);
  expect(turned!.plane.normal[2]).toBeCloseTo(Math.SQRT1_2, 2);
  expect(plus(turned!.turn, store.state.cross, -1)[2]).toBeCloseTo(arm * Math.SQRT1_2, 0);
  instruments.key('straight');
  expect(store.state.turn).toBeUndefined();
  close();
});

test('the panel makes slices thick and turns them without a pointer', () => {
  const { slice, instruments, close } = setUp();
  instruments.show();
  const panel = instruments.element.querySelector<HTMLElement>('[data-instrument="slices"]')!;
  expect(panel.hidden).toBe(true);
  instruments.key('slices');
  instruments.show();
  expect(panel.hidden).toBe(false);
  const field = panel.querySelector('input')!;
  const mode = panel.querySelector('select')!;
  field.value = '12.5';
  field.dispatchEvent(new Event('change'));
  expect(slice('coronal').slab).toEqual({ thickness: 12.5, mode: 'mean' });
  mode.value = 'max';
  mode.dispatchEvent(new Event('change'));
  expect(slice('axial').slab).toEqual({ thickness: 12.5, mode: 'max' });
  for (const button of panel.querySelectorAll('button')) expect(button.title.length).toBeGreaterThan(5);
  panel.querySelectorAll<HTMLButtonElement>('button')[1]!.click();
  expect(sliceFrame(slice('axial')).normal[1]).toBeCloseTo(-Math.sin(Math.PI / 36), 6);
  panel.querySelector<HTMLButtonElement>('[data-action="straight"]')!.click();
  expect(slice('axial').turn).toBeUndefined();
  field.value = '0';
  field.dispatchEvent(new Event('change'));
  expect(slice('axial').slab).toBeUndefined();
  close();
});
