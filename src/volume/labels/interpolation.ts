/**
 * Shape-based interpolation (Raya & Udupa 1990): between two planes that have a label, the voxels whose distances to the two outlines,
 * mixed by how near each plane is, are not outside.
 */

import type { VoxelBox } from '../../protocol/labels.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';
import { type BrickAccess, BRICK_PLANE } from './brick.js';
import { type BrickMask, MASK_WORDS, setSpan } from './mask.js';
import { signedDistance, type Shape } from './signed_distance.js';

type Axis = 0 | 1 | 2;
/** Rows and columns, half-open, of planes across the axis. */
interface Rectangle {
  readonly low: [number, number];
  readonly high: [number, number];
}

/** The axes along rows and columns of a plane. */
const ACROSS = [[1, 2], [0, 2], [0, 1]] as const;

export class Interpolation {
  /** What is to be written, by brick. */
  readonly filled = new Map<string, { readonly brick: Vec3; readonly mask: BrickMask }>();
  readonly #rows: Axis;
  readonly #columns: Axis;

  constructor(
    readonly bricks: BrickAccess,
    readonly axis: Axis,
    readonly box: VoxelBox,
    readonly label: number,
    readonly voxelSize: Vec3,
  ) {
    [this.#rows, this.#columns] = ACROSS[axis];
  }

  /** Computes `filled`; yields after each brick or some rows. `refuse` is asked whether a plane's part is too large. */
  *run(refuse: (texels: number) => void): Generator<void> {
    const planes = yield* this.#planes();
    const painted = [...planes.keys()].sort((a, b) => a - b);
    for (let i = 0; i + 1 < painted.length; i += 1) {
      const [first, last] = [painted[i] as number, painted[i + 1] as number];
      if (last - first < 2) continue;
      const [a, b] = [planes.get(first), planes.get(last)] as [Rectangle, Rectangle];
      const both: Rectangle = {
        low: [Math.min(a.low[0], b.low[0]), Math.min(a.low[1], b.low[1])],
        high: [Math.max(a.high[0], b.high[0]), Math.max(a.high[1], b.high[1])],
      };
      refuse((both.high[0] - both.low[0]) * (both.high[1] - both.low[1]));
      yield* this.#between(first, last, both);
    }
  }

  *#between(first: number, last: number, area: Rectangle): Generator<void> {
    const edges = [this.voxelSize[this.#rows], this.voxelSize[this.#columns]] as const;
    const below = yield* signedDistance(yield* this.#shape(first, area), edges);
    const above = yield* signedDistance(yield* this.#shape(last, area), edges);
    const columns = area.high[1] - area.low[1];
    for (let plane = first + 1; plane < last; plane += 1) {
      const [near, far] = [last - plane, plane - first];
      for (let row = area.low[0], at = 0; row < area.high[0]; row += 1, at += columns) {
        for (let from = 0; from < columns; from += 1) {
          if (!((below[at + from] as number) * near + (above[at + from] as number) * far >= 0)) continue;
          let to = from + 1;
          while (to < columns && (below[at + to] as number) * near + (above[at + to] as number) * far >= 0) to += 1;
          this.#set(plane, row, area.low[1] + from, area.low[1] + to);
          from = to;
        }
      }
      yield;
    }
  }

  /** Which rows and columns of each plane have the label: of those that have it at all. */
  *#planes(): Generator<void, Map<number, Rectangle>> {
    const planes = new Map<number, Rectangle>();
    const [low, high] = this.box;
    const note = (plane: number, row: number, from: number, to: number) => {
      const known = planes.get(plane);
      if (!known) planes.set(plane, { low: [row, from], high: [row + 1, to] });
      else {
        known.low[0] = Math.min(known.low[0], row);
        known.high[0] = Math.max(known.high[0], row + 1);
        known.low[1] = Math.min(known.low[1], from);
        known.high[1] = Math.max(known.high[1], to);
      }
    };
    yield* this.#runs(low, high, (z, y, x0, x1) => {
      if (this.axis === 0) note(z, y, x0, x1);
      else if (this.axis === 1) note(y, z, x0, x1);
      else for (let x = x0; x < x1; x += 1) note(x, z, y, y + 1);
    });
    return planes;
  }

  *#shape(plane: number, { low, high }: Rectangle): Generator<void, Shape> {
    const [rows, columns] = [high[0] - low[0], high[1] - low[1]];
    const inside = new Uint8Array(rows * columns);
    const [from, to] = [[0, 0, 0], [0, 0, 0]] as [[number, number, number], [number, number, number]];
    [from[this.axis], to[this.axis]] = [plane, plane + 1];
    [from[this.#rows], to[this.#rows]] = [low[0], high[0]];
    [from[this.#columns], to[this.#columns]] = [low[1], high[1]];
    yield* this.#runs(from, to, (z, y, x0, x1) => {
      if (this.axis === 0) inside.fill(1, (y - low[0]) * columns + x0 - low[1], (y - low[0]) * columns + x1 - low[1]);
      else if (this.axis === 1) inside.fill(1, (z - low[0]) * columns + x0 - low[1], (z - low[0]) * columns + x1 - low[1]);
      else inside[(z - low[0]) * columns + y - low[1]] = 1;
    });
    return { rows, columns, inside };
  }

  /** Runs along x of the label in a box. */
  *#runs(low: Vec3, high: Vec3, found: (z: number, y: number, x0: number, x1: number) => void): Generator<void> {
    const { label } = this;
    const first = low.map((v) => Math.floor(v / BRICK_EDGE)) as [number, number, number];
    const last = high.map((v) => Math.floor((v - 1) / BRICK_EDGE)) as [number, number, number];
    for (let bz = first[0]; bz <= last[0]; bz += 1) {
      for (let by = first[1]; by <= last[1]; by += 1) {
        for (let bx = first[2]; bx <= last[2]; bx += 1) {
          const brick = this.bricks.read(0, bz, by, bx);
          if (brick !== label && typeof brick === 'number') continue;
          const begin = [bz * BRICK_EDGE, by * BRICK_EDGE, bx * BRICK_EDGE] as const;
          const span = (at: Axis) => [Math.max(low[at], begin[at]), Math.min(high[at], begin[at] + BRICK_EDGE)] as const;
          const [[z0, z1], [y0, y1], [x0, x1]] = [span(0), span(1), span(2)];
          for (let z = z0; z < z1; z += 1) {
            for (let y = y0; y < y1; y += 1) {
              if (typeof brick === 'number') {
                found(z, y, x0, x1);
                continue;
              }
              const row = (z - begin[0]) * BRICK_PLANE + (y - begin[1]) * BRICK_EDGE - begin[2];
              for (let x = x0; x < x1; x += 1) {
                if (brick[row + x] !== label) continue;
                let end = x + 1;
                while (end < x1 && brick[row + end] === label) end += 1;
                found(z, y, x, end);
                x = end;
              }
            }
          }
          yield;
        }
      }
    }
  }

  /** Notes texels of a row of a plane. */
  #set(plane: number, row: number, from: number, to: number): void {
    if (this.axis === 0) this.#setRow(plane, row, from, to);
    else if (this.axis === 1) this.#setRow(row, plane, from, to);
    else for (let column = from; column < to; column += 1) this.#setRow(row, column, plane, plane + 1);
  }

  #setRow(z: number, y: number, from: number, to: number): void {
    const [bz, by] = [Math.floor(z / BRICK_EDGE), Math.floor(y / BRICK_EDGE)];
    for (let x = from; x < to; ) {
      const bx = Math.floor(x / BRICK_EDGE);
      const end = Math.min((bx + 1) * BRICK_EDGE, to);
      const key = `${bz}/${by}/${bx}`;
      let place = this.filled.get(key);
      if (!place) {
        place = { brick: [bz, by, bx], mask: new Uint32Array(MASK_WORDS) };
        this.filled.set(key, place);
      }
      setSpan(place.mask, (z - bz * BRICK_EDGE) * BRICK_EDGE + y - by * BRICK_EDGE, x - bx * BRICK_EDGE, end - bx * BRICK_EDGE);
      x = end;
    }
  }
}
