/** Layers that are scaled, turned and shifted: points go there and back, and a frustum sees the same of them. */

import { expect, test } from '@jest/globals';
import { boxInView, makeFrustum } from '../../../src/volume/frustum.js';
import type { Vec3 } from '../../../src/volume/geometry.js';
import { frustumInLayer, placedBounds, placementOf, toLayer, toWorld, UNPLACED } from '../../../src/volume/placement.js';

const half = Math.SQRT1_2;
const quarter = { translate: [10, 20, 30] as Vec3, rotate: [0, 0, half, half] as const, scale: [2, 3, 4] as Vec3 };

const near = (got: Vec3, expected: readonly number[], digits = 9) => {
  for (const i of [0, 1, 2]) expect(got[i]).toBeCloseTo(expected[i]!, digits);
};

test('a point is scaled, then turned, then shifted', () => {
  // A quarter turn about z takes x to y.
  near(toWorld(placementOf(quarter), [1, 0, 0]), [10, 22, 30]);
  near(toWorld(placementOf(quarter), [0, 1, 1]), [7, 20, 34]);
});

test('points go there and back; a quaternion may have any length but none', () => {
  const odd = placementOf({ translate: [-5, 0.5, 1e4], rotate: [0.3, -1.2, 0.7, 2], scale: [0.25, 7, 1] });
  for (const p of [[0, 0, 0], [1, -2, 3], [1e3, 4, -8]] as Vec3[]) near(toLayer(odd, toWorld(odd, p)), p, 6);
  const none = placementOf({ translate: [1, 2, 3], rotate: [0, 0, 0, 0], scale: [1, 1, 1] });
  expect(toWorld(none, [4, 5, 6])).toEqual([5, 7, 9]);
  expect(placementOf(undefined)).toBe(UNPLACED);
});

test('the box around a turned box holds its corners and touches them', () => {
  const placement = placementOf({ ...quarter, rotate: [0, 0, Math.sin(Math.PI / 8), Math.cos(Math.PI / 8)] });
  const box = { min: [-1, -2, -3] as Vec3, max: [4, 5, 6] as Vec3 };
  const corners = Array.from({ length: 8 }, (_, n) => toWorld(placement, [0, 1, 2].map((i) => (n & (1 << i) ? box.max : box.min)[i]!) as unknown as Vec3));
  const bounds = placedBounds(placement, box);
  for (const i of [0, 1, 2]) {
    expect(bounds.min[i]).toBeCloseTo(Math.min(...corners.map((c) => c[i]!)), 9);
    expect(bounds.max[i]).toBeCloseTo(Math.max(...corners.map((c) => c[i]!)), 9);
  }
});

test('a frustum sees of a layer what it would see of the moved box', () => {
  const basis = { eye: [0, -100, 0] as Vec3, right: [1, 0, 0] as Vec3, up: [0, 0, 1] as Vec3, forward: [0, 1, 0] as Vec3 };
  const frustum = makeFrustum(basis, 0.6, 400, 300);
  const small = { min: [-1, -1, -1] as Vec3, max: [1, 1, 1] as Vec3 };
  for (const [translate, seen] of [[[0, 0, 0], true], [[50, 0, 0], false], [[0, 0, 25], true], [[0, 0, 40], false], [[0, -120, 0], false]] as const) {
    const placement = placementOf({ translate, rotate: [0.1, 0.2, 0.3, 0.9], scale: [2, 2, 2] });
    const inside = frustumInLayer(placement, frustum);
    expect(boxInView(inside, small.min, small.max)).toBe(seen);
    expect(inside.pixelsPerUnit).toBeCloseTo(frustum.pixelsPerUnit, 9);
    expect(Math.hypot(...inside.forward)).toBeCloseTo(1, 9);
  }
});
