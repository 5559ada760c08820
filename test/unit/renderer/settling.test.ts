/**
 * Plans, requests, browser memory and slots together, as they go round in a viewer: nothing here is a stand-in but the network and the GPU. What
 * must hold of any views, layers, contents and budgets: budgets, cover, nothing lost that is wanted, an end, and nobody left behind.
 */

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cameraBasis, frameBounds, type OrbitCamera } from '../../../src/renderer/camera.js';
import { inNest, nestWindows } from '../../../src/renderer/nested_window.js';
import { SlotMap } from '../../../src/renderer/slot_map.js';
import { fitsWhole } from '../../../src/renderer/table_window.js';
import { TimeFacet } from '../../../src/renderer/time_facet.js';
import { BrickCache } from '../../../src/session/brick_cache.js';
import { WantList } from '../../../src/session/want_list.js';
import { fairShares } from '../../../src/volume/fair_share.js';
import { makeFrustum } from '../../../src/volume/frustum.js';
import { type BrickKey, keyText, levelToVoxel, type Vec3, worldBounds } from '../../../src/volume/geometry.js';
import { type BrickPlan, planLod } from '../../../src/volume/lod_plan.js';
import { POLICIES } from '../../../src/volume/policy.js';
import { BrickRanges } from '../../../src/volume/ranges.js';
import { chooseRequests } from '../../../src/volume/requests.js';
import { mandelbulb } from '../../bench/mandelbulb.js';

type Values = (key: BrickKey) => { min: number; max: number };

class Layer {
  readonly ranges: BrickRanges;
  readonly facet: TimeFacet;
  readonly wants = new WantList();
  plan: BrickPlan | undefined;
  asked: (BrickKey & { priority: number })[] = [];

  constructor(readonly handle: number, readonly shape: Vec3, readonly values: Values, clearTo: number) {
    this.ranges = new BrickRanges(shape);
    const isClear = (range: { max: number } | undefined) => range !== undefined && range.max <= clearTo;
    this.facet = new TimeFacet(shape, 0, this.ranges, isClear, ({ min, max }) => (max - min) / 255, { min: 0, max: 255 });
  }

  get geometry() {
    return { shape: this.shape, voxelSize: [1, 1, 1] as Vec3, origin: [0, 0, 0] as Vec3 };
  }

  number = (key: BrickKey) => this.facet.numbering.packKey(key);

  replan(camera: OrbitCamera, slots: number): BrickPlan {
    const { geometry, facet } = this;
    const { numbering, isEmpty, isBare, isEven, contrast } = facet;
    const frustum = makeFrustum(cameraBasis(camera), camera.fovY, 800, 600);
    const nest = fitsWhole(numbering) ? undefined : nestWindows(numbering, geometry, frustum);
    const inReach = nest && ((...at: [number, number, number, number]) => inNest(nest, ...at));
    facet.refresh();
    this.plan = planLod({ geometry, numbering, frustum, slots, isEmpty, isBare, isEven, contrast, previous: this.plan, ...(inReach && { inReach }) });
    return this.plan;
  }
}

/** A viewer without a picture. `cacheBricks` may be fewer than the slots. */
class Viewer {
  readonly slots: SlotMap;
  readonly cache: BrickCache;
  turn = 1;
  fetched = 0;
  again = 0;
  steps = 0;
  lost: string[] = [];
  readonly #ever = new Set<string>();

  constructor(readonly layers: readonly Layer[], slots: number, cacheBricks: number) {
    this.slots = new SlotMap(slots);
    this.cache = new BrickCache(cacheBricks);
  }

  /** One turn: plans, requests, and what `arrive` of them brings. True while something is missing. */
  step(camera: OrbitCamera, arrive: number): boolean {
    this.steps += 1;
    for (let round = 0; round < 3; round += 1) {
      const demands = this.layers.map(({ plan, facet }) => ({ slots: plan && plan.demand <= plan.numbers.size ? plan.peak : facet.numbering.bricks, bytes: 1 }));
      const shares = fairShares(demands, this.slots.capacity);
      for (const [i, layer] of this.layers.entries()) layer.replan(camera, shares[i] as number);
    }
    const planned = this.layers.reduce((n, { plan }) => n + (plan?.numbers.size ?? 0), 0);
    expect(planned).toBeLessThanOrEqual(Math.max(this.slots.capacity, this.layers.length));
    this.turn += 1;
    const missing = new Map<Layer, { bricks: Parameters<typeof chooseRequests<Layer>>[1] extends ReadonlyMap<Layer, { bricks: infer B }> ? B : never; top: number }>();
    let lacks = 0;
    for (const layer of this.layers) {
      const here = this.slots.of(layer.handle);
      const bricks = (layer.plan?.bricks ?? []).filter((brick) => {
        const entry = here.get(layer.number(brick));
        if (entry) entry.used = this.turn;
        return !entry;
      });
      lacks += bricks.length;
      const known = bricks.map(({ level, z, y, x, priority, coarse }) => ({
        key: { level, z, y, x }, class: coarse ? 'visible-coarse' as const : 'visible-fine' as const, urgency: priority, stale: false, mayWait: false,
      }));
      missing.set(layer, { bricks: known, top: layer.facet.numbering.levels - 1 });
    }
    const arriving: { layer: Layer; key: BrickKey; priority: number }[] = [];
    for (const [layer, requests] of chooseRequests(POLICIES['no-prefetch'], missing, false)) {
      const { ask, cancel, serve } = layer.wants.update(requests, (key) => this.cache.fresh(layer.handle, key) !== undefined);
      const cancelled = new Set(cancel.map(keyText));
      layer.asked = [...layer.asked.filter((key) => !cancelled.has(keyText(key))), ...ask];
      expect(layer.asked.length).toBe(layer.wants.pending);
      for (const key of serve) this.#upload(layer, key);
      for (const key of layer.asked) arriving.push({ layer, key, priority: key.priority });
    }
    arriving.sort((a, b) => a.priority - b.priority);
    const rows = new Map<Layer, Record<'level' | 'z' | 'y' | 'x' | 'min' | 'max', number[]>>();
    for (const { layer, key } of arriving.slice(0, arrive)) {
      layer.asked = layer.asked.filter((other) => other !== key);
      this.fetched += 1;
      const name = `${layer.handle}/${keyText(key)}`;
      if (this.#ever.has(name)) this.again += 1;
      this.#ever.add(name);
      this.cache.put({ ...key, volume: layer.handle, generation: 1, preview: false, dtype: 'u8', voxels: new Uint8Array(1) });
      expect(layer.wants.arrived(key)).toBe(true);
      this.#upload(layer, key);
      const told = rows.get(layer) ?? { level: [], z: [], y: [], x: [], min: [], max: [] };
      rows.set(layer, told);
      for (const [name, value] of Object.entries({ ...key, ...layer.values(key) })) if (name in told) told[name as 'z'].push(value);
    }
    for (const [layer, told] of rows) layer.ranges.apply(told);
    expect(this.slots.count).toBeLessThanOrEqual(this.slots.capacity);
    expect(this.cache.peak).toBeLessThanOrEqual(this.cache.maxBytes);
    // What every picture begins with stays from the moment it is here.
    if (this.slots.capacity >= this.layers.length) {
      for (const { handle, facet } of this.layers) {
        const [name, top] = [`${handle}/${keyText(facet.top)}`, facet.numbering.packKey(facet.top)];
        if (this.#ever.has(name)) expect(this.slots.of(handle).has(top)).toBe(true);
      }
    }
    return lacks > 0;
  }

  #upload(layer: Layer, key: BrickKey): void {
    const number = layer.number(key);
    if (!layer.plan?.numbers.has(number)) return;
    const claimed = this.slots.claim({ volume: layer.handle, number }, this.turn);
    expect(claimed).toBeDefined(); // there is a slot for all that is planned
    if (claimed) claimed.entry.used = this.turn;
    layer.wants.used(key);
    const gone = claimed?.evicted;
    const loser = gone && this.layers.find(({ handle }) => handle === gone.volume);
    if (gone && loser?.plan?.numbers.has(gone.number)) this.lost.push(`${gone.volume}/${gone.number}`);
  }
}

const framed = (shape: Vec3) => frameBounds(worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] }), 4 / 3);
/** Content of any kind: air, even, thin or full, different from brick to brick and hidden from coarser ones. */
const patchy = (seed: number): Values => ({ level, z, y, x }) => {
  const hash = Math.imul(Math.imul(z * 73 + y * 151 + x * 283 + level * 7919 + seed, 2654435761) ^ (seed << 7), 40503) >>> 8;
  const kind = hash % 5;
  return kind === 0 ? { min: 0, max: 0 } : kind === 1 ? { min: 255, max: 255 } : kind === 2 ? { min: 90, max: 96 } : { min: 0, max: 100 + (hash % 150) };
};

test('any layers, contents, budgets and jumps of the camera: within all budgets, nothing wanted is given up, the ground stays, and all settles', () => {
  const place = fc.record({ yaw: fc.double({ min: -3, max: 3, noNaN: true }), zoom: fc.double({ min: 0.05, max: 3, noNaN: true }), after: fc.integer({ min: 1, max: 30 }) });
  const size = fc.integer({ min: 1, max: 900 });
  const layers = fc.array(fc.record({ shape: fc.tuple(size, size, size), seed: fc.integer({ min: 0, max: 1e6 }) }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(layers, fc.array(place, { minLength: 1, maxLength: 4 }), fc.integer({ min: 3, max: 260 }), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 24 }), (given, places, slots, cache, arrive) => {
      const viewer = new Viewer(given.map(({ shape, seed }, i) => new Layer(i + 1, shape, patchy(seed), 40)), slots, cache);
      const start = framed([900, 900, 900]);
      let camera = start;
      for (const { yaw, zoom, after } of places) {
        camera = { ...start, yaw, distance: start.distance * zoom };
        for (let i = 0; i < after; i += 1) viewer.step(camera, arrive);
      }
      // From here on nothing moves: each step brings `arrive` bricks, and few of them twice.
      const [from, steps] = [viewer.fetched, viewer.steps];
      const most = 4 * slots + 64;
      while (viewer.step(camera, arrive)) {
        if (viewer.fetched - from > most || viewer.steps - steps > most / arrive + 200) throw new Error(`no end: ${viewer.fetched - from} bricks in ${viewer.steps - steps} steps for ${slots} slots`);
      }
      expect(viewer.lost).toEqual([]);
      // At rest it stays so.
      const { fetched } = viewer;
      for (let i = 0; i < 3; i += 1) expect(viewer.step(camera, arrive)).toBe(false);
      expect(viewer.fetched).toBe(fetched);
    }),
    { numRuns: 20, examples: [[[{ shape: [385, 1, 1], seed: 5 }, { shape: [1, 1, 1], seed: 0 }], [{ yaw: 0, zoom: 0.515, after: 1 }], 6, 1, 3]] },
  );
});

test('no layer is left behind: of two that want everything each has its half, and neither waits for the other, whoever comes later', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 1, max: 8 }), fc.boolean(), (slots, arrive, turned) => {
      const full: Values = () => ({ min: 0, max: 255 });
      const layers = [new Layer(1, [900, 900, 900], full, -1), new Layer(2, [900, 900, 900], full, -1)];
      const viewer = new Viewer(turned ? layers.reverse() : layers, slots, 50);
      const camera = { ...framed([900, 900, 900]), distance: framed([900, 900, 900]).distance * 0.5 };
      const here = () => [1, 2].map((handle) => viewer.slots.of(handle).size);
      let apart = 0;
      while (viewer.step(camera, arrive)) {
        const [a, b] = here() as [number, number];
        apart = Math.max(apart, Math.abs(a - b));
        if (viewer.steps > 4 * slots + 200) throw new Error('no end');
      }
      const [a, b] = here() as [number, number];
      // Children come eight at a time, so that a layer may be a family ahead.
      expect(apart).toBeLessThanOrEqual(8 + arrive);
      expect(Math.abs(a - b)).toBeLessThanOrEqual(8);
      expect(Math.min(a, b)).toBeGreaterThanOrEqual(Math.min(slots / 2 - 9, 9));
    }),
    { numRuns: 6 },
  );
});

test('an exabyte of detail without end, at the far corner, from the whole to single voxels: each view settles with few more bricks than it has slots', () => {
  const n = 2 ** 20;
  const { at } = mandelbulb(n).field;
  // The surface of the bulb, towards one side, is moved into the last brick.
  const side: Vec3 = [0.48, -0.75, 0.45];
  let [inside, outside] = [0, 0.48 * n];
  while (outside - inside > 0.5) {
    const half = (inside + outside) / 2;
    if (at(...(side.map((d) => Math.floor(n / 2 + half * d)) as unknown as Vec3)) === 65535) inside = half;
    else outside = half;
  }
  const shift = side.map((d) => n - 20 - Math.floor(n / 2 + inside * d)) as unknown as Vec3;
  const values: Values = ({ level, z, y, x }) => {
    let [min, max] = [255, 0];
    const place = (i: number, step: number, axis: number) => levelToVoxel(64 * i + 21 * step, level) - (shift[axis] as number);
    for (let i = 0; i < 64; i += 1) {
      const value = at(place(z, i >> 4, 0), place(y, (i >> 2) & 3, 1), place(x, i & 3, 2)) >> 8;
      [min, max] = [Math.min(min, value), Math.max(max, value)];
    }
    return { min, max };
  };
  const seen: { distance: number; steps: number; fetched: number; again: number; finest: number }[] = [];
  const slots = 300;
  const viewer = new Viewer([new Layer(1, [n, n, n], values, 110)], slots, 100);
  const target: Vec3 = [n - 20, n - 20, n - 20];
  for (const distance of [1.6e6, 2e5, 2e4, 2000, 200, 30, 2000, 1.6e6]) {
    const { fetched, again, steps } = viewer;
    const camera = { ...framed([n, n, n]), yaw: -1.2, pitch: 0.5, target, distance };
    while (viewer.step(camera, 16)) if (viewer.steps - steps > 200) throw new Error(`no end at ${distance}: ${JSON.stringify(seen)}`);
    seen.push({ distance, steps: viewer.steps - steps, fetched: viewer.fetched - fetched, again: viewer.again - again, finest: viewer.layers[0]?.plan?.finest ?? -1 });
  }
  const words = JSON.stringify(seen);
  expect(viewer.lost).toEqual([]);
  for (const view of seen) expect([view.fetched <= 2 * slots, view.steps <= 60, words]).toEqual([true, true, words]);
  expect([seen.find(({ distance }) => distance === 30)?.finest, words]).toEqual([0, words]);
  expect(Math.max(...seen.map(({ again }) => again))).toBeLessThanOrEqual(slots);
});
