import { expect, test } from '@jest/globals';
import type { VoxelBox } from '../../../../src/protocol/index.js';
import type { BrickMask } from '../../../../src/volume/labels/mask.js';
import { maskPieces, pieceRuns, seededBoxes, supervoxelBox, supervoxels } from '../../../../src/volume/labels/supervoxels.js';
import { randomFrom } from './random_edits.js';

type Triple = readonly [number, number, number];
const SHAPE = [70, 60, 90] as const;
const SMALL = [30, 32, 44] as const;

function finish<T>(steps: Generator<unknown, T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Cells of a known tissue: each voxel belongs to the nearest of some nuclei; neighbours differ by at least 40. */
const random = randomFrom(5);
const nuclei = Array.from({ length: 14 }, () => SMALL.map((n) => random() * n) as unknown as Triple);
function tissueAt(z: number, y: number, x: number): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [i, n] of nuclei.entries()) {
    const away = (z - n[0]) ** 2 + (y - n[1]) ** 2 + (x - n[2]) ** 2;
    if (away < least) [best, least] = [i, away];
  }
  return best;
}

function valuesIn([low, high]: VoxelBox, valueAt: (z: number, y: number, x: number) => number): Float64Array {
  const values: number[] = [];
  for (let z = low[0]; z < high[0]; z += 1) for (let y = low[1]; y < high[1]; y += 1) for (let x = low[2]; x < high[2]; x += 1) values.push(valueAt(z, y, x));
  return Float64Array.from(values);
}

/** Voxels of a box that are connected by faces to a seed, through voxels of its piece. */
function connected(pieces: Int32Array, [low, high]: VoxelBox, seed: number): number {
  const size = [high[0] - low[0], high[1] - low[1], high[2] - low[2]] as const;
  const strides = [size[1] * size[2], size[2], 1] as const;
  const seen = new Set([seed]);
  const open = [seed];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const axis of [0, 1, 2] as const) {
      const v = Math.floor(at / strides[axis]) % size[axis];
      for (const [there, next] of [[v > 0, at - strides[axis]], [v + 1 < size[axis], at + strides[axis]]] as const) {
        if (!there || seen.has(next) || pieces[next] !== pieces[seed]) continue;
        seen.add(next);
        open.push(next);
      }
    }
  }
  return seen.size;
}

test.each([['space', [8, 8, 8]], ['a plane', [1, 10, 10]], ['flat voxels', [4, 8, 8]]] as const)('pieces of %s are connected, about as large as a cell, in no two tissues, and the same each time', (_, cell) => {
  const level = nuclei.map((__, i) => 50 * i);
  const noise = randomFrom(9);
  const box = supervoxelBox(SMALL, cell, [15, 20, 30]);
  // Noise of ±8 in tissues that are at least 50 apart; contrast 20.
  const values = valuesIn(box, (z, y, x) => (level[tissueAt(z, y, x)] as number) + 16 * noise() - 8);
  const pieces = finish(supervoxels(values, box, cell, 20));
  expect(finish(supervoxels(values, box, cell, 20))).toEqual(pieces);
  const tissues = valuesIn(box, tissueAt);
  const sizes = new Map<number, number>();
  const tissueOf = new Map<number, number>();
  let crossed = 0;
  for (let at = 0; at < pieces.length; at += 1) {
    const piece = pieces[at] as number;
    sizes.set(piece, (sizes.get(piece) ?? 0) + 1);
    // One voxel alone within another tissue cannot be told from noise.
    const lone = [1, box[1][2] - box[0][2], (box[1][2] - box[0][2]) * (box[1][1] - box[0][1])].every((step) => tissues[at - step] !== tissues[at] && tissues[at + step] !== tissues[at]);
    if (lone) continue;
    if ((tissueOf.get(piece) ?? tissues[at]) !== tissues[at]) crossed += 1;
    tissueOf.set(piece, tissues[at] as number);
  }
  expect(crossed).toBe(0);
  for (const [piece, size] of sizes) expect([piece, connected(pieces, box, pieces.indexOf(piece))]).toEqual([piece, size]);
  const [voxels, cells] = [cell[0] * cell[1] * cell[2], pieces.length / (cell[0] * cell[1] * cell[2])];
  expect(sizes.size).toBeGreaterThan(0.8 * cells);
  // Slivers between an edge and a side of the box remain; most voxels are in pieces that are worth a click.
  let worth = 0;
  for (const size of sizes.values()) if (size >= voxels / 4) worth += size;
  expect(worth / pieces.length).toBeGreaterThan(0.85);
  expect(Math.max(...sizes.values())).toBeLessThan(5 * voxels);
});

test('a speck within a piece goes with it, a hole of no number too; where all is alike pieces are cells', () => {
  const box: VoxelBox = [[0, 0, 0], [24, 24, 24]];
  const values = new Float64Array(24 ** 3).fill(100);
  const middle = (12 * 24 + 12) * 24 + 12;
  values[middle] = 900;
  values[middle + 2] = Number.NaN;
  const pieces = finish(supervoxels(values, box, [24, 24, 24], 10));
  expect(new Set(pieces).size).toBe(1);
  const cells = finish(supervoxels(new Float64Array(24 ** 3).fill(7), box, [8, 8, 8], 10));
  const { start, stop, runs } = pieceRuns(cells, box, [3, 3, 3]);
  expect([start, stop, runs]).toEqual([[0, 0, 0], [8, 8, 8], [0, 512]]);
});

test('boxes hold whole cells, within the volume; a piece is the same for all of its seeds, in the masks of bricks and as runs', () => {
  expect(supervoxelBox(SHAPE, [8, 8, 8], [50, 50, 50])).toEqual([[48, 48, 48], [70, 60, 90]]);
  expect(supervoxelBox(SHAPE, [1, 10, 10], [50, 50, 50])).toEqual([[50, 0, 0], [51, 60, 90]]);
  expect(supervoxelBox([500, 500, 500], [32, 32, 32], [70, 0, 499])).toEqual([[64, 0, 448], [128, 64, 500]]);
  const cell: [number, number, number] = [8, 8, 8];
  const seeds: [number, number, number][] = [[50, 3, 60], [50, 4, 60], [2, 3, 60], [-1, 0, 0], [70, 0, 0]];
  const found = seededBoxes(SHAPE, { seeds, cell });
  expect(found.map(({ seeds: own }) => own.length)).toEqual([2, 1]);
  const { box, seeds: own } = found[0]!;
  const pieces = finish(supervoxels(valuesIn(box, (z, y, x) => 50 * tissueAt(z, y, x)), box, cell, 20));
  const masks = new Map<string, BrickMask>();
  maskPieces(masks, pieces, box, own.slice(0, 1));
  const bits = [...masks.values()].reduce((sum, mask) => sum + mask.reduce((ones, word) => ones + word.toString(2).replaceAll('0', '').length, 0), 0);
  const { start, stop, runs } = pieceRuns(pieces, box, own[0]!);
  const on = runs.reduce((sum, length, i) => sum + (i % 2) * length, 0);
  const around = start.reduce((product, v, axis) => product * (stop[axis]! - v), 1);
  expect([bits, runs.reduce((sum, length) => sum + length)]).toEqual([on, around]);
  expect(on).toBeGreaterThan(20);
  // each voxel of the runs is a seed of the same piece, and its bit is on
  let [at, checked] = [0, 0];
  for (const [i, length] of runs.entries()) {
    for (let j = 0; j < length; j += 1, at += 1) {
      const size = stop.map((v, axis) => v - start[axis]!);
      const [z, y, x] = [start[0] + Math.floor(at / (size[1]! * size[2]!)), start[1] + (Math.floor(at / size[2]!) % size[1]!), start[2] + (at % size[2]!)] as const;
      const mask = masks.get(`${z >> 6}/${y >> 6}/${x >> 6}`);
      const bit = mask ? (mask[2 * ((z & 63) * 64 + (y & 63)) + ((x & 63) >> 5)]! >>> (x & 31)) & 1 : 0;
      expect(bit).toBe(i % 2);
      checked += i % 2;
      if (i % 2 === 1 && checked % 37 === 0) expect(pieceRuns(pieces, box, [z, y, x])).toEqual({ start, stop, runs });
    }
  }
});
