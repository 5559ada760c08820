import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cameraBasis, type OrbitCamera, project } from '../../../src/renderer/camera.js';
import { boxDistance, boxInView, makeFrustum } from '../../../src/volume/frustum.js';
import type { Vec3 } from '../../../src/volume/geometry.js';

const camera: OrbitCamera = { target: [0, 0, 0], distance: 10, yaw: 0.4, pitch: 0.3, fovY: 0.7 };
const rect = { x: 0, y: 0, width: 400, height: 300 };
const frustum = makeFrustum(cameraBasis(camera), camera.fovY, rect.width, rect.height);
const coordinate = fc.double({ min: -30, max: 30, noNaN: true });

test('a box around a point that is in the picture is never culled', () => {
  fc.assert(
    fc.property(fc.tuple(coordinate, coordinate, coordinate), fc.double({ min: 0.01, max: 3, noNaN: true }), (p, r) => {
      const at = project(camera, rect, p as Vec3);
      const inside = at && at.px[0] >= 0 && at.px[0] <= 400 && at.px[1] >= 0 && at.px[1] <= 300;
      fc.pre(inside === true);
      const [min, max] = [p.map((n) => n - r), p.map((n) => n + r)] as unknown as [Vec3, Vec3];
      expect(boxInView(frustum, min, max)).toBe(true);
    }),
  );
});

test('a box behind the eye or far to the side is culled', () => {
  const { eye, forward, right } = cameraBasis(camera);
  const at = (d: Vec3, s: number): [Vec3, Vec3] => {
    const c = eye.map((n, i) => n + s * (d[i] as number));
    return [c.map((n) => n - 0.5) as unknown as Vec3, c.map((n) => n + 0.5) as unknown as Vec3];
  };
  expect(boxInView(frustum, ...at(forward, -5))).toBe(false);
  expect(boxInView(frustum, ...at(right, 20))).toBe(false);
  expect(boxInView(frustum, ...at(forward, 10))).toBe(true);
});

test('distance to a box is that to its nearest point', () => {
  expect(boxDistance([0, 0, 0], [-1, -1, -1], [1, 1, 1])).toBe(0);
  expect(boxDistance([4, 5, 0], [-1, -1, -1], [1, 1, 1])).toBe(5);
});
