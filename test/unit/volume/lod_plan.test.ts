import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cameraBasis, frameBounds, type OrbitCamera } from '../../../src/renderer/camera.js';
import { TimeFacet } from '../../../src/renderer/time_facet.js';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import { boxInView, cutFrustum, makeFrustum } from '../../../src/volume/frustum.js';
import { type Vec3, type VolumeGeometry, worldBounds } from '../../../src/volume/geometry.js';
import { type BrickPlan, brickBounds, childrenOf, type LodInput, Pace, PART, planLod, planLodInParts } from '../../../src/volume/lod_plan.js';
import { BrickRanges } from '../../../src/volume/ranges.js';

const geometryOf = (shape: Vec3, voxelSize: Vec3 = [1, 1, 1]): VolumeGeometry => ({ shape, voxelSize, origin: [3, -5, 7] });

function input(geometry: VolumeGeometry, camera: OrbitCamera, slots: number, size: [number, number] = [800, 600]): LodInput {
  return {
    geometry,
    numbering: new BrickNumbering(geometry.shape),
    frustum: makeFrustum(cameraBasis(camera), camera.fovY, ...size),
    slots,
    isEmpty: () => false,
  };
}
const whole = (geometry: VolumeGeometry) => frameBounds(worldBounds(geometry), 800 / 600);
const pack = (i: LodInput, k: { level: number; z: number; y: number; x: number }) => i.numbering.pack(k.level, k.z, k.y, k.x);

const cases = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3000 })),
  yaw: fc.double({ min: -3, max: 3, noNaN: true }),
  pitch: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
  zoom: fc.double({ min: 0.02, max: 4, noNaN: true }),
  slots: fc.integer({ min: 1, max: 900 }),
});

/** What stands in for a brick until it is here: its parent, or that one's where a parent would stand in for two at most. */
function expectCover(i: LodInput, plan: BrickPlan): void {
  const children = new Map<number, number>();
  const wrong: object[] = [];
  const above = (brick: { level: number; z: number; y: number; x: number }, steps: number) =>
    i.numbering.pack(brick.level + steps, brick.z >> steps, brick.y >> steps, brick.x >> steps);
  for (const brick of plan.bricks) {
    if (brick.level === i.numbering.levels - 1) continue;
    const parent = above(brick, 1);
    children.set(parent, (children.get(parent) ?? 0) + 1);
    const isRight = plan.split.has(parent) && brick.orphan === !plan.numbers.has(parent) && (!brick.orphan || plan.numbers.has(above(brick, 2)));
    if (!isRight) wrong.push(brick);
  }
  expect(wrong).toEqual([]); // one look at all: an `expect` for each of a million bricks takes most of the time
  expect([...children].filter(([parent, count]) => !plan.numbers.has(parent) && count > 2)).toEqual([]);
}

test('any view: within the slots, the coarsest brick first, something coarser planned for each, no brick beside its children', () => {
  fc.assert(
    fc.property(cases, ({ shape, yaw, pitch, zoom, slots }) => {
      const geometry = geometryOf(shape);
      const fit = whole(geometry);
      const i = input(geometry, { ...fit, yaw, pitch, distance: fit.distance * zoom }, slots);
      const plan = planLod(i);
      expect(plan.bricks.length).toBeLessThanOrEqual(slots);
      expect(plan.bricks[0]).toMatchObject({ level: i.numbering.levels - 1, z: 0, y: 0, x: 0 });
      expect(plan.numbers.size).toBe(plan.bricks.length);
      expectCover(i, plan);
      expect(plan.bricks.filter(({ priority }, at) => at > 0 && priority < (plan.bricks[at - 1]?.priority as number))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test('with slots to spare the error of what is seen is at most a pixel, and no finer than half of one', () => {
  const geometry = geometryOf([512, 512, 512]);
  const i = input(geometry, { ...whole(geometry), distance: whole(geometry).distance * 3 }, 2000);
  const plan = planLod(i);
  const leaves = plan.bricks.filter((b) => !plan.split.has(pack(i, b)));
  for (const brick of leaves) {
    const { min, max } = brickBounds(geometry, brick);
    const far = Math.max(...[0, 1, 2].map((a) => Math.max(Math.abs((min[a] as number) - (i.frustum.eye[a] as number)), Math.abs((max[a] as number) - (i.frustum.eye[a] as number)))));
    expect((2 ** brick.level * i.frustum.pixelsPerUnit) / (far * 1.8)).toBeLessThan(1);
  }
  expect(plan.finest).toBeGreaterThan(0);
});

test('a close view is finest where the eye is', () => {
  const geometry = geometryOf([2048, 2048, 2048]);
  const fit = whole(geometry);
  const i = input(geometry, { ...fit, distance: fit.distance * 0.15, target: [-5 + 7, 1024, 1024] }, 400);
  const plan = planLod(i);
  const leaves = plan.bricks.filter((b) => !plan.split.has(pack(i, b)));
  const distance = (level: number) => {
    const all = leaves.filter((b) => b.level === level).map((b) => {
      const { min, max } = brickBounds(geometry, b);
      return Math.hypot(...[0, 1, 2].map((a) => ((min[a] as number) + (max[a] as number)) / 2 - (i.frustum.eye[a] as number)));
    });
    return all.reduce((a, b) => a + b, 0) / all.length;
  };
  expect(plan.coarsest).toBeGreaterThan(plan.finest);
  expect(distance(plan.finest)).toBeLessThan(distance(plan.coarsest));
});

test('empty bricks take no slot and hide what is below them', () => {
  const geometry = geometryOf([512, 512, 512]);
  const i = { ...input(geometry, whole(geometry), 2000), isEmpty: (level: number, z: number) => level <= 1 && z * 2 ** level >= 4 };
  const plan = planLod(i);
  expect(plan.bricks.some((b) => b.level <= 1 && b.z * 2 ** b.level >= 4)).toBe(false);
  expect(plan.bricks.some((b) => b.level === 0)).toBe(true);
});

test('hysteresis: a small step back keeps a plan, a large one does not', () => {
  const geometry = geometryOf([512, 512, 512]);
  const fit = whole(geometry);
  const near = input(geometry, fit, 2000);
  const first = planLod(near);
  const back = (zoom: number, previous?: BrickPlan) => planLod({ ...input(geometry, { ...fit, distance: fit.distance * zoom }, 2000), previous });
  const kept = back(1.25, first);
  expect(kept.split.size).toBeGreaterThan(back(1.25).split.size);
  expect(back(6, first).split.size).toBeLessThan(first.split.size);
});

test('children are those that exist', () => {
  const numbering = new BrickNumbering([65, 129, 64]);
  expect(childrenOf(numbering, { level: 1, z: 0, y: 1, x: 0 })).toEqual([
    { level: 0, z: 0, y: 2, x: 0 },
    { level: 0, z: 1, y: 2, x: 0 },
  ]);
});

test('empty bricks are not asked for, nor is anything in a bare one; what only seems empty is looked into', () => {
  const geometry = geometryOf([512, 512, 512]);
  const base = input(geometry, whole(geometry), 5000);
  // A thin thing in one corner that the means of level 1 and 2 no longer show.
  const thin = (level: number, z: number, y: number, x: number) => level === 0 && z < 2 && y < 2 && x < 2;
  const holds = (level: number, z: number, y: number, x: number) => Math.max(z, y, x) * 2 ** level < 2;
  const plan = planLod({ ...base, isEmpty: (l, z, y, x) => !thin(l, z, y, x), isBare: (l, z, y, x) => !holds(l, z, y, x) });
  expect(plan.bricks.map(({ level }) => level)).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(plan.demand).toBe(9);
  // Nothing shows: only the ground under everything is there.
  expect(planLod({ ...base, isEmpty: () => true }).bricks.length).toBe(1);
});

test('at rest a plan stays as it is, and a trembling hand does not change it', () => {
  fc.assert(
    fc.property(cases, ({ shape, yaw, pitch, zoom, slots }) => {
      const geometry = geometryOf(shape);
      const fit = whole(geometry);
      const camera = { ...fit, yaw, pitch, distance: fit.distance * zoom };
      const first = planLod(input(geometry, camera, slots));
      // What was refined counts more: after one look back nothing changes any more.
      let before = planLod({ ...input(geometry, camera, slots), previous: first });
      for (let i = 0; i < 3; i += 1) {
        const next = planLod({ ...input(geometry, camera, slots), previous: before });
        expect([...next.numbers].sort()).toEqual([...before.numbers].sort());
        before = next;
      }
    }),
    { numRuns: 60 },
  );
  const geometry = geometryOf([1024, 1024, 1024]);
  const fit = { ...whole(geometry), distance: whole(geometry).distance * 0.4 };
  let plan = planLod(input(geometry, fit, 300));
  plan = planLod({ ...input(geometry, fit, 300), previous: plan });
  const calm = new Set(plan.split);
  for (let i = 0; i < 20; i += 1) {
    plan = planLod({ ...input(geometry, { ...fit, yaw: fit.yaw + 1e-4 * Math.sin(i) }, 300), previous: plan });
    expect([...plan.split].filter((n) => !calm.has(n)).length).toBeLessThanOrEqual(1);
  }
});

test('what is pointed at comes first', () => {
  const geometry = geometryOf([1024, 1024, 1024]);
  const i = input(geometry, { ...whole(geometry), distance: whole(geometry).distance * 0.6 }, 120);
  const { eye } = i.frustum;
  const at = brickBounds(geometry, { level: 1, z: 6, y: 2, x: 1 });
  const d = [0, 1, 2].map((k) => ((at.min[k] as number) + (at.max[k] as number)) / 2 - (eye[k] as number));
  const length = Math.hypot(...d);
  const towards = d.map((n) => n / length) as unknown as Vec3;
  const near = (plan: BrickPlan) => {
    const angles = plan.bricks.filter(({ level }) => level === plan.finest).map((b) => {
      const { min, max } = brickBounds(geometry, b);
      const v = [0, 1, 2].map((k) => ((min[k] as number) + (max[k] as number)) / 2 - (eye[k] as number));
      return Math.acos(v.reduce((sum, n, k) => sum + n * (towards[k] as number), 0) / Math.hypot(...v));
    });
    return angles.reduce((a, b) => a + b, 0) / angles.length;
  };
  expect(near(planLod({ ...i, towards, focus: 20 }))).toBeLessThan(0.8 * near(planLod({ ...i, focus: 20 })));
});

test('bytes: a view is settled with at most 1.3 times the bricks that it shows at a pixel a voxel, ancestors and all', () => {
  const geometry = geometryOf([2048, 2048, 2048]);
  const fit = whole(geometry);
  for (const zoom of [1, 0.7, 0.4, 1.8]) {
    // A ball: most of the box is air, known to be so at every level.
    const isEmpty = (level: number, z: number, y: number, x: number) => {
      const edge = 64 * 2 ** level;
      const far = [z, y, x].map((n) => Math.max(n * edge - 1024, 1024 - (n + 1) * edge, 0));
      return Math.hypot(...far) > 700;
    };
    const i = { ...input(geometry, { ...fit, distance: fit.distance * zoom }, 100_000), isEmpty };
    const plan = planLod(i);
    const shown = plan.bricks.filter((b) => !plan.split.has(pack(i, b)));
    // The least: what is shown and not empty, at the level whose voxels cover a pixel at most.
    const least = shown.filter((b) => {
      const { min, max } = brickBounds(geometry, b);
      return !isEmpty(b.level, b.z, b.y, b.x) && boxInView(i.frustum, min, max);
    });
    expect(plan.bricks.length).toBeLessThanOrEqual(1.3 * least.length);
    expect(least.length).toBeGreaterThan(25);
  }
});

test('bytes: what is mostly air at the border of bricks is settled with 1.25 times its finest bricks, for single children come without their parents', () => {
  const geometry = geometryOf([512, 512, 512]);
  // A ball that reaches a little into bricks of 128 voxels on all sides.
  const isEmpty = (level: number, z: number, y: number, x: number) => {
    const edge = 64 * 2 ** level;
    return Math.hypot(...[z, y, x].map((n) => Math.max(n * edge - 256, 256 - (n + 1) * edge, 0))) > 140;
  };
  const i = { ...input(geometry, whole(geometry), 5000), isEmpty };
  const plan = planLod(i);
  expectCover(i, plan);
  const finest = plan.bricks.filter(({ level }) => level === 0);
  expect(finest.length).toBe(88);
  expect(plan.bricks.length).toBe(105);
  expect(finest.filter(({ orphan }) => orphan).length).toBe(24);
  // The same slots reach as far with them as with their parents: a plan is never larger than it may be.
  for (const slots of [20, 60, 104]) expect(planLod({ ...i, slots }).bricks.length).toBeLessThanOrEqual(slots);
});

test('in parts a plan is the same, and no part refines more than it may, over one plan and the next', () => {
  const geometry = geometryOf([4096, 4096, 4096]);
  const fit = whole(geometry);
  const pace = new Pace();
  let [sinceLast, most, pauses, refined] = [0, 0, 0, 0];
  for (const [zoom, slots] of [[0.45, 6000], [0.2, 300], [0.7, 900]] as const) {
    const i = input(geometry, { ...fit, distance: fit.distance * zoom }, slots, [1600, 1200]);
    const looked = new Set<string>();
    // A brick is refined where its children are looked at.
    const isBare = (level: number, z: number, y: number, x: number) => {
      const parent = `${level}/${z >> 1}/${y >> 1}/${x >> 1}`;
      if (!looked.has(parent)) [sinceLast, refined] = [sinceLast + 1, refined + 1];
      looked.add(parent);
      most = Math.max(most, sinceLast);
      return false;
    };
    const parts = planLodInParts({ ...i, isBare }, pace);
    let plan: BrickPlan | undefined;
    while (!plan) {
      const { done, value } = parts.next();
      if (done) plan = value;
      else [pauses, sinceLast] = [pauses + 1, 0];
    }
    expect(plan).toEqual(planLod(i));
  }
  expect(most).toBeLessThanOrEqual(PART);
  expect(refined).toBeGreaterThan(800);
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(refined / PART));
});

test('what is known to be of one value is not split, and costs a view no more slots; what only looks so in a mean is', () => {
  const shape: Vec3 = [1024, 1024, 1024];
  const i = input(geometryOf(shape), whole(geometryOf(shape)), 10_000, [3200, 2400]);
  const steps = { min: 0, max: 255 };
  const planWith = (rangeOf: (level: number, z: number) => number | undefined, floats = false) => {
    const ranges = new BrickRanges(shape);
    for (let level = i.numbering.levels - 1; level >= 0; level -= 1) {
      const [nz, ny, nx] = i.numbering.grid(level);
      for (let z = 0; z < nz; z += 1) {
        const value = rangeOf(level, z);
        if (value === undefined) continue;
        const [rows, same] = [ny * nx, (n: number) => new Array<number>(ny * nx).fill(n)];
        const [y, x] = [Array.from({ length: rows }, (_, k) => Math.floor(k / nx)), Array.from({ length: rows }, (_, k) => k % nx)];
        ranges.apply({ level: same(level), z: same(z), y, x, min: same(value), max: same(value + (z * 2 ** level < 8 && level > 0 ? 1 : 0)) } as never);
      }
    }
    const { isEven, contrast } = new TimeFacet(shape, 0, ranges, () => false, () => 1, floats ? undefined : steps);
    const plan = planLod({ ...i, isEven, contrast });
    return [plan.bricks.length, plan.bricks.filter(({ level, z }) => level === 0 && z >= 8).length];
  };
  const all = planLod(i).bricks;
  const finest = all.filter(({ level, z }) => level === 0 && z >= 8).length;
  expect(finest).toBeGreaterThan(400);
  // Ranges of all levels are known: the far half is 7 throughout, whatever 7 is.
  expect(planWith(() => 7)[1]).toBe(0);
  // Only those of coarser levels are: a mean of 7 may hide anything, one of 255 nothing, one of floats that are no numbers too.
  const coarse = (value: number) => (level: number) => (level > 0 ? value : undefined);
  expect(planWith(coarse(7))).toEqual([all.length, finest]);
  expect(planWith(coarse(255))[1]).toBe(0);
  expect(planWith(coarse(255), true)).toEqual([all.length, finest]);
});

test('with few slots what is full of contrast comes before what is nearly of one value, and that is not forgotten', () => {
  const geometry = geometryOf([1024, 1024, 1024]);
  const i = input(geometry, whole(geometry), 200);
  const contrast = (level: number, _z: number, _y: number, x: number) => ((x + 0.5) * 2 ** level < 8 ? 1 : 0.25);
  const share = (plan: BrickPlan) => {
    const fine = plan.bricks.filter(({ level }) => level === plan.finest);
    return fine.filter(({ level, x }) => (x + 0.5) * 2 ** level < 8).length / fine.length;
  };
  expect(share(planLod(i))).toBeLessThan(0.6);
  expect(share(planLod({ ...i, contrast }))).toBeGreaterThan(0.9);
  expect(new Set(planLod({ ...i, contrast, slots: 100_000 }).numbers)).toEqual(new Set(planLod({ ...i, slots: 100_000 }).numbers));
  // Bytes count as pixels do: of two plans of the same bricks the one of four times the bytes has the larger numbers.
  const [cheap, dear] = [planLod(i), planLod({ ...i, cost: 4 })].map(({ bricks }) => bricks.map(({ priority }) => priority)) as [number[], number[]];
  expect(dear.every((priority, at) => at === 0 || priority > (cheap[at] as number))).toBe(true);
});

test('what a clip takes away is not planned: of a box within a large volume, the bricks that it touches and what stands in for them', () => {
  const geometry = geometryOf([2048, 2048, 2048]);
  const camera = { ...whole(geometry), target: [1027, 1019, 1031] as const, distance: 900 };
  const all = input(geometry, camera, 4000);
  const [min, max] = [[963, 955, 967], [1091, 1083, 1095]] as const;
  const normals = [[1, 0, 0], [0, 1, 0], [0, 0, 1]] as const;
  const cuts = normals.flatMap((normal, axis) => [{ normal, offset: min[axis]! }, { normal: normal.map((n) => -n) as unknown as Vec3, offset: -max[axis]! }]);
  const cut = { ...all, frustum: cutFrustum(all.frustum, cuts) };
  const [before, after] = [planLod(all), planLod(cut)];
  expect(before.bricks.length).toBeGreaterThan(1000);
  expect(after.bricks.length).toBeLessThan(60);
  expect([after.bricks[0]?.level, after.finest]).toEqual([all.numbering.levels - 1, 0]);
  for (const brick of after.bricks.slice(1)) {
    const box = brickBounds(geometry, brick);
    expect([0, 1, 2].every((i) => box.min[i]! <= max[i]! && box.max[i]! >= min[i]!)).toBe(true);
  }
  expectCover(cut, after);
  expect(cutFrustum(all.frustum, [])).toBe(all.frustum);
});
