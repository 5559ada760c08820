/**
 * Strokes of a brush: the ellipsoid swept along points, row by row. README.md of the protocol says exactly which voxels are in; where a
 * row is entered and left is computed, and settled by that rule.
 */

import { BRICK_EDGE } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';
import { type BrickMask, setSpan } from './mask.js';

type Triple = readonly [number, number, number];

/** Rows after which others get their turn. */
const ROWS_A_TURN = 8192;
/** What rounding may make of a number that is 0. */
const ALMOST = 1e-9;

/** Two points that follow each other, and what of the volume lies around them. */
interface Segment {
  readonly a: Triple;
  /** Of the brush between them. */
  readonly r: Triple;
  /** From a to b, in radii. */
  readonly d: Triple;
  readonly dd: number;
  /** Half-open, within the volume. */
  readonly low: Triple;
  readonly high: Triple;
}

export class Stroke {
  readonly segments: readonly Segment[];

  /** @param scales the part of the radius that the brush has at each point; absent: all of it */
  constructor(shape: Vec3, points: readonly Triple[], radius: Triple, scales?: readonly number[]) {
    const map = (f: (axis: 0 | 1 | 2) => number): Triple => [f(0), f(1), f(2)];
    const scaleOf = (i: number): number => scales?.[Math.min(i, points.length - 1)] ?? 1;
    const at = points.map((p) => map((axis) => (radius[axis] <= 0.5 ? Math.floor(p[axis] + 0.5) : p[axis])));
    const first = at[0] as Triple;
    this.segments = (at.length === 1 ? [first] : at.slice(1)).map((b, i) => {
      const a = at[i] as Triple;
      const scale = (scaleOf(i) + scaleOf(i + 1)) / 2;
      const r = map((axis) => Math.max(radius[axis] * scale, 0.5));
      const d = map((axis) => (b[axis] - a[axis]) / r[axis]);
      const low = map((axis) => Math.max(Math.floor(Math.min(a[axis], b[axis]) - r[axis]), 0));
      const high = map((axis) => Math.max(Math.min(Math.ceil(Math.max(a[axis], b[axis]) + r[axis]) + 1, shape[axis]), low[axis]));
      return { a, r, d, dd: d[0] * d[0] + d[1] * d[1] + d[2] * d[2], low, high };
    });
  }

  /** Voxels of the boxes of all segments. */
  get voxels(): number {
    return this.segments.reduce((sum, { low, high }) => sum + (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]), 0);
  }

  /** Sets what it touches of the brick at (z, y, x). Gives way after a while. */
  *paint(mask: BrickMask, z: number, y: number, x: number): Generator<void> {
    let rows = 0;
    const [z0, y0, x0] = [z * BRICK_EDGE, y * BRICK_EDGE, x * BRICK_EDGE];
    for (const segment of this.segments) {
      const { low, high } = segment;
      if (low[0] >= z0 + BRICK_EDGE || high[0] <= z0 || low[1] >= y0 + BRICK_EDGE || high[1] <= y0 || low[2] >= x0 + BRICK_EDGE || high[2] <= x0) continue;
      for (let k = Math.max(low[0], z0); k < Math.min(high[0], z0 + BRICK_EDGE); k += 1) {
        for (let j = Math.max(low[1], y0); j < Math.min(high[1], y0 + BRICK_EDGE); j += 1) {
          rows += 1;
          this.#row(segment, k, j, mask, (k - z0) * BRICK_EDGE + j - y0, x0);
        }
      }
      if (rows < ROWS_A_TURN) continue;
      rows = 0;
      yield;
    }
  }

  /** One row along x: the part of it inside is one interval, for what is swept is convex. */
  #row(segment: Segment, z: number, y: number, mask: BrickMask, row: number, x0: number): void {
    const { a, r: [rz, ry, rx], d, dd, low, high } = segment;
    const [uz, uy] = [(z - a[0]) / rz, (y - a[1]) / ry];
    const c = uz * uz + uy * uy;
    const [ez, ey] = [uz - d[0], uy - d[1]];
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    const reach = (middle: number, square: number, least: number, most: number): void => {
      if (square < -ALMOST) return;
      const half = Math.sqrt(Math.max(square, 0));
      const [begin, end] = [Math.max(middle - half, least), Math.min(middle + half, most)];
      if (begin > end) return;
      if (begin < from) from = begin;
      if (end > to) to = end;
    };
    reach(0, 1 - c, -Infinity, Infinity);
    if (dd > 0) {
      reach(d[2], 1 - (ez * ez + ey * ey), -Infinity, Infinity);
      this.#shaft(segment, c, uz * d[0] + uy * d[1], reach);
    }
    if (from > to) return;
    const inside = (i: number): boolean => {
      const ux = (i - a[2]) / rx;
      const t = dd > 0 ? Math.min(Math.max((uz * d[0] + uy * d[1] + ux * d[2]) / dd, 0), 1) : 0;
      const [fz, fy, fx] = [uz - t * d[0], uy - t * d[1], ux - t * d[2]];
      return fz * fz + fy * fy + fx * fx <= 1;
    };
    let first = Math.max(Math.floor(a[2] + from * rx), low[2]);
    let last = Math.min(Math.ceil(a[2] + to * rx), high[2] - 1);
    while (first <= last && !inside(first)) first += 1;
    while (last > first && !inside(last)) last -= 1;
    setSpan(mask, row, first - x0, last + 1 - x0);
  }

  /** Between the two ends: where the row is within 1 of the line, and beside the segment. */
  #shaft({ d, dd }: Segment, c: number, k: number, reach: (middle: number, square: number, least: number, most: number) => void): void {
    const dx = d[2];
    let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (dx !== 0) {
      const [one, two] = [-k / dx, (dd - k) / dx];
      [least, most] = [Math.min(one, two), Math.max(one, two)];
    } else if (k < 0 || k > dd) {
      return;
    }
    const slope = 1 - (dx * dx) / dd;
    const rest = c - (k * k) / dd - 1;
    if (slope > ALMOST) {
      const middle = (k * dx) / dd / slope;
      reach(middle, middle * middle - rest / slope, least, most);
    } else if (rest <= ALMOST) {
      reach(0, Number.POSITIVE_INFINITY, least, most);
    }
  }
}
