// Planning as the picture shows it: exact at an exabyte, fair among layers, calm while a view moves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('an exabyte: from the whole to single voxels at the far corner without a hole, drawn exactly, and out again', { timeout: 600_000 }, async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, camera, wait } = globalThis.vox;
    const n = 2 ** 20;
    // A ramp around a place near the far corner, even farther away.
    const clamp = (v) => Math.round(Math.min(Math.max(v, 20000), 46000));
    const at = (z, y) => clamp(32000 + 4000 * (y - (n - 8) + 0.7 * (z - (n - 8))));
    const volume = new LazyVolume(1, [n, n, n], {
      at,
      plain: ([z0, y0], [z1, y1]) => (at(z0, y0) === at(z1, y1) ? at(z1, y1) : undefined),
    });
    const [width, height] = [96, 72];
    const stage = new Stage(width, height, { background: [0, 0, 0], passes: 1, maxGpuBytes: 320 * 2 ** 20 });
    const window = [14000, 46000];
    stage.add(volume, { mode: 'mip', colormap: 'gray', window });
    const target = [n - 1.5, n - 8.3, n - 7.7];
    const view = (distance) => ({
      id: 'v', kind: 'volume', rect: { x: 0, y: 0, width, height },
      camera: { target, distance, yaw: Math.PI, pitch: 0, fovY: camera.frameBounds({ min: [0, 0, 0], max: [1, 1, 1] }, 1).fovY },
    });
    // Right is -y and up is z: what is right of the middle and below it lies inside of the volume at any distance.
    const holes = () => {
      const { data } = stage.pixels();
      let count = 0;
      for (let y = 4; y < height / 2 - 2; y += 1) for (let x = width / 2 + 2; x < width - 4; x += 1) if (data[4 * (y * width + x)] < 30) count += 1;
      return count;
    };
    const seen = [];
    const go = async (distance) => {
      stage.views(view(distance));
      let worst = 0;
      for (let i = 0; ; i += 1) {
        const now = await wait();
        let served = 0;
        for (const brick of stage.renderer.wanted().get(1) ?? []) if (served++ < 40) stage.offer(1, brick);
        const more = stage.renderer.frame(now);
        if (stage.renderer.hasPicture && seen.length + i > 0) worst = Math.max(worst, holes());
        if (!more && stage.renderer.settled) break;
        if (i > 4000) throw new Error(`not settled at ${distance}: ${JSON.stringify(stage.renderer.report)}`);
      }
      const { volumes, gpuBytesPeak, gpuBudget } = stage.renderer.report;
      seen.push({ distance, worst, levels: [volumes[0].finest, volumes[0].coarsest], within: gpuBytesPeak <= gpuBudget });
    };
    // The first picture comes before anything is compared.
    stage.views(view(1.5e6));
    await stage.settle(40);
    const distances = [1.5e6, 2e5, 3e4, 4000, 500, 60, 3];
    for (const distance of distances) await go(distance);
    const { data } = stage.pixels();
    const { eye, forward, right, up } = camera.cameraBasis(view(3).camera);
    const tan = Math.tan(view(3).camera.fovY / 2);
    let worst = 0;
    let low = 255;
    let high = 0;
    for (let py = 0; py < height; py += 1) {
      for (let px = 0; px < width; px += 1) {
        const [a, b] = [((2 * (px + 0.5)) / width - 1) * tan * (width / height), ((2 * (py + 0.5)) / height - 1) * tan];
        const d = [0, 1, 2].map((i) => forward[i] + a * right[i] + b * up[i]);
        const length = Math.hypot(...d);
        const end = ((n - 0.5 - eye[0]) * length) / d[0];
        let most = 0;
        for (let s = 0.5; s < end; s += 1) {
          const [y, z] = [1, 2].map((i) => eye[i] + (d[i] / length) * s);
          most = Math.max(most, 32000 + 4000 * (y - (n - 8) + 0.7 * (z - (n - 8))));
        }
        const expected = (255 * (most - window[0])) / (window[1] - window[0]);
        const drawn = data[4 * (py * width + px)];
        worst = Math.max(worst, Math.abs(drawn - expected));
        [low, high] = [Math.min(low, drawn), Math.max(high, drawn)];
      }
    }
    for (const distance of [...distances].reverse().slice(1)) await go(distance);
    const out = { seen, worst, range: [low, high], made: volume.made, problem: stage.renderer.report.problem };
    stage.dispose();
    return out;
  });
  for (const { distance, worst, within } of result.seen) {
    assert.equal(worst, 0, `${worst} holes on the way to ${distance}: ${JSON.stringify(result.seen)}`);
    assert.ok(within);
  }
  const nearest = result.seen.find(({ distance }) => distance === 3);
  assert.equal(nearest.levels[0], 0, JSON.stringify(result.seen));
  assert.ok(result.seen[0].levels[0] >= 10, JSON.stringify(result.seen));
  // A voxel is 32 of 255 here: a twentieth of one would be seen.
  assert.ok(result.range[1] - result.range[0] > 80, `${result.range}`);
  assert.ok(result.worst <= 1.6, `${result.worst} of 255`);
  assert.equal(result.problem, undefined);
});

test('two equal layers get equal slots within a tenth, of one storage class or of two, within the budget, and each is seen', { timeout: 600_000 }, async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, LazyVolume, camera, makeLevel, wait, POLICIES } = globalThis.vox;
    const shape = [256, 256, 256];
    const rect = { x: 0, y: 0, width: 80, height: 80 };
    const view = { id: 'v', kind: 'volume', rect, camera: camera.frameBounds({ min: [0, 0, 0], max: [255, 255, 255] }, 1) };
    const near = { ...view, camera: { ...view.camera, distance: view.camera.distance * 0.5 } };
    const field = { at: (z, y, x) => 20000 + ((z ^ y ^ x) & 63) * 500 };
    const lazy = (handle) => new LazyVolume(handle, shape, field);
    const labels = new TestVolume(3, 'u16', 'labels', makeLevel(shape, 'u16', (z, y, x) => 1 + (((z >> 5) ^ (y >> 5) ^ (x >> 5)) & 7)));
    const run = async (first, second) => {
      const stage = new Stage(80, 80, { maxGpuBytes: 96 * 2 ** 20, passes: 1 });
      // As many bricks as a picture with sixteen times the pixels would have: it is drawing that takes long without a GPU.
      stage.renderer.setPolicy({ ...POLICIES['no-prefetch'], name: 'finer', pixelsPerVoxel: 0.25 });
      const look = (volume) => (volume.kind === 'labels' ? {} : { window: [0, 65535], points: [[0, 0.02], [1, 0.02]], opacity: 0.5 });
      stage.add(first, look(first));
      stage.views(near);
      await stage.settle();
      const alone = stage.renderer.report.volumes.map(({ slots }) => slots);
      stage.add(second, look(second));
      let dark = 0;
      for (let i = 0; i < 3000; i += 1) {
        const now = await wait();
        for (const [handle, bricks] of stage.renderer.wanted()) for (const brick of bricks.slice(0, 8)) stage.offer(handle, brick);
        const more = stage.renderer.frame(now);
        const { data } = stage.pixels();
        const at = 4 * (40 * 80 + 40);
        if (data[at] + data[at + 1] + data[at + 2] < 40) dark += 1;
        if (!more && stage.renderer.settled) break;
      }
      const r = stage.renderer.report;
      const out = {
        alone, dark, settled: stage.renderer.settled, missing: r.missing, slots: r.volumes.map(({ slots }) => slots),
        finest: r.volumes.map(({ finest }) => finest), peak: r.gpuBytesPeak, budget: r.gpuBudget, problem: r.problem,
      };
      stage.dispose();
      return out;
    };
    return [await run(lazy(1), lazy(2)), await run(lazy(1), labels), await run(labels, lazy(1))];
  });
  for (const r of result) {
    const [a, b] = r.slots;
    assert.ok(r.settled && r.missing === 0, JSON.stringify(r));
    assert.ok(r.peak <= r.budget, JSON.stringify(r));
    assert.ok(Math.abs(a - b) <= 0.1 * Math.max(a, b), JSON.stringify(r));
    assert.ok(Math.min(a, b) > 9 && r.alone[0] > 1.2 * a, `the first had to give: ${JSON.stringify(r)}`);
    assert.equal(r.dark, 0, JSON.stringify(r));
  }
});

test('while a view moves little is uploaded and asked for, and details come when it rests', { timeout: 600_000 }, async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, camera, wait, POLICIES } = globalThis.vox;
    const shape = [384, 384, 384];
    const volume = new LazyVolume(1, shape, { at: (z, y, x) => 20000 + ((z ^ y ^ x) & 63) * 500 });
    const rect = { x: 0, y: 0, width: 180, height: 180 };
    const start = camera.frameBounds({ min: [0, 0, 0], max: [383, 383, 383] }, 1);
    const stage = new Stage(180, 180, { passes: 1 });
    stage.renderer.setPolicy({ ...POLICIES.exploration, name: 'finer', pixelsPerVoxel: 0.5 });
    stage.add(volume, { window: [0, 65535], points: [[0, 0.02], [1, 0.02]] });
    stage.views({ id: 'v', kind: 'volume', rect, camera: start });
    // Only the first picture is there when the drag begins.
    await stage.until(() => stage.renderer.wanted().get(1)?.length > 0);
    stage.offer(1, stage.renderer.wanted().get(1)[0]);
    await stage.until(() => stage.renderer.hasPicture);
    const still = stage.renderer.wanted().get(1).length;
    stage.renderer.setMoving(true);
    let [most, levels, wantedMost, tables] = [0, [], 0, stage.renderer.report.tableFills];
    const begun = performance.now();
    for (let i = 0; i < 40; i += 1) {
      stage.views({ id: 'v', kind: 'volume', rect, camera: camera.orbit(start, i * 0.02, 0) });
      const now = await wait();
      const wanted = stage.renderer.wanted().get(1);
      wantedMost = Math.max(wantedMost, wanted.length);
      for (const brick of wanted) {
        levels.push(brick.level);
        stage.offer(1, brick);
      }
      const before = stage.renderer.report.uploads;
      stage.renderer.frame(now);
      most = Math.max(most, stage.renderer.report.uploads - before);
    }
    const seconds = (performance.now() - begun) / 1000;
    tables = stage.renderer.report.tableFills - tables;
    const settledMoving = stage.renderer.settled;
    stage.renderer.setMoving(false);
    await stage.settle();
    const out = { still, most, finest: Math.min(...levels), wantedMost, tables, seconds, settledMoving, end: stage.renderer.report.volumes[0].finest };
    stage.dispose();
    return out;
  });
  assert.ok(result.still > 24, JSON.stringify(result));
  assert.ok(result.most <= 2, `${result.most} bricks in one frame`);
  assert.ok(result.wantedMost <= 24, `${result.wantedMost} bricks asked for at once`);
  assert.ok(result.finest >= 1, 'the finest level waits');
  assert.ok(result.tables <= 2 + result.seconds / 0.08, `${result.tables} tables in ${result.seconds} s`);
  assert.equal(result.settledMoving, false);
  assert.equal(result.end, 0, 'and comes at rest');
});

test('a plan that looks at ten thousand bricks is made in parts while pictures of a moving view go on, and none is given up', { timeout: 600_000 }, async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, camera, wait, POLICIES } = globalThis.vox;
    const n = 2048;
    const volume = new LazyVolume(1, [n, n, n], { at: () => 40_000, plain: () => 40_000 });
    // Something thin in one of 64 finest bricks, of which the means of coarser ones show nothing: all are looked into, and few are fetched.
    const rows = { level: [], z: [], y: [], x: [], min: [], max: [] };
    for (let level = 0; level < 6; level += 1) {
      const edge = n / 64 / 2 ** level;
      for (let i = 0; i < edge ** 3; i += 1) {
        const [z, y, x] = [Math.floor(i / edge ** 2), Math.floor(i / edge) % edge, i % edge];
        const shows = level === 5 || (level === 0 && z % 4 === 1 && y % 4 === 1 && x % 4 === 1);
        for (const [name, value] of Object.entries({ level, z, y, x, min: 0, max: shows ? 60_000 : 0 })) rows[name].push(value);
      }
    }
    volume.ranges.apply(rows);
    const stage = new Stage(320, 240, { passes: 1, planMs: 0 });
    stage.add(volume);
    stage.renderer.setPolicy({ ...POLICIES.exploration, name: 'fine', pixelsPerVoxel: 0.25, order: ['visible-coarse', 'visible-fine'] });
    const rect = { x: 0, y: 0, width: 320, height: 240 };
    const fit = camera.frameBounds({ min: [0, 0, 0], max: [n, n, n] }, 4 / 3);
    const look = (turn) => stage.views({ id: 'v', kind: 'volume', rect, camera: { ...fit, distance: fit.distance * 0.5, yaw: fit.yaw + turn } });
    look(0);
    await stage.settle(64);
    const first = stage.renderer.report;
    stage.renderer.setMoving(true);
    let drawnMeanwhile = 0;
    const enough = performance.now() + 240_000;
    for (let turn = 0; stage.renderer.report.planning.plans < first.planning.plans + 4 && performance.now() < enough; turn += 0.002) {
      const before = stage.renderer.report;
      look(turn);
      stage.renderer.frame(await wait());
      const after = stage.renderer.report;
      if (after.planning.plans === before.planning.plans && after.planning.turns > before.planning.turns) drawnMeanwhile += after.drawCalls - before.drawCalls;
    }
    const last = stage.renderer.report;
    stage.renderer.setMoving(false);
    await stage.settle(64);
    const { volumes, missing } = stage.renderer.report;
    const out = { first: first.planning, last: last.planning, drawnMeanwhile, missing, finest: volumes[0].finest, offered: stage.offered };
    stage.dispose();
    return out;
  });
  const { first, last } = result;
  const words = JSON.stringify(result);
  assert.ok(last.plans - first.plans >= 4, words);
  // 32 parts of 8 refinements of eight bricks each are the most that is made at once where there is no time.
  assert.equal(last.mostParts, 32, words);
  assert.ok(last.turns - first.turns >= 2 * (last.plans - first.plans), words);
  assert.ok(result.drawnMeanwhile > 0, words);
  assert.equal(result.missing, 0, words);
  assert.equal(result.finest, 0, words);
  assert.ok(result.offered > 50 && result.offered < 600, words);
});
