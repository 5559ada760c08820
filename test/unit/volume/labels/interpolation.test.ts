import { describe, expect, test } from '@jest/globals';
import type { EditOp } from '../../../../src/protocol/index.js';
import { countBrick } from '../../../../src/volume/labels/brick_counts.js';
import { applyEdit, EditError } from '../../../../src/volume/labels/edit.js';
import { MASK_WORDS, maskOfRange } from '../../../../src/volume/labels/mask.js';
import { signedDistance } from '../../../../src/volume/labels/signed_distance.js';
import { MapBricks } from './dense_labels.js';
import { randomFrom } from './random_edits.js';

type Triple = [number, number, number];

function finish<T>(steps: Generator<unknown, T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Signed distances by looking at every pair of texels, in a rectangle with a frame of one around it. */
function bySearch(rows: number, columns: number, inside: (row: number, column: number) => boolean, [tall, wide]: readonly [number, number]): number[] {
  const framed = (r: number, c: number) => r >= 0 && c >= 0 && r < rows && c < columns && inside(r, c);
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let least = Number.POSITIVE_INFINITY;
    for (let r = -1; r <= rows; r += 1) {
      for (let c = -1; c <= columns; c += 1) {
        if (framed(r, c) !== framed(row, column)) least = Math.min(least, ((r - row) * tall) ** 2 + ((c - column) * wide) ** 2);
      }
    }
    return framed(row, column) ? Math.sqrt(least) : -Math.sqrt(least);
  });
}

test.each([1, 2, 3, 4, 5])('distances to an outline are those of a search over all texels (%d)', (seed) => {
  const random = randomFrom(seed);
  const [rows, columns] = [3 + Math.floor(random() * 17), 3 + Math.floor(random() * 23)];
  const share = [0.03, 0.3, 0.5, 0.9, 0.98][seed - 1] as number;
  const inside = Uint8Array.from({ length: rows * columns }, () => Number(random() < share));
  inside[Math.floor(random() * inside.length)] = 1;
  const edges = [[1, 1], [2, 0.5], [0.25, 3], [1, 7], [0.5, 0.5]][seed - 1] as [number, number];
  const found = finish(signedDistance({ rows, columns, inside }, edges));
  expect([...found]).toEqual(bySearch(rows, columns, (r, c) => inside[r * columns + c] === 1, edges));
});

describe('interpolation', () => {
  const SHAPE: Triple = [40, 70, 130];
  const VOXEL: Triple = [2, 0.5, 1];
  const run = (bricks: MapBricks, op: EditOp, label = 1, mode: { write: 'all' } | { write: 'empty' } = { write: 'all' }) =>
    finish(applyEdit(bricks, { op, label, mode, tail: new Uint8Array(), voxelSize: VOXEL })).changed.voxels;
  const stroke = (centre: Triple, axis: number, radius: number): EditOp => ({ kind: 'stroke', points: [centre], radius: [0, 1, 2].map((i) => (i === axis ? 0 : radius)) as Triple });

  test.each([0, 1, 2])('between planes across axis %d there is what the distances say, over the edges of bricks', (axis) => {
    const bricks = new MapBricks(SHAPE, 'u8');
    const planes = [[4, 9], [5, 12], [6, 11]][axis] as [number, number];
    const at = (plane: number, moved: number): Triple => {
      const centre: Triple = [20, 60 + moved, 64 - moved];
      centre[axis] = plane;
      return centre;
    };
    run(bricks, stroke(at(planes[0], 0), axis, 9));
    run(bricks, stroke(at(planes[1], 4), axis, 4));
    const [rowAxis, columnAxis] = [[1, 2], [0, 2], [0, 1]][axis] as [0 | 1 | 2, 0 | 1 | 2];
    const [rows, columns] = [SHAPE[rowAxis], SHAPE[columnAxis]];
    const label = (plane: number, row: number, column: number) => {
      const place: Triple = [0, 0, 0];
      [place[axis], place[rowAxis], place[columnAxis]] = [plane, row, column];
      return bricks.at(0, ...place);
    };
    // A part of the plane around both is enough for the search.
    const low = [0, 1].map((i) => [rowAxis, columnAxis].map((which) => (which === 0 ? 8 : 46))[i]) as [number, number];
    const size = [Math.min(26, rows - low[0]), Math.min(36, columns - low[1])] as const;
    const [a, b] = planes.map((plane) => bySearch(size[0], size[1], (r, c) => label(plane, r + low[0], c + low[1]) === 1, [VOXEL[rowAxis], VOXEL[columnAxis]])) as [number[], number[]];
    const before = new Map(planes.map((plane) => [plane, label(plane, 20, 60)]));
    const op: EditOp = { kind: 'interpolate', axis, box: [[0, 0, 0], SHAPE] };
    const changed = run(bricks, op);
    let [expected, wrong] = [0, 0];
    for (let plane = 0; plane < SHAPE[axis]!; plane += 1) {
      if (planes.includes(plane)) continue;
      const between = plane > planes[0] && plane < planes[1];
      for (let i = 0; i < a.length; i += 1) {
        const inside = between && a[i]! * (planes[1] - plane) + b[i]! * (plane - planes[0]) >= 0;
        expected += Number(inside);
        wrong += Number(label(plane, Math.floor(i / size[1]) + low[0], (i % size[1]) + low[1]) !== Number(inside));
      }
    }
    expect(wrong).toBe(0);
    expect(changed).toBe(expected); // and so none elsewhere
    expect(expected).toBeGreaterThan(100);
    for (const [plane, value] of before) expect(label(plane, 20, 60)).toBe(value);
    expect(run(bricks, op)).toBe(0);
  });

  test('three planes fill both gaps, only empty voxels where that is asked, and one plane fills nothing', () => {
    const bricks = new MapBricks(SHAPE, 'u8');
    run(bricks, stroke([3, 30, 30], 0, 5));
    expect(run(bricks, { kind: 'interpolate', axis: 0, box: [[0, 0, 0], SHAPE] })).toBe(0);
    run(bricks, stroke([7, 30, 30], 0, 5));
    run(bricks, stroke([9, 30, 30], 0, 5));
    run(bricks, { kind: 'box', start: [5, 0, 0], stop: [6, 70, 30] }, 2);
    const disc = 69 + 12; // voxels of a disc of radius 5
    const left = run(bricks, { kind: 'interpolate', axis: 0, box: [[0, 0, 0], SHAPE] }, 1, { write: 'empty' });
    expect(left).toBe(4 * disc - 35);
    expect(bricks.at(0, 5, 30, 29)).toBe(2);
    expect(bricks.at(0, 8, 30, 30)).toBe(1);
  });

  test('label 0, and a box beyond the volume, are refused', () => {
    const bricks = new MapBricks(SHAPE, 'u8');
    expect(() => run(bricks, { kind: 'interpolate', axis: 0, box: [[0, 0, 0], SHAPE] }, 0)).toThrow(EditError);
    expect(() => run(bricks, { kind: 'interpolate', axis: 0, box: [[0, 0, 0], [41, 1, 1]] })).toThrow(/not in the volume/);
  });
});

test('a range of values is a bit for each voxel, ends included, and limits what an edit writes', () => {
  const voxels = Float32Array.from({ length: 66 ** 3 }, (_, i) => (i % 66) - 1); // the value is x
  voxels[(1 * 66 + 1) * 66 + 1 + 20] = Number.NaN;
  const mask = maskOfRange(voxels, 20, 40);
  expect(mask.length).toBe(MASK_WORDS);
  const on = (z: number, y: number, x: number) => ((mask[2 * (64 * z + y) + (x >> 5)]! >>> (x & 31)) & 1) === 1;
  expect([on(3, 4, 19), on(3, 4, 20), on(3, 4, 31), on(3, 4, 32), on(63, 63, 40), on(3, 4, 41), on(0, 0, 20)]).toEqual([false, true, true, true, true, false, false]);
  const bricks = new MapBricks([64, 64, 128], 'u8');
  const edit = { op: { kind: 'box', start: [1, 2, 0], stop: [3, 5, 128] } as EditOp, label: 1, mode: { write: 'all' } as const, tail: new Uint8Array() };
  expect(finish(applyEdit(bricks, { ...edit, within: new Map([['0/0/0', mask]]) })).changed.voxels).toBe(2 * 3 * 21);
});

test('voxels of a brick are counted by label, without those beyond the volume', () => {
  const brick = new Uint8Array(64 ** 3);
  brick.fill(3, 0, 100);
  brick[64 * 64 + 5] = 9;
  expect([...countBrick(brick, [64, 64, 50], [0, 0, 0])]).toEqual([[3, 86], [9, 1]]);
  expect([...countBrick(7, [70, 64, 64], [1, 0, 0])]).toEqual([[7, 6 * 64 * 64]]);
});
