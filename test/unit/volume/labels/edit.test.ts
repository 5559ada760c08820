import { describe, expect, test } from '@jest/globals';
import type { EditMode, EditOp } from '../../../../src/protocol/index.js';
import { levelCount } from '../../../../src/volume/geometry.js';
import { coarsen } from '../../../../src/volume/labels/halve_labels.js';
import { restore } from '../../../../src/volume/labels/displaced.js';
import { applyEdit, EditError, type EditResult } from '../../../../src/volume/labels/edit.js';
import { expandRuns, decodeValues } from '../../../../src/volume/labels/runs.js';
import { readRegion, regionParts } from '../../../../src/volume/labels/region.js';
import { type DenseChange, DenseLabels, MapBricks } from './dense_labels.js';
import { randomEdit, randomFrom } from './random_edits.js';

const SHAPE = [36, 66, 130] as const;

function finish<T>(steps: Generator<unknown, T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Where a level of the bricks is not as the dense labels, or undefined. */
function difference(bricks: MapBricks, level: number, dense: DenseLabels): string | undefined {
  const [nz, ny, nx] = dense.shape;
  let at = 0;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, at += 1) {
        const found = bricks.at(level, z, y, x);
        if (found !== dense.voxels[at]) return `(${z}, ${y}, ${x}) of level ${level} is ${found}; expected ${dense.voxels[at]}`;
      }
    }
  }
  return undefined;
}

test.each([1, 2, 3])('edits at random, taken back and done again, equal a model without bricks at every level (%d)', (seed) => {
  const random = randomFrom(seed);
  const dtype = (['u8', 'u16', 'u32'] as const)[seed % 3] as 'u8';
  const [bricks, dense] = [new MapBricks(SHAPE, dtype), new DenseLabels(SHAPE, dtype)];
  const done: { change: DenseChange; displaced: Uint8Array }[] = [];
  const kinds = new Set<string>();
  for (let i = 0; i < 30; i += 1) {
    const back = done.length > 0 && random() < 0.25 ? done.splice(Math.floor(random() * done.length), 1)[0] : undefined;
    let result: EditResult;
    let change: DenseChange;
    if (back) {
      change = dense.undo(back.change);
      result = finish(restore(bricks, back.displaced));
    } else {
      const { op, label, mode, tail, values } = randomEdit(random, SHAPE);
      kinds.add(`${op.kind} ${mode.write}`);
      change = dense.edit(op, label, mode, values);
      result = finish(applyEdit(bricks, { op, label, mode, tail }));
    }
    expect(result.changed.voxels).toBe(change.at.length);
    finish(coarsen(bricks, result.changed));
    done.push({ change, displaced: result.displaced });
  }
  expect(kinds.size).toBeGreaterThan(8);
  expect(new Set(dense.voxels).size).toBeGreaterThan(2);
  for (let level = 0, whole = dense; level < levelCount(SHAPE); level += 1, whole = whole.halved()) expect(difference(bricks, level, whole)).toBeUndefined();
});

describe('strokes', () => {
  const stroke = (points: [number, number, number][], radius: [number, number, number]): MapBricks => {
    const bricks = new MapBricks(SHAPE, 'u8');
    finish(applyEdit(bricks, { op: { kind: 'stroke', points, radius }, label: 1, mode: { write: 'all' }, tail: new Uint8Array() }));
    return bricks;
  };
  const count = (bricks: MapBricks): number => {
    const box = [[0, 0, 0], SHAPE] as unknown as [[number, number, number], [number, number, number]];
    const labels = new Uint8Array(SHAPE[0] * SHAPE[1] * SHAPE[2]);
    expandRuns(decodeValues(readRegion(bricks, 0, box), labels.length, 255), labels);
    return labels.reduce((sum, label) => sum + label, 0);
  };

  test('a dab of radius 16 is a sphere of some 17 thousand voxels', () => {
    expect(count(stroke([[18, 33, 65]], [16, 16, 16]))).toBe(17077);
  });

  test('a flat brush stays in its plane, and a radius of 0 is one voxel', () => {
    const disc = stroke([[20.4, 30, 30]], [0.3, 5, 5]);
    expect(count(disc)).toBe(81);
    expect(disc.at(0, 20, 35, 30)).toBe(1);
    expect(disc.at(0, 21, 30, 30)).toBe(0);
    expect(count(stroke([[20.4, 30.6, 30]], [0, 0, 0]))).toBe(1);
  });

  test('a thin line in a plane has no gaps', () => {
    const line = stroke([[5, 5, 5], [5, 40, 120]], [0.5, 0.5, 0.5]);
    for (let x = 5; x <= 120; x += 1) {
      let found = 0;
      for (let y = 0; y < 66; y += 1) found += line.at(0, 5, y, x);
      expect(found).toBeGreaterThan(0);
    }
    expect(count(line)).toBeLessThan(2 * 116);
  });
});

test('a region comes back in parts of whole rows', () => {
  const bricks = new MapBricks([300, 200, 100], 'u16');
  finish(applyEdit(bricks, { op: { kind: 'stroke', points: [[100, 100, 50]], radius: [90, 80, 40] }, label: 777, mode: { write: 'all' }, tail: new Uint8Array() }));
  const parts = regionParts([[3, 2, 1], [300, 200, 100]]);
  expect(parts.length).toBe(6);
  let voxels = 0;
  for (const [low, high] of parts) {
    const shape = high.map((v, i) => v - (low[i] as number)) as [number, number, number];
    const labels = new Uint16Array(shape[0] * shape[1] * shape[2]);
    expandRuns(decodeValues(readRegion(bricks, 0, [low, high]), labels.length, 65535), labels);
    for (let i = 0; i < labels.length; i += 997) {
      const [z, y, x] = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
      expect(labels[i]).toBe(bricks.at(0, z + low[0], y + low[1], x + low[2]));
    }
    voxels += labels.length;
  }
  expect(voxels).toBe(297 * 198 * 99);
  expect(regionParts([[0, 0, 0], [1, 1, 2 ** 24]]).length).toBe(16);
});

describe('refused before anything is written', () => {
  const all: EditMode = { write: 'all' };
  const none = new Uint8Array();
  const box = (start: [number, number, number], stop: [number, number, number]): EditOp => ({ kind: 'box', start, stop });
  const cases: [string, EditOp, number, Uint8Array, RegExp, number][] = [
    ['a label beyond the dtype', box([0, 0, 0], [1, 1, 1]), 256, none, /label 256.*highest is 255/, 4422],
    ['a box outside', box([0, 0, 0], [71, 1, 1]), 1, none, /36 × 66 × 130/, 4422],
    ['a box below 0', box([-1, 0, 0], [7, 1, 1]), 1, none, /\(-1, 0, 0\)/, 4422],
    ['an empty box', box([5, 0, 0], [5, 1, 1]), 1, none, /empty/, 4422],
    ['a seed beside its box', { kind: 'fill', seed: [9, 9, 9], box: [[0, 0, 0], [9, 9, 9]], dims: 3 }, 1, none, /seed \(9, 9, 9\)/, 4422],
    ['a fill in 2D of no axis', { kind: 'fill', seed: [1, 1, 1], box: [[0, 0, 0], [9, 9, 9]], dims: 2 }, 1, none, /axis/, 4422],
    ['planes the wrong way round', { kind: 'polygon', axis: 0, index: [5, 4], points: [[0, 0], [1, 0], [0, 1]] }, 1, none, /plane 5 to 4/, 4422],
    ['runs of fewer voxels', { kind: 'runs', start: [0, 0, 0], stop: [1, 2, 2] }, 1, Uint8Array.of(1, 2), /3 voxels for a box of 4/, 4422],
    ['runs of more voxels', { kind: 'runs', start: [0, 0, 0], stop: [1, 2, 2] }, 1, Uint8Array.of(1, 9), /more than the 4/, 4422],
    ['runs that end within a number', { kind: 'runs', start: [0, 0, 0], stop: [1, 2, 2] }, 1, Uint8Array.of(0x80), /within a number/, 4422],
    ['a length of 33 bits', { kind: 'runs', start: [0, 0, 0], stop: [1, 2, 2] }, 1, Uint8Array.of(255, 255, 255, 255, 31), /32 bits/, 4422],
    ['values of a label beyond the dtype', { kind: 'values', start: [0, 0, 0], stop: [1, 2, 2] }, 0, Uint8Array.of(0x80, 2, 4), /label 256/, 4422],
  ];
  test.each(cases)('%s', (_, op, label, tail, message, code) => {
    const bricks = new MapBricks(SHAPE, 'u8');
    let error: unknown;
    try {
      finish(applyEdit(bricks, { op, label, mode: all, tail }));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(EditError);
    expect((error as EditError).message).toMatch(message);
    expect((error as EditError).code).toBe(code);
    expect(bricks.bricks.size).toBe(0);
  });

  test('more voxels than an edit may touch', () => {
    const bricks = new MapBricks([1024, 1024, 1024], 'u8');
    const edit = (op: EditOp) => () => finish(applyEdit(bricks, { op, label: 1, mode: all, tail: none }));
    expect(edit(box([0, 0, 0], [1024, 1024, 1024]))).toThrow(/1073741824 voxels; the limit is 268435456/);
    expect(edit({ kind: 'stroke', points: [[0, 0, 0], [999, 999, 999]], radius: [1, 1, 1] })).toThrow(/the limit is/);
    expect(edit({ kind: 'polygon', axis: 0, index: [0, 999], points: [[0, 0], [0, 999], [999, 0]] })).toThrow(/the limit is/);
  });
});
