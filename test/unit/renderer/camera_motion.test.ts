import { expect, test } from '@jest/globals';
import { CameraMotion } from '../../../src/renderer/camera_motion.js';
import type { OrbitCamera } from '../../../src/renderer/camera.js';

const camera: OrbitCamera = { target: [1, 2, 3], distance: 10, yaw: 0, pitch: 0, fovY: 0.6 };

test('a camera that turns, shifts and nears at a steady rate is predicted where it will be', () => {
  const motion = new CameraMotion();
  for (let i = 0; i <= 10; i += 1) {
    motion.add({ ...camera, yaw: 0.01 * i, pitch: -0.005 * i, distance: 10 * 0.99 ** i, target: [1 + 0.1 * i, 2, 3] }, i * 16);
  }
  const next = motion.predict(160, 160) as OrbitCamera;
  expect([next.yaw, next.pitch, next.distance, next.target[0]]).toEqual([0.2, -0.1, 10 * 0.99 ** 20, 3].map((v) => expect.closeTo(v, 6)));
});

test('nothing is predicted for a camera at rest, or one that has stopped, or that was seen once', () => {
  const motion = new CameraMotion();
  expect(motion.predict(0, 250)).toBeUndefined();
  motion.add(camera, 0);
  expect(motion.predict(1, 250)).toBeUndefined();
  motion.add({ ...camera, yaw: 0.1 }, 16);
  expect(motion.predict(20, 250)).toBeDefined();
  expect(motion.predict(400, 250)).toBeUndefined();
  const still = new CameraMotion();
  still.add(camera, 0);
  still.add({ ...camera }, 16);
  expect(still.predict(20, 250)).toBeUndefined();
});

test('a jump does not fling the prediction away', () => {
  const motion = new CameraMotion();
  motion.add(camera, 0);
  motion.add({ ...camera, yaw: 1, distance: 1 }, 1);
  const next = motion.predict(1, 250) as OrbitCamera;
  expect(next.yaw).toBeLessThanOrEqual(1.6);
  expect(next.distance).toBeGreaterThanOrEqual(0.25);
});
