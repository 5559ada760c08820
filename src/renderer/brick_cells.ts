/**
 * The cells of a brick: 8³ boxes of 8³ voxels, small enough that many of them show nothing where the whole brick shows something. Pure.
 * The index of a cell is (z * 8 + y) * 8 + x.
 */

import { BRICK_EDGE } from '../protocol/limits.js';

/** Cells along an edge of a brick. */
export const BRICK_CELLS = 8;
export const CELLS_PER_BRICK = BRICK_CELLS ** 3;
/** Voxels along an edge of a cell. */
export const CELL_EDGE = BRICK_EDGE / BRICK_CELLS;

/** A run that reaches beyond any brick. */
const FAR = 127;
/** What stands for a run of 0. */
export const RUN_ZERO = 128;
/** The kind of what is beyond a grid; a cell's is 1 where it is clear, else 0. */
const BEYOND = 2;
/** A cell of which nothing is known: it is sampled, and so is everything around it. */
export const UNKNOWN_RUN = RUN_ZERO - FAR;

/**
 * How far each cell of a grid is from the nearest one of the other kind, in cells, diagonals counted as one: all cells less than that
 * far away are alike. `RUN_ZERO` plus that for a clear cell, minus that for one that shows something; beyond the grid all are alike.
 *
 * @param clear whether each cell is clear (1) or not (0), x fastest
 */
export function cellRuns(clear: Uint8Array, [nz, ny, nx]: readonly [number, number, number]): Uint8Array {
  // With a border around it every cell has all of its neighbours. What is beyond the grid is like everything.
  const [row, plane] = [nx + 2, (nx + 2) * (ny + 2)];
  const kinds = new Uint8Array(plane * (nz + 2)).fill(BEYOND);
  const places = new Int32Array(clear.length);
  for (let i = 0; i < clear.length; i += 1) {
    const [z, y, x] = [Math.floor(i / (ny * nx)), Math.floor(i / nx) % ny, i % nx];
    places[i] = (z + 1) * plane + (y + 1) * row + x + 1;
    kinds[places[i] as number] = clear[i] as number;
  }
  // The 13 neighbours that a sweep in storage order has seen.
  const seen = Int32Array.of(-plane - row - 1, -plane - row, -plane - row + 1, -plane - 1, -plane, -plane + 1, -plane + row - 1, -plane + row, -plane + row + 1, -row - 1, -row, -row + 1, -1);
  const far = new Uint8Array(kinds.length).fill(FAR);
  const sweep = (from: number, to: number, step: 1 | -1): void => {
    for (let i = from; i !== to; i += step) {
      const at = places[i] as number;
      const kind = kinds[at] as number;
      let run = far[at] as number;
      for (let k = 0; k < seen.length; k += 1) {
        const other = at + step * (seen[k] as number);
        const next = kinds[other] === kind || kinds[other] === BEYOND ? (far[other] as number) + 1 : 1;
        if (next < run) run = next;
      }
      far[at] = run;
    }
  };
  sweep(0, clear.length, 1);
  sweep(clear.length - 1, -1, -1);
  return clear.map((one, i) => (one ? RUN_ZERO + (far[places[i] as number] as number) : RUN_ZERO - (far[places[i] as number] as number)));
}
