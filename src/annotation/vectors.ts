/** Arithmetic of directions and turns. World x, y, z; quaternions x, y, z, w of length 1. Pure. */

import type { PointCoords } from './kinds.js';

export type Turn = readonly [number, number, number, number];
export const NO_TURN: Turn = [0, 0, 0, 1];

export const dot = (a: PointCoords, b: PointCoords): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a: PointCoords, b: PointCoords): PointCoords => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
/** `a` and `by` times `b`. */
export const plus = (a: PointCoords, b: PointCoords, by = 1): PointCoords => [a[0] + by * b[0], a[1] + by * b[1], a[2] + by * b[2]];
export const cross = (a: PointCoords, b: PointCoords): PointCoords => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** The vector with length 1; undefined where it has none. */
export function unit(v: PointCoords): PointCoords | undefined {
  const length = Math.hypot(...v);
  return length > 0 ? [v[0] / length, v[1] / length, v[2] / length] : undefined;
}

/** A direction at right angles to `v`, of length 1. */
export function across(v: PointCoords): PointCoords {
  const least = [0, 1, 2].reduce((best, i) => (Math.abs(v[i]!) < Math.abs(v[best]!) ? i : best), 0);
  return unit(cross(v, [Number(least === 0), Number(least === 1), Number(least === 2)])) as PointCoords;
}

/** A vector turned. */
export function rotate([x, y, z, w]: Turn, v: PointCoords): PointCoords {
  const t = cross([x, y, z], v);
  const s = cross([x, y, z], t);
  return [v[0] + 2 * (w * t[0] + s[0]), v[1] + 2 * (w * t[1] + s[1]), v[2] + 2 * (w * t[2] + s[2])];
}

/** A vector turned back. */
export const rotateBack = ([x, y, z, w]: Turn, v: PointCoords): PointCoords => rotate([-x, -y, -z, w], v);

/** The turn by `angle` (radians) about a direction of length 1, after `before`; of length 1 however often that is done. */
export function turnedBy(axis: PointCoords, angle: number, [a, b, c, d]: Turn): Turn {
  const s = Math.sin(angle / 2);
  const [x, y, z, w] = [axis[0] * s, axis[1] * s, axis[2] * s, Math.cos(angle / 2)];
  const q = [w * a + x * d + y * c - z * b, w * b - x * c + y * d + z * a, w * c + x * b - y * a + z * d, w * d - x * a - y * b - z * c];
  const length = Math.hypot(...q);
  return q.map((n) => n / length) as unknown as Turn;
}

/** The turn that takes x and y to two directions of length 1 at right angles to each other. */
export function turnTo(x: PointCoords, y: PointCoords): Turn {
  const z = cross(x, y);
  const [xx, yy, zz] = [x[0], y[1], z[2]];
  // The largest of the four is divided by: none of them is lost to rounding.
  const squares = [1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz, 1 + xx + yy + zz];
  const most = squares.indexOf(Math.max(...squares));
  const rows = [
    [squares[0], y[0] + x[1], z[0] + x[2], y[2] - z[1]],
    [y[0] + x[1], squares[1], z[1] + y[2], z[0] - x[2]],
    [z[0] + x[2], z[1] + y[2], squares[2], x[1] - y[0]],
    [y[2] - z[1], z[0] - x[2], x[1] - y[0], squares[3]],
  ] as number[][];
  const q = rows[most] as number[];
  const length = Math.hypot(...q);
  return q.map((n) => n / length) as unknown as Turn;
}
