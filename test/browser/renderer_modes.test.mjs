// Every mode and shading, several layers, transforms, clipping: the picture against a march in plain TypeScript through the arrays themselves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
  // Volumes by name, and pictures of them by both; differences are of 255.
  await opened.page.evaluate(() => {
    const { THREE, TestVolume, makeLevel, shellsAndGyroid, camera, geometry, layersBench, makeDrawing, referencePicture, DEFAULT_LOOK, DEFAULT_OPACITY_POINTS } = globalThis.vox;
    const n = 96;
    const shells = shellsAndGyroid(n);
    const wave = (z, y, x) => 0.5 + 0.5 * Math.sin(z / 5) * Math.cos(y / 7) * Math.sin(x / 6);
    const make = {
      // Noise would make surfaces of foam, of which no two marches agree.
      shells: (handle) => new TestVolume(handle, 'u16', 'image', makeLevel([n, n, n], 'u16', (z, y, x) => Math.round(Math.min(Math.max(shells(z, y, x) - 0.06, 0), 1) * 65535))),
      flat: (handle) =>
        new TestVolume(handle, 'u8', 'image', makeLevel([40, 70, 90], 'u8', (z, y, x) => Math.round(255 * wave(z, y, x))), {
          voxelSize: [2, 1.2, 1], origin: [5, -20, 300], scale: 0.5, offset: -10,
        }),
      holes: (handle) =>
        new TestVolume(handle, 'f32', 'image', makeLevel([70, 66, 80], 'f32', (z, y, x) => (Math.hypot(z - 30, y - 33, x - 40) < 12 ? Number.NaN : 2 * wave(y, x, z) - 0.5))),
      labels: (handle) => new TestVolume(handle, 'u32', 'labels', makeLevel([48, 48, 48], 'u32', (z, y, x) => (Math.hypot(z - 24, y - 24, x - 24) > 20 ? 0 : 1 + 70000 * (x >> 4)))),
    };
    const windows = { shells: [3000, 60000], flat: [-10, 117.5], holes: [0, 1], labels: [0, 1] };
    const known = new Map();
    let on;
    globalThis.compare = (list, frame = {}, size = [72, 54], options = {}) => {
      const layers = list.map(([name, look], i) => {
        const key = `${name}/${i}`;
        if (!known.has(key)) known.set(key, make[name](i + 1));
        const volume = known.get(key);
        const settings = { ...DEFAULT_LOOK, window: windows[name], colormap: 'viridis', points: DEFAULT_OPACITY_POINTS, ...look };
        return { volume, settings, shows: (k) => k.level === 0 };
      });
      on ??= makeDrawing(...size);
      const bench = layersBench(...size, layers, { skipEmpty: options.skipEmpty, on });
      const { state } = { state: bench.states[0] };
      const fit = camera.frameBounds(geometry.worldBounds(state.geometry), size[0] / size[1]);
      const view = { ...frame, camera: { ...camera.orbit(fit, frame.yaw ?? 0.4, frame.pitch ?? -0.2), distance: fit.distance * (frame.zoom ?? 0.95) } };
      const solid = frame.depth && new THREE.DataTexture(Float32Array.of(frame.depth), 1, 1, THREE.RedFormat, THREE.FloatType);
      if (solid) solid.needsUpdate = true;
      const ours = bench.read({ ...view, depth: solid }, options.how);
      const theirs = options.against ? options.against(bench, view) : referencePicture(...size, layers, view);
      bench.dispose();
      solid?.dispose();
      let [sum, worst, lit] = [0, 0, 0];
      for (let i = 0; i < ours.length; i += 1) {
        const d = 255 * Math.abs(ours[i] - theirs[i]);
        sum += d;
        worst = Math.max(worst, d);
        if (i % 4 === 3 && theirs[i] > 0.1) lit += 1;
      }
      return { mean: sum / ours.length, worst, lit: lit / (size[0] * size[1]) };
    };
  });
});
after(() => opened?.close());
const compare = (...given) => opened.page.evaluate((list) => globalThis.compare(...list), given);

const VOLUMES = ['shells', 'flat', 'holes'];
const LOOKS = {
  dvr: { shading: 'none' },
  'dvr, local': { shading: 'local' },
  'dvr, scattering': { shading: 'scattering' },
  'dvr, occlusion': { shading: 'occlusion' },
  'dvr, log and gamma': { shading: 'none', log: true, gamma: 1.8 },
  mip: { mode: 'mip' },
  minip: { mode: 'minip' },
  mean: { mode: 'mean' },
  iso: { mode: 'iso', iso: 0.55, shading: 'local' },
  'iso, scattering': { mode: 'iso', iso: 0.55, shading: 'scattering' },
  'iso, half clear': { mode: 'iso', iso: 0.55, shading: 'none', opacity: 0.5 },
};

for (const [name, look] of Object.entries(LOOKS)) {
  test(`${name}: the picture of three volumes is that of the reference, to 2 of 255 in the mean`, async () => {
    for (const volume of VOLUMES) {
      const { mean, worst, lit } = await compare([[volume, look]]);
      assert.ok(lit > 0.08, `${volume}: only ${lit} of the picture shows anything`);
      assert.ok(mean < 2, `${volume}: ${mean} in the mean, ${worst} at worst`);
    }
  });
}

const turned = { translate: [14, -9, 20], rotate: [0.2, -0.35, 0.5, 0.75], scale: [0.8, 1.1, 0.7] };
const LAYERS = {
  'two images, one turned and scaled, covering': [['shells', {}], ['shells', { colormap: 'magma', transform: turned }]],
  'two images that add their light': [['shells', { colormap: '#ff3010', blend: 'additive' }], ['shells', { colormap: '#20ff60', blend: 'additive', transform: turned }]],
  'an image that adds its light to one that covers': [['shells', {}], ['shells', { colormap: 'hot', blend: 'additive', transform: turned }]],
  'maxima of three channels, added': [
    ['shells', { mode: 'mip', colormap: '#ff0000', blend: 'additive' }],
    ['shells', { mode: 'mip', colormap: '#00ff00', blend: 'additive', transform: turned }],
    ['shells', { mode: 'mean', colormap: '#0000ff', blend: 'additive' }],
  ],
  'a surface in a mean, and labels over both': [['shells', { mode: 'mean' }], ['shells', { mode: 'iso', iso: 0.6, opacity: 0.7, transform: turned }], ['labels', { opacity: 0.4 }]],
  'labels, turned': [['labels', { transform: turned }]],
  'labels of which one is picked out and one has its own colour': [['labels', { selected: ['70001'], labelColors: { 140001: '#ffffff', 4294967296: '#00ff00' } }]],
  'labels but for one hidden': [['labels', { selected: ['1'], isolate: true }]],
  'rims of labels': [['labels', { labelStyle: 'outline' }]],
  'an image in the shadow of another': [['shells', { shading: 'scattering' }], ['shells', { colormap: 'magma', shading: 'scattering', transform: turned }]],
};
for (const [name, list] of Object.entries(LAYERS)) {
  test(`${name}: as the reference, to 2 of 255 in the mean`, async () => {
    const { mean, worst, lit } = await compare(list, { zoom: 1.2 });
    assert.ok(lit > 0.03, `only ${lit} of the picture shows anything`);
    assert.ok(mean < 2, `${mean} in the mean, ${worst} at worst`);
  });
}

const CLIPS = {
  'a box': { box: { min: [10, 20, 5], max: [80, 60, 70] } },
  'two planes': { planes: [{ normal: [0.6, 0, 0.8], offset: 50 }, { normal: [0, -1, 0], offset: -70 }] },
  'a box and a plane through the eye\'s side': { box: { min: [-1e6, -1e6, 30], max: [1e6, 1e6, 1e6] }, planes: [{ normal: [0, 1, 0], offset: 48 }] },
};
for (const [name, clip] of Object.entries(CLIPS)) {
  test(`clipped by ${name}: as the reference in both passes, and less is seen than without`, async () => {
    const whole = await compare([['shells', {}]], {});
    const looks = [[['shells', {}]], [['shells', { shading: 'scattering' }], ['labels', { transform: turned }]], [['shells', { mode: 'mip' }]]];
    for (const [i, look] of looks.entries()) {
      const { mean, worst, lit } = await compare(look, { clip }, [72, 54], { how: 'either' });
      assert.ok(mean < 2, `look ${i}: ${mean} in the mean, ${worst} at worst`);
      if (i === 0) assert.ok(lit > 0.02 && lit < whole.lit * 0.98, `${lit} of the picture, ${whole.lit} unclipped`);
    }
    const nothing = await compare([['shells', {}]], { clip: { box: { min: [500, 0, 0], max: [600, 10, 10] } } }, [72, 54], { how: 'either' });
    assert.deepEqual([nothing.lit, nothing.worst], [0, 0]);
  });
}

test('rays end at solid things, in both passes', async () => {
  for (const look of [{}, { shading: 'scattering' }, { mode: 'mip' }]) {
    const { mean, worst, lit } = await compare([['flat', look]], { depth: 190 }, [72, 54], { how: 'either' });
    assert.ok(mean < 2 && lit > 0.05, `${JSON.stringify(look)}: ${mean} in the mean, ${worst} at worst, ${lit} lit`);
    const none = await compare([['flat', look]], { depth: 1 }, [72, 54], { how: 'either' });
    assert.deepEqual([none.lit, none.worst], [0, 0]);
  }
});

test('a plain image looks the same by either pass, to 1 of 255 in the mean', async () => {
  for (const look of [{ shading: 'none' }, { shading: 'local' }, { mode: 'mip' }]) {
    const { mean, worst } = await compare([['flat', look]], {}, [72, 54], { how: 'either' });
    assert.ok(mean < 1, `${JSON.stringify(look)}: ${mean} in the mean, ${worst} at worst`);
  }
});

test('bricks that show nothing are stepped over without a change of the picture', async () => {
  for (const look of [{ shading: 'none' }, { mode: 'iso', iso: 0.7 }, { mode: 'mean' }, { mode: 'minip' }]) {
    const { mean, worst } = await compare([['shells', look]], {}, [72, 54], { skipEmpty: true });
    assert.ok(mean < 2, `${JSON.stringify(look)}: ${mean} in the mean, ${worst} at worst`);
  }
});

test('a light from elsewhere lights elsewhere', async () => {
  for (const light of [[0, 0, 1], [1, 0, 0]]) {
    const { mean, worst } = await compare([['shells', { mode: 'iso', iso: 0.5, shading: 'scattering' }]], { light });
    assert.ok(mean < 2, `${mean} in the mean, ${worst} at worst`);
  }
});
