import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { frameBounds, project } from '../../../src/renderer/camera.js';
import { sliceToWorld, worldToSlice } from '../../../src/renderer/slice_view.js';
import type { SliceView } from '../../../src/renderer/views.js';
import { dragOrbit, wheelFactor, zoomAt } from '../../../src/viewer/orbit_controls.js';
import { clampTo, crossTo, panSlices, stepSlice, WheelSteps, zoomSlices } from '../../../src/viewer/slice_controls.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

const BOUNDS = { min: [0, 0, 0], max: [197, 233, 189] } as const;
const SIZE = { width: 800, height: 600 };
const RECT = { x: 10, y: 20, width: 400, height: 300 };

function state() {
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  return store.state;
}
const sliceOf = (of: ReturnType<typeof state>, id: string) => viewsOf(of, SIZE).find((view) => view.id === id) as SliceView;
const pixel = fc.tuple(fc.integer({ min: 11, max: 380 }), fc.integer({ min: 11, max: 280 }));

test('a fitted view shows all of the volume in every slice', () => {
  for (const view of viewsOf(state(), SIZE)) {
    if (view.kind === 'volume') continue;
    for (const corner of [BOUNDS.min, BOUNDS.max]) {
      const [x, y] = worldToSlice(view, corner);
      expect(x).toBeGreaterThanOrEqual(view.rect.x);
      expect(y).toBeGreaterThanOrEqual(view.rect.y);
      expect(x).toBeLessThanOrEqual(view.rect.x + view.rect.width);
      expect(y).toBeLessThanOrEqual(view.rect.y + view.rect.height);
    }
  }
});

test('zooming a slice keeps what is under the pointer there', () => {
  fc.assert(
    fc.property(pixel, fc.double({ min: 0.2, max: 5, noNaN: true }), fc.constantFrom('axial', 'coronal', 'sagittal'), (px, factor, id) => {
      const before = state();
      const under = sliceToWorld(sliceOf(before, id), px);
      const after = { ...before, ...zoomSlices(before, sliceOf(before, id), factor, px) };
      expect(after.pixelSize).toBeCloseTo(before.pixelSize * factor, 9);
      const [x, y] = worldToSlice(sliceOf(after, id), under);
      expect(x).toBeCloseTo(px[0], 6);
      expect(y).toBeCloseTo(px[1], 6);
    }),
  );
});

test('panning a slice moves the picture with the pointer', () => {
  for (const id of ['axial', 'coronal', 'sagittal']) {
    const before = state();
    const view = sliceOf(before, id);
    const [x, y] = worldToSlice(view, [50, 60, 70]);
    const after = { ...before, ...panSlices(before, view, 13, -7) };
    const [movedX, movedY] = worldToSlice(sliceOf(after, id), [50, 60, 70]);
    expect(movedX - x).toBeCloseTo(13, 9);
    expect(movedY - y).toBeCloseTo(-7, 9);
  }
});

const VOLUME = { shape: [189, 233, 197], voxelSize: [1, 1, 1], origin: [0.5, 0.5, 0.5] } as const;

test('the cross goes to the voxel under the pointer, and not out of the volume', () => {
  const before = state();
  const view = sliceOf(before, 'coronal');
  const { cross } = crossTo(view, worldToSlice(view, [20.4, 0, 30.9]), VOLUME);
  expect(cross).toEqual([20.5, 116.5, 30.5]);
  expect(crossTo(view, [-5000, 0], VOLUME).cross[0]).toBe(0.5);
});

test('a step moves the plane by whole voxels along its normal and stops at the last one', () => {
  const before = { ...state(), cross: [98.5, 116.5, 94.5] } as const;
  const view = sliceOf(before, 'axial');
  expect(stepSlice(before, view, 3, VOLUME).cross).toEqual([98.5, 116.5, 97.5]);
  expect(stepSlice(before, view, 1e6, VOLUME).cross[2]).toBe(188.5);
  expect(stepSlice(before, view, -1, { ...VOLUME, voxelSize: [3, 1, 1], shape: [63, 233, 197] }).cross[2]).toBe(90.5);
  expect(clampTo(BOUNDS, [-1, 5, 500])).toEqual([0, 5, 189]);
});

test('a notch of the wheel is one slice, and small turns add up to one', () => {
  const wheel = new WheelSteps();
  expect(wheel.take(100)).toBe(1);
  expect(wheel.take(53)).toBe(1);
  expect(wheel.take(-120)).toBe(-1);
  const pad = new WheelSteps();
  expect([30, 30, 30, 30].map((delta) => pad.take(delta)).reduce((a, b) => a + b)).toBe(1);
  expect(pad.take(-10)).toBe(-0);
  expect(new WheelSteps().take(300)).toBe(3);
});

test('zooming in 3D keeps what is under the pointer at the target there', () => {
  const camera = frameBounds(BOUNDS, RECT.width / RECT.height);
  const px = [300, 100] as const;
  const zoomed = zoomAt(camera, 0.5, px, RECT);
  expect(zoomed.distance).toBeCloseTo(camera.distance / 2, 9);
  // the world point under the pixel at the target's depth
  const back = zoomAt(zoomed, 2, px, RECT);
  expect(back.target.every((value, i) => Math.abs(value - camera.target[i]!) < 1e-6)).toBe(true);
});

test('dragging to the right turns the near side to the right', () => {
  const camera = { ...frameBounds(BOUNDS, 1), pitch: 0 };
  const near = [camera.target[0] + Math.cos(camera.yaw) * 50, camera.target[1] + Math.sin(camera.yaw) * 50, camera.target[2]] as const;
  const before = project(camera, RECT, near)!.px[0];
  expect(project(dragOrbit(camera, 20, 0, RECT), RECT, near)!.px[0]).toBeGreaterThan(before);
  const high = project(camera, RECT, near)!.px[1];
  expect(project(dragOrbit(camera, 0, 20, RECT), RECT, near)!.px[1]).toBeGreaterThan(high);
});

test('wheel zoom doubles over the same way that it halves', () => {
  expect(wheelFactor(120) * wheelFactor(-120)).toBeCloseTo(1, 12);
  expect(wheelFactor(120)).toBeGreaterThan(1);
  expect(wheelFactor(1e9)).toBeLessThan(2);
});
