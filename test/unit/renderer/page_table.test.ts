import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fillTable } from '../../../src/renderer/page_table.js';
import { boxAround } from '../../../src/renderer/shown_box.js';
import { cellFrame, chooseWindow, MAX_TABLE_EDGE, toCells, type TableWindow, widestCell, windowBox } from '../../../src/renderer/table_window.js';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import { type BrickKey, levelToVoxel, type Vec3, type VolumeGeometry, voxelToWorld } from '../../../src/volume/geometry.js';
import type { BrickPlan } from '../../../src/volume/lod_plan.js';

const shape: Vec3 = [300, 200, 260];
const geometry: VolumeGeometry = { shape, voxelSize: [2, 0.5, 1], origin: [10, -20, 30] };
const numbering = new BrickNumbering(shape);
const top = numbering.levels - 1;
const atlasSize: [number, number, number] = [10 * 66, 10 * 66, 10 * 66];
const whole: TableWindow = { level: 0, origin: [0, 0, 0], size: numbering.grid(0) };
const allKeys: BrickKey[] = [];
for (let level = 0; level <= top; level += 1) {
  const [nz, ny, nx] = numbering.grid(level);
  for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) allKeys.push({ level, z, y, x });
}
const pack = (k: BrickKey) => numbering.pack(k.level, k.z, k.y, k.x);
const slotFor = (number: number): [number, number, number] => [number % 10, Math.floor(number / 10) % 10, Math.floor(number / 100)];

/** A plan that splits everything: level 0 everywhere. */
const finest: BrickPlan = {
  bricks: allKeys.map((k) => ({ ...k, priority: 0 })),
  numbers: new Set(allKeys.map(pack)),
  split: new Set(allKeys.filter((k) => k.level > 0).map(pack)),
  demand: allKeys.length,
  finest: 0,
  coarsest: 0,
};

function fill(resident: ReadonlySet<number>, window = whole, empty: (k: BrickKey) => boolean = () => false, plan = finest, finestLevel = 0) {
  const [nz, ny, nx] = window.size;
  const table = new Float32Array(nz * ny * nx * 4);
  const outcome = fillTable(
    {
      numbering, window, plan, atlasSize, resident, finestLevel,
      slotOf: (n) => (resident.has(n) ? slotFor(n) : undefined),
      isEmpty: (level, z, y, x) => empty({ level, z, y, x }),
    },
    table,
  );
  return { table, outcome };
}

/** What the shader does: the atlas texel that a voxel position of level 0 (edge-based, x, y, z) is read from. */
function texelAt(table: Float32Array, window: TableWindow, voxel: Vec3): { texel: Vec3; level: number; empty: boolean } {
  const cell = 64 * 2 ** window.level;
  const P = voxel.map((n, i) => n / cell - (window.origin[2 - i] as number)) as unknown as Vec3;
  const [, ny, nx] = window.size;
  const at = ((Math.floor(P[2]) * ny + Math.floor(P[1])) * nx + Math.floor(P[0])) * 4;
  const w = table[at + 3] as number;
  const texel = P.map((p, i) => (p * ((Math.abs(w) * 64) / (atlasSize[i] as number)) + (table[at + i] as number)) * (atlasSize[i] as number));
  return { texel: texel as unknown as Vec3, level: window.level - Math.log2(Math.abs(w)), empty: w < 0 };
}

const positions = fc.tuple(...([260, 200, 300] as const).map((n) => fc.double({ min: 0.01, max: n - 0.01, noNaN: true })));

test('a coarse table shows the brick of its level, where that is here, and never a finer one', () => {
  fc.assert(
    fc.property(fc.subarray(allKeys), positions, fc.integer({ min: 0, max: top }), (list, voxel, finestLevel) => {
      const resident = new Set([...list.map(pack), numbering.pack(top, 0, 0, 0)]);
      const { table, outcome } = fill(resident, whole, () => false, finest, finestLevel);
      const { level } = texelAt(table, whole, voxel as unknown as Vec3);
      const at = (n: number) => Math.floor(n / (64 * 2 ** finestLevel));
      const fitting = numbering.pack(finestLevel, at(voxel[2]), at(voxel[1]), at(voxel[0]));
      expect(outcome.finest).toBeGreaterThanOrEqual(finestLevel);
      expect(level).toBeGreaterThanOrEqual(finestLevel);
      const everything = fill(new Set(allKeys.map(pack)), whole, () => false, finest, finestLevel);
      expect(texelAt(everything.table, whole, voxel as unknown as Vec3).level).toBe(finestLevel);
      if (level === finestLevel) expect(resident.has(fitting)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('every place is read from the finest brick that is here, at its own place in that brick’s slot', () => {
  fc.assert(
    fc.property(fc.subarray(allKeys), positions, (list, voxel) => {
      const resident = new Set([...list.map(pack), numbering.pack(top, 0, 0, 0)]);
      const { table } = fill(resident);
      const { texel, level } = texelAt(table, whole, voxel as unknown as Vec3);
      const key = { level, x: Math.floor(voxel[0] / (64 * 2 ** level)), y: Math.floor(voxel[1] / (64 * 2 ** level)), z: Math.floor(voxel[2] / (64 * 2 ** level)) };
      const number = pack(key);
      expect(resident.has(number)).toBe(true);
      const slot = slotFor(number);
      [key.x, key.y, key.z].forEach((index, i) => {
        const inBrick = (voxel[i] as number) / 2 ** level - 64 * index;
        expect(texel[i]).toBeCloseTo(66 * (slot[i] as number) + 1 + inBrick, 2);
      });
    }),
    { numRuns: 200 },
  );
});

test('children replace their parent only when all of them are here or empty', () => {
  const children = allKeys.filter((k) => k.level === 0 && k.z < 2 && k.y < 2 && k.x < 2);
  const base = allKeys.filter((k) => k.level > 0).map(pack);
  const most = new Set([...base, ...children.slice(1).map(pack)]);
  expect(texelAt(fill(most).table, whole, [100, 100, 100]).level).toBe(1);
  expect(texelAt(fill(new Set([...most, pack(children[0] as BrickKey)])).table, whole, [100, 100, 100]).level).toBe(0);
  const isFirst = (k: BrickKey) => k.level === 0 && k.z === 0 && k.y === 0 && k.x === 0;
  const { table } = fill(most, whole, isFirst);
  expect(texelAt(table, whole, [100, 100, 100]).level).toBe(0);
  expect(texelAt(table, whole, [10, 10, 10])).toMatchObject({ level: 0, empty: true });
});

test('what a plan leaves out is shown by what is two levels coarser until its children are here, at any finest level asked for', () => {
  const few = allKeys.filter((k) => k.level === 0 && k.z < 2 && k.y < 2 && k.x === 0).slice(0, 2);
  const parent = pack({ level: 1, z: 0, y: 0, x: 0 });
  const isFew = (k: BrickKey) => few.some((f) => pack(f) === pack(k));
  const bricks = finest.bricks.filter((b) => pack(b) !== parent && (b.level > 0 || b.z > 1 || b.y > 1 || b.x > 1 || isFew(b)));
  const plan: BrickPlan = { ...finest, bricks, numbers: new Set(bricks.map(pack)) };
  const elsewhere = (k: BrickKey) => k.level === 0 && k.z < 2 && k.y < 2 && k.x < 2 && !isFew(k);
  const shown = (resident: Set<number>, level = 0) => {
    const { table, outcome } = fill(resident, whole, elsewhere, plan, level);
    return { level: texelAt(table, whole, [10, 10, 10]).level, coarsest: outcome.coarsest };
  };
  const all = new Set(plan.numbers);
  expect(shown(all)).toEqual({ level: 0, coarsest: 0 });
  expect(shown(all, 1).level).toBe(0);
  all.delete(pack(few[0] as BrickKey));
  expect(shown(all)).toEqual({ level: 2, coarsest: 2 });
});

test('something thin that coarser means hide is shown by its own bricks, at any finest level asked for', () => {
  const thin = allKeys.filter((k) => k.level === 0 && k.z === 1 && k.y === 1);
  const isThin = (k: BrickKey) => k.level === top || thin.some((t) => pack(t) === pack(k));
  const plan: BrickPlan = { ...finest, bricks: finest.bricks.filter(isThin), numbers: new Set(allKeys.filter(isThin).map(pack)) };
  for (let level = 0; level < top; level += 1) {
    const { table, outcome } = fill(new Set(plan.numbers), whole, (k) => !isThin(k), plan, level);
    expect(texelAt(table, whole, [10, 80, 80])).toMatchObject({ level: 0, empty: false });
    expect(texelAt(table, whole, [10, 10, 10]).empty).toBe(true);
    expect(outcome.any).toBe(true);
  }
});

test('the box of what has voxels is around all cells that rays have to look at, and around no others', () => {
  fc.assert(
    fc.property(fc.subarray(allKeys.filter(({ level }) => level === 0), { minLength: 1 }), (shown) => {
      const numbers = new Set(shown.map(pack));
      const { table, outcome } = fill(numbers, whole, (k) => !numbers.has(pack(k)));
      const [nz, ny, nx] = whole.size;
      const ends = { min: [nx, ny, nz], max: [0, 0, 0] };
      for (let i = 0; i < nz * ny * nx; i += 1) {
        if ((table[4 * i + 3] as number) <= 0) continue;
        const at = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
        ends.min = ends.min.map((n, axis) => Math.min(n, at[axis] as number));
        ends.max = ends.max.map((n, axis) => Math.max(n, (at[axis] as number) + 1));
      }
      expect(boxAround(outcome.shown, () => undefined)).toEqual(ends);
      // Of a brick whose cells are known it is around those that show something, of one that shows nothing around the others.
      const last = slotFor(pack(shown[0] as BrickKey)).join();
      const cells = boxAround(outcome.shown, (slot) => (slot.join() === last ? { min: [2, 2, 2], max: [6, 4, 3] } : { min: [8, 8, 8], max: [0, 0, 0] }));
      const { z, y, x } = shown[0] as BrickKey;
      expect(cells).toEqual({ min: [x + 0.25, y + 0.25, z + 0.25], max: [x + 0.75, y + 0.5, z + 0.375] });
    }),
    { numRuns: 50 },
  );
  expect(boxAround(fill(new Set()).outcome.shown, () => undefined)).toBeUndefined();
});

test('once the coarsest brick is here no cell is without voxels; before, all are', () => {
  const before = fill(new Set());
  expect(before.outcome.any).toBe(false);
  for (let i = 3; i < before.table.length; i += 4) expect(before.table[i]).toBeLessThan(0);
  const after = fill(new Set([numbering.pack(top, 0, 0, 0)]));
  expect(after.outcome).toMatchObject({ any: true, finest: top, coarsest: top });
  for (let i = 3; i < after.table.length; i += 4) expect(after.table[i]).toBe(2 ** -top);
});

test('bricks finer than the plan are used where the planned one is not here', () => {
  const coarsePlan: BrickPlan = { ...finest, split: new Set([numbering.pack(top, 0, 0, 0)]), finest: top - 1, coarsest: top - 1 };
  const fine = new Set(allKeys.filter((k) => k.level === 0 || k.level === top).map(pack));
  expect(texelAt(fill(fine, whole, undefined, coarsePlan).table, whole, [30, 30, 30]).level).toBe(0);
});

test('a window away from the origin reads the same texels', () => {
  const big = new BrickNumbering([20000, 64, 64]);
  const window: TableWindow = { level: 1, origin: [32, 0, 0], size: [16, 1, 1] };
  const key = { level: 1, z: 40, y: 0, x: 0 };
  const resident = new Set([big.pack(1, 40, 0, 0), big.pack(big.levels - 1, 0, 0, 0)]);
  const table = new Float32Array(16 * 4);
  const chain: number[] = [];
  for (let level = 2; level < big.levels; level += 1) chain.push(big.pack(level, 40 >> (level - 1), 0, 0));
  fillTable(
    {
      numbering: big, window, atlasSize, resident, isEmpty: () => false,
      plan: { ...finest, split: new Set(chain), numbers: resident },
      slotOf: (n) => (resident.has(n) ? [n === big.pack(1, 40, 0, 0) ? 3 : 0, 0, 0] : undefined),
    },
    table,
  );
  const z = 40 * 128 + 50.5; // half a coarse voxel's width in
  const P = z / 128 - 32;
  const at = Math.floor(P) * 4;
  expect(table[at + 3]).toBe(1);
  expect((P * (64 / 660) + (table[at + 2] as number)) * 660).toBeCloseTo(1 + z / 2 - 64 * key.z, 3);
});

test('a window covers the whole volume where it fits, and what is to be seen at the finest level that fits where not', () => {
  expect(chooseWindow(numbering, finest)).toEqual(whole);
  const huge = new BrickNumbering([2 ** 20, 2 ** 20, 2 ** 20]);
  const plan = (bricks: BrickKey[], level: number): BrickPlan => ({
    bricks: bricks.map((b) => ({ ...b, priority: 0 })), numbers: new Set(), split: new Set([huge.pack(huge.levels - 1, 0, 0, 0)]), demand: 0, finest: level, coarsest: level,
  });
  const near = chooseWindow(huge, plan([{ level: huge.levels - 1, z: 0, y: 0, x: 0 }, { level: 0, z: 9000, y: 77, x: 5 }, { level: 1, z: 4510, y: 40, x: 5 }], 0));
  expect(near.level).toBe(0);
  expect(near.origin).toEqual([8992, 64, 0]);
  expect(near.size.every((n) => n <= MAX_TABLE_EDGE)).toBe(true);
  expect(near.origin[0] + near.size[0]).toBeGreaterThanOrEqual(9022);
  expect(widestCell(huge, near)).toBe(16);
  const far = chooseWindow(huge, plan([{ level: 0, z: 0, y: 0, x: 0 }, { level: 0, z: 16000, y: 0, x: 0 }], 0));
  expect(far.level).toBe(7);
  expect(far.size[0]).toBeLessThanOrEqual(MAX_TABLE_EDGE);
});

test('world points and cells agree with the half-voxel rule', () => {
  const window: TableWindow = { level: 1, origin: [1, 0, 1], size: [2, 2, 2] };
  const frame = cellFrame(geometry, window);
  const voxel: Vec3 = [levelToVoxel(70, 1), levelToVoxel(3, 1), levelToVoxel(65, 1)];
  const cells = toCells(frame, voxelToWorld(geometry, voxel));
  expect(cells.map((c, i) => (c + (window.origin[2 - i] as number)) * 64 - 0.5)).toEqual([65, 3, 70].map((n) => expect.closeTo(n, 6)));
  expect(windowBox(geometry, window)).toEqual({ min: [0, 0, 0], max: [260 / 128 - 1, 200 / 128, 300 / 128 - 1] });
});
