/**
 * The cells of a brick: 8³ boxes of 8³ voxels, small enough that many of them show nothing where the whole brick shows something. Pure.
 * The index of a cell is (z * 8 + y) * 8 + x.
 */

import type { VoxelArray } from '../protocol/dtype.js';
import { BRICK_EDGE, STORED_EDGE } from '../protocol/limits.js';
import { atOnce } from '../volume/lod_plan.js';

/** Cells along an edge of a brick. */
export const BRICK_CELLS = 8;
export const CELLS_PER_BRICK = BRICK_CELLS ** 3;
const CELL_EDGE = BRICK_EDGE / BRICK_CELLS;
/** A cell is read together with one voxel around it: that is what filtering mixes in. */
const READ_EDGE = CELL_EDGE + 2;

/** Lowest and highest numbers, cell by cell; low above high where nothing in a cell is a number. */
export interface CellRanges {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Rows of voxels that are read between two pauses: a tenth of a millisecond or so, some times that before the code is compiled. */
const PART = 198;

/**
 * The ranges of the cells of a brick of 66³ voxels, one voxel around each cell included; in parts, so that a page can do something else
 * between them.
 */
export function* cellRangesInParts(voxels: VoxelArray): Generator<void, CellRanges> {
  if (voxels instanceof Float32Array) return yield* alongAxes(voxels, floatRanges, (length) => new Float32Array(length));
  // Differences of 32-bit numbers need 33 bits: they are taken as floats, which rounds them.
  if (voxels instanceof Uint32Array) return yield* alongAxes(Float32Array.from(voxels), floatRanges, (length) => new Float32Array(length));
  const { low, high } = yield* alongAxes<Uint8Array | Uint16Array | Int32Array>(voxels, integerRanges, (length) => new Int32Array(length));
  return { low: Float32Array.from(low), high: Float32Array.from(high) };
}

/** The same at once. */
export const cellRanges = (voxels: VoxelArray): CellRanges => atOnce(cellRangesInParts(voxels));

/** Lowest and highest numbers along an axis. */
interface Ranges<A> {
  readonly low: A;
  readonly high: A;
}

/** Reduces rows `from` to `to` of 66 numbers to 8 each. What was the fastest axis becomes the slowest: three turns bring the axes back. */
type Reduce<A> = (all: Ranges<A>, rows: number, from: number, to: number, out: Ranges<A>) => void;

function* alongAxes<A>(voxels: A, reduce: Reduce<A>, make: (length: number) => A): Generator<void, Ranges<A>> {
  let all: Ranges<A> = { low: voxels, high: voxels };
  for (const rows of [STORED_EDGE * STORED_EDGE, BRICK_CELLS * STORED_EDGE, BRICK_CELLS * BRICK_CELLS]) {
    const out = { low: make(rows * BRICK_CELLS), high: make(rows * BRICK_CELLS) };
    for (let from = 0; from < rows; from += PART) {
      reduce(all, rows, from, Math.min(from + PART, rows), out);
      if (from + PART < rows) yield;
    }
    all = out;
  }
  return all;
}

function floatRanges({ low, high }: Ranges<Float32Array>, rows: number, from: number, to: number, out: Ranges<Float32Array>): void {
  for (let row = from; row < to; row += 1) {
    for (let cell = 0; cell < BRICK_CELLS; cell += 1) {
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      const start = row * STORED_EDGE + cell * CELL_EDGE;
      for (let i = start; i < start + READ_EDGE; i += 1) {
        const a = low[i] as number;
        const b = high[i] as number;
        if (a < least) least = a; // NaN is neither
        if (b > most) most = b;
      }
      out.low[cell * rows + row] = least;
      out.high[cell * rows + row] = most;
    }
  }
}

/** The same without branches, which in noise are guessed wrong: a third of the time. The difference's sign, as a mask, says whether it is added. */
function integerRanges<A extends Uint8Array | Uint16Array | Int32Array>({ low, high }: Ranges<A>, rows: number, from: number, to: number, out: Ranges<A>): void {
  for (let row = from; row < to; row += 1) {
    for (let cell = 0; cell < BRICK_CELLS; cell += 1) {
      const start = row * STORED_EDGE + cell * CELL_EDGE;
      let least = low[start] as number;
      let most = high[start] as number;
      for (let i = start + 1; i < start + READ_EDGE; i += 1) {
        const under = (low[i] as number) - least;
        least += under & (under >> 31);
        const over = (high[i] as number) - most;
        most += over & ~(over >> 31);
      }
      out.low[cell * rows + row] = least;
      out.high[cell * rows + row] = most;
    }
  }
}

/** A run that reaches beyond any brick. */
const FAR = 127;
/** What stands for a run of 0. */
export const RUN_ZERO = 128;
/** A cell of which nothing is known: it is sampled, and so is everything around it. */
export const UNKNOWN_RUN = RUN_ZERO - FAR;

/**
 * How far each cell of a grid is from the nearest one of the other kind, in cells, diagonals counted as one: all cells less than that
 * far away are alike. `RUN_ZERO` plus that for a clear cell, minus that for one that shows something; beyond the grid all are alike.
 *
 * @param clear whether each cell is clear (1) or not (0), x fastest
 */
export function cellRuns(clear: Uint8Array, [nz, ny, nx]: readonly [number, number, number]): Uint8Array {
  const runs = new Uint8Array(clear.length).fill(FAR);
  const sweep = (step: 1 | -1): void => {
    const order = (n: number) => (step === 1 ? [0, n, 1] : [n - 1, -1, -1]) as [number, number, number];
    const [z0, z1, dz] = order(nz);
    const [y0, y1, dy] = order(ny);
    const [x0, x1, dx] = order(nx);
    for (let z = z0; z !== z1; z += dz) {
      for (let y = y0; y !== y1; y += dy) {
        for (let x = x0; x !== x1; x += dx) {
          const at = (z * ny + y) * nx + x;
          let run = runs[at] as number;
          for (let k = 0; k < 13; k += 1) {
            // The 13 neighbours that this sweep has seen.
            const [oz, oy, ox] = SEEN[k] as readonly [number, number, number];
            const [a, b, c] = [z - step * oz, y - step * oy, x - step * ox];
            if (a < 0 || b < 0 || c < 0 || a >= nz || b >= ny || c >= nx) continue;
            const other = (a * ny + b) * nx + c;
            run = Math.min(run, clear[other] === clear[at] ? (runs[other] as number) + 1 : 1);
          }
          runs[at] = run;
        }
      }
    }
  };
  sweep(1);
  sweep(-1);
  return runs.map((run, i) => (clear[i] ? RUN_ZERO + run : RUN_ZERO - run));
}

/** Neighbours before a cell in storage order, as what is to be subtracted. */
const SEEN: readonly (readonly [number, number, number])[] = [
  [1, 1, 1], [1, 1, 0], [1, 1, -1], [1, 0, 1], [1, 0, 0], [1, 0, -1], [1, -1, 1], [1, -1, 0], [1, -1, -1],
  [0, 1, 1], [0, 1, 0], [0, 1, -1], [0, 0, 1],
];
