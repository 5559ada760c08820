/**
 * Supervoxels of an image: the volume is divided into boxes of whole cells, each of which is clustered for itself, so that a piece is the same wherever in
 * it somebody points, and what lies in other boxes need not be looked at. A cell of 1 voxel along an axis makes pieces of one plane.
 */

import type { EditOp, VoxelBox } from '../../protocol/labels.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';
import { type BrickMask, MASK_WORDS, setSpan } from './mask.js';
import { slic } from './slic.js';
import { supervoxelPieces } from './supervoxel_pieces.js';

export type SupervoxelOp = Extract<EditOp, { kind: 'supervoxel' }>;
type Triple = readonly [number, number, number];

/** Voxels along an edge of a box of cells, about: in space, and in a plane. */
const SPACE_EDGE = 48;
const PLANE_EDGE = 128;

/** The box of cells that a voxel lies in. */
export function supervoxelBox(shape: Vec3, cell: Triple, [z, y, x]: Triple): VoxelBox {
  const about = cell.every((edge) => edge > 1) ? SPACE_EDGE : PLANE_EDGE;
  const ends = ([z, y, x] as const).map((v, axis) => {
    const edge = cell[axis] as number;
    const step = edge === 1 ? 1 : edge * Math.max(2, Math.round(about / edge));
    const low = Math.floor(v / step) * step;
    return [low, Math.min(low + step, shape[axis] as number)] as const;
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];
  return [[ends[0][0], ends[1][0], ends[2][0]], [ends[0][1], ends[1][1], ends[2][1]]];
}

/** The boxes that the seeds of an edit lie in, each with its seeds; seeds beside the volume are left out. */
export function seededBoxes(shape: Vec3, { seeds, cell }: Pick<SupervoxelOp, 'seeds' | 'cell'>): { box: VoxelBox; seeds: Triple[] }[] {
  const found = new Map<string, { box: VoxelBox; seeds: Triple[] }>();
  for (const seed of seeds) {
    if (seed.some((v, axis) => v < 0 || v >= (shape[axis] as number))) continue;
    const box = supervoxelBox(shape, cell, seed);
    const known = found.get(box[0].join());
    if (known) known.seeds.push(seed);
    else found.set(box[0].join(), { box, seeds: [seed] });
  }
  return [...found.values()];
}

/** The pieces of one box, from its values in z, y, x order; equal numbers are of one piece. Gives way after some work. */
export function* supervoxels(values: Float64Array, [low, high]: VoxelBox, cell: Triple, contrast: number): Generator<number, Int32Array> {
  const size = [high[0] - low[0], high[1] - low[1], high[2] - low[2]] as const;
  const clusters = yield* slic(values, size, cell, contrast);
  return yield* supervoxelPieces(values, size, clusters, cell[0] * cell[1] * cell[2], contrast);
}

/** Adds the pieces under some seeds of a box to the masks of bricks, by `z/y/x`. */
export function maskPieces(masks: Map<string, BrickMask>, pieces: Int32Array, [low, high]: VoxelBox, seeds: readonly Triple[]): void {
  const [height, width] = [high[1] - low[1], high[2] - low[2]];
  const index = ([z, y, x]: Triple) => ((z - low[0]) * height + y - low[1]) * width + x - low[2];
  const picked = new Set(seeds.map((seed) => pieces[index(seed)] as number));
  for (let z = low[0], at = 0; z < high[0]; z += 1) {
    for (let y = low[1]; y < high[1]; y += 1) {
      for (let x = low[2]; x < high[2]; ) {
        const piece = pieces[at] as number;
        const from = x;
        const end = Math.min(high[2], (Math.floor(x / BRICK_EDGE) + 1) * BRICK_EDGE);
        while (x < end && pieces[at] === piece) {
          x += 1;
          at += 1;
        }
        if (!picked.has(piece)) continue;
        const [bz, by, bx] = [z, y, from].map((v) => Math.floor(v / BRICK_EDGE)) as [number, number, number];
        const key = `${bz}/${by}/${bx}`;
        const mask = masks.get(key) ?? new Uint32Array(MASK_WORDS);
        masks.set(key, mask);
        const row = (z - bz * BRICK_EDGE) * BRICK_EDGE + y - by * BRICK_EDGE;
        setSpan(mask, row, from - bx * BRICK_EDGE, x - bx * BRICK_EDGE);
      }
    }
  }
}

/** One piece as runs, off first, then on and off in turn, of the box around it. */
export function pieceRuns(pieces: Int32Array, [low, high]: VoxelBox, seed: Triple): { start: [number, number, number]; stop: [number, number, number]; runs: number[] } {
  const size = [high[0] - low[0], high[1] - low[1], high[2] - low[2]] as const;
  const own = pieces[((seed[0] - low[0]) * size[1] + seed[1] - low[1]) * size[2] + seed[2] - low[2]];
  const start: [number, number, number] = [...high];
  const stop: [number, number, number] = [...low];
  for (let z = low[0], at = 0; z < high[0]; z += 1) {
    for (let y = low[1]; y < high[1]; y += 1) {
      for (let x = low[2]; x < high[2]; x += 1, at += 1) {
        if (pieces[at] !== own) continue;
        for (const [axis, v] of [z, y, x].entries()) {
          start[axis] = Math.min(start[axis] as number, v);
          stop[axis] = Math.max(stop[axis] as number, v + 1);
        }
      }
    }
  }
  const runs = [0];
  for (let z = start[0]; z < stop[0]; z += 1) {
    for (let y = start[1]; y < stop[1]; y += 1) {
      const row = ((z - low[0]) * size[1] + y - low[1]) * size[2] - low[2];
      for (let x = start[2]; x < stop[2]; x += 1) {
        if ((pieces[row + x] === own) !== (runs.length % 2 === 0)) runs.push(0);
        runs[runs.length - 1] = (runs.at(-1) as number) + 1;
      }
    }
  }
  return { start, stop, runs };
}
