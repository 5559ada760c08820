/** Tiles cut from bricks, against the field that the bricks are made of. */

import { expect, test } from '@jest/globals';
import { type Plane, STORED_TILE_EDGE, STORED_TILE_TEXELS, type StoredDtype, type VoxelArray } from '../../../src/protocol/index.js';
import { TileSampler } from '../../../src/sidecar/tile_sampler.js';
import { type BrickKey, keyText, levelShape, type Vec3 } from '../../../src/volume/geometry.js';
import { axisPlane, hasTile, planeAxes, slabSamples, type TileKey, tileBox, tileLattice } from '../../../src/volume/plane.js';
import { type Field, makeBrick, voxelAt } from './synthetic_bricks.js';

/** Neither a multiple of a brick nor of a tile; two levels of several tiles. */
const SHAPE: Vec3 = [70, 150, 200];
const hash: Field = (z, y, x) => ((Math.floor(z) * 7919 + Math.floor(y) * 104729 + Math.floor(x) * 1299709) % 65521) + 7;
const ramp: Field = (z, y, x) => 100 + 20 * z + 30 * y + 50 * x;

interface Cut {
  shape?: Vec3;
  kind?: 'image' | 'labels';
  stored?: StoredDtype;
  field: Field;
}

const made = new Map<string, VoxelArray>();
function brickOf(field: Field, stored: StoredDtype, shape: Vec3, key: BrickKey): VoxelArray {
  const text = `${field}${stored}${keyText(key)}`;
  const brick = made.get(text) ?? makeBrick(field, shape, stored, key);
  made.set(text, brick);
  return brick;
}

function cut({ shape = SHAPE, kind = 'image', stored = 'u16', field }: Cut, plane: Plane, key: TileKey): { texels: VoxelArray; bricks: number } {
  const sampler = new TileSampler({ shape, kind, stored }, plane, key);
  // The order in which bricks come is nobody's business.
  for (const brick of [...sampler.bricks.values()].reverse()) sampler.add(brick, brickOf(field, stored, shape, brick));
  return { texels: sampler.result(), bricks: sampler.bricks.size };
}

/** The voxel under a stored texel of an axis-aligned tile. */
function voxelUnder(axis: 0 | 1 | 2, at: number, key: TileKey, i: number, j: number): Vec3 {
  const place: [number, number, number] = [at, at, at];
  const [v, u] = ([[1, 2], [0, 2], [0, 1]] as const)[axis];
  place[u] = key.column * 128 + i - 1;
  place[v] = key.row * 128 + j - 1;
  return place;
}

test.each([0, 1, 2] as const)('across axis %i every texel is its voxel, at the border of bricks, of tiles and of the volume', (axis) => {
  for (const [level, at] of [[0, 64], [0, 0], [0, (SHAPE[axis] as number) - 1], [1, 31]] as const) {
    const size = levelShape(SHAPE, level);
    const [v, u] = ([[1, 2], [0, 2], [0, 1]] as const)[axis];
    // The plane through the centre of voxel `at` of this level.
    const plane = axisPlane(axis, (at + 0.5) * 2 ** level - 0.5);
    for (let row = 0; row * 128 < (size[v] as number); row += 1) {
      for (let column = 0; column * 128 < (size[u] as number); column += 1) {
        const key = { level, row, column };
        const { texels, bricks } = cut({ field: hash }, plane, key);
        let wrong = 0;
        for (let j = 0; j < STORED_TILE_EDGE; j += 1) {
          for (let i = 0; i < STORED_TILE_EDGE; i += 1) {
            // Every texel of the border and some of the rest.
            if (i > 1 && j > 1 && i < 128 && j < 128 && (i * 31 + j * 17) % 7 > 0) continue;
            if (texels[j * STORED_TILE_EDGE + i] !== voxelAt(hash, SHAPE, level, voxelUnder(axis, at, key, i, j))) wrong += 1;
          }
        }
        expect([axis, level, row, column, wrong]).toEqual([axis, level, row, column, 0]);
        expect(bricks).toBeLessThanOrEqual(4);
      }
    }
  }
});

test('labels keep their ids on every plane: those of the nearest voxel', () => {
  const plane: Plane = { ...axisPlane(0, 64.4), slab: { along: [1, 0, 0], thickness: 9, mode: 'mean' } };
  const { texels } = cut({ field: hash, kind: 'labels', stored: 'u32' }, plane, { level: 0, row: 1, column: 1 });
  expect(texels[5 * STORED_TILE_EDGE + 6]).toBe(voxelAt(hash, SHAPE, 0, [64, 132, 133]));
  const oblique: Plane = { origin: [10, 20, 30], u: [0.3, 0.2, 0.9], v: [0.5, 0.8, -0.1] };
  const made = cut({ field: hash, kind: 'labels', stored: 'u32' }, oblique, { level: 0, row: 0, column: 0 });
  const p = [0, 1, 2].map((a) => oblique.origin[a]! + 49.5 * oblique.u[a]! + 59.5 * oblique.v[a]!) as unknown as Vec3;
  expect(made.texels[60 * STORED_TILE_EDGE + 50]).toBe(voxelAt(hash, SHAPE, 0, p.map((n) => Math.floor(n + 0.5)) as unknown as Vec3));
});

/** Largest difference, over texels whose place lies at least a voxel of the level inside the volume, from the ramp there. */
function rampError(plane: Plane, key: TileKey, texels: VoxelArray): number {
  const { start, u, v } = tileLattice(plane, key);
  const scale = 2 ** key.level;
  let worst = 0;
  let tested = 0;
  for (let j = 0; j < STORED_TILE_EDGE; j += 1) {
    for (let i = 0; i < STORED_TILE_EDGE; i += 1) {
      const p = [0, 1, 2].map((a) => start[a]! + i * u[a]! + j * v[a]!) as [number, number, number];
      const size = levelShape(SHAPE, key.level);
      if (p.some((n, a) => n < 0 || n > size[a]! - 1)) continue;
      const [z, y, x] = p.map((n) => (n + 0.5) * scale - 0.5) as [number, number, number];
      tested += 1;
      worst = Math.max(worst, Math.abs((texels[j * STORED_TILE_EDGE + i] as number) - ramp(z, y, x)));
    }
  }
  expect(tested).toBeGreaterThan(500);
  return worst;
}

test('a ramp reads the same at a place on every level, on planes across the axes and oblique ones', () => {
  const planes: Plane[] = [
    axisPlane(0, 63), axisPlane(1, 77), axisPlane(2, 128),
    { origin: [5, -10, 3], u: [0.2, 0.4, 0.87], v: [0.6, 0.7, -0.2] },
    { origin: [35, -0.5, -0.5], u: [0, 0, 1], v: [0, 0.8, 0.6] },
    { origin: [20.25, 10.75, 5.5], u: [0.1, 0.05, 1], v: [0.3, 1, -0.02] },
  ];
  for (const plane of planes) {
    for (const level of [0, 1, 2]) {
      const key = { level, row: 0, column: 0 };
      if (!hasTile(SHAPE, plane, key)) continue;
      const { texels } = cut({ field: ramp }, plane, key);
      expect(rampError(plane, key, texels)).toBeLessThanOrEqual(0.5001);
    }
  }
});

test('a slab is the mean, the largest or the smallest of what lies in it', () => {
  const at = (mode: 'mean' | 'max' | 'min', thickness: number) => {
    const plane: Plane = { ...axisPlane(0, 64), slab: { along: [1, 0, 0], thickness, mode } };
    return cut({ field: hash }, plane, { level: 0, row: 0, column: 0 }).texels[40 * STORED_TILE_EDGE + 70] as number;
  };
  const values = [-2, -1, 0, 1, 2].map((d) => voxelAt(hash, SHAPE, 0, [64 + d, 39, 69]));
  expect(at('max', 5)).toBe(Math.max(...values));
  expect(at('min', 5)).toBe(Math.min(...values));
  expect(at('mean', 5)).toBe(Math.floor(values.reduce((a, b) => a + b) / 5 + 0.5));
  expect(at('max', 1)).toBe(values[2]);
  // The mean of a ramp over a slab is the ramp in its middle, at any level and on any plane.
  for (const plane of [axisPlane(1, 70), { origin: [30, 20, 3], u: [0.2, 0.4, 0.87], v: [0.6, 0.7, -0.2] } as Plane]) {
    const along: Vec3 = planeAxes(plane) ? [0, 1, 0] : [0.3, -0.5, 0.1];
    const slab: Plane = { ...plane, slab: { along: [...along] as [number, number, number], thickness: 20, mode: 'mean' } };
    for (const level of [0, 1]) {
      const key = { level, row: 0, column: 0 };
      const { texels } = cut({ field: ramp }, slab, key);
      const { start, u, v } = tileLattice(plane, key);
      const p = start.map((n, a) => (n + 30 * u[a]! + 10 * v[a]! + 0.5) * 2 ** level - 0.5) as [number, number, number];
      expect(Math.abs((texels[10 * STORED_TILE_EDGE + 30] as number) - ramp(...p))).toBeLessThanOrEqual(0.5001);
    }
  }
});

test('values that are not numbers stay so, and spread to no neighbour', () => {
  const hole: Field = (z, y, x) => (z === 64 && y === 10 && x === 20 ? Number.NaN : x);
  const plain = cut({ field: hole, stored: 'f32' }, axisPlane(0, 64), { level: 0, row: 0, column: 0 }).texels;
  const nans = [...plain].flatMap((n, i) => (Number.isNaN(n) ? [i] : []));
  expect(nans).toEqual([11 * STORED_TILE_EDGE + 21]);
  const slab: Plane = { ...axisPlane(0, 64), slab: { along: [1, 0, 0], thickness: 3, mode: 'mean' } };
  const thick = cut({ field: hole, stored: 'f32' }, slab, { level: 0, row: 0, column: 0 }).texels;
  expect(thick[11 * STORED_TILE_EDGE + 21]).toBe(20);
});

test('tiles exist where they reach into the volume, and nowhere else', () => {
  const plane = axisPlane(0, 10);
  expect(hasTile(SHAPE, plane, { level: 0, row: 1, column: 1 })).toBe(true);
  expect(hasTile(SHAPE, plane, { level: 0, row: 2, column: 0 })).toBe(false);
  expect(hasTile(SHAPE, plane, { level: 0, row: 0, column: 2 })).toBe(false);
  expect(hasTile(SHAPE, axisPlane(0, -0.5), { level: 0, row: 0, column: 0 })).toBe(true);
  expect(hasTile(SHAPE, axisPlane(0, 150), { level: 0, row: 0, column: 0 })).toBe(false);
  expect(tileBox(plane, { level: 0, row: 0, column: 1 })).toEqual({ min: [10, -0.5, 127.5], max: [10, 127.5, 255.5] });
  expect(slabSamples({ ...plane, slab: { along: [1, 0, 0], thickness: 4, mode: 'max' } }, 0)).toEqual([-1.5, -0.5, 0.5, 1.5]);
  expect(cut({ field: ramp }, plane, { level: 0, row: 0, column: 0 }).texels).toHaveLength(STORED_TILE_TEXELS);
});
