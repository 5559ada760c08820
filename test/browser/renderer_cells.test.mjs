// Cells of bricks that show nothing are stepped over, and no longer than they show nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('bricks are looked into, and what is stepped over changes no pixel by more than 2 of 255, in dvr and mip, whole and near', async () => {
  const result = await inPage(() => {
    const { TestVolume, makeLevel, shellsAndGyroid, camera, geometry, atlasBench, difference, DEFAULT_LOOK, DEFAULT_OPACITY_POINTS } = globalThis.vox;
    const shape = [128, 100, 90]; // bricks that are cut off by the volume's faces among them
    const f = shellsAndGyroid(128);
    const volume = new TestVolume(1, 'u16', 'image', makeLevel(shape, 'u16', (z, y, x) => Math.round(f(z, y, x) * 65535)), { voxelSize: [1, 1.5, 0.8], origin: [-7, 3, 12] });
    volume.fillRanges();
    const [width, height] = [320, 240];
    const out = [];
    for (const mode of ['dvr', 'mip']) {
      const settings = { ...DEFAULT_LOOK, window: [mode === 'mip' ? 20000 : 0, 65535], colormap: 'viridis', points: DEFAULT_OPACITY_POINTS, mode };
      const pictures = [false, true].map((cells) => {
        const b = atlasBench(width, height, volume, settings, (k) => k.level === 0, { skipEmpty: cells });
        const gl = b.renderer.getContext();
        const fit = camera.frameBounds(geometry.worldBounds(b.state.geometry), width / height);
        const data = [[0, 0, 1], [0.7, -0.3, 1], [2.2, 0.5, 0.3], [0, 1.5, 0.8]].map(([yaw, pitch, zoom]) => {
          const c = { ...camera.orbit(fit, yaw, pitch), distance: fit.distance * zoom };
          b.pass.draw({ primary: b.source, camera: c, rect: { x: 0, y: 0, width, height }, target: null });
          const pixels = new Uint8Array(width * height * 4);
          gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
          return pixels;
        });
        const runs = b.atlas.cells.texture.image.data;
        const clear = runs.reduce((n, run) => n + (run > 128 ? 1 : 0), 0);
        b.renderer.dispose();
        return { data, clear, all: runs.length };
      });
      const [plain, skipped] = pictures;
      out.push({ mode, none: plain.clear, clear: skipped.clear / skipped.all, differences: plain.data.map((d, i) => difference(d, skipped.data[i])) });
    }
    return out;
  });
  for (const { mode, none, clear, differences } of result) {
    assert.equal(none, 0);
    assert.ok(clear > 0.15 && clear < 0.9, `${mode}: ${clear} of the cells are clear`);
    for (const { max } of differences) assert.ok(max <= 2, `${mode}: a pixel differs by ${max}`);
  }
});

test('several layers: what each steps over changes no pixel by more than 3 of 255, whatever their place', async () => {
  const result = await inPage(() => {
    const { TestVolume, makeLevel, shellsAndGyroid, camera, geometry, layersBench, DEFAULT_LOOK, DEFAULT_OPACITY_POINTS } = globalThis.vox;
    const f = shellsAndGyroid(128);
    const make = (handle, stored, full) => {
      const volume = new TestVolume(handle, stored, 'image', makeLevel([128, 100, 90], stored, (z, y, x) => Math.round(f(z, y, x) * full)));
      volume.fillRanges();
      return volume;
    };
    const look = (full, more) => ({ ...DEFAULT_LOOK, window: [0, full], colormap: 'viridis', points: DEFAULT_OPACITY_POINTS, ...more });
    const layers = [
      { volume: make(1, 'u16', 65535), settings: look(65535, {}), shows: (key) => key.level === 0 },
      // Another storage class, and another place.
      { volume: make(2, 'u8', 255), settings: look(255, { blend: 'additive', transform: { translate: [30, 10, 5], rotate: [0.1, 0.2, 0, 0.97], scale: [1, 1.2, 0.8] } }), shows: (key) => key.level === 0 },
    ];
    const bounds = geometry.worldBounds({ shape: [128, 100, 90], voxelSize: [1, 1, 1], origin: [0, 0, 0] });
    const fit = camera.frameBounds(bounds, 4 / 3);
    const views = [[0, 0, 1], [0.7, -0.3, 1], [2.2, 0.5, 0.3]].map(([yaw, pitch, zoom]) => ({ ...camera.orbit(fit, yaw, pitch), distance: fit.distance * zoom }));
    const [plain, skipped] = [false, true].map((skipEmpty) => {
      const bench = layersBench(120, 90, layers, { skipEmpty });
      const pictures = views.map((orbit) => bench.read({ camera: orbit }));
      const clear = bench.sources.map(({ atlas }) => atlas.cells.texture.image.data.reduce((n, run) => n + (run > 128 ? 1 : 0), 0));
      bench.renderer.forceContextLoss();
      return { pictures, clear };
    });
    const worst = plain.pictures.map((picture, i) => 255 * picture.reduce((most, v, k) => Math.max(most, Math.abs(v - skipped.pictures[i][k])), 0));
    return { worst, clear: [plain.clear, skipped.clear] };
  });
  assert.deepEqual(result.clear[0], [0, 0]);
  assert.ok(result.clear[1].every((n) => n > 300), `${result.clear[1]} cells are clear`);
  // A ray ends where less than a hundredth of it is left, and looks for that at the end of each run.
  for (const most of result.worst) assert.ok(most <= 3, `a pixel differs by ${most.toFixed(2)}`);
});

test('what was stepped over is seen at once when the layer shows it, and so is a newer brick', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, shellsAndGyroid, camera, geometry, difference } = globalThis.vox;
    const n = 128;
    const f = shellsAndGyroid(n);
    const make = () => {
      const volume = new TestVolume(1, 'u16', 'image', makeLevel([n, n, n], 'u16', (z, y, x) => Math.round(f(z, y, x) * 65535)));
      volume.fillRanges();
      return volume;
    };
    const rect = { x: 0, y: 0, width: 240, height: 180 };
    const view = { id: 'v', kind: 'volume', rect, camera: camera.orbit(camera.frameBounds(geometry.worldBounds({ shape: [n, n, n], voxelSize: [1, 1, 1], origin: [0, 0, 0] }), 4 / 3), 0.5, 0.2) };
    const hides = { points: [[0, 0], [0.3, 0], [1, 0.5]] };
    const shows = { points: [[0, 0.01], [0.03, 0.05], [1, 0.5]] };
    const open = async (settings) => {
      const stage = new Stage(240, 180, { passes: 1, maxGpuBytes: 128 * 2 ** 20 });
      stage.add(make(), settings);
      stage.views(view);
      await stage.settle();
      return stage;
    };
    const now = (stage) => {
      stage.renderer.drawNow();
      return stage.pixels().data;
    };
    const changed = await open(hides);
    const before = now(changed);
    changed.add(changed.volumes.get(1), shows);
    const after = now(changed);
    await changed.settle();
    const later = now(changed);
    const fresh = await open(shows);
    const expected = now(fresh);
    // A bright block where nothing was, in a brick that shows something elsewhere.
    const solid = await open(hides);
    const old = now(solid);
    const volume = solid.volumes.get(1);
    const { data } = volume.levels[0];
    for (let z = 4; z < 12; z += 1) for (let y = 4; y < 12; y += 1) for (let x = 4; x < 12; x += 1) data[(z * n + y) * n + x] = 65535;
    solid.offer(1, { level: 0, z: 0, y: 0, x: 0 }, 2);
    await solid.until(() => solid.renderer.complete);
    const newer = now(solid);
    const out = {
      seen: difference(before, after).mean, atOnce: difference(after, expected), settled: difference(later, expected), block: difference(old, newer).over3,
    };
    for (const stage of [changed, fresh, solid]) stage.dispose();
    return out;
  });
  assert.ok(result.seen > 3, JSON.stringify(result));
  assert.ok(result.atOnce.max <= 2 && result.settled.max <= 2, JSON.stringify(result));
  assert.ok(result.block > 20, JSON.stringify(result));
});
