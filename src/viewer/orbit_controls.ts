/** What gestures do to the orbit camera. Pure. */

import { cameraBasis, dolly, type OrbitCamera, orbit, pan, pixelSize } from '../renderer/camera.js';
import type { Pixel, Rect } from '../renderer/views.js';
import type { Vec3 } from '../volume/geometry.js';

/** Radians for a drag across the view's shorter edge. */
const TURN = Math.PI;
/** Wheel distance that halves or doubles: about seven notches of a mouse. */
const WHEEL_DOUBLING = 700;

/** The volume turns under the pointer, as if it were held. */
export function dragOrbit(camera: OrbitCamera, dx: number, dy: number, rect: Rect): OrbitCamera {
  const scale = TURN / Math.max(1, Math.min(rect.width, rect.height));
  return orbit(camera, -dx * scale, dy * scale);
}

/** The volume turns about its upright axis as two fingers turn: seen from above that is the same way. */
export function twisted(camera: OrbitCamera, angle: number): OrbitCamera {
  return orbit(camera, camera.pitch < 0 ? -angle : angle, 0);
}

/** The volume follows the pointer. */
export function dragPan(camera: OrbitCamera, dx: number, dy: number, rect: Rect): OrbitCamera {
  return pan(camera, dx, dy, rect.height);
}

/** Factor of a zoom by wheel; more than 1 goes away. */
export function wheelFactor(delta: number): number {
  return 2 ** (Math.max(-300, Math.min(300, delta)) / WHEEL_DOUBLING);
}

/** Nearer or farther by `factor`, keeping what is under the pixel (at the target's depth) where it is. */
export function zoomAt(camera: OrbitCamera, factor: number, px: Pixel, rect: Rect): OrbitCamera {
  const near = dolly(camera, factor);
  const change = pixelSize(camera, rect.height) - pixelSize(near, rect.height);
  const dx = (px[0] - rect.x - rect.width / 2) * change;
  const dy = (rect.y + rect.height / 2 - px[1]) * change;
  const { right, up } = cameraBasis(camera);
  const target = camera.target.map((value, i) => value + right[i]! * dx + up[i]! * dy) as unknown as Vec3;
  return { ...near, target };
}
