import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { VoxelArray } from '../../../src/protocol/dtype.js';
import { STORED_EDGE, STORED_VOXELS } from '../../../src/protocol/limits.js';
import { BRICK_CELLS, cellRuns, CELLS_PER_BRICK, RUN_ZERO } from '../../../src/renderer/brick_cells.js';
import { type CellRanges, cellRanges } from '../../../src/renderer/cell_ranges.js';
import { SEED, seeded } from '../../seed.js';

const cell = (z: number, y: number, x: number): number => (z * BRICK_CELLS + y) * BRICK_CELLS + x;

const rangesOf = (voxels: VoxelArray): CellRanges => cellRanges(voxels) as CellRanges;

/** One voxel after the other, as a range is defined. */
function looked(voxels: VoxelArray): CellRanges {
  const [low, high] = [new Float32Array(CELLS_PER_BRICK).fill(Infinity), new Float32Array(CELLS_PER_BRICK).fill(-Infinity)];
  voxels.forEach((value, i) => {
    const [z, y, x] = [Math.floor(i / STORED_EDGE ** 2), Math.floor(i / STORED_EDGE) % STORED_EDGE, i % STORED_EDGE];
    const cells = (n: number) => [Math.floor((n - 2) / 8), Math.floor((n - 1) / 8), Math.floor(n / 8)].filter((c, k, all) => c >= 0 && c < BRICK_CELLS && all.indexOf(c) === k);
    for (const a of cells(z)) for (const b of cells(y)) for (const c of cells(x)) {
      if (value < (low[cell(a, b, c)] as number)) low[cell(a, b, c)] = value;
      if (value > (high[cell(a, b, c)] as number)) high[cell(a, b, c)] = value;
    }
  });
  return { low, high };
}

describe('ranges of cells', () => {
  test.each([['u8', Uint8Array, 2 ** 8], ['u16', Uint16Array, 2 ** 16], ['u32', Uint32Array, 2 ** 32], ['f32', Float32Array, 1e38]] as const)('are those of the voxels one by one: %s', (name, Numbers, most) => {
    const random = seeded(SEED);
    const voxels = new Numbers(STORED_VOXELS).map(() => (name === 'f32' ? 2 * random() - 1 : random()) * most);
    if (name === 'f32') voxels.forEach((_, i) => { if (random() < 0.3) voxels[i] = [Number.NaN, Infinity, -Infinity][i % 3] as number; });
    expect(rangesOf(voxels)).toEqual(looked(voxels));
    voxels.fill(0); // nothing of the brick before is left
    expect(rangesOf(voxels)).toEqual(looked(voxels));
  });

  test('are found by the code that the script writes', async () => {
    const script = '../../../scripts/cell_ranges.mjs';
    const { cellRangesFile } = (await import(script)) as { cellRangesFile(): Promise<string> };
    expect(await readFile('src/renderer/cell_ranges_wasm.ts', 'utf8')).toBe(await cellRangesFile());
  });

  test('hold every voxel of a cell and the one next to it, and no other', () => {
    const voxels = new Uint16Array(STORED_VOXELS).fill(500);
    // Stored index 1 is voxel 0: voxels 15 and 16 of x are on both sides of the face between cells 1 and 2, at z 8 and y 40.
    voxels[(9 * STORED_EDGE + 41) * STORED_EDGE + 16] = 7;
    voxels[(9 * STORED_EDGE + 41) * STORED_EDGE + 18] = 900;
    const { low, high } = rangesOf(voxels);
    // z 8 is read by cells 0 and 1, y 40 by 4 and 5, x 15 by 1 and 2, x 17 by 2 alone.
    const lows = [...low.keys()].filter((i) => low[i] === 7);
    expect(lows).toEqual([0, 1].flatMap((z) => [4, 5].flatMap((y) => [1, 2].map((x) => cell(z, y, x)))));
    const highs = [...high.keys()].filter((i) => high[i] === 900);
    expect(highs).toEqual([0, 1].flatMap((z) => [4, 5].map((y) => cell(z, y, 2))));
  });

  test('reach into the halo at the faces of a brick', () => {
    const voxels = new Uint8Array(STORED_VOXELS);
    voxels[STORED_VOXELS - 1] = 9;
    const { high } = rangesOf(voxels);
    expect([...high.keys()].filter((i) => high[i] === 9)).toEqual([cell(7, 7, 7)]);
  });

  test('of what is not a number are empty', () => {
    const { low, high } = rangesOf(new Float32Array(STORED_VOXELS).fill(Number.NaN));
    expect(low.every((v, i) => v > (high[i] as number))).toBe(true);
  });
});

describe('runs of cells', () => {
  test('are the distance to the nearest cell of the other kind, and far where there is none', () => {
    const grid = [3, 5, 6] as const;
    const size = grid[0] * grid[1] * grid[2];
    const place = (i: number) => [Math.floor(i / 30), Math.floor(i / 6) % 5, i % 6];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size, max: 1 }), fc.boolean(), (noise, sparse) => {
        const clear = sparse ? noise.map((v, i) => (i % 17 === 0 ? v : 1)) : noise;
        const runs = cellRuns(clear, grid);
        for (let i = 0; i < size; i += 1) {
          const a = place(i);
          let nearest = 127;
          for (let j = 0; j < size; j += 1) {
            if (clear[j] === clear[i]) continue;
            const b = place(j);
            nearest = Math.min(nearest, Math.max(...a.map((n, k) => Math.abs(n - (b[k] as number)))));
          }
          expect((runs[i] as number) - RUN_ZERO).toBe(clear[i] ? nearest : -nearest);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('of a brick without clear cells reach beyond it', () => {
    const runs = cellRuns(new Uint8Array(CELLS_PER_BRICK), [8, 8, 8]);
    expect(runs.every((run) => RUN_ZERO - run >= BRICK_CELLS)).toBe(true);
  });
});
