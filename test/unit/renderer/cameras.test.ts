import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cameraBasis, dolly, frameBounds, type OrbitCamera, orbit, pan, pixelSize, project, projectionMatrix, rayThrough, viewMatrix } from '../../../src/renderer/camera.js';
import { fitSlice, sliceToWorld, worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Pixel, SliceView } from '../../../src/renderer/views.js';
import type { Vec3 } from '../../../src/volume/geometry.js';

const rect = { x: 50, y: 20, width: 400, height: 300 };
const camera: OrbitCamera = { target: [5, -3, 12], distance: 80, yaw: 1.1, pitch: 0.4, fovY: 0.6 };
const number = (from: number, to: number) => fc.double({ min: from, max: to, noNaN: true });
const cameras = fc.record({
  target: fc.constant<Vec3>([5, -3, 12]), distance: number(1, 1000), yaw: number(-7, 7), pitch: number(-1.5, 1.5), fovY: number(0.2, 1.5),
});

test('a point on the ray through a pixel appears at that pixel', () => {
  fc.assert(
    fc.property(cameras, number(50, 450), number(20, 320), number(0.1, 3), (c, x, y, along) => {
      const { origin, direction } = rayThrough(c, rect, [x, y]);
      const seen = project(c, rect, origin.map((n, i) => n + along * c.distance * (direction[i] as number)) as unknown as Vec3);
      expect(seen?.px[0]).toBeCloseTo(x, 4);
      expect(seen?.px[1]).toBeCloseTo(y, 4);
    }),
  );
});

test('the matrices put a point where project does', () => {
  fc.assert(
    fc.property(cameras, fc.tuple(number(-20, 20), number(-20, 20), number(-20, 20)), (c, p) => {
      const seen = project(c, rect, p as Vec3);
      fc.pre(seen !== undefined);
      const times = (m: number[], v: number[]) => [0, 1, 2, 3].map((r) => [0, 1, 2, 3].reduce((s, k) => s + (m[4 * k + r] as number) * (v[k] as number), 0));
      const [x, y, , w] = times(projectionMatrix(c, rect.width / rect.height), times(viewMatrix(c), [...p, 1])) as [number, number, number, number];
      expect(rect.x + (rect.width / 2) * (1 + x / w)).toBeCloseTo(seen?.px[0] as number, 3);
      expect(rect.y + (rect.height / 2) * (1 - y / w)).toBeCloseTo(seen?.px[1] as number, 3);
    }),
  );
});

test('the target is in the middle; behind the eye there is nothing; up is up', () => {
  expect(project(camera, rect, camera.target)).toEqual({ px: [expect.closeTo(250, 9), expect.closeTo(170, 9)], depth: expect.closeTo(80) });
  const { eye, forward } = cameraBasis(camera);
  expect(project(camera, rect, eye.map((n, i) => n - (forward[i] as number)) as unknown as Vec3)).toBeUndefined();
  expect(project(camera, rect, [5, -3, 20])?.px[1]).toBeLessThan(170);
});

test('panning by pixels moves the target by as many, dollying keeps it, orbiting stops at the poles', () => {
  const moved = pan(camera, 30, -12, rect.height);
  const seen = project(moved, rect, camera.target);
  expect(seen?.px).toEqual([expect.closeTo(280, 6), expect.closeTo(158, 6)]);
  expect(dolly(camera, 0.5)).toEqual({ ...camera, distance: 40 });
  expect(Math.abs(orbit(camera, 0, 99).pitch)).toBeLessThan(Math.PI / 2);
  expect(pixelSize(camera, 300)).toBeCloseTo((2 * 80 * Math.tan(0.3)) / 300);
});

test('a framed box is wholly in the picture and fills it but for a margin', () => {
  const size = fc.tuple(number(0.1, 500), number(0.1, 500), number(0.1, 500));
  fc.assert(
    fc.property(size, number(0.3, 4), number(-3, 3), number(-1.2, 1.2), (max, aspect, yaw, pitch) => {
      const view = { x: 0, y: 0, width: 300 * aspect, height: 300 };
      const framed = frameBounds({ min: [0, 0, 0], max: max as Vec3 }, aspect, { yaw, pitch });
      let reach = 0;
      for (let corner = 0; corner < 8; corner += 1) {
        const p = max.map((n, i) => (corner & (1 << i) ? n : 0)) as unknown as Vec3;
        const [x, y] = (project(framed, view, p) as { px: Pixel }).px;
        reach = Math.max(reach, Math.abs(x / view.width - 0.5), Math.abs(y / view.height - 0.5));
      }
      expect(reach).toBeLessThanOrEqual(0.5);
      expect(reach).toBeCloseTo(0.5 / 1.06, 6);
    }),
  );
});

test('slices: axes, the middle, there and back', () => {
  const base = { id: 's', kind: 'slice', rect, position: 7, center: [10, 20], pixelSize: 0.5 } as const;
  const worlds = ([0, 1, 2] as const).map((axis) => sliceToWorld({ ...base, axis }, [252, 168]));
  expect(worlds).toEqual([[11, 21, 7], [11, 7, 21], [7, 11, 21]]);
  fc.assert(
    fc.property(fc.constantFrom<0 | 1 | 2>(0, 1, 2), number(0, 500), number(0, 400), (axis, x, y) => {
      const view: SliceView = { ...base, axis };
      const [bx, by] = worldToSlice(view, sliceToWorld(view, [x, y]));
      expect([bx, by]).toEqual([expect.closeTo(x, 6), expect.closeTo(y, 6)]);
    }),
  );
  const fit = fitSlice(1, { min: [0, 0, -10], max: [100, 50, 10] }, { width: 200, height: 200 });
  expect(fit.center).toEqual([50, 0]);
  expect(100 / fit.pixelSize).toBeLessThanOrEqual(200);
});
