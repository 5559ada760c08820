// Slices that stand in the volume: where they are, what they show, what is before and behind them, against a march in plain TypeScript.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
  await opened.page.evaluate(() => {
    const { Stage, TestVolume, TestCloud, makeLevel, geometry, camera, sliceView, referencePicture, layersBench, DEFAULT_LOOK, THREE: { DataTexture, RedFormat, FloatType } } = globalThis.vox;
    const wave = (z, y, x) => 0.5 + 0.5 * Math.sin(z / 9) * Math.cos(y / 11) * Math.sin(x / 8);
    const make = {
      // Eight bricks: its slices are drawn from them. The other one's come as tiles.
      few: (handle) => new TestVolume(handle, 'u16', 'image', makeLevel([100, 90, 110], 'u16', (z, y, x) => Math.round(65535 * wave(z, y, x))), { voxelSize: [1.2, 1, 0.9], origin: [5, -20, 300] }),
      many: (handle) => new TestVolume(handle, 'u8', 'image', makeLevel([90, 80, 140], 'u8', (z, y, x) => Math.round(255 * wave(z, y, x)))),
      labels: (handle) => new TestVolume(handle, 'u32', 'labels', makeLevel([100, 90, 110], 'u32', (z, y, x) => (Math.hypot(z - 50, y - 45, x - 55) > 30 ? 0 : 1 + (x >> 4))), { voxelSize: [1.2, 1, 0.9], origin: [5, -20, 300] }),
    };
    // Every voxel another value: what an image of it is at fewer pixels than voxels is their mean.
    const grain = (z, y, x) => ((Math.imul(z * 73856093 ^ y * 19349663 ^ x * 83492791, 2654435761) >>> 8) % 256);
    const still = { ...DEFAULT_LOOK, window: [0, 255], colormap: 'gray', points: [[0, 0], [1, 0]], shading: 'none' };
    /** Change of a pixel of a slice of noise, in the mean, while the camera turns a little; and of how many pixels that is. */
    globalThis.glitter = async (shape) => {
      const volume = new TestVolume(1, 'u8', 'image', makeLevel(shape, 'u8', grain));
      volume.fillRanges();
      const stage = new Stage(120, 90, { background: [0, 0, 0], passes: 1 });
      stage.add(volume, still);
      const place = { shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] };
      const fit = camera.frameBounds(geometry.worldBounds(place), 4 / 3);
      const middle = geometry.voxelToWorld(place, shape.map((n) => n / 2));
      const plane = { id: 'p', axis: 0, position: middle[2], center: [middle[0], middle[1]] };
      let [before, sum, count] = [undefined, 0, 0];
      for (let i = 0; i < 4; i += 1) {
        const orbit = { ...camera.orbit(fit, 0.5 + 0.01 * i, 0), distance: fit.distance * 0.8 };
        stage.views({ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 120, height: 90 }, camera: orbit, outline: false, planes: [plane] });
        await stage.settle();
        stage.renderer.drawNow();
        const { data } = stage.pixels();
        for (let k = 0; before && k < data.length; k += 4) {
          if (data[k] < 40 || before[k] < 40) continue;
          sum += Math.abs(data[k] - before[k]);
          count += 1;
        }
        before = data.slice();
      }
      stage.dispose();
      return { change: sum / count, count };
    };
    /** Even fog before what is solid at one distance and another, from bricks of the coarsest level: how far its opacity is from what it must be. */
    globalThis.fog = (how) => {
      const shape = [64, 64, 256];
      const volume = new TestVolume(1, 'u8', 'image', makeLevel(shape, 'u8', () => 128));
      volume.fillRanges();
      const bench = layersBench(9, 9, [{ volume, settings: { ...DEFAULT_LOOK, window: [0, 255], points: [[0, 0.05], [1, 0.05]], opacity: 1, shading: 'none' }, shows: () => false }]);
      const orbit = camera.orbit(camera.frameBounds(geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] }), 1), 0.3, -0.2);
      const { eye, forward } = camera.cameraBasis(orbit);
      const faces = [0, 1, 2].map((i) => (forward[i] > 0 ? -0.5 - eye[i] : shape[2 - i] - 0.5 - eye[i]) / forward[i]);
      const entry = Math.max(...faces);
      let worst = 0;
      for (let i = 0; i < 16; i += 1) {
        const way = 7 + 0.83 * i;
        const depth = new DataTexture(new Float32Array(81).fill(entry + way), 9, 9, RedFormat, FloatType);
        depth.needsUpdate = true;
        const picture = bench.read({ camera: orbit, depth }, how);
        depth.dispose();
        worst = Math.max(worst, Math.abs(picture[4 * 40 + 3] - (1 - 0.95 ** ((way * 128) / 256))));
      }
      const levels = volume.levels.length;
      bench.renderer.forceContextLoss();
      return { worst, levels };
    };
    const made = new Map();
    const full = { few: 65535, many: 255, labels: 1 };
    // What the compositing adds behind the picture.
    const behind = (x, y, w, h) => {
      const far = Math.hypot((x + 0.5) / w - 0.5, (y + 0.5) / h - 0.58);
      const t = Math.min(Math.max((far - 0.85) / -0.85, 0), 1);
      return 0.05 * (t * t * (3 - 2 * t) - 0.45);
    };
    globalThis.planes = async ({ layers, planes, frame = {}, clip, points, pick = [] }) => {
      const [w, h] = [66, 48];
      const stage = new Stage(w, h, { background: [0, 0, 0], passes: 1 });
      const all = layers.map(([name, look], i) => {
        const known = `${name}/${i}`;
        if (!made.has(known)) made.set(known, make[name](i + 1));
        const volume = made.get(known);
        volume.fillRanges();
        const settings = { ...DEFAULT_LOOK, window: [0, full[name]], colormap: name === 'labels' ? 'labels' : 'viridis', points: [[0, 0], [0.45, 0], [0.8, 0.35], [1, 0.6]], shading: 'none', order: i, ...look };
        stage.add(volume, settings);
        return { volume, settings };
      });
      if (points) stage.add(new TestCloud(9, points.list, points), { colormap: 'gray', window: [0, 1], points: [[0, 1], [1, 1]], shading: 'none', radius: 1 });
      const { shape, voxel_size: voxelSize, origin } = all[0].volume.session.description;
      const place = { shape, voxelSize, origin };
      const bounds = geometry.worldBounds(place);
      const fit = camera.frameBounds(bounds, w / h);
      const orbit = { ...camera.orbit(fit, frame.yaw ?? 0.4, frame.pitch ?? -0.1), distance: fit.distance * (frame.zoom ?? 0.5) };
      const given = planes.map(({ axis, at, turn, cut }, i) => {
        const middle = geometry.voxelToWorld(place, at.map((share, k) => share * shape[k]));
        const { u, v, normal } = sliceView.sliceAxes(axis);
        return { id: `p${i}`, axis, position: middle[normal], center: [middle[u], middle[v]], ...(turn && { turn }), ...(cut && { cut }) };
      });
      const rect = { x: 0, y: 0, width: w, height: h };
      const view = { id: 'v', kind: 'volume', rect, camera: orbit, outline: false, ...(given.length > 0 && { planes: given }), ...(clip && { clip: { box: { min: bounds.min, max: bounds.max.map((n, i) => n - clip * (n - bounds.min[i])) } } }) };
      stage.views(view);
      await stage.settle();
      stage.renderer.drawNow();
      const { data } = stage.pixels();
      const facts = given.map((plane) => {
        const { middle, normal } = sliceView.sliceFrame(plane);
        return { place: middle, normal, cut: plane.cut };
      });
      const theirs = referencePicture(w, h, all, { camera: orbit, planes: facts, clip: view.clip });
      let [sum, worst, most] = [0, 0, 0];
      for (let y = 0; y < h; y += 1) {
        for (let x = 0; x < w; x += 1) {
          const i = 4 * (y * w + x);
          for (let c = 0; c < 3; c += 1) {
            const expected = 255 * Math.min(Math.max(theirs[i + c] + (1 - theirs[i + 3]) * behind(x, y, w, h), 0), 1);
            const d = Math.abs(data[i + c] - expected);
            sum += d;
            if (d > 8) most += 1;
            worst = Math.max(worst, d);
          }
        }
      }
      const { gpuBytesPeak, gpuBudget } = stage.renderer.report;
      const picked = pick.map((px) => stage.renderer.pick('v', px));
      const at = (px) => [0, 1, 2].map((c) => data[4 * ((h - 1 - px[1]) * w + px[0]) + c]);
      const out = { mean: sum / (w * h * 3), worst, off: most / (w * h * 3), tiles: stage.tilesTaken, bytes: gpuBytesPeak <= gpuBudget, picked, colors: pick.map(at), facts, eye: camera.cameraBasis(orbit).eye };
      stage.dispose();
      return out;
    };
  });
});
after(() => opened?.close());
const planes = (what) => opened.page.evaluate((given) => globalThis.planes(given), what);

const MIDDLE = [0.5, 0.5, 0.5];
const SIDE = [0.62, 0.4, 0.55];
const TURN = [0.3, -0.2, 0.1, Math.sqrt(1 - 0.14)];
const across = (at, more = {}) => [0, 1, 2].map((axis) => ({ axis, at, ...more }));

// A box that leaves four fifths along each axis.
const CLIP = 0.2;

const CASES = {
  'one, from bricks': { layers: [['few', {}]], planes: [{ axis: 0, at: SIDE }] },
  'three that cut a corner out': { layers: [['many', {}]], planes: across(SIDE, { cut: true }), frame: { yaw: 0.9, pitch: 0.3 } },
  'one that cuts, one that does not, clear below a window': { layers: [['many', { window: [100, 255] }]], planes: [{ axis: 0, at: SIDE }, { axis: 2, at: MIDDLE, cut: true }] },
  'turned, and cut': { layers: [['many', {}]], planes: across(MIDDLE, { turn: TURN }).map((plane, i) => ({ ...plane, cut: i === 1 })) },
  'labels over an image': { layers: [['few', {}], ['labels', { opacity: 1 }]], planes: [{ axis: 2, at: SIDE }, { axis: 0, at: MIDDLE, cut: true }] },
  'lit with shadows, cut': { layers: [['few', { shading: 'scattering' }]], planes: across(SIDE, { cut: true }) },
  'in a clip': { layers: [['many', {}]], planes: across(SIDE), clip: CLIP },
  'from within': { layers: [['many', {}]], planes: across(SIDE), frame: { zoom: 0.12 } },
};

test('planes stand among volumes as in a plain march: from bricks and tiles, across and turned, opaque and cutting', async () => {
  let tiled = 0;
  for (const [name, what] of Object.entries(CASES)) {
    const { mean, off, tiles, bytes } = await planes(what);
    // shadows are multiplied by a gain, and with them what a ray that begins elsewhere makes of them
    assert.ok(mean < (what.layers[0][1].shading ? 1.5 : 1) && off < 0.02, `${name}: mean ${mean.toFixed(2)} of 255, ${(100 * off).toFixed(2)} % off by more than 8`);
    if (what.layers[0][0] === 'few') assert.equal(tiles, 0, name);
    tiled += tiles;
    assert.ok(bytes, `${name}: more GPU memory than it may have`);
  }
  assert.ok(tiled > 10, `${tiled} tiles`);
  const without = await planes({ layers: [['few', {}]], planes: [] });
  assert.ok(without.mean < 1, `without planes ${without.mean}`);
});

test('a plane that cuts is what is pointed at where it is seen, points before it are gone and those before others are not', async () => {
  const solid = { points: [[0, 1], [1, 1]] };
  const plane = { axis: 2, at: MIDDLE };
  const pick = [[33, 24]];
  const here = (what) => planes({ layers: [['few', solid]], planes: [plane], frame: { yaw: 0.9, pitch: 0 }, pick, ...what });
  const off = ({ picked: [picked], facts: [{ place, normal }] }) => Math.abs(picked.world.reduce((sum, n, i) => sum + (n - place[i]) * normal[i], 0));
  const [cut, whole] = [await here({ planes: [{ ...plane, cut: true }] }), await here({})];
  assert.ok(off(cut) < 1e-6, `${off(cut)} off the plane`);
  assert.ok(off(whole) > 10, `${off(whole)}: the volume's face is what is seen`);
  const { voxel: [z, y, x], value } = cut.picked[0];
  assert.ok(Math.abs(value - 65535 * (0.5 + 0.5 * Math.sin(z / 9) * Math.cos(y / 11) * Math.sin(x / 8))) <= 0.5, `${value} at ${z}, ${y}, ${x}`);
  // A white point in the line of sight, half way from the eye to the plane, and as far behind it.
  const { eye, picked: [{ world }] } = cut;
  const points = (share) => ({ list: [[...world.map((n, i) => n + share * (eye[i] - n)), 1]], radius: [9, 9], size: 600, shape: [64, 64, 64], low: -200 });
  const white = async (share, cuts) => {
    const { colors: [rgb] } = await here({ layers: [['few', { points: [[0, 0], [1, 0]] }]], planes: [{ ...plane, cut: cuts }], points: points(share) });
    return rgb.every((c) => c > 250);
  };
  assert.deepEqual([await white(0.2, false), await white(0.2, true), await white(-0.2, false)], [true, false, false]);
});

test('fog before what is solid is as thick as the way to it is long, in steps of four voxels too: no contours on planes', async () => {
  for (const how of ['either', 'general']) {
    const { worst, levels } = await opened.page.evaluate((given) => globalThis.fog(given), how);
    assert.equal(levels, 3);
    // Whole steps are off by up to 0.05.
    assert.ok(worst < 0.003, `${how}: ${worst}`);
  }
});

test('a slice of more voxels than it has pixels does not glitter while the camera turns: a pixel is the mean of what it covers', async () => {
  // From bricks, and from tiles. With one look a pixel the change is 28 and 8.5 of 255.
  for (const [shape, most] of [[[100, 120, 120], 13], [[100, 260, 260], 5.5]]) {
    const { change, count } = await opened.page.evaluate((given) => globalThis.glitter(given), shape);
    assert.ok(change < most && count > 4000, `${shape}: ${change.toFixed(1)} of 255 in ${count} pixels`);
  }
});
