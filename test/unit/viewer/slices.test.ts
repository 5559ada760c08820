/** Slices turned and thick: the views that come of it, handles in 3D, gestures in turned slices, fields. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { project, rayThrough } from '../../../src/renderer/camera.js';
import { planeView } from '../../../src/renderer/plane_views.js';
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
    author: 'test', mayEdit: () => true, openPanel: () => undefined, refresh: () => undefined, redraw: () => undefined, debug: () => undefined, picture: () => undefined, tell: () => undefined,
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
  const field = panel.querySelector<HTMLInputElement>('[type="number"]')!;
  const mode = panel.querySelector<HTMLSelectElement>('[aria-label="Value of a thick slice"]')!;
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

test('slices stand in 3D as outlines with their handles, with their values, and cut: by key, panel and menu', () => {
  const { store, view, instruments, close } = setUp();
  const inView = () => {
    const v = view('volume');
    return v.kind === 'volume' ? v.planes : undefined;
  };
  const looks = () => IDS.map((id) => store.state.planes[id]);
  expect([inView(), looks()]).toEqual([undefined, ['none', 'none', 'none']]);
  instruments.key('slices');
  expect([inView(), looks()]).toEqual([undefined, ['outline', 'outline', 'outline']]);
  instruments.show();
  const select = instruments.element.querySelector<HTMLSelectElement>('[data-plane="coronal"]')!;
  expect([select.getAttribute('aria-label'), select.title]).toEqual(['Coronal slice in 3D', 'How the coronal slice stands in 3D']);
  select.value = 'textured';
  select.dispatchEvent(new Event('change'));
  store.update({ cross: [10, 20, 30] });
  expect(inView()).toEqual([{ id: 'coronal', axis: 1, position: 20, center: [0, 0] }]);
  // The cross within the plane changes nothing of it.
  store.update({ cross: [70, 20, 60] });
  expect(inView()).toEqual([{ id: 'coronal', axis: 1, position: 20, center: [0, 0] }]);
  instruments.key('slices');
  expect(looks()).toEqual(['none', 'textured', 'none']);
  instruments.key('cut');
  expect(inView()?.map(({ id, cut }) => [id, cut])).toEqual([['coronal', true]]);
  instruments.key('textured');
  expect([inView(), looks()]).toEqual([undefined, ['none', 'none', 'none']]);
  instruments.key('cut');
  expect(inView()?.map(({ id, cut }) => [id, cut])).toEqual(IDS.map((id) => [id, true]));
  store.update({ turn: turnAbout([0, 0, 1], 0.5), slab: { thickness: 4, mode: 'max' } });
  for (const plane of inView()!) {
    expect(plane.slab).toEqual({ thickness: 4, mode: 'max' });
    expect(Math.abs(sliceDistance(plane as unknown as SliceView, store.state.cross))).toBeLessThan(1e-9);
  }
  expect(instruments.set('planes', { axial: 'none', cut: false })).toBe(true);
  expect(instruments.set('planes', { axial: 'thick' })).toBe(false);
  close();
});

test('a plane in a view is had as a whole while it fits, and as the part in view from near by, no finer than its pixels', () => {
  const camera = { ...fitted(BOUNDS, 'volume', undefined, SIZE).camera!, yaw: 0.7, pitch: 0.4 };
  const volume = { id: 'v', kind: 'volume' as const, rect: { x: 0, y: 0, ...SIZE }, camera };
  const plane = { id: 'axial', axis: 0 as const, position: 40, center: [0, 0] as const };
  const whole = planeView(volume, plane, BOUNDS)!;
  expect([whole.within, whole.id]).toEqual(['v', 'v/axial']);
  near([whole.center[0], whole.center[1], whole.position], [50, 50, 40]);
  expect(whole.rect.width * whole.pixelSize).toBeGreaterThanOrEqual(100);
  // A little turn changes nothing: nothing is asked for anew.
  expect(planeView({ ...volume, camera: { ...camera, yaw: 0.72 } }, plane, BOUNDS)).toEqual(whole);
  const close = { ...camera, target: [80, 30, 40] as const, distance: 3 };
  const part = planeView({ ...volume, camera: close }, plane, BOUNDS)!;
  expect(part.pixelSize).toBeLessThan(whole.pixelSize / 8);
  expect(Math.max(part.rect.width / 800, part.rect.height / 600)).toBeLessThan(1.8);
  // All that is in view of it is in the part.
  for (const px of [[1, 1], [799, 1], [400, 300], [1, 599], [799, 599]] as const) {
    const { origin, direction } = rayThrough(close, volume.rect, px);
    const at = (40 - origin[2]) / direction[2];
    if (at <= 0) continue;
    const hit = plus(origin, direction, at);
    if (hit.some((n, i) => n < BOUNDS.min[i]! || n > BOUNDS.max[i]!)) continue;
    const [x, y] = worldToSlice(part, hit);
    expect(x >= -0.5 && x <= part.rect.width + 0.5 && y >= -0.5 && y <= part.rect.height + 0.5).toBe(true);
  }
  expect(planeView(volume, { ...plane, position: 140 }, BOUNDS)).toBeUndefined();
  expect(planeView({ ...volume, camera: { ...camera, target: [50, 50, 900], distance: 20, pitch: 1.5 } }, plane, { min: [0, 0, 0], max: [100, 100, 100] })?.rect.width ?? 0).toBeLessThan(1201);
});
