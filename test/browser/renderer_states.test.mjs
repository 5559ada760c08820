// The renderer over time: bricks that arrive in any order, budgets, lost contexts, picks, resolution, screenshots.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
  await opened.page.evaluate(() => {
    const { geometry, camera, fitSlice } = globalThis.vox;
    /** A policy by which a small picture asks for as many bricks as a larger one: it is drawing that takes long without a GPU. */
    globalThis.finer = (pixelsPerVoxel) => ({ ...globalThis.vox.POLICIES.exploration, name: 'finer', pixelsPerVoxel });
    /** Left half a slice, right half the volume. */
    globalThis.twoViews = (shape, width, height) => {
      const bounds = geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
      const [left, right] = [0, width / 2].map((x) => ({ x, y: 0, width: width / 2, height }));
      return [
        { id: 'slice', kind: 'slice', rect: left, axis: 0, position: shape[0] / 2, ...fitSlice(0, bounds, left) },
        { id: 'volume', kind: 'volume', rect: right, camera: camera.frameBounds(bounds, width / 2 / height) },
      ];
    };
  });
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('bricks in any order: never a hole once the coarsest is here, never a wrong picture, and all credit comes back', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, wait } = globalThis.vox;
    // A solid block: wherever the volume is, something bright must be seen, at whatever level.
    const shape = [150, 140, 160];
    const volume = new TestVolume(1, 'u8', 'image', makeLevel(shape, 'u8', () => 200));
    volume.fillRanges();
    const stage = new Stage(400, 200, { background: [0, 0, 0], passes: 1 });
    stage.add(volume, { colormap: 'gray', window: [0, 200], points: [[0, 1], [1, 1]] });
    stage.views(...globalThis.twoViews(shape, 400, 200));
    await stage.until(() => stage.renderer.wanted().get(1)?.length > 0);
    const [top, ...rest] = volume.keys();
    let seed = 99;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    const order = rest.map((k) => [random(), k]).sort((a, b) => a[0] - b[0]).map(([, k]) => k);
    const dark = () => {
      const { data, width, height } = stage.pixels();
      const at = (x, y) => data[4 * (y * width + x)];
      let holes = 0;
      for (let y = 60; y < 140; y += 1) for (const x0 of [60, 260]) for (let x = x0; x < x0 + 80; x += 1) holes += at(x, y) < 150 ? 1 : 0;
      return { holes, total: 80 * 160, height };
    };
    const nothing = dark();
    stage.offer(1, top);
    await stage.until(() => stage.uploadedCalls === 1 && stage.renderer.report.firstPictureAt !== undefined);
    const seen = [];
    for (const key of order) {
      stage.offer(1, key);
      // Frames go on whether or not a picture is due.
      for (let i = 0; i < 3; i += 1) stage.renderer.frame(await wait());
      seen.push(dark().holes);
    }
    await stage.settle();
    const report = stage.renderer.report;
    const out = { nothing, seen, end: dark().holes, offered: stage.offered, uploaded: stage.uploadedCalls, missing: report.missing, finest: report.volumes[0].finest, keys: geometry.keyText(top) };
    stage.dispose();
    return out;
  });
  assert.equal(result.nothing.holes, result.nothing.total, 'before any brick there is nothing');
  assert.deepEqual([...new Set(result.seen)], [0], 'no hole at any time');
  assert.equal(result.end, 0);
  assert.equal(result.uploaded, result.offered);
  assert.equal(result.missing, 0);
  assert.equal(result.finest, 0);
});

test('ranges that come while the picture stands are taken in without another one, where they change nothing that is seen', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, wait } = globalThis.vox;
    const shape = [150, 140, 160];
    const volume = new TestVolume(1, 'u8', 'image', makeLevel(shape, 'u8', (_z, _y, x) => (x < 70 ? 0 : 200)));
    const stage = new Stage(400, 200);
    stage.add(volume, { colormap: 'gray', window: [0, 200], points: [[0, 0], [0.5, 0], [0.6, 1], [1, 1]] });
    stage.views(...globalThis.twoViews(shape, 400, 200));
    await stage.settle();
    const before = { ...stage.renderer.report };
    const frames = async () => {
      stage.renderer.rangesChanged(1);
      for (let i = 0; i < 3; i += 1) stage.renderer.frame(await wait());
      await stage.settle();
    };
    // Nothing new: not even the tables are filled.
    await frames();
    const same = { ...stage.renderer.report };
    // What is known of one brick, which shows something: tables are filled, and found equal.
    const row = (key, min, max) => ({ level: Uint8Array.of(key[0]), z: Uint32Array.of(key[1]), y: Uint32Array.of(key[2]), x: Uint32Array.of(key[3]), min: Float32Array.of(min), max: Float32Array.of(max) });
    volume.ranges.apply(row([0, 0, 0, 1], 0, 200));
    await frames();
    const known = { ...stage.renderer.report };
    // Of those that are clear: other tables, and another picture.
    volume.fillRanges();
    await frames();
    const clear = { ...stage.renderer.report };
    const out = [before, same, known, clear].map(({ pictures, tableFills, missing }) => ({ pictures, tableFills, missing }));
    stage.dispose();
    return out;
  });
  const [before, same, known, clear] = result;
  assert.deepEqual(same, before);
  assert.equal(known.pictures, before.pictures);
  assert.ok(known.tableFills > before.tableFills);
  assert.ok(clear.pictures > known.pictures);
});

test('a small budget holds over a session of zooms and turns, in the counters and in the slots, and the picture stays whole', async () => {
  const result = await inPage(async () => {
    const { Stage, camera, geometry } = globalThis.vox;
    const volume = globalThis.vox.shellsVolume(192, 1, 'u16');
    const max = 16 * 2 ** 20;
    const stage = new Stage(200, 100, { maxGpuBytes: max, passes: 1 });
    stage.renderer.setPolicy(globalThis.finer(0.5));
    stage.add(volume);
    const shape = volume.shape;
    const [slice, view] = globalThis.twoViews(shape, 200, 100);
    let worst = 0;
    let missing = 0;
    for (let step = 0; step < 8; step += 1) {
      const c = camera.orbit(view.camera, step * 0.7, Math.sin(step) * 0.6);
      const zoom = [1, 0.3, 0.12, 0.5][step % 4];
      stage.views({ ...slice, position: 10 + step * 20 * 0.75, pixelSize: slice.pixelSize * zoom }, { ...view, camera: { ...c, distance: c.distance * zoom } });
      await stage.settle(7);
      worst = Math.max(worst, stage.renderer.report.gpuBytes);
      missing += stage.renderer.report.missing;
    }
    const r = stage.renderer.report;
    const out = { max, worst, peak: r.gpuBytesPeak, missing, uploads: r.uploads, evictions: r.evictions, slots: r.slots, used: r.slotsUsed, bricks: geometry.brickCount(shape), same: stage.offered === stage.uploadedCalls };
    stage.dispose();
    return out;
  });
  assert.ok(result.peak <= result.max && result.worst <= result.max, `${result.peak} of ${result.max} bytes`);
  assert.ok(result.slots < result.bricks, `the budget must be too small for all ${result.bricks} bricks, but has ${result.slots} slots`);
  assert.ok(result.evictions > 10, `${result.evictions} evictions`);
  assert.ok(result.uploads > 1.5 * result.slots, `${result.uploads} uploads into ${result.slots} slots`);
  assert.equal(result.missing, 0);
  assert.ok(result.same, 'every offered brick is answered');
});

test('an atlas that grows keeps the picture', async () => {
  const result = await inPage(async () => {
    const { Stage, difference } = globalThis.vox;
    const volume = globalThis.vox.shellsVolume(200, 1, 'u16');
    const pictures = [];
    const slots = [];
    for (const perFrame of [1, 1000]) {
      const stage = new Stage(200, 100, { passes: 1 });
      stage.renderer.setPolicy(globalThis.finer(0.5));
      stage.add(volume);
      stage.views(...globalThis.twoViews(volume.shape, 200, 100));
      slots.push(stage.renderer.report.slots);
      await stage.settle(perFrame);
      await stage.until(() => !stage.renderer.frame(performance.now()));
      slots.push(stage.renderer.report.slots);
      await stage.screenshot();
      pictures.push(stage.pixels().data);
      stage.dispose();
    }
    return { slots, ...difference(pictures[0], pictures[1]) };
  });
  assert.ok(result.slots[1] > 27, `${result.slots} slots`);
  assert.ok(result.max <= 1, `${result.max} of 255`);
});

test('a lost context comes back with its picture from browser memory', async () => {
  const result = await inPage(async () => {
    const { Stage, difference, wait } = globalThis.vox;
    const volume = globalThis.vox.shellsVolume(128, 1, 'u16');
    const stage = new Stage(400, 200, { passes: 1 });
    stage.add(volume);
    stage.views(...globalThis.twoViews(volume.shape, 400, 200));
    await stage.settle();
    await stage.until(() => !stage.renderer.frame(performance.now()));
    const before = stage.pixels().data;
    const extension = stage.canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
    const event = (name) => new Promise((resolve) => stage.canvas.addEventListener(name, resolve, { once: true }));
    const lost = event('webglcontextlost');
    extension.loseContext();
    await lost;
    const during = { more: stage.renderer.frame(await wait()), settled: stage.renderer.settled };
    const restored = event('webglcontextrestored');
    setTimeout(() => extension.restoreContext(), 50);
    await restored;
    const offered = stage.offered;
    await stage.settle();
    await stage.until(() => !stage.renderer.frame(performance.now()));
    const after = stage.pixels().data;
    const { contextLosses, gpuBytes, gpuBudget } = stage.renderer.report;
    const out = { during, ...difference(before, after), again: stage.offered - offered, contextLosses, gpuBytes, gpuBudget };
    stage.dispose();
    return out;
  });
  assert.deepEqual(result.during, { more: false, settled: false });
  assert.ok(result.max <= 2, `${result.max} of 255`);
  assert.equal(result.again, 0, 'no brick had to come over the network again');
  assert.equal(result.contextLosses, 1);
});

test('what is picked is what the data says, on slices of all axes and in 3D', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, camera, fitSlice } = globalThis.vox;
    const shape = [70, 90, 110];
    const world = { voxelSize: [2, 1, 0.5], origin: [100, -50, 7] };
    const value = (z, y, x) => (Math.hypot(z - 30, 2 * (y - 40), x - 60) < 24 ? 50000 : 1000 + z + 7 * y + 100 * x);
    const volume = new TestVolume(1, 'u16', 'image', makeLevel(shape, 'u16', value), { ...world, scale: 0.5, offset: -3 });
    volume.fillRanges();
    const place = { shape, ...world };
    const bounds = geometry.worldBounds(place);
    const stage = new Stage(400, 400, { passes: 1 });
    stage.add(volume, { window: [10000, 25000], points: [[0, 0], [0.2, 1], [1, 1]] });
    const rect = { x: 0, y: 0, width: 400, height: 400 };
    const out = [];
    for (const axis of [0, 1, 2]) {
      const normal = [2, 1, 0][axis];
      const position = bounds.min[normal] + 0.37 * (bounds.max[normal] - bounds.min[normal]);
      stage.views({ id: 's', kind: 'slice', rect, axis, position, ...fitSlice(axis, bounds, rect) });
      await stage.settle();
      for (const px of [[200, 200], [150, 230], [251, 177]]) {
        const picked = stage.renderer.pick('s', px);
        const expected = picked && value(...picked.voxel) * 0.5 - 3;
        out.push({ axis, position, picked, expected, back: picked && geometry.voxelToWorld(place, picked.voxel), normal });
      }
    }
    const outside = stage.renderer.pick('s', [2, 2]) ?? null;
    const cam = camera.frameBounds(bounds, 1);
    const modes = [];
    for (const mode of ['dvr', 'mip']) {
      stage.add(volume, { mode, window: [10000, 25000], points: [[0, 0], [0.2, 1], [1, 1]] });
      stage.views({ id: 'v', kind: 'volume', rect, camera: cam });
      await stage.settle();
      const center = geometry.voxelToWorld(place, [30, 40, 60]);
      modes.push({ mode, hit: stage.renderer.pick('v', camera.project(cam, rect, center).px), miss: stage.renderer.pick('v', [3, 3]) ?? null });
    }
    const { eye } = camera.cameraBasis(cam);
    stage.dispose();
    return { out, outside, modes, eye, center: geometry.voxelToWorld(place, [30, 40, 60]) };
  });
  for (const { axis, position, picked, expected, back, normal } of result.out) {
    assert.ok(picked, `axis ${axis}: nothing picked`);
    assert.equal(picked.value, expected);
    assert.equal(picked.level, 0);
    assert.ok(Math.abs(picked.world[normal] - position) < 1e-9);
    for (const i of [0, 1, 2]) assert.ok(Math.abs(back[i] - picked.world[i]) <= [0.25, 0.5, 1][i] + 1e-9);
  }
  assert.equal(result.outside, null);
  for (const { mode, hit, miss } of result.modes) {
    assert.ok(hit, `${mode}: nothing hit`);
    assert.equal(hit.value, 50000 * 0.5 - 3, mode);
    assert.equal(miss, null);
  }
  const distance = (p) => Math.hypot(...p.map((n, i) => n - result.eye[i]));
  assert.ok(distance(result.modes[0].hit.world) < distance(result.center), 'the near side is hit');
});

test('what is picked of several layers is what is seen: moved, clipped, of a surface, the nearest', async () => {
  const seen = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, camera } = globalThis.vox;
    const ball = (n) => new TestVolume(n, 'u8', 'image', makeLevel([40, 40, 40], 'u8', (z, y, x) => (Math.hypot(z - 20, y - 20, x - 20) < 10 ? 200 : 0)));
    const stage = new Stage(120, 120, { passes: 1 });
    const cam = { target: [20, 20, 20], distance: 120, yaw: 0, pitch: 0, fovY: 0.6 }; // looks along -x
    const view = { id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 120, height: 120 }, camera: cam };
    const moved = { translate: [50, 40, 0], rotate: [0, 0, Math.SQRT1_2, Math.SQRT1_2], scale: [1, 1, 1] }; // its ball is at (30, 60, 20)
    stage.add(ball(1), { mode: 'iso', iso: 0.4 });
    stage.add(ball(2), { mode: 'iso', iso: 0.4, transform: moved });
    stage.views(view);
    await stage.settle();
    const at = (world) => camera.project(cam, view.rect, world).px;
    const out = { first: stage.renderer.pick('v', at([20, 20, 20])), second: stage.renderer.pick('v', at([30, 60, 20])), none: stage.renderer.pick('v', [3, 3]) ?? null };
    stage.views({ ...view, clip: { planes: [{ normal: [-1, 0, 0], offset: -20 }] } });
    out.clipped = stage.renderer.pick('v', at([20, 20, 20]));
    stage.views(view);
    stage.add(ball(3), { mode: 'mip', order: 9 });
    await stage.settle();
    out.over = stage.renderer.pick('v', at([20, 20, 20]));
    stage.add(ball(3), { mode: 'iso', iso: 0.4, transform: { translate: [30, 0, 0], rotate: [0, 0, 0, 1], scale: [1, 1, 1] } });
    out.before = stage.renderer.pick('v', at([20, 20, 20]));
    stage.dispose();
    return out;
  });
  assert.equal(seen.none, null);
  assert.equal(seen.first.volume, 1);
  assert.ok(Math.abs(seen.first.world[0] - 29.7) < 1, `${seen.first.world}`);
  assert.equal(seen.second.volume, 2);
  assert.ok(Math.hypot(...seen.second.voxel.map((n) => n - 20)) < 11.5, `voxel ${seen.second.voxel}`);
  // The ray comes from (140, 20, 20).
  assert.ok(Math.hypot(seen.second.world[0] - 39.4, seen.second.world[1] - 56.6) < 1.5, `${seen.second.world}`);
  assert.ok(Math.abs(seen.clipped.world[0] - 20) < 1, `clipped at x = 20: ${seen.clipped.world}`);
  assert.equal(seen.over.volume, 1, 'a surface lies before a projection');
  assert.equal(seen.before.volume, 3);
});

test('bricks that have changed are shown until newer ones come, then these', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, wait } = globalThis.vox;
    const shape = [64, 64, 64];
    const make = (v) => new TestVolume(1, 'u8', 'image', makeLevel(shape, 'u8', () => v));
    const [old, fresh] = [make(80), make(240)];
    const stage = new Stage(200, 100, { background: [0, 0, 0] });
    stage.add(old, { colormap: 'gray', window: [0, 255] });
    stage.views(globalThis.twoViews(shape, 200, 100)[0]);
    await stage.settle();
    const level = () => stage.pixels().data[4 * (50 * 200 + 50)];
    const seen = [level()];
    stage.renderer.invalidate(1, [[0, 0, 0, 0, 1, 1, 1]]);
    const wanted = stage.renderer.wanted().get(1).length;
    for (let i = 0; i < 5; i += 1) stage.renderer.frame(await wait());
    seen.push(level(), stage.renderer.settled);
    stage.volumes.set(1, fresh);
    stage.offer(1, { level: 0, z: 0, y: 0, x: 0 }, 1); // an older copy that was still under way
    await stage.until(() => stage.uploadedCalls === stage.offered);
    seen.push(stage.renderer.wanted().get(1).length);
    stage.offer(1, { level: 0, z: 0, y: 0, x: 0 }, 2);
    await stage.settle();
    seen.push(level());
    stage.dispose();
    return { seen, wanted };
  });
  assert.equal(result.wanted, 1);
  const [first, still, settled, missing, last] = result.seen;
  assert.deepEqual([first, still, settled, missing], [80, 80, false, 1]);
  assert.ok(Math.abs(last - 240) <= 1, `${last}`);
});

test('a screenshot is a picture with something on it', async () => {
  const result = await inPage(async () => {
    const { Stage } = globalThis.vox;
    const volume = globalThis.vox.shellsVolume(128, 1, 'u16');
    const stage = new Stage(400, 200);
    stage.add(volume);
    stage.views(...globalThis.twoViews(volume.shape, 400, 200));
    await stage.settle();
    const bitmap = await createImageBitmap(await stage.screenshot());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const colors = (x0) => {
      const set = new Set();
      for (let y = 0; y < 200; y += 1) for (let x = x0; x < x0 + 200; x += 1) set.add(data.slice(4 * (y * 400 + x), 4 * (y * 400 + x) + 3).join());
      return set.size;
    };
    const out = { size: [bitmap.width, bitmap.height], left: colors(0), right: colors(200), report: stage.renderer.report };
    stage.dispose();
    return out;
  });
  assert.deepEqual(result.size, [400, 200]);
  assert.ok(result.left > 200 && result.right > 200, `${result.left} and ${result.right} colours`);
  assert.ok(result.report.firstPictureAt > Date.now() - 1_200_000 && result.report.firstPictureAt <= Date.now());
  assert.equal(result.report.problem, undefined);
});

test('two bytes of a 16-bit number are filtered exactly enough to be put together afterwards', async () => {
  const steps = await opened.page.evaluate(() => globalThis.vox.filterError());
  assert.ok(steps >= 0 && steps <= 2, `off by ${steps} of 65535`);
});
