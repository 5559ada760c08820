// Points are drawn where they are, as large as they are, in the colour of their value; what is out of range is not; rays end at them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
  await opened.page.evaluate(() => {
    const { camera, geometry } = globalThis.vox;
    // Pixels that are not the background, as a count, a centre (from the upper left corner) and a mean colour.
    globalThis.blob = (stage, keep = ([r, g, b]) => r + g + b > 0) => {
      const { width, height, data } = stage.pixels();
      let [n, x, y] = [0, 0, 0];
      const sum = [0, 0, 0];
      for (let i = 0; i < width * height; i += 1) {
        const rgb = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
        if (!keep(rgb)) continue;
        n += 1;
        x += (i % width) + 0.5;
        y += height - Math.floor(i / width) - 0.5;
        for (let c = 0; c < 3; c += 1) sum[c] += rgb[c];
      }
      return { n, x: x / n, y: y / n, color: sum.map((c) => c / n) };
    };
    globalThis.cameraAt = (target, distance) => ({ target, distance, yaw: 0, pitch: 0, fovY: (35 * Math.PI) / 180 });
    globalThis.viewOf = (view, more = {}) => ({ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 300, height: 200 }, camera: view, outline: false, ...more });
    globalThis.plainLook = { points: [[0, 1], [1, 1]], colormap: 'gray', window: [0, 1], shading: 'none', radius: 1 };
    globalThis.scene = (cloud, settings, view) => {
      const stage = new globalThis.vox.Stage(300, 200, { background: [0, 0, 0], passes: 1 });
      stage.add(cloud, { ...globalThis.vox.DEFAULT_LOOK, ...globalThis.plainLook, ...settings });
      stage.views(view);
      return stage;
    };
    void camera;
    void geometry;
  });
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('a sphere stands where its point is, as large as its radius', async () => {
  const found = await inPage(async () => {
    const { TestCloud, camera } = globalThis.vox;
    const out = [];
    for (const at of [[0.5, 0.5, 0.5], [0.5, 0.8, 0.35], [0.7, 0.2, 0.6]]) {
      const view = globalThis.viewOf(globalThis.cameraAt([0.5, 0.5, 0.5], 2));
      const stage = globalThis.scene(new TestCloud(1, [[...at, 1]], { radius: [0.1, 0.1] }), {}, view);
      await stage.settle();
      const seen = globalThis.blob(stage, (rgb) => rgb[0] > 60);
      const { px } = camera.project(view.camera, view.rect, at);
      // The outline of a sphere: a cone of half angle asin(r / d).
      const eye = [2.5, 0.5, 0.5];
      const d = Math.hypot(...at.map((n, i) => n - eye[i]));
      const pixels = 200 / 2 / Math.tan(view.camera.fovY / 2);
      const depth = eye[0] - at[0];
      const r = (pixels * 0.1) / Math.sqrt(d * d - 0.01);
      out.push({ seen, px, area: Math.PI * r * r * (d / depth) ** 3, white: seen.color });
      stage.dispose();
    }
    return out;
  });
  for (const { seen, px, area, white } of found) {
    assert.ok(Math.abs(seen.x - px[0]) < 0.6 && Math.abs(seen.y - px[1]) < 0.6, `centre ${seen.x}, ${seen.y}; expected ${px}`);
    assert.ok(Math.abs(seen.n / area - 1) < 0.04, `area ${seen.n}; expected ${area}`);
    assert.ok(white.every((c) => c > 250), `colour ${white}`);
  }
});

test('radius and colour follow the value; range, opacity and clipping hide', async () => {
  const found = await inPage(async () => {
    const { TestCloud } = globalThis.vox;
    const points = [[0.5, 0.1, 0.5, 0], [0.5, 0.5, 0.5, 0.5], [0.5, 0.9, 0.5, 1]];
    const view = globalThis.viewOf(globalThis.cameraAt([0.5, 0.5, 0.5], 1.6));
    const count = async (settings, more) => {
      const stage = globalThis.scene(new TestCloud(1, points, { radius: [0.03, 0.12] }), { colormap: 'viridis', ...settings }, { ...view, ...more });
      await stage.settle();
      const parts = [0, 1, 2].map((i) => {
        const from = i * 100;
        const { width, data } = stage.pixels();
        let n = 0;
        const sum = [0, 0, 0];
        for (let p = 0; p < data.length / 4; p += 1) {
          if (p % width < from || p % width >= from + 100 || data[4 * p] + data[4 * p + 1] + data[4 * p + 2] < 30) continue;
          n += 1;
          for (let c = 0; c < 3; c += 1) sum[c] += data[4 * p + c];
        }
        return { n, color: sum.map((c) => Math.round(c / Math.max(n, 1))) };
      });
      const { missing } = stage.renderer.report;
      stage.dispose();
      return { parts, missing };
    };
    return {
      all: await count({}),
      range: await count({ range: [0.4, 0.6] }),
      opacity: await count({ points: [[0, 0], [0.7, 0], [0.75, 1], [1, 1]] }),
      twice: await count({ radius: 0.5 }),
      clipped: await count({}, { clip: { planes: [{ normal: [0, 1, 0], offset: 0.3 }] } }),
      boxed: await count({}, { clip: { box: { min: [0, 0, 0], max: [1, 0.6, 1] } } }),
      hidden: await count({ visible: false }),
    };
  });
  const counts = ({ parts }) => parts.map(({ n }) => n);
  const [low, middle, high] = counts(found.all);
  // The eye looks along -x, y grows to the right. Radii 0.03, 0.075 and 0.12: areas as their squares.
  assert.ok(low > 20 && Math.abs(middle / low - 6.25) < 1.2 && Math.abs(high / low - 16) < 3, `areas ${low}, ${middle}, ${high}`);
  const colors = found.all.parts.map(({ color }) => color);
  assert.deepEqual(colors.map((c) => c.map((n) => Math.round(n / 8))), [[68, 1, 84], [33, 145, 140], [253, 231, 37]].map((c) => c.map((n) => Math.round(n / 8))));
  assert.deepEqual(counts(found.range), [0, middle, 0]);
  assert.deepEqual(counts(found.opacity), [0, 0, high]);
  assert.ok(Math.abs(counts(found.twice)[2] / high - 0.25) < 0.02);
  assert.deepEqual(counts(found.clipped), [0, middle, high]);
  assert.deepEqual(counts(found.boxed), [low, middle, 0]);
  assert.deepEqual(counts(found.hidden), [0, 0, 0]);
});

test('the nearer of two spheres hides the other, and is the one that is picked', async () => {
  const found = await inPage(async () => {
    const { TestCloud } = globalThis.vox;
    const view = globalThis.viewOf(globalThis.cameraAt([0.5, 0.5, 0.5], 2));
    const cloud = new TestCloud(1, [[0.2, 0.5, 0.5, 0.5], [0.8, 0.5, 0.5, 1]], { properties: { mass: [7, 9.5] } });
    const stage = globalThis.scene(cloud, {}, view);
    await stage.settle();
    const front = globalThis.blob(stage, (rgb) => rgb[0] > 30).color;
    const picked = stage.renderer.pick('v', [150, 100]);
    const beside = stage.renderer.pick('v', [20, 20]);
    stage.views({ ...view, clip: { box: { min: [0, 0, 0], max: [0.5, 1, 1] } } });
    await stage.settle();
    const back = globalThis.blob(stage, (rgb) => rgb[0] > 30).color;
    const behind = stage.renderer.pick('v', [150, 100]);
    stage.dispose();
    return { front, back, picked, behind, beside };
  });
  assert.ok(found.front.every((c) => c > 250) && found.back.every((c) => Math.abs(c - 128) < 4), `${found.front} and ${found.back}`);
  assert.deepEqual(found.picked.point, { index: 1, properties: { mass: 9.5 } });
  assert.equal(found.picked.value, 1);
  assert.ok(Math.abs(found.picked.world[0] - 0.8) < 1e-6);
  assert.equal(found.behind.point.index, 0);
  assert.equal(found.beside, undefined);
});

test('rays of a volume end at points, and lie before those behind it', async () => {
  const found = await inPage(async () => {
    const { TestCloud, TestVolume, makeLevel, DEFAULT_LOOK } = globalThis.vox;
    const out = {};
    // Fog that fills 0..1; a sphere in the middle of it. As much fog as half of it holds lies before the sphere.
    for (const [name, x] of [['none', undefined], ['front', 0.95], ['middle', 0.5], ['back', 0.05]]) {
      const cloud = new TestCloud(1, [[x ?? 0.5, 0.5, 0.5, 0]], { radius: [0.25, 0.25] });
      const view = globalThis.viewOf(globalThis.cameraAt([0.5, 0.5, 0.5], 3));
      const stage = globalThis.scene(cloud, { visible: x !== undefined, colormap: '#00ff00', window: [-1, 0] }, view);
      const fog = new TestVolume(2, 'u8', 'image', makeLevel([32, 32, 32], 'u8', () => 255), { voxelSize: [1 / 32, 1 / 32, 1 / 32], origin: [1 / 64, 1 / 64, 1 / 64] });
      stage.add(fog, { ...DEFAULT_LOOK, points: [[0, 0.01], [1, 0.01]], colormap: 'gray', window: [0, 255], shading: 'none' });
      await stage.settle();
      const { width, data } = stage.pixels();
      const at = 4 * (100 * width + 150);
      out[name] = [data[at], data[at + 1], data[at + 2]];
      stage.dispose();
    }
    return out;
  });
  // The part of white that fog of thickness t adds: 1 - 0.99^(128 t).
  const white = (t) => 255 * (1 - 0.99 ** (128 * t));
  const expected = { none: white(1), front: 0, middle: white(0.25), back: white(0.7) };
  for (const [name, [r, g, b]] of Object.entries(found)) {
    assert.ok(Math.abs(r - expected[name]) < 6 && Math.abs(b - r) < 2, `${name}: ${[r, g, b]}; red and blue should be ${expected[name]}`);
    if (name !== 'none') assert.ok(g > 250, `${name}: the sphere shines through, ${g}`);
  }
});

test('a slice shows the discs in which it cuts the spheres', async () => {
  const found = await inPage(async () => {
    const { TestCloud } = globalThis.vox;
    const cloud = new TestCloud(1, [[0.4, 0.6, 0.5, 1]], { radius: [0.2, 0.2] });
    const view = (position) => ({ id: 's', kind: 'slice', rect: { x: 0, y: 0, width: 300, height: 200 }, axis: 0, position, center: [0.5, 0.5], pixelSize: 0.005 });
    const stage = globalThis.scene(cloud, {}, view(0.5));
    const out = [];
    for (const position of [0.5, 0.62, 0.71]) {
      stage.views(view(position));
      await stage.settle();
      out.push(globalThis.blob(stage, (rgb) => rgb[0] > 100));
    }
    stage.views(view(0.5));
    await stage.settle();
    const picked = stage.renderer.pick('s', [130, 80]);
    stage.dispose();
    return { out, picked };
  });
  const [whole, part, none] = found.out;
  assert.ok(Math.abs(whole.n / (Math.PI * 40 ** 2) - 1) < 0.03, `${whole.n} pixels`);
  assert.ok(Math.abs(whole.x - 130) < 0.6 && Math.abs(whole.y - 80) < 0.6, `centre ${whole.x}, ${whole.y}`);
  assert.ok(Math.abs(part.n / (Math.PI * 32 ** 2) - 1) < 0.03, `${part.n} pixels`);
  assert.equal(none.n, 0);
  assert.equal(found.picked.point.index, 0);
});

test('a large cloud comes coarse first, within the budget of memory, and in time settles', async () => {
  const found = await inPage(async () => {
    const { TestCloud, Stage, DEFAULT_LOOK, geometry } = globalThis.vox;
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    const points = Array.from({ length: 60_000 }, () => [random(), random(), random(), random()]);
    const cloud = new TestCloud(1, points, { radius: [0.002, 0.002], shape: [256, 256, 256] });
    const run = async (maxGpuBytes, settings = {}) => {
      const stage = new Stage(300, 200, { background: [0, 0, 0], passes: 1, maxGpuBytes });
      stage.add(cloud, { ...DEFAULT_LOOK, ...globalThis.plainLook, ...settings });
      stage.views(globalThis.viewOf(globalThis.cameraAt([0.5, 0.5, 0.5], 1.2)));
      stage.renderer.frame(performance.now());
      const first = stage.renderer.wanted().get(1);
      await stage.settle(12);
      const { gpuBytesPeak, missing } = stage.renderer.report;
      const lit = globalThis.blob(stage).n;
      stage.dispose();
      return { first: first.map(({ level }) => level), offered: stage.offered, consumed: stage.uploadedCalls, gpuBytesPeak, missing, lit };
    };
    const all = geometry.brickCount([256, 256, 256]);
    return { all, wide: await run(64 * 2 ** 20), tight: await run(8 * 2 ** 20), half: await run(64 * 2 ** 20, { range: [2, 3] }) };
  });
  const { wide, tight, half, all } = found;
  assert.equal(wide.first[0], 2); // the one brick that stands for all
  assert.deepEqual(wide.first, [...wide.first].sort((a, b) => b - a)); // coarse before fine
  assert.equal(wide.offered, all);
  assert.equal(wide.consumed, wide.offered);
  assert.ok(tight.gpuBytesPeak <= 8 * 2 ** 20 && tight.offered < all, `${tight.gpuBytesPeak} bytes for ${tight.offered} bricks`);
  assert.equal(tight.missing, 0);
  assert.ok(tight.lit > 0.1 * wide.lit && tight.lit < wide.lit, `${tight.lit} pixels of ${wide.lit}`);
  assert.equal(half.offered, 0); // no brick has a value in the range: none is asked for
});

test('far from the origin spheres stand as still as near it', async () => {
  const found = await inPage(async () => {
    const { TestCloud } = globalThis.vox;
    const out = [];
    for (const low of [0, 4e6]) {
      const target = [low + 0.5, low + 0.5, low + 0.5];
      const stage = globalThis.scene(new TestCloud(1, [[...target, 1]], { low }), {}, globalThis.viewOf(globalThis.cameraAt(target, 2)));
      await stage.settle();
      out.push(globalThis.blob(stage, (rgb) => rgb[0] > 60));
      stage.dispose();
    }
    return out;
  });
  assert.ok(Math.abs(found[0].x - found[1].x) < 0.1 && Math.abs(found[0].n - found[1].n) < 20, JSON.stringify(found));
});
