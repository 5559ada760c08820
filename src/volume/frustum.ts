/** What a camera sees of a box. World points are x, y, z. */

import type { Vec3 } from './geometry.js';

/** The eye and planes around what is seen, inward normals: a point p is inside where n·p + d ≥ 0. Nothing is too near or far. */
export interface Frustum {
  readonly eye: Vec3;
  readonly forward: Vec3;
  readonly planes: readonly (readonly [number, number, number, number])[];
  /** Pixels that a length of 1 covers at a distance of 1. */
  readonly pixelsPerUnit: number;
}

/** The frustum of an eye with unit axes, a vertical field of view and a picture of width x height pixels. */
export function makeFrustum(
  basis: { readonly eye: Vec3; readonly right: Vec3; readonly up: Vec3; readonly forward: Vec3 },
  fovY: number,
  width: number,
  height: number,
): Frustum {
  const { eye, right, up, forward } = basis;
  const tanY = Math.tan(fovY / 2);
  const tanX = (tanY * width) / height;
  const plane = (axis: Vec3, sign: number, tan: number): [number, number, number, number] => {
    const n = [0, 1, 2].map((i) => (forward[i] as number) * tan + sign * (axis[i] as number)) as [number, number, number];
    const length = Math.hypot(...n);
    const [a, b, c] = [n[0] / length, n[1] / length, n[2] / length];
    return [a, b, c, -(a * eye[0] + b * eye[1] + c * eye[2])];
  };
  const ahead = forward;
  const near: [number, number, number, number] = [...ahead, -(ahead[0] * eye[0] + ahead[1] * eye[1] + ahead[2] * eye[2])];
  return {
    eye,
    forward,
    planes: [near, plane(right, 1, tanX), plane(right, -1, tanX), plane(up, 1, tanY), plane(up, -1, tanY)],
    pixelsPerUnit: height / (2 * tanY),
  };
}

/** What is left of a frustum by planes that cut: a place p stays where dot(normal, p) >= offset. */
export function cutFrustum(frustum: Frustum, cuts: readonly { readonly normal: Vec3; readonly offset: number }[]): Frustum {
  if (cuts.length === 0) return frustum;
  return { ...frustum, planes: [...frustum.planes, ...cuts.map(({ normal: [a, b, c], offset }) => [a, b, c, -offset] as const)] };
}

/** Whether some of the box may be in view; boxes near an edge of the frustum may be counted in. */
export function boxInView(frustum: Frustum, min: Vec3, max: Vec3): boolean {
  for (const [a, b, c, d] of frustum.planes) {
    const far = a * (a > 0 ? max[0] : min[0]) + b * (b > 0 ? max[1] : min[1]) + c * (c > 0 ? max[2] : min[2]);
    if (far + d < 0) return false;
  }
  return true;
}

/** Distance of the eye from the nearest point of a box; 0 inside it. */
export function boxDistance(eye: Vec3, min: Vec3, max: Vec3): number {
  let sum = 0;
  for (let i = 0; i < 3; i += 1) {
    const e = eye[i] as number;
    const gap = Math.max((min[i] as number) - e, e - (max[i] as number), 0);
    sum += gap * gap;
  }
  return Math.sqrt(sum);
}

/** 1 for a box in the middle of the picture, falling towards its edge and beyond. */
export function centerWeight(frustum: Frustum, min: Vec3, max: Vec3): number {
  const { eye, forward } = frustum;
  const d = [0, 1, 2].map((i) => ((min[i] as number) + (max[i] as number)) / 2 - (eye[i] as number)) as [number, number, number];
  const length = Math.hypot(...d);
  if (length === 0) return 1;
  const cosine = (d[0] * forward[0] + d[1] * forward[1] + d[2] * forward[2]) / length;
  return 1 / (1 + 6 * Math.acos(Math.min(Math.max(cosine, -1), 1)));
}
