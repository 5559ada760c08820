/** What the planner's bench runs: plans of many candidate bricks, and how many bricks a settled view takes against the least. */

import { cameraBasis, frameBounds } from '../../src/renderer/camera.js';
import { fillTable } from '../../src/renderer/page_table.js';
import { goOn, PLAN_MS } from '../../src/renderer/planning.js';
import { chooseWindow } from '../../src/renderer/table_window.js';
import { BrickNumbering } from '../../src/volume/brick_key.js';
import { boxInView, makeFrustum } from '../../src/volume/frustum.js';
import { type Vec3, worldBounds } from '../../src/volume/geometry.js';
import { type BrickPlan, brickBounds, type LodInput, planLod, planLodInParts } from '../../src/volume/lod_plan.js';

const geometryOf = (n: number) => ({ shape: [n, n, n] as Vec3, voxelSize: [1, 1, 1] as Vec3, origin: [0, 0, 0] as Vec3 });

function inputOf(n: number, zoom: number, turn: number, slots: number): LodInput {
  const geometry = geometryOf(n);
  const fit = frameBounds(worldBounds(geometry), 4 / 3);
  const camera = { ...fit, distance: fit.distance * zoom, yaw: fit.yaw + turn };
  const frustum = makeFrustum(cameraBasis(camera), camera.fovY, 3200, 2400);
  return { geometry, numbering: new BrickNumbering(geometry.shape), frustum, slots, isEmpty: () => false };
}

/** Bricks in the case of `planOnce`. */
export const CANDIDATES = 32_768;

let turn = 0;
let previous: BrickPlan | undefined;

/** Milliseconds of one plan of `CANDIDATES` bricks of a turned view, and how many it has. */
export function planOnce(): { ms: number; bricks: number } {
  turn += 0.01;
  const input = { ...inputOf(4096, 0.45, turn, CANDIDATES), previous };
  const begun = performance.now();
  previous = planLod(input);
  return { ms: performance.now() - begun, bricks: previous.bricks.length };
}

/** Milliseconds of the longest go at one more such plan, made in parts as the renderer makes it, and how many goes it took. */
export function longestGo(): { ms: number; goes: number } {
  turn += 0.01;
  const parts = planLodInParts({ ...inputOf(4096, 0.45, turn, CANDIDATES), previous }) as Iterator<void, unknown> as Iterator<void, void>;
  for (let [ms, goes, done] = [0, 0, false]; ; ) {
    const one = goOn(parts, PLAN_MS);
    [ms, goes, done] = [Math.max(ms, one.ms), goes + 1, one.done];
    if (done) return { ms, goes };
  }
}

/** Milliseconds in which as many numbers are sorted: what ordering alone costs. */
export function sortOnce(): number {
  let seed = 7;
  const numbers = Array.from({ length: CANDIDATES }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  });
  const begun = performance.now();
  numbers.sort((a, b) => a - b);
  return performance.now() - begun;
}

/** Milliseconds of filling the page table of a plan of 900 bricks of a 4096³ volume, and of copying as many bytes. */
export function tableOnce(): { ms: number; copy: number } {
  const input = inputOf(4096, 0.45, turn, 900);
  const plan = planLod(input);
  const window = chooseWindow(input.numbering, plan);
  const table = new Float32Array(window.size[0] * window.size[1] * window.size[2] * 4);
  const begun = performance.now();
  fillTable(
    { numbering: input.numbering, window, plan, slotOf: (n) => [n % 10, 1, 2], resident: plan.numbers, isEmpty: () => false, atlasSize: [660, 660, 660] },
    table,
  );
  const ms = performance.now() - begun;
  const copied = performance.now();
  new Float32Array(table.length).set(table);
  return { ms, copy: performance.now() - copied };
}

/** Bricks of a settled view of a ball in 2048³ voxels, mostly air, and the least: what is shown of it, at a pixel a voxel. */
export function settledBricks(): { asked: number; least: number } {
  let [asked, least] = [0, 0];
  for (const zoom of [0.4, 0.7, 1]) {
    const isEmpty = (level: number, z: number, y: number, x: number) => {
      const edge = 64 * 2 ** level;
      return Math.hypot(...[z, y, x].map((n) => Math.max(n * edge - 1024, 1024 - (n + 1) * edge, 0))) > 700;
    };
    const input = { ...inputOf(2048, zoom, 0, 100_000), isEmpty };
    const plan = planLod(input);
    asked += plan.bricks.length;
    for (const brick of plan.bricks) {
      if (plan.split.has(input.numbering.pack(brick.level, brick.z, brick.y, brick.x))) continue;
      const { min, max } = brickBounds(input.geometry, brick);
      if (boxInView(input.frustum, min, max)) least += 1;
    }
  }
  return { asked, least };
}
