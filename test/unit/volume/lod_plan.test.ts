import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cameraBasis, frameBounds, type OrbitCamera } from '../../../src/renderer/camera.js';
import { BrickNumbering } from '../../../src/volume/brick_key.js';
import { makeFrustum } from '../../../src/volume/frustum.js';
import { type Vec3, type VolumeGeometry, worldBounds } from '../../../src/volume/geometry.js';
import { type BrickPlan, brickBounds, childrenOf, type LodInput, planLod } from '../../../src/volume/lod_plan.js';

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

test('any view: within the slots, the coarsest brick first, every ancestor planned, no brick beside its children', () => {
  fc.assert(
    fc.property(cases, ({ shape, yaw, pitch, zoom, slots }) => {
      const geometry = geometryOf(shape);
      const fit = whole(geometry);
      const i = input(geometry, { ...fit, yaw, pitch, distance: fit.distance * zoom }, slots);
      const plan = planLod(i);
      expect(plan.bricks.length).toBeLessThanOrEqual(slots);
      expect(plan.bricks[0]).toMatchObject({ level: i.numbering.levels - 1, z: 0, y: 0, x: 0 });
      expect(plan.numbers.size).toBe(plan.bricks.length);
      for (const brick of plan.bricks) {
        if (brick.level === i.numbering.levels - 1) continue;
        const parent = i.numbering.pack(brick.level + 1, brick.z >> 1, brick.y >> 1, brick.x >> 1);
        expect(plan.numbers.has(parent) && plan.split.has(parent)).toBe(true);
      }
      plan.bricks.reduce((before, { priority }) => {
        expect(priority).toBeGreaterThanOrEqual(before);
        return priority;
      }, Number.NEGATIVE_INFINITY);
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
