/** Plans of tiles: what is in view at a texel a pixel, coarse first, within the slots, and few bytes. */

import { expect, test } from '@jest/globals';
import { type Plane, tileFrameBytes } from '../../../src/protocol/index.js';
import { hasTile, type TileKey } from '../../../src/volume/plane.js';
import { planTiles, type TilePlanInput } from '../../../src/volume/tile_plan.js';

const whole = (n: number) => ({ a0: 0, a1: n, b0: 0, b1: n });
const view = (a: number, b: number, width = 800, height = 600) => ({ a0: a - width / 2, a1: a + width / 2, b0: b - height / 2, b1: b + height / 2 });
const plan = (input: Partial<TilePlanInput> = {}) =>
  planTiles({ extent: whole(2048), visible: view(1024, 1024), texelsPerPixel: 1, levels: 6, slots: 1000, ...input });

test('a view of 800 × 600 at a voxel a pixel takes at most 2 MiB of a plane of 2048², wherever it stands', () => {
  let worst = 0;
  for (let a = 0; a <= 2048; a += 7) {
    for (let b = 0; b <= 2048; b += 13) worst = Math.max(worst, plan({ visible: view(a, b) }).tiles.length);
  }
  expect(worst * tileFrameBytes('u16')).toBeLessThanOrEqual(2 * 2 ** 20);
  expect(worst * tileFrameBytes('u8')).toBeLessThanOrEqual(2 ** 20);
});

test('coarse tiles come first, those in the middle before the rest, and each level covers the view', () => {
  const { tiles, level } = plan();
  expect(level).toBe(0);
  const levels = tiles.map((tile) => tile.level);
  expect(levels).toEqual([...levels].sort((a, b) => b - a));
  expect(new Set(levels)).toEqual(new Set([0, 2, 4]));
  for (const l of [0, 2, 4]) {
    const edge = 128 * 2 ** l;
    for (let a = 624; a < 1424; a += 50) {
      for (let b = 724; b < 1324; b += 50) {
        const found = tiles.some((t) => t.level === l && t.row === Math.floor(b / edge) && t.column === Math.floor(a / edge));
        expect([l, a, b, found]).toEqual([l, a, b, true]);
      }
    }
  }
  const fine = tiles.filter((tile) => tile.level === 0);
  expect(fine[0]).toMatchObject({ row: 7 });
});

test('the slots bound a plan, and a slab keeps it coarse', () => {
  for (const slots of [4, 10, 30, 60]) expect(plan({ slots }).tiles.length).toBeLessThanOrEqual(slots);
  expect(plan({ finestLevel: 2 }).level).toBe(2);
  expect(plan({ texelsPerPixel: 4.1 }).level).toBe(2);
  expect(plan({ texelsPerPixel: 1000 }).level).toBe(5);
});

test('a texel is a quarter of an octave larger than a pixel at most, and a level in use stays until the next one is due by a tenth', () => {
  expect(plan({ texelsPerPixel: 1 }).level).toBe(0);
  expect(plan({ texelsPerPixel: 1.65 }).level).toBe(0);
  expect(plan({ texelsPerPixel: 1.72 }).level).toBe(1);
  expect(plan({ texelsPerPixel: 1.72, previous: 0 }).level).toBe(0);
  expect(plan({ texelsPerPixel: 1.64, previous: 1 }).level).toBe(1);
  expect(plan({ texelsPerPixel: 1.85, previous: 0 }).level).toBe(1);
});

test('all of a plane of 2048² in a view of 800 × 600 takes at most 1 MiB', () => {
  const all = plan({ visible: view(1024, 1024, (800 * 2048) / 600, 2048), texelsPerPixel: 2048 / 600 });
  expect(all.level).toBe(2);
  expect(all.tiles.length * tileFrameBytes('u16')).toBeLessThanOrEqual(2 ** 20);
});

test('wherever the view is, one tile of the plan is all of the plane, also of 2^27 texels, for a few tiles more', () => {
  for (const [n, levels, a, b, texelsPerPixel] of [[2048, 6, 100, 1900, 1], [2 ** 20, 15, 5e5, 17, 1], [2 ** 27, 22, 3e7, 1e8, 1], [2 ** 27, 22, 3e7, 1e8, 3000]] as const) {
    const { tiles } = plan({ extent: whole(n), visible: view(a, b, 800 * texelsPerPixel, 600 * texelsPerPixel), texelsPerPixel, levels });
    const [ground, ...others] = tiles;
    expect(128 * 2 ** (ground?.level ?? 0)).toBeGreaterThanOrEqual(n);
    expect(others.filter(({ level }) => level === ground?.level)).toEqual([]);
    if (texelsPerPixel === 1) expect(tiles.length * tileFrameBytes('u16')).toBeLessThanOrEqual(2.2 * 2 ** 20);
  }
});

test('out of view there is nothing to ask for', () => {
  expect(plan({ visible: view(-900, 1000) }).tiles).toEqual([]);
});

test('a turned plane is asked for where it cuts the volume, not in the corners of the rectangle around it', () => {
  const shape = [189, 233, 197] as const;
  const [cos, sin] = [Math.cos(0.5), Math.sin(0.5)];
  // Through the middle, turned within the volume's own xy plane: its corners reach beyond.
  const frame: Plane = { origin: [94, 116 - 170 * cos - 170 * sin, 98 - 170 * cos + 170 * sin], u: [0, sin, cos], v: [0, cos, -sin] };
  const exists = (key: TileKey) => hasTile(shape, frame, key);
  const all = plan({ extent: whole(340), visible: view(170, 170) }).tiles;
  const { tiles } = plan({ extent: whole(340), visible: view(170, 170), exists });
  expect(tiles.every(exists)).toBe(true);
  expect(all.filter((tile) => !exists(tile)).length).toBeGreaterThan(0);
  expect(tiles).toEqual(all.filter(exists));
});
