// The picture's brightness does not depend on the level or the step; volumes that are odd are drawn in every mode.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

const LOOKS = [
  { shading: 'none' }, { shading: 'local' }, { shading: 'scattering' }, { shading: 'occlusion' }, { mode: 'mip' }, { mode: 'minip' }, { mode: 'mean' },
  { mode: 'iso', iso: 0.5 }, { shader: 'vec4 shade(Sample s) { return transfer(s.value); }' },
];

test('a homogeneous and a layered volume change by less than 2 % in brightness from one level to the next, and with twice the step', async () => {
  const results = await inPage(async (looks) => {
    const { TestVolume, makeLevel, layersBench, makeDrawing, readShader, camera, geometry, DEFAULT_LOOK } = globalThis.vox;
    const shape = [160, 136, 192];
    const on = makeDrawing(48, 40);
    // Layers 48 voxels apart, whose mean over the voxels of a coarser level is the middle of a slope.
    const kinds = { homogeneous: () => 40000, layered: (z) => 32768 + 26000 * Math.sin((2 * Math.PI * (z + 0.5)) / 48) };
    const out = [];
    for (const [name, value] of Object.entries(kinds)) {
      const volume = new TestVolume(1, 'u16', 'image', makeLevel(shape, 'u16', (z) => Math.round(value(z))));
      for (const look of looks) {
        const settings = { ...DEFAULT_LOOK, window: [0, 65535], colormap: 'viridis', points: [[0, 0], [1, 0.2]], ...look };
        const light = [];
        for (const [level, stepBias] of [[0, 0], [1, 0], [2, 0], [0, 1]]) {
          const bench = layersBench(48, 40, [{ volume, settings, shows: (k) => k.level === level }], { on });
          bench.sources[0].shader = look.shader && readShader(look.shader).shader;
          const data = bench.read({ camera: camera.frameBounds(geometry.worldBounds(bench.states[0].geometry), 1.2), stepBias });
          light.push(data.reduce((sum, n) => sum + n, 0) / data.length);
          bench.dispose();
        }
        out.push({ name, look: JSON.stringify(look), light });
      }
    }
    on.renderer.forceContextLoss();
    return out;
  }, LOOKS);
  const unsteady = [];
  for (const { name, look, light } of results) {
    assert.ok(light[0] > 0.02, `${name} ${look}: ${light}`);
    const changes = [light[1] / light[0] - 1, light[2] / light[1] - 1, light[3] / light[0] - 1];
    if (changes.some((c) => !(Math.abs(c) < 0.02))) unsteady.push(`${name} ${look}: ${changes.map((c) => `${(100 * c).toFixed(2)} %`)}`);
  }
  assert.deepEqual(unsteady, []);
});

test('a shell thinner than a step is drawn whole, near and coarse, by both passes: the error is a small part of what samples alone make', async () => {
  const errors = await inPage(async () => {
    const { TestVolume, makeLevel, layersBench, camera, geometry, DEFAULT_LOOK } = globalThis.vox;
    const n = 128;
    const radius = (z, y, x) => Math.hypot(z - 63.5, y - 63.5, x - 63.5) / 64;
    const volume = new TestVolume(1, 'u16', 'image', makeLevel([n, n, n], 'u16', (z, y, x) => Math.round(Math.min(radius(z, y, x), 1) * 65535)));
    volume.fillRanges();
    // 0.6 of a voxel of level 0 thick, the other 1.3.
    const points = [[0, 0], [0.495, 0], [0.5, 0.99], [0.505, 0], [0.74, 0], [0.75, 0.9], [0.76, 0], [1, 0]];
    const density = (t) => {
      const i = points.findIndex((p) => p[0] >= Math.min(t, 1));
      const [p, q] = [points[Math.max(i - 1, 0)], points[Math.max(i, 1)]];
      return -Math.log1p(-(p[1] + ((q[1] - p[1]) * (Math.min(t, 1) - p[0])) / (q[0] - p[0])));
    };
    const settings = { ...DEFAULT_LOOK, window: [0, 65535], colormap: 'gray', shading: 'none', points };
    const [width, height] = [40, 32];
    const out = [];
    for (const level of [0, 1]) {
      const bench = layersBench(width, height, [{ volume, settings, shows: (k) => k.level === level }], { skipEmpty: true });
      const view = camera.orbit(camera.frameBounds(geometry.worldBounds(bench.states[0].geometry), width / height), 0.7, 0.4);
      const { eye, right, up, forward } = camera.cameraBasis(view);
      const tan = Math.tan(view.fovY / 2);
      // A fiftieth of a voxel at a time, through the radii themselves.
      const exact = Array.from({ length: width * height }, (_, i) => {
        const [a, b] = [(tan * width * (((i % width) + 0.5) * 2 - width)) / width / height, tan * ((2 * (Math.floor(i / width) + 0.5)) / height - 1)];
        const ray = forward.map((f, k) => f + a * right[k] + b * up[k]);
        const unit = ray.map((r) => r / Math.hypot(...ray));
        const middle = unit.reduce((sum, u, k) => sum + u * (63.5 - eye[k]), 0);
        let sum = 0;
        for (let s = middle - 62; s < middle + 62; s += 0.02) sum += 0.02 * density(radius(eye[2] + unit[2] * s, eye[1] + unit[1] * s, eye[0] + unit[0] * s));
        return 1 - Math.exp(-sum);
      });
      const error = (how) => {
        const data = bench.read({ camera: view }, how);
        return exact.reduce((sum, alpha, i) => sum + Math.abs(alpha - data[4 * i + 3]), 0) / exact.length;
      };
      const { transfer } = bench.sources[0];
      const one = { level, found: transfer.peaked, fast: error('either'), general: error('general') };
      transfer.peaked = false;
  out.push({ ...one, fastSamples: error('either'), generalSamples: error('general'), light: exact.reduce((sum, n) => sum + n, 0) / exact.length });
      bench.renderer.dispose();
      bench.renderer.forceContextLoss();
    }
    return out;
  });
  for (const one of errors) {
    const told = JSON.stringify(one);
    assert.ok(one.found && one.light > 0.1, told);
    for (const pass of ['fast', 'general']) {
      assert.ok(one[pass] < 0.0002, told);
      assert.ok(one[pass] < one[`${pass}Samples`] / [20, 100][one.level], told);
    }
  }
});

test('constant volumes, axes of one voxel, empty and inverted windows: every mode draws, and nothing is not a number', async () => {
  const results = await inPage(async (looks) => {
    const { TestVolume, makeLevel, layersBench, makeDrawing, readShader, camera, geometry, DEFAULT_LOOK } = globalThis.vox;
    const volumes = {
      constant: new TestVolume(1, 'u8', 'image', makeLevel([20, 20, 20], 'u8', () => 100)),
      sheet: new TestVolume(1, 'u16', 'image', makeLevel([1, 40, 50], 'u16', (_z, y, x) => 1000 * (x + y))),
      line: new TestVolume(1, 'f32', 'image', makeLevel([1, 1, 90], 'f32', (_z, _y, x) => x / 90)),
      voxel: new TestVolume(1, 'f32', 'image', makeLevel([1, 1, 1], 'f32', () => 0.7)),
      infinite: new TestVolume(1, 'f32', 'image', makeLevel([8, 8, 8], 'f32', () => Number.NaN)),
    };
    const windows = { constant: [[100, 100], [0, 255]], sheet: [[0, 65535], [65535, 0]], line: [[0, 1], [5, 5]], voxel: [[0, 1]], infinite: [[0, 1]] };
    const on = makeDrawing(24, 20);
    const out = [];
    for (const [name, volume] of Object.entries(volumes)) {
      for (const window of windows[name]) {
        for (const look of looks) {
          const settings = { ...DEFAULT_LOOK, window, colormap: 'gray', points: [[0, 0.3], [1, 0.9]], ...look };
          const bench = layersBench(24, 20, [{ volume, settings, shows: () => true }], { on });
          bench.sources[0].shader = look.shader && readShader(look.shader).shader;
          const data = bench.read({ camera: camera.frameBounds(geometry.worldBounds(bench.states[0].geometry), 1.2) });
          let [odd, lit] = [0, 0];
          data.forEach((n, i) => {
            if (!(n >= 0 && n <= 1)) odd += 1;
            if (i % 4 === 3 && n > 0.01) lit += 1;
          });
          out.push({ name: `${name} ${window} ${JSON.stringify(look)}`, odd, lit, shown: name !== 'infinite' });
          bench.dispose();
        }
      }
    }
    on.renderer.forceContextLoss();
    return out;
  }, LOOKS);
  for (const { name, odd, lit, shown } of results) {
    assert.equal(odd, 0, `${name}: ${odd} numbers of the picture are not in 0..1`);
    if (!shown) assert.equal(lit, 0, name);
  }
  const dark = results.filter(({ lit, shown }) => shown && lit === 0).map(({ name }) => name);
  // Values below an empty window, and a surface above all values, are the only ones to show nothing.
  assert.ok(dark.every((name) => /^line 5,5|"iso"/.test(name)), dark.join('; '));
});

test('nine layers: eight are drawn, and the user is told of the other; a device that reads few textures gets fewer', async () => {
  const { problem, left, drawn } = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, camera } = globalThis.vox;
    const shape = [16, 16, 16];
    const stage = new Stage(60, 40, { passes: 1 });
    for (let n = 1; n <= 9; n += 1) stage.add(new TestVolume(n, 'u8', 'image', makeLevel(shape, 'u8', () => 20 * n)), { blend: 'additive' });
    stage.views({ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 60, height: 40 }, camera: camera.frameBounds(geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] }), 1.5) });
    await stage.settle();
    const { problem } = stage.renderer.report;
    const { data } = stage.pixels();
    stage.dispose();
    return { problem, left: /lowest/.test(problem ?? ''), drawn: data[4 * (20 * 60 + 30) + 1] };
  });
  assert.ok(left, problem);
  assert.ok(drawn > 40, `${drawn}`);
});
