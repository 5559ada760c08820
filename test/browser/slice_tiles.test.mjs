// Slices from tiles: values at every level and on every plane, something to see from the first brick on, and no more bytes than a slice needs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('a ramp reads the same at every place of a slice, at every level, across the axes and turned, to one step of 16 bits', async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, sliceView, geometry } = globalThis.vox;
    const shape = [1000, 1500, 2048];
    // Whole numbers at the centres of the voxels of every level.
    const ramp = (z, y, x) => 3000 + 8 * z + 4 * y + 6 * x;
    const volume = new LazyVolume(1, shape, { at: ramp });
    Object.assign(volume.session.description, { voxel_size: [2, 1, 0.5], origin: [-300, 40, 7.5] });
    const description = volume.session.description;
    const place = { shape, voxelSize: description.voxel_size, origin: description.origin };
    const stage = new Stage(240, 180);
    stage.add(volume, { colormap: 'gray' });
    const out = [];
    const s = Math.SQRT1_2;
    for (const { axis, pixel, turn, at } of [
      { axis: 0, pixel: 0.5, at: [500, 700, 1000] }, { axis: 1, pixel: 1.2, at: [128, 64, 512] }, { axis: 2, pixel: 2.1, at: [300, 640.25, 127] },
      { axis: 0, pixel: 4, at: [501, 750, 1024] }, { axis: 1, pixel: 9, at: [500, 749.5, 1000] },
      { axis: 0, pixel: 0.5, turn: [0.5 * s, 0.3, 0.1, 0], at: [500, 700, 1000] }, { axis: 2, pixel: 2.1, turn: [0, 0.6, 0, 0.8], at: [400, 600, 900] },
    ]) {
      const q = turn && [turn[0], turn[1], turn[2], Math.sqrt(1 - turn[0] ** 2 - turn[1] ** 2 - turn[2] ** 2)];
      const world = geometry.voxelToWorld(place, at);
      const { u, v, normal } = sliceView.sliceAxes(axis);
      const rect = { x: 0, y: 0, width: 240, height: 180 };
      const view = { id: 's', kind: 'slice', rect, axis, position: world[normal], center: [world[u], world[v]], pixelSize: pixel, ...(q && { turn: q }) };
      // A window of 255 steps around the middle: a step of the picture is a step of the value.
      const low = Math.round(ramp(...at)) - 127;
      const { DEFAULT_LOOK } = globalThis.vox;
      stage.renderer.setLayer(1, { ...DEFAULT_LOOK, window: [low, low + 255], colormap: '#ffffff' });
      stage.views(view);
      await stage.settle();
      const { data } = stage.pixels();
      let [worst, tested] = [0, 0];
      for (let y = 0; y < 180; y += 1) {
        for (let x = 0; x < 240; x += 1) {
          const voxel = geometry.worldToVoxel(place, sliceView.sliceToWorld(view, [x + 0.5, 179.5 - y]));
          const value = ramp(...voxel) - low;
          const rim = 2 ** 5;
          if (value < 2 || value > 253 || voxel.some((n, i) => n < rim || n > shape[i] - 1 - rim)) continue;
          tested += 1;
          worst = Math.max(worst, Math.abs(data[4 * (y * 240 + x)] - value));
        }
      }
      out.push({ axis, pixel, turn: Boolean(turn), worst, tested, finest: stage.renderer.report.volumes[0].finest });
    }
    const { gpuBytesPeak, gpuBudget } = stage.renderer.report;
    const counts = { offered: stage.offered, gpuBytesPeak, gpuBudget };
    stage.dispose();
    return { out, counts };
  });
  for (const { worst, tested, ...where } of result.out) {
    assert.ok(tested > 100, `${JSON.stringify(where)}: ${tested} pixels`);
    // Half a step of the tile's rounding, half of the picture's, and the filter's.
    assert.ok(worst <= 1.1, `${JSON.stringify(where)}: off by ${worst} steps`);
  }
  assert.deepEqual(result.out.map(({ finest }) => finest), [0, 0, 1, 3, 4, 0, 2]);
  // The coarsest, and at the level of four bricks in all the two that the slice crosses: so few serve every plane.
  assert.equal(result.counts.offered, 3, 'bricks');
  assert.ok(result.counts.gpuBytesPeak <= result.counts.gpuBudget);
});

test('there is never a hole: the coarsest brick, then coarse tiles, then fine ones, each where it is', async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, wait } = globalThis.vox;
    const volume = new LazyVolume(1, [512, 2048, 2048], { at: (z, y, x) => 20000 + ((x >> 5) ^ (y >> 5)) * 100 + z });
    const stage = new Stage(240, 180);
    stage.add(volume, { window: [0, 65535], colormap: 'gray', coarseFirst: true });
    const rect = { x: 0, y: 0, width: 240, height: 180 };
    const view = { id: 's', kind: 'slice', rect, axis: 0, position: 200, center: [1000, 1000], pixelSize: 1 };
    stage.views(view);
    const holes = () => {
      const { data } = stage.pixels();
      let n = 0;
      for (let i = 0; i < data.length; i += 4) n += data[i] < 60 ? 1 : 0;
      return n;
    };
    const seen = [];
    for (const [, bricks] of stage.renderer.wanted()) for (const brick of bricks) stage.offer(1, brick);
    await stage.until(() => stage.renderer.hasPicture && stage.renderer.report.uploads === 1);
    for (let i = 0; i < 5; i += 1) stage.renderer.frame(await wait());
    const levels = () => stage.renderer.report.volumes[0];
    seen.push({ holes: holes(), settled: stage.renderer.settled, finest: levels().finest });
    const first = [...stage.renderer.tiles.wanted().values()][0];
    const order = first.map(({ level }) => level);
    stage.serveTiles(1000, ({ level }) => level === 2);
    for (let i = 0; i < 10; i += 1) stage.renderer.frame(await wait());
    seen.push({ holes: holes(), settled: stage.renderer.settled, finest: levels().finest });
    stage.serveTiles(2);
    for (let i = 0; i < 10; i += 1) stage.renderer.frame(await wait());
    seen.push({ holes: holes(), settled: stage.renderer.settled, finest: levels().finest, coarsest: levels().coarsest });
    await stage.settle();
    seen.push({ holes: holes(), settled: stage.renderer.settled, finest: levels().finest, coarsest: levels().coarsest });
    // To the next plane and back: what comes next was fetched while nothing was missing, and is there at once.
    const bytes = [stage.tileBytes];
    const to = async (position) => {
      stage.views({ ...view, position });
      await stage.settle();
      bytes.push(stage.tileBytes);
      stage.serveTiles();
      for (let i = 0; i < 20; i += 1) stage.renderer.frame(await wait());
    };
    await to(201);
    const ahead = stage.tileBytes;
    await to(202);
    const pick = stage.renderer.pick('s', [120.5, 90.5]);
    const { missing } = stage.renderer.report;
    // A change at the source: tiles stay until newer ones are here.
    stage.renderer.tiles.invalidate(1, () => true);
    const stale = stage.renderer.report.missing;
    const shown = holes();
    stage.dispose();
    return { seen, order, bytes, ahead, pick, missing, stale, shown };
  });
  assert.deepEqual(result.seen.map(({ holes }) => holes), [0, 0, 0, 0]);
  assert.deepEqual(result.seen.map(({ settled }) => settled), [false, false, false, true]);
  assert.deepEqual(result.seen.map(({ finest }) => finest), [5, 2, 0, 0]);
  assert.equal(result.seen[2].coarsest, 2);
  assert.ok(result.order.every((level, i) => i === 0 || level <= result.order[i - 1]), `coarse first: ${result.order}`);
  assert.ok(result.ahead > result.bytes[1], 'planes ahead are fetched after the one that is shown');
  assert.equal(result.bytes[2], result.ahead, 'and cost nothing when they are shown');
  assert.deepEqual(result.pick.voxel, [202, 1000, 1001]);
  assert.equal(result.pick.value, 20000 + ((1001 >> 5) ^ (1000 >> 5)) * 100 + 202);
  assert.equal(result.missing, 0);
  assert.ok(result.stale > 0);
  assert.equal(result.shown, 0);
});

test('a slice of 800 x 600 across 2048³ is settled with 2 MiB, everything counted, and no step to another plane shows less than the picture before', { timeout: 600_000 }, async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, camera, wait } = globalThis.vox;
    const n = 2048;
    const rect = { x: 0, y: 0, width: 800, height: 600 };
    const brickBytes = 2 * 66 ** 3;
    const run = async (policy, pixelSize) => {
      const volume = new LazyVolume(1, [n, n, n], { at: () => 30_000, plain: () => 30_000 });
      const stage = new Stage(800, 600);
      stage.renderer.setPolicy(policy);
      stage.add(volume, { window: [0, 65535], colormap: 'gray' });
      const bytes = () => stage.tileBytes + stage.offered * brickBytes;
      const dark = () => {
        const { data } = stage.pixels();
        let count = 0;
        for (let y = 150; y < 450; y += 10) for (let x = 200; x < 600; x += 10) if (data[4 * (y * 800 + x)] < 60) count += 1;
        return count;
      };
      const view = { id: 's', kind: 'slice', rect, axis: 0, position: 1000, center: [n / 2, n / 2], pixelSize };
      const planes = [];
      let holes = 0;
      for (const position of [1000, 1100, 300]) {
        const before = bytes();
        stage.views({ ...view, position });
        for (let i = 0; i < 3 && planes.length > 0; i += 1) {
          stage.renderer.frame(await wait());
          holes += dark();
        }
        // A few at a time, as they would come: the coarsest first, and no picture with less than it covers.
        for (let i = 0; i < 400 && !(stage.renderer.settled && bytes() > before); i += 1) {
          for (const [handle, bricks] of stage.renderer.wanted()) for (const brick of bricks) stage.offer(handle, brick);
          stage.serveTiles(6, ({ priority }) => priority < 50);
          stage.renderer.frame(await wait());
          if (planes.length > 0) holes += dark();
        }
        const settled = bytes() - before;
        // Whatever else comes once it is settled counts too; of planes ahead only what a step in between asks for.
        for (let i = 0; i < 10; i += 1) {
          for (const [handle, bricks] of stage.renderer.wanted()) for (const brick of bricks) stage.offer(handle, brick);
          stage.renderer.frame(await wait());
        }
        planes.push({ settled, all: bytes() - before, offered: stage.offered, is: stage.renderer.settled, dark: dark() });
      }
      // Far along the plane: the tile of all of it is here, whatever is asked for.
      const before = bytes();
      for (const center of pixelSize === 1 ? [[500, 400], [n - 400, n - 300], [400, n - 300]] : []) {
        stage.views({ ...view, position: 300, center });
        for (let i = 0; i < 3; i += 1) {
          stage.renderer.frame(await wait());
          holes += dark();
        }
      }
      const moved = bytes() - before;
      // With a view in perspective beside it the brick that holds all comes, once.
      const fit = camera.frameBounds({ min: [0, 0, 0], max: [n, n, n] }, 1);
      stage.views({ ...view, position: 300 }, { id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 20, height: 20 }, camera: { ...fit, distance: 40 * fit.distance } });
      await stage.settle();
      const beside = stage.offered;
      stage.dispose();
      return { policy, pixelSize, planes, holes, moved, beside };
    };
    const out = [];
    for (const policy of ['exploration', 'no-prefetch']) for (const pixelSize of [1, 2048 / 600]) out.push(await run(policy, pixelSize));
    return out;
  });
  for (const { policy, pixelSize, planes, holes, moved, beside } of result) {
    const words = `${policy}, ${pixelSize} voxels a pixel: ${JSON.stringify({ planes, holes, moved, beside })}`;
    for (const { settled, all, is, dark } of planes) {
      assert.ok(is && dark === 0, words);
      assert.ok(settled > 500_000 && settled <= 2 * 2 ** 20, words);
      assert.equal(all, settled, `nothing comes later: ${words}`);
    }
    assert.deepEqual(planes.map(({ offered }) => offered), [0, 0, 0], words);
    assert.equal(holes, 0, words);
    assert.equal(moved, 0, words);
    assert.equal(beside, 1, words);
  }
});

test('layers in a slice: a turned image, labels as outlines over it, and a thick slab', async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, TestVolume, makeLevel } = globalThis.vox;
    const stage = new Stage(200, 200);
    const rect = { x: 0, y: 0, width: 200, height: 200 };
    // Bright where x > 300, turned by 90 degrees about z: bright where y > 300 in the world.
    const image = new LazyVolume(1, [300, 600, 600], { at: (_z, _y, x) => (x > 300 ? 60000 : 10000) });
    const s = Math.SQRT1_2;
    stage.add(image, { colormap: 'gray', transform: { translate: [600, 0, 0], rotate: [0, 0, s, s], scale: [1, 1, 1] } });
    const view = { id: 's', kind: 'slice', rect, axis: 0, position: 100, center: [300, 300], pixelSize: 1 };
    stage.views(view);
    await stage.settle();
    const at = (x, y) => stage.pixels().data[4 * ((199 - y) * 200 + x)];
    const turned = { below: at(100, 150), above: at(100, 50), left: at(20, 50), right: at(180, 50) };
    stage.renderer.setLayer(1, { ...globalThis.vox.DEFAULT_LOOK, window: [0, 65535], colormap: 'gray', transform: { translate: [0, 0, 0], rotate: [0, 0, 0.2, Math.sqrt(0.96)], scale: [1, 1, 1] } });
    stage.views({ ...view, center: [220, 300] });
    await stage.settle();
    const oblique = { left: at(10, 100), right: at(190, 100) };
    stage.renderer.removeVolume(1);
    // One bright plane at z = 104: the slice at 100 shows it only as the maximum of a slab.
    const sheet = new LazyVolume(2, [300, 600, 600], { at: (z) => (z === 104 ? 50000 : 10000) });
    stage.add(sheet, { colormap: 'gray' });
    const slabs = [];
    for (const slab of [undefined, { thickness: 7, mode: 'max' }, { thickness: 9, mode: 'max' }, { thickness: 9, mode: 'min' }, { thickness: 9, mode: 'mean' }]) {
      stage.views({ ...view, ...(slab && { slab }) });
      await stage.settle();
      slabs.push(at(100, 100));
    }
    stage.renderer.removeVolume(2);
    const labels = new TestVolume(3, 'u16', 'labels', makeLevel([8, 600, 600], 'u16', (_z, y, x) => (Math.hypot(x - 300, y - 300) < 60 ? 7 : 0)));
    stage.add(labels, { labelStyle: 'outline' });
    stage.views({ ...view, position: 4 });
    await stage.settle();
    const { data } = stage.pixels();
    const background = data.slice(0, 3).join();
    const lit = [];
    for (let x = 0; x < 200; x += 1) if (data.slice(4 * (100 * 200 + x), 4 * (100 * 200 + x) + 3).join() !== background) lit.push(x);
    stage.dispose();
    return { turned, oblique, slabs, lit };
  });
  const [dark, bright] = [Math.round((10000 / 65535) * 255), Math.round((60000 / 65535) * 255)];
  const near = (found, expected, what) => {
    for (const [name, value] of Object.entries(expected)) assert.ok(Math.abs(found[name] - value) <= 1, `${what} ${name}: ${found[name]}, not ${value}`);
  };
  near(result.turned, { below: dark, above: bright, left: bright, right: bright }, 'turned');
  near(result.oblique, { left: dark, right: bright }, 'oblique');
  const tone = (value) => Math.round((value / 65535) * 255);
  near(result.slabs, [tone(10000), tone(10000), tone(50000), tone(10000), tone((50000 + 8 * 10000) / 9)], 'slab');
  assert.ok(result.lit.length >= 2 && result.lit.length <= 6, `an outline: ${result.lit}`);
  assert.ok(result.lit[0] >= 39 && result.lit[0] <= 42 && result.lit.at(-1) >= 158 && result.lit.at(-1) <= 161, `at its rim: ${result.lit}`);
});
