/** The orbit camera: it looks at a target from a distance. World is x, y, z with z up; pixels are CSS pixels of the canvas. */

import type { Vec3 } from '../volume/geometry.js';
import type { Pixel, Rect } from './views.js';

/** Yaw turns about z, from +x towards +y; pitch rises from the xy plane; angles are radians. */
export interface OrbitCamera {
  readonly target: Vec3;
  readonly distance: number;
  readonly yaw: number;
  readonly pitch: number;
  /** Vertical field of view. */
  readonly fovY: number;
}

/** A ray of unit direction. */
export interface Ray {
  readonly origin: Vec3;
  readonly direction: Vec3;
}

/** The camera's axes: `forward` points into the picture. All are of unit length. */
export interface CameraBasis {
  readonly eye: Vec3;
  readonly right: Vec3;
  readonly up: Vec3;
  readonly forward: Vec3;
}

const PITCH_LIMIT = Math.PI / 2 - 1e-3;
/** Room around a framed box. */
const FRAME_MARGIN = 1.06;
export const DEFAULT_FOV = (35 * Math.PI) / 180;

const add = (a: Vec3, b: Vec3, s = 1): Vec3 => [a[0] + b[0] * s, a[1] + b[1] * s, a[2] + b[2] * s];
const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const clamp = (n: number, low: number, high: number): number => Math.min(Math.max(n, low), high);

/** Where the eye is and which way it looks. */
export function cameraBasis(camera: OrbitCamera): CameraBasis {
  const [cy, sy, cp, sp] = [Math.cos(camera.yaw), Math.sin(camera.yaw), Math.cos(camera.pitch), Math.sin(camera.pitch)];
  const back: Vec3 = [cp * cy, cp * sy, sp];
  return {
    eye: add(camera.target, back, camera.distance),
    right: [-sy, cy, 0],
    up: [-sp * cy, -sp * sy, cp],
    forward: [-back[0], -back[1], -back[2]],
  };
}

/** The camera turned by angles; it never tips over the poles. */
export function orbit(camera: OrbitCamera, yaw: number, pitch: number): OrbitCamera {
  return { ...camera, yaw: camera.yaw + yaw, pitch: clamp(camera.pitch + pitch, -PITCH_LIMIT, PITCH_LIMIT) };
}

/** World length of one CSS pixel at the target, in a view of `height` pixels. */
export function pixelSize(camera: OrbitCamera, height: number): number {
  return (2 * camera.distance * Math.tan(camera.fovY / 2)) / height;
}

/** The camera moved so that the target's surroundings follow the pointer by (dx, dy) pixels. */
export function pan(camera: OrbitCamera, dx: number, dy: number, height: number): OrbitCamera {
  const { right, up } = cameraBasis(camera);
  const size = pixelSize(camera, height);
  return { ...camera, target: add(add(camera.target, right, -dx * size), up, dy * size) };
}

/** The camera at `factor` times its distance. */
export function dolly(camera: OrbitCamera, factor: number): OrbitCamera {
  return { ...camera, distance: clamp(camera.distance * factor, 1e-9, 1e12) };
}

/** A camera that shows all of a box, from a pleasing side. */
export function frameBounds(
  bounds: { readonly min: Vec3; readonly max: Vec3 },
  aspect: number,
  angles: { readonly yaw: number; readonly pitch: number } = { yaw: -0.9, pitch: 0.42 },
): OrbitCamera {
  const axes = [0, 1, 2] as const;
  const half: Vec3 = [0, 1, 2].map((i) => ((bounds.max[i] as number) - (bounds.min[i] as number)) / 2) as unknown as Vec3;
  const target = add(bounds.min, half);
  const camera = { target, distance: 1, ...angles, fovY: DEFAULT_FOV };
  const { right, up, forward } = cameraBasis(camera);
  const tan = Math.tan(DEFAULT_FOV / 2) / FRAME_MARGIN;
  // Of the eight corners the one that needs the most distance decides.
  let distance = 1e-9;
  for (let corner = 0; corner < 8; corner += 1) {
    const c = axes.map((i) => (corner & (1 << i) ? half[i] : -half[i])) as unknown as Vec3;
    const wide = Math.max(Math.abs(dot(c, right)) / (tan * aspect), Math.abs(dot(c, up)) / tan);
    distance = Math.max(distance, wide - dot(c, forward));
  }
  return { ...camera, distance };
}

/** World → camera (x right, y up, z towards the eye), column by column. */
export function viewMatrix(camera: OrbitCamera): number[] {
  const { eye, right: r, up: u, forward: f } = cameraBasis(camera);
  return [
    r[0], u[0], -f[0], 0, r[1], u[1], -f[1], 0, r[2], u[2], -f[2], 0,
    -dot(r, eye), -dot(u, eye), dot(f, eye), 1,
  ];
}

/** Camera → clip space, column by column; near and far follow the camera's distance. */
export function projectionMatrix(camera: OrbitCamera, aspect: number): number[] {
  const f = 1 / Math.tan(camera.fovY / 2);
  const [near, far] = [camera.distance * 1e-3, camera.distance * 1e3];
  return [f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0];
}

/** The ray through a pixel of the canvas that lies in the view's rectangle. */
export function rayThrough(camera: OrbitCamera, rect: Rect, px: Pixel): Ray {
  const { eye, right, up, forward } = cameraBasis(camera);
  const size = (2 * Math.tan(camera.fovY / 2)) / rect.height;
  const [dx, dy] = [px[0] - rect.x - rect.width / 2, rect.y + rect.height / 2 - px[1]];
  const d = add(add(forward, right, dx * size), up, dy * size);
  const length = Math.hypot(...d);
  return { origin: eye, direction: [d[0] / length, d[1] / length, d[2] / length] };
}

/**
 * The pixel of the canvas where a world point appears, and its depth along the view; undefined behind the eye.
 *
 * @example project(camera, rect, camera.target) // the middle of rect, depth camera.distance
 */
export function project(camera: OrbitCamera, rect: Rect, world: Vec3): { px: Pixel; depth: number } | undefined {
  const { eye, right, up, forward } = cameraBasis(camera);
  const d = add(world, eye, -1);
  const depth = dot(d, forward);
  if (depth <= camera.distance * 1e-6) return undefined;
  const size = ((2 * Math.tan(camera.fovY / 2)) / rect.height) * depth;
  return {
    px: [rect.x + rect.width / 2 + dot(d, right) / size, rect.y + rect.height / 2 - dot(d, up) / size],
    depth,
  };
}
