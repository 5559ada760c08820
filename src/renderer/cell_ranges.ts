/** The lowest and highest numbers in the cells of a brick, by SIMD. */

import type { VoxelArray } from '../protocol/dtype.js';
import { STORED_EDGE } from '../protocol/limits.js';
import { BRICK_CELLS, CELL_EDGE, CELLS_PER_BRICK } from './brick_cells.js';
import { CELL_RANGES_WASM, HIGHEST_AFTER, RANGES_AT } from './cell_ranges_wasm.js';

/** Lowest and highest numbers, cell by cell; low above high where nothing in a cell is a number. */
export interface CellRanges {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** One function a dtype of voxels: from the brick at 0 to rows of 66 numbers, which are ranges over z and y. */
type Exports = { readonly memory: WebAssembly.Memory } & Readonly<Record<'u8' | 'u16' | 'u32' | 'f32', () => void>>;

/** A cell is read together with one voxel around it: that is what filtering mixes in. */
const READ_EDGE = CELL_EDGE + 2;
const ROWS = BRICK_CELLS * BRICK_CELLS;

/** Null where the page may not have WebAssembly, or the browser has no SIMD in it. */
let made: Exports | null | undefined;

function exportsHere(): Exports | null {
  if (made === undefined) {
    try {
      const module = new WebAssembly.Module(Uint8Array.from(atob(CELL_RANGES_WASM), (char) => char.charCodeAt(0)));
      made = new WebAssembly.Instance(module).exports as unknown as Exports;
    } catch {
      made = null;
    }
  }
  return made;
}

/** The ranges of the cells of a brick of 66³ voxels, one voxel around each cell included; undefined where there is no WebAssembly: nothing is known then. */
export function cellRanges(voxels: VoxelArray): CellRanges | undefined {
  const exports = exportsHere();
  if (!exports) return undefined;
  const { memory, u8, u16, u32, f32 } = exports;
  const run = voxels instanceof Uint8Array ? u8 : voxels instanceof Uint16Array ? u16 : voxels instanceof Uint32Array ? u32 : f32;
  const Numbers = voxels.constructor as new (memory: ArrayBuffer, at: number, length: number) => VoxelArray;
  new Numbers(memory.buffer as ArrayBuffer, 0, voxels.length).set(voxels);
  run();
  const rowsAt = (at: number): VoxelArray => new Numbers(memory.buffer as ArrayBuffer, at, ROWS * STORED_EDGE);
  return alongRows(rowsAt(RANGES_AT), rowsAt(RANGES_AT + HIGHEST_AFTER));
}

/** The last axis, for which the vectors lie the wrong way; there is little left of it. */
function alongRows(lows: VoxelArray, highs: VoxelArray): CellRanges {
  const low = new Float32Array(CELLS_PER_BRICK);
  const high = new Float32Array(CELLS_PER_BRICK);
  for (let cell = 0; cell < CELLS_PER_BRICK; cell += 1) {
    const start = Math.floor(cell / BRICK_CELLS) * STORED_EDGE + (cell % BRICK_CELLS) * CELL_EDGE;
    let least = lows[start] as number;
    let most = highs[start] as number;
    for (let i = start + 1; i < start + READ_EDGE; i += 1) {
      if ((lows[i] as number) < least) least = lows[i] as number;
      if ((highs[i] as number) > most) most = highs[i] as number;
    }
    low[cell] = least;
    high[cell] = most;
  }
  return { low, high };
}
