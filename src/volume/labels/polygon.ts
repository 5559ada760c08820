/** A lasso: the inside of a polygon, by the even-odd rule, in planes across an axis. */

import { BRICK_EDGE } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';
import { type BrickMask, setSpan } from './mask.js';

type Pair = readonly [number, number];
type Triple = readonly [number, number, number];

/** Edges looked at, after which others get their turn. */
const EDGES_A_TURN = 200_000;
/** Rows whose crossings are kept: bricks that lie behind and beside each other have the same rows. */
const ROWS_KEPT = 65_536;

export class Polygon {
  /** Half-open, within the volume. */
  readonly low: Triple;
  readonly high: Triple;
  readonly #rows = new Map<number, readonly number[]>();

  constructor(
    shape: Vec3,
    readonly axis: number,
    index: Pair,
    readonly points: readonly Pair[],
  ) {
    const [low, high] = [[0, 0, 0], [0, 0, 0]] as [[number, number, number], [number, number, number]];
    let other = 0;
    for (const at of [0, 1, 2] as const) {
      let [from, to] = [index[0], index[1] + 1];
      if (at !== axis) {
        from = Number.POSITIVE_INFINITY;
        to = Number.NEGATIVE_INFINITY;
        for (const point of points) {
          const p = point[other] as number;
          if (p < from) from = Math.floor(p);
          if (p > to) to = p;
        }
        to = Math.ceil(to) + 1;
        other += 1;
      }
      low[at] = Math.min(Math.max(from, 0), shape[at]);
      high[at] = Math.max(Math.min(to, shape[at]), low[at]);
    }
    this.low = low;
    this.high = high;
  }

  get voxels(): number {
    const { low, high } = this;
    return (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]);
  }

  /** Sets what it touches of the brick at (z, y, x). Gives way after a while. */
  *paint(mask: BrickMask, z: number, y: number, x: number): Generator<void> {
    const begin = [z * BRICK_EDGE, y * BRICK_EDGE, x * BRICK_EDGE] as const;
    const span = (at: 0 | 1 | 2): Pair => [Math.max(this.low[at] - begin[at], 0), Math.min(this.high[at] - begin[at], BRICK_EDGE)];
    const [sz, sy, sx] = [span(0), span(1), span(2)];
    if (sz[0] >= sz[1] || sy[0] >= sy[1] || sx[0] >= sx[1]) return;
    const [rows, columns] = this.axis === 0 ? [sy, sx] : this.axis === 1 ? [sz, sx] : [sz, sy];
    const [rowBegin, columnBegin] = this.axis === 0 ? [begin[1], begin[2]] : this.axis === 1 ? [begin[0], begin[2]] : [begin[0], begin[1]];
    let edges = 0;
    for (let row = rows[0]; row < rows[1]; row += 1) {
      let crossings = this.#rows.get(row + rowBegin);
      if (!crossings) {
        crossings = this.#crossings(row + rowBegin);
        if (this.#rows.size < ROWS_KEPT) this.#rows.set(row + rowBegin, crossings);
        edges += this.points.length;
      }
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const from = Math.max(Math.ceil(crossings[i] as number) - columnBegin, columns[0]);
        const to = Math.min(Math.ceil(crossings[i + 1] as number) - columnBegin, columns[1]);
        if (from >= to) continue;
        if (this.axis === 0) for (let k = sz[0]; k < sz[1]; k += 1) setSpan(mask, k * BRICK_EDGE + row, from, to);
        else if (this.axis === 1) for (let j = sy[0]; j < sy[1]; j += 1) setSpan(mask, row * BRICK_EDGE + j, from, to);
        else for (let j = from; j < to; j += 1) setSpan(mask, row * BRICK_EDGE + j, sx[0], sx[1]);
      }
      if (edges < EDGES_A_TURN) continue;
      edges = 0;
      yield;
    }
  }

  /** Where a row crosses the polygon's edges, in order. */
  #crossings(p: number): number[] {
    const { points } = this;
    const found: number[] = [];
    for (let i = 0; i < points.length; i += 1) {
      const [ai, bi] = points[i] as Pair;
      const [aj, bj] = points[i + 1 < points.length ? i + 1 : 0] as Pair;
      if (ai > p !== aj > p) found.push(((bj - bi) * (p - ai)) / (aj - ai) + bi);
    }
    return found.sort((one, two) => one - two);
  }
}
