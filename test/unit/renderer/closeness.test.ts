import { expect, test } from '@jest/globals';
import { frameBounds } from '../../../src/renderer/camera.js';
import { closeness, steppedCloseness } from '../../../src/renderer/closeness.js';
import { type Vec3, worldBounds } from '../../../src/volume/geometry.js';
import { placementOf, placedBounds, UNPLACED } from '../../../src/volume/placement.js';

const SHAPES: readonly Vec3[] = [[128, 128, 128], [10, 20, 1000], [1000, 4, 4], [1, 500, 500], [2 ** 20, 2 ** 20, 2 ** 20]];
const at = (shape: Vec3) => ({ shape, voxelSize: [2, 1, 0.5] as Vec3, origin: [5, 6, 7] as Vec3 });

test('what is framed as a whole, from any side and in a picture of any proportions, is not near', () => {
  for (const shape of SHAPES) {
    for (const aspect of [0.4, 1, 1.6, 2.5]) {
      for (let yaw = 0; yaw < 3.2; yaw += 0.2) {
        for (const pitch of [-1.5, -0.4, 0, 0.9, 1.5]) {
          const camera = frameBounds(worldBounds(at(shape)), aspect, { yaw, pitch });
          expect(closeness(at(shape), UNPLACED, camera)).toBe(1);
        }
      }
    }
  }
});

test('it doubles as the distance halves, without a jump where it begins, and counts a layer’s own scale', () => {
  const geometry = at([256, 256, 256]);
  const camera = frameBounds(worldBounds(geometry), 1);
  const near = (factor: number) => closeness(geometry, UNPLACED, { ...camera, distance: camera.distance * factor });
  expect(near(0.005) / near(0.01)).toBeCloseTo(2, 9);
  for (let factor = 1; factor > 1e-4; factor *= 0.97) expect(near(factor * 0.97) / near(factor)).toBeLessThan(1 / 0.97 + 1e-9);
  const large = placementOf({ translate: [0, 0, 0], rotate: [0, 0, 0, 1], scale: [40, 40, 40] });
  expect(closeness(geometry, large, { ...camera, distance: camera.distance * 0.4 })).toBeCloseTo(near(0.01), 9);
  expect(closeness(geometry, large, frameBounds(placedBounds(large, worldBounds(geometry)), 1))).toBe(1);
});

test('its steps are a 32nd of a doubling, and a whole layer’s is 1', () => {
  expect(steppedCloseness(1)).toBe(1);
  for (let exact = 1; exact < 1e6; exact *= 1.013) {
    expect(Math.abs(Math.log2(steppedCloseness(exact) / exact))).toBeLessThanOrEqual(1 / 64 + 1e-9);
  }
});
