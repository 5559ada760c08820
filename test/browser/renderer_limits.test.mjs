// What the renderer may take and what the device has: budgets as hard bounds over a long session, dials at run time, poor devices.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

const MIB = 2 ** 20;
let opened;
before(async () => {
  // three.js says so itself where a test takes these away.
  opened = await openPage({ allow: /extension not supported/ });
  await opened.page.evaluate(() => {
    const { geometry, camera, fitSlice } = globalThis.vox;
    globalThis.cubeViews = (n, width, height) => {
      const bounds = geometry.worldBounds({ shape: [n, n, n], voxelSize: [1, 1, 1], origin: [0, 0, 0] });
      const [left, right] = [0, width / 2].map((x) => ({ x, y: 0, width: width / 2, height }));
      return [
        { id: 'slice', kind: 'slice', rect: left, axis: 0, position: n / 2, ...fitSlice(0, bounds, left) },
        { id: 'volume', kind: 'volume', rect: right, camera: camera.frameBounds(bounds, width / 2 / height) },
      ];
    };
    /** Colours on the canvas. */
    globalThis.coloursOf = (stage) => {
      const { data } = stage.pixels();
      const set = new Set();
      for (let i = 0; i < data.length; i += 4) set.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return set.size;
    };
    /** Runs `work` with a device that has less. */
    globalThis.poorer = async ({ max3d, units, without = [] }, work) => {
      const { prototype } = WebGL2RenderingContext;
      const { getParameter, getExtension, getSupportedExtensions } = prototype;
      prototype.getParameter = function (name) {
        const less = { [this.MAX_3D_TEXTURE_SIZE]: max3d, [this.MAX_TEXTURE_IMAGE_UNITS]: units };
        return less[name] ?? getParameter.call(this, name);
      };
      prototype.getExtension = function (name) {
        return without.includes(name) ? null : getExtension.call(this, name);
      };
      prototype.getSupportedExtensions = function () {
        return getSupportedExtensions.call(this).filter((name) => !without.includes(name));
      };
      try {
        return await work();
      } finally {
        Object.assign(prototype, { getParameter, getExtension, getSupportedExtensions });
      }
    };
  });
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('hundreds of moves, zooms, slices, layer and dial changes: the peak of GPU memory never exceeds the budget of the moment', async () => {
  const result = await inPage(async () => {
    const { Stage, camera, wait, POLICIES } = globalThis.vox;
    const MIB = 2 ** 20;
    const [width, height, n] = [80, 40, 200];
    const stage = new Stage(width, height, { maxGpuBytes: 30 * MIB, passes: 2 });
    // As many bricks as a picture with four times the pixels would have: it is drawing that takes long without a GPU.
    stage.renderer.setPolicy({ ...POLICIES.exploration, name: 'finer', pixelsPerVoxel: 0.5 });
    const volumes = [globalThis.vox.shellsVolume(n, 1, 'u16'), globalThis.vox.shellsVolume(n, 2, 'u8'), globalThis.vox.shellsVolume(n, 3, 'u8', 'labels')];
    for (const volume of volumes) stage.add(volume);
    const [slice, view] = globalThis.cubeViews(n, width, height);
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    let budget = 30 * MIB;
    const over = [];
    const peaks = [];
    let problems = 0;
    for (let step = 0; step < 300; step += 1) {
      const c = camera.orbit(view.camera, random() * 6, random() - 0.5);
      stage.views(
        { ...slice, axis: Math.floor(random() * 3), position: random() * n, pixelSize: slice.pixelSize * (0.05 + random()) },
        { ...view, camera: { ...c, distance: c.distance * (0.1 + random()) } },
      );
      stage.renderer.setMoving(random() < 0.5);
      if (step % 9 === 0) stage.add(volumes[Math.floor(random() * 3)], { visible: random() < 0.7, opacity: random() });
      if (step % 60 === 59) {
        peaks.push(stage.renderer.report.gpuBytesPeak);
        budget = [12, 48, 8, 30, 20][(step - 59) / 60] * MIB;
        stage.renderer.setDials({ maxGpuBytes: budget });
        if (stage.renderer.report.gpuBytes > budget) over.push(['at once', step, stage.renderer.report.gpuBytes, budget]);
      }
      let served = 0;
      for (const [handle, bricks] of stage.renderer.wanted()) for (const brick of bricks) if (served++ < 12) stage.offer(handle, brick);
      stage.renderer.frame(await wait());
      const { gpuBytesPeak, gpuBudget, problem } = stage.renderer.report;
      if (gpuBytesPeak > budget || gpuBudget !== budget) over.push([step, gpuBytesPeak, budget]);
      problems += problem === undefined ? 0 : 1;
    }
    stage.renderer.setMoving(false);
    for (const volume of volumes) stage.add(volume);
    await stage.settle(20);
    await stage.until(() => !stage.renderer.frame(performance.now()));
    const r = stage.renderer.report;
    const out = { over, peaks, problems, peak: r.gpuBytesPeak, budget, missing: r.missing, evictions: r.evictions, uploads: r.uploads, colours: globalThis.coloursOf(stage), answered: stage.offered === stage.uploadedCalls };
    stage.dispose();
    return out;
  });
  assert.deepEqual(result.over, []);
  assert.equal(result.problems, 0);
  assert.ok(result.peaks[0] > 15 * MIB, `the budget was used: ${result.peaks}`);
  assert.ok(result.uploads > 200, `${result.uploads} uploads, ${result.evictions} evictions`);
  assert.equal(result.missing, 0);
  assert.ok(result.colours > 100, `${result.colours} colours`);
  assert.ok(result.answered, 'every offered brick is answered');
});

test('a budget too small for one brick is said in plain words, nothing breaks, and more brings the picture', async () => {
  const result = await inPage(async () => {
    const { Stage, wait } = globalThis.vox;
    const stage = new Stage(160, 80, { maxGpuBytes: 600_000, passes: 1 });
    stage.add(globalThis.vox.shellsVolume(100, 1, 'u16'));
    stage.views(...globalThis.cubeViews(100, 160, 80));
    for (let i = 0; i < 20; i += 1) {
      stage.renderer.wanted();
      stage.renderer.frame(await wait());
    }
    const { problem, gpuBytesPeak } = stage.renderer.report;
    stage.renderer.setDials({ maxGpuBytes: 16 * 2 ** 20 });
    await stage.settle();
    const out = { problem, gpuBytesPeak, after: stage.renderer.report.problem, colours: globalThis.coloursOf(stage), peak: stage.renderer.report.gpuBytesPeak };
    stage.dispose();
    return out;
  });
  assert.match(result.problem, /max_gpu_bytes/);
  assert.ok(result.gpuBytesPeak <= 600_000, `${result.gpuBytesPeak}`);
  assert.equal(result.after, undefined);
  assert.ok(result.colours > 100 && result.peak <= 16 * MIB, `${result.colours} colours, ${result.peak} bytes`);
});

test('a view that grows where bricks have filled the budget gets its room from them', async () => {
  const result = await inPage(async () => {
    const { Stage } = globalThis.vox;
    const max = 12 * 2 ** 20;
    const stage = new Stage(160, 80, { maxGpuBytes: max, passes: 1 });
    stage.add(globalThis.vox.shellsVolume(200, 1, 'u16'));
    stage.views(...globalThis.cubeViews(200, 160, 80));
    await stage.settle();
    await stage.until(() => !stage.renderer.frame(performance.now()));
    const slots = stage.renderer.report.slots;
    stage.canvas.style.width = '800px';
    stage.canvas.style.height = '450px';
    await stage.until(() => stage.canvas.width === 800);
    stage.views(...globalThis.cubeViews(200, 800, 450));
    await stage.settle();
    const { problem, gpuBytesPeak, slots: left } = stage.renderer.report;
    const out = { slots, left, problem, gpuBytesPeak, max, colours: globalThis.coloursOf(stage) };
    stage.dispose();
    return out;
  });
  assert.equal(result.problem, undefined);
  assert.ok(result.gpuBytesPeak <= result.max, `${result.gpuBytesPeak} of ${result.max}`);
  assert.ok(result.colours > 100, `${result.colours} colours`);
});

for (const [name, device, stored, words] of [
  ['3D textures of 256 texels', { max3d: 256 }, 'u16', /27 bricks/],
  ['no filtering of floats', { without: ['OES_texture_float_linear'] }, 'f32', /each voxel is a block/],
  ['no half-float targets', { without: ['EXT_color_buffer_float', 'EXT_color_buffer_half_float'] }, 'u16', /8 bits/],
]) {
  test(`a device with ${name} shows its picture, and one sentence says what is less`, async () => {
    const result = await inPage(async ({ device, stored }) => {
      const { Stage, difference } = globalThis.vox;
      const volume = globalThis.vox.shellsVolume(200, 1, stored);
      const show = async () => {
        const stage = new Stage(240, 120, { passes: 1 });
        stage.add(volume);
        stage.views(...globalThis.cubeViews(200, 240, 120));
        await stage.settle();
        await stage.until(() => !stage.renderer.frame(performance.now()));
        const { limits, problem, slots } = stage.renderer.report;
        const out = { limits, problem, slots, data: stage.pixels().data, colours: globalThis.coloursOf(stage) };
        stage.dispose();
        return out;
      };
      const poor = await globalThis.poorer(device, show);
      const rich = await show();
      const { mean } = difference(poor.data, rich.data);
      return { mean, limits: poor.limits, problem: poor.problem, slots: poor.slots, colours: poor.colours, rich: rich.limits };
    }, { device, stored });
    assert.match(result.limits, words);
    assert.equal(result.limits.split('. ').length, 1, result.limits);
    assert.equal(result.rich, undefined);
    assert.equal(result.problem, undefined);
    assert.ok(result.colours > 50, `${result.colours} colours`);
    assert.ok(result.mean < 12, `mean difference ${result.mean} of 255`);
    if (device.max3d) assert.ok(result.slots <= 27, `${result.slots} slots`);
  });
}

test('a device with few texture units draws the layers that fit, says so in words, and all of them once others are hidden', async () => {
  const result = await inPage(async () => {
    const { Stage } = globalThis.vox;
    return globalThis.poorer({ units: 8 }, async () => {
      const stage = new Stage(160, 120, { passes: 1 });
      const look = { blend: 'additive', shading: 'none', points: [[0, 0.1], [1, 0.4]] };
      for (let handle = 1; handle <= 7; handle += 1) stage.add(globalThis.vox.shellsVolume(64, handle, handle % 2 ? 'u8' : 'u16'), { ...look, colormap: handle === 1 ? '#ff0000' : '#00ff00' });
      stage.views({ ...globalThis.cubeViews(64, 160, 120)[1], rect: { x: 0, y: 0, width: 160, height: 120 }, outline: false });
      await stage.settle();
      const most = (channel) => stage.pixels().data.reduce((max, v, i) => (i % 4 === channel ? Math.max(max, v) : max), 0);
      const all = { problem: stage.renderer.report.problem, red: most(0), green: most(1) };
      for (let handle = 3; handle <= 7; handle += 1) {
        stage.renderer.setLayer(handle, { ...globalThis.vox.DEFAULT_LOOK, window: [0, 255], ...look, visible: false, order: handle });
      }
      await stage.settle();
      const few = { problem: stage.renderer.report.problem, red: most(0), green: most(1) };
      stage.dispose();
      return { all, few };
    });
  });
  const words = JSON.stringify(result);
  assert.match(result.all.problem ?? '', /^Only so many layers can be drawn into one picture: the lowest .* left out\. Hide one to see /, words);
  // The lowest, which is red, is what is left out.
  assert.ok(result.all.green > 100 && result.all.red < 40, words);
  assert.equal(result.few.problem, undefined, words);
  assert.ok(result.few.green > 60 && result.few.red > 60, words);
});
