import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cameraBasis, type OrbitCamera } from '../../../src/renderer/camera.js';
import { inNest, nestIndex, nestWindows } from '../../../src/renderer/nested_window.js';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import { makeFrustum } from '../../../src/volume/frustum.js';
import type { Vec3, VolumeGeometry } from '../../../src/volume/geometry.js';
import { planLod } from '../../../src/volume/lod_plan.js';

const n = 2 ** 20;
const geometry: VolumeGeometry = { shape: [n, n, n], voxelSize: [1, 1, 1], origin: [0, 0, 0] };
const numbering = new BrickNumbering(geometry.shape);
const camera = (target: Vec3, distance: number, yaw: number, pitch: number): OrbitCamera => ({ target, distance, yaw, pitch, fovY: 0.6 });
const coordinate = fc.double({ min: 0, max: n - 1, noNaN: true });
const cameras = fc.record({
  target: fc.tuple(coordinate, coordinate, coordinate),
  octave: fc.double({ min: 0, max: 22, noNaN: true }),
  yaw: fc.double({ min: -3, max: 3, noNaN: true }),
  pitch: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
});

test('any camera on an exabyte: each place is in the window that shows it, and each planned brick in cells as fine as it', () => {
  fc.assert(
    fc.property(cameras, fc.array(fc.tuple(coordinate, coordinate, coordinate), { maxLength: 20 }), ({ target, octave, yaw, pitch }, places) => {
      const frustum = makeFrustum(cameraBasis(camera(target as unknown as Vec3, 2 ** octave, yaw, pitch)), 0.6, 800, 600);
      const window = nestWindows(numbering, geometry, frustum);
      const { nest, level, origin, size } = window;
      expect(nest.origins.length * size[0] * size[1] * size[2] * 16).toBeLessThanOrEqual(18 * 2 ** 20);
      const inWindow = (place: readonly number[], i: number) =>
        place.every((p, axis) => {
          const cell = Math.floor((p + 0.5) / (64 * 2 ** (level + i)));
          const from = nest.origins[i]?.[axis] as number;
          return cell >= from && cell < from + (size[axis] as number);
        });
      for (const place of places) {
        const cells = place.map((p, axis) => (p + 0.5) / (64 * 2 ** level) - (origin[axis] as number)) as unknown as Vec3;
        expect(inWindow(place, nestIndex(window, cells))).toBe(true);
      }
      const inReach = (l: number, z: number, y: number, x: number) => inNest(window, l, z, y, x);
      const plan = planLod({ geometry, numbering, frustum, slots: 600, isEmpty: () => false, inReach });
      expect(plan.numbers.size).toBeLessThanOrEqual(600);
      const coarser: object[] = [];
      for (const brick of plan.bricks) {
        const edge = 64 * 2 ** brick.level;
        for (const corner of [0, 1, 2, 3, 4, 5, 6, 7]) {
          const place = [brick.z, brick.y, brick.x].map((b, axis) => Math.min((b + ((corner >> axis) & 1) * (1 - 1e-9)) * edge - 0.5, n - 1));
          const cells = place.map((p, axis) => (p + 0.5) / (64 * 2 ** level) - (origin[axis] as number)) as unknown as Vec3;
          if (level + nestIndex(window, cells) > brick.level) coarser.push(brick);
        }
      }
      expect(coarser).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a closed eye on the far corner plans single voxels there, and the whole from afar', () => {
  const far: Vec3 = [n - 2, n - 2, n - 2];
  const plan = (distance: number) => {
    const frustum = makeFrustum(cameraBasis(camera(far, distance, Math.PI, 0)), 0.6, 800, 600);
    const window = nestWindows(numbering, geometry, frustum);
    return planLod({ geometry, numbering, frustum, slots: 600, isEmpty: () => false, inReach: (l, z, y, x) => inNest(window, l, z, y, x) });
  };
  expect(plan(5).finest).toBe(0);
  expect(plan(5).bricks.some(({ level, z, y, x }) => level === 0 && z === 16383 && y === 16383 && x === 16383)).toBe(true);
  expect(plan(4e6).finest).toBeGreaterThan(9);
});
