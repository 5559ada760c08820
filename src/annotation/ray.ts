/** A ray through a pixel, and where it meets planes and lines of the world. x, y, z. Pure. */

import type { PointCoords } from './model.js';

export interface Ray {
  readonly origin: PointCoords;
  /** Of length 1. */
  readonly direction: PointCoords;
}

const dot = (a: PointCoords, b: PointCoords) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: PointCoords, b: PointCoords): PointCoords => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** The point at distance `t` along the ray. */
export function along({ origin, direction }: Ray, t: number): PointCoords {
  return [origin[0] + t * direction[0], origin[1] + t * direction[1], origin[2] + t * direction[2]];
}

/** Where the ray meets the plane through `point` with `normal`; undefined where it runs beside it. */
export function meetPlane(ray: Ray, point: PointCoords, normal: PointCoords): PointCoords | undefined {
  const slope = dot(ray.direction, normal);
  if (Math.abs(slope) < 1e-9) return undefined;
  return along(ray, dot(minus(point, ray.origin), normal) / slope);
}

/** The point of the line through `point` along `direction` (of length 1) that is nearest to the ray; undefined where they are parallel. */
export function nearestOnLine(ray: Ray, point: PointCoords, direction: PointCoords): PointCoords | undefined {
  const cosine = dot(ray.direction, direction);
  const sine2 = 1 - cosine * cosine;
  if (sine2 < 1e-6) return undefined;
  const between = minus(ray.origin, point);
  const t = (dot(between, direction) - cosine * dot(between, ray.direction)) / sine2;
  return [point[0] + t * direction[0], point[1] + t * direction[1], point[2] + t * direction[2]];
}

/** Distance of a point to the ray, and how far along it that is. */
export function rayDistance(ray: Ray, point: PointCoords): { distance: number; t: number } {
  const t = Math.max(0, dot(minus(point, ray.origin), ray.direction));
  return { distance: Math.hypot(...minus(point, along(ray, t))), t };
}
