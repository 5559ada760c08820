// The shaders' functions, number in and number out; and shaders that users write: what they are given, what they may not do, what is said of it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
  await opened.page.evaluate(() => {
    const { makeScreen, shaderMaterial, THREE } = globalThis.vox;
    /** Runs `vec4 f(vec4 a, vec4 b)` on pairs of inputs; its parts, uniforms and defines come with it. */
    globalThis.runShader = (parts, body, inputs, uniforms = {}, defines = {}) => {
      const n = inputs.length;
      const { renderer, screen } = makeScreen(8, 8);
      const data = new Float32Array(8 * n);
      inputs.forEach(([a, b], i) => {
        data.set(a, 4 * i);
        data.set(b ?? [0, 0, 0, 0], 4 * (n + i));
      });
      const texture = new THREE.DataTexture(data, n, 2, THREE.RGBAFormat, THREE.FloatType);
      texture.needsUpdate = true;
      const target = new THREE.WebGLRenderTarget(n, 1, { type: THREE.FloatType, depthBuffer: false });
      const main = `uniform sampler2D uIn;\n${body}\nvoid main() { int i = int(gl_FragCoord.x); color = f(texelFetch(uIn, ivec2(i, 0), 0), texelFetch(uIn, ivec2(i, 1), 0)); }`;
      const all = Object.fromEntries(Object.entries({ uIn: texture, ...uniforms }).map(([name, value]) => [name, { value }]));
      screen.draw(shaderMaterial([...parts, main], all, 'replace', defines), { x: 0, y: 0, width: n, height: 1 }, target);
      const out = new Float32Array(4 * n);
      renderer.readRenderTargetPixels(target, 0, 0, n, 1, out);
      renderer.dispose();
      renderer.forceContextLoss();
      return inputs.map((_, i) => [...out.slice(4 * i, 4 * i + 4)]);
    };
    const { Stage, TestVolume, makeLevel, geometry, camera } = globalThis.vox;
    /** A ball in a stage of 120 x 90 pixels. */
    globalThis.ball = async (look = {}) => {
      const shape = [40, 50, 60];
      const value = (z, y, x) => 60000 / (1 + Math.exp((Math.hypot(z - 20, y - 25, x - 30) - 15) / 1.5));
      const volume = new TestVolume(1, 'u16', 'image', makeLevel(shape, 'u16', (z, y, x) => Math.round(value(z, y, x))), { voxelSize: [2, 1, 1], origin: [100, 200, 300] });
      const stage = new Stage(120, 90, { background: [0, 0, 0], passes: 1 });
      stage.add(volume, { colormap: 'gray', ...look });
      const bounds = geometry.worldBounds({ shape, voxelSize: [2, 1, 1], origin: [100, 200, 300] });
      stage.views({ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 120, height: 90 }, camera: camera.frameBounds(bounds, 4 / 3), outline: false });
      await stage.settle();
      const settings = { ...globalThis.vox.DEFAULT_LOOK, window: [0, 65535], colormap: 'gray', points: globalThis.vox.DEFAULT_OPACITY_POINTS, order: 1, ...look };
      return {
        stage,
        async set(more) {
          Object.assign(settings, more);
          stage.renderer.setLayer(1, { ...settings });
          const { problem } = stage.renderer.report; // told at once: a shader that is refused changes no picture, so nothing more may happen
          await stage.settle();
          return { ...stage.renderer.shaderReport(1), problem, later: stage.renderer.report.problem };
        },
        at: (x, y) => [...stage.pixels().data.slice(4 * (y * 120 + x), 4 * (y * 120 + x) + 3)],
        all: () => stage.pixels().data.slice(),
      };
    };
  });
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);
const close = (got, expected, by, what) => {
  for (const [i, n] of expected.entries()) assert.ok(Math.abs(got[i] - n) <= by, `${what}: ${got} is not ${expected}`);
};

test('a piece of a ray adds what its values add, whatever its length and the transfer function between its ends', async () => {
  const pieces = await inPage(() => {
    const { glsl, layerRows, DEFAULT_LOOK, THREE } = globalThis.vox;
    const [size, rows] = [2048, 3];
    // A thin peak, then a slope: what a look-up at the ends alone would miss.
    const settings = { ...DEFAULT_LOOK, colormap: 'viridis', window: [0, 1], points: [[0, 0], [0.3, 0], [0.31, 0.9], [0.32, 0], [0.6, 0], [1, 0.6]] };
    const geometry = { shape: [128, 128, 128], voxelSize: [1, 1, 1], origin: [0, 0, 0] };
    const data = layerRows({ settings, geometry });
    const texture = new THREE.DataTexture(data, size, rows, THREE.RGBAFormat, THREE.FloatType);
    texture.needsUpdate = true;
    const inputs = [[0, 1, 1], [1, 0, 1], [0.2, 0.4, 2], [0.302, 0.312, 1], [0.7, 0.7, 4], [-0.5, 0.5, 1], [0.9, 1.5, 3], [-2, -1, 1], [0.1, 0.2, 8]];
    const out = globalThis.runShader(['out vec4 color;', glsl.piece], 'vec4 f(vec4 a, vec4 b) { return pieceOf(0, a.xx, a.yy, a.z); }',
      inputs.map((n) => [[...n, 0]]), { uTransfers: texture }, { TRANSFER_SIZE: size });
    // The same by a million small pieces of the points themselves.
    const density = (t) => {
      const { points } = settings;
      const at = Math.min(Math.max(t, 0), 1);
      const i = Math.max(points.findIndex((p) => p[0] >= at), 1);
      const [p, q] = [points[i - 1], points[i]];
      return -Math.log(1 - (p[1] + ((q[1] - p[1]) * (at - p[0])) / (q[0] - p[0])));
    };
    const exact = inputs.map(([a, b, thick]) => {
      let sum = 0;
      for (let i = 0; i < 20000; i += 1) sum += density(a + ((b - a) * (i + 0.5)) / 20000) / 20000;
      return 1 - Math.exp(-sum * thick);
    });
    return { inputs, out, exact };
  });
  pieces.out.forEach((c, i) => {
    close([c[3]], [pieces.exact[i]], 0.004, `alpha of ${pieces.inputs[i]}`);
    assert.ok(c.slice(0, 3).every((n) => n >= 0 && n <= c[3] + 1e-5), `premultiplied: ${c}`);
  });
});

test('the dark end of a logarithmic window is as fine as the bright one: in slices, in maxima, and in what a piece of a ray adds', async () => {
  const { slice, mip, pieces } = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, glsl, layerRows, DEFAULT_LOOK, THREE } = globalThis.vox;
    const look = { ...DEFAULT_LOOK, colormap: 'gray', window: [1, 1000], log: true, points: [[0, 0], [0.04, 0], [0.08, 0.9], [0.12, 0], [1, 0]] };
    // Values from 1 to 7.2, a decade below the first thousandth of the window: a value for each column.
    const volume = new TestVolume(1, 'f32', 'image', makeLevel([4, 8, 64], 'f32', (...[, , x]) => 1 + x / 10));
    volume.fillRanges();
    const read = async (view, settings) => {
      const stage = new Stage(128, 16, { background: [0, 0, 0], passes: 1 });
      stage.add(volume, settings);
      stage.views(view);
      await stage.settle();
      stage.renderer.drawNow();
      const { data } = stage.pixels();
      stage.dispose();
      return Array.from({ length: 62 }, (_, x) => data[4 * (8 * 128 + 2 * (x + 1))]);
    };
    const rect = { x: 0, y: 0, width: 128, height: 16 };
    const slice = await read({ id: 's', kind: 'slice', rect, axis: 0, position: 2, center: [31.5, 3.5], pixelSize: 0.5 }, look);
    // From far above, so that rays go along one column.
    const camera = { target: [31.5, 3.5, 1.5], distance: 4000, yaw: -Math.PI / 2, pitch: Math.PI / 2 - 1e-6, fovY: 2 * Math.atan(4 / 4000) };
    const mip = await read({ id: 'v', kind: 'volume', rect, camera, outline: false }, { ...look, mode: 'mip', opacity: 1 });
    const geometry = { shape: [128, 128, 128], voxelSize: [1, 1, 1], origin: [0, 0, 0] };
    const texture = new THREE.DataTexture(layerRows({ settings: look, geometry }), 2048, 3, THREE.RGBAFormat, THREE.FloatType);
    texture.needsUpdate = true;
    const place = (share) => Math.log1p(999 * share) / Math.log(1000);
    const inputs = [[0.0003, 0.0008], [0, 0.001], [0.0005, 0.0006], [0.0009, 0.0002], [0, 1]];
    const out = globalThis.runShader(['out vec4 color;', glsl.piece], 'vec4 f(vec4 a, vec4 b) { return pieceOf(0, a.xy, a.zw, 2.); }',
      inputs.map(([a, b]) => [[a, place(a), b, place(b)]]), { uTransfers: texture }, { TRANSFER_SIZE: 2048 });
    const density = (t) => {
      const i = Math.max(look.points.findIndex((p) => p[0] >= t), 1);
      const [p, q] = [look.points[i - 1], look.points[i]];
      return -Math.log(1 - (p[1] + ((q[1] - p[1]) * (t - p[0])) / (q[0] - p[0])));
    };
    const pieces = inputs.map(([a, b], i) => {
      let sum = 0;
      for (let k = 0; k < 20000; k += 1) sum += density(place(a + ((b - a) * (k + 0.5)) / 20000)) / 20000;
      return { got: out[i][3], exact: 1 - Math.exp(-2 * sum) };
    });
    return { slice, mip, pieces };
  });
  const placeOf = (x) => Math.log(1 + (x + 1) / 10) / Math.log(1000);
  slice.forEach((got, x) => {
    assert.ok(Math.abs(got - 255 * placeOf(x)) <= 1.5, `slice, column ${x}: ${got} is not ${255 * placeOf(x)}`);
  });
  mip.forEach((got, x) => {
    const t = placeOf(x);
    const ramp = Math.min(t / 0.25, 1);
    const expected = 255 * t * ramp * ramp * (3 - 2 * ramp);
    assert.ok(Math.abs(got - expected) <= 4, `maximum, column ${x}: ${got} is not ${expected}`);
  });
  for (const { got, exact } of pieces) assert.ok(Math.abs(got - exact) < 0.005, `${got} is not ${exact}`);
});

test('a ray is cut by planes at the right places, and not beyond what is left', async () => {
  const { spans, reach } = await inPage(() => {
    const { glsl, clipPlanes, THREE } = globalThis.vox;
    const u = clipPlanes.clipUniforms();
    const eye = [1e7, -3, 8];
    clipPlanes.setClip(u, clipPlanes.planesOf({ box: { min: [1e7 + 2, -10, 0], max: [1e7 + 6, 10, 20] }, planes: [{ normal: [0, 0, 1], offset: 7 }] }), eye);
    const uniforms = { uClip: u.uClip.value, uClips: u.uClips.value };
    const head = 'out vec4 color;';
    const defines = { CLIPPED: 1, CLIP_PLANES: 16 };
    const span = 'vec4 f(vec4 a, vec4 b) { float from = 0., to = 100.; clipRay(normalize(a.xyz), from, to); return vec4(from, to, 0., 0.); }';
    const inputs = [[1, 0, 0], [-1, 0, 0], [1, 0, -0.6], [0, 1, 0], [0.6, 0.8, 0]].map((d) => [[...d, 0]]);
    const far = 'vec4 f(vec4 a, vec4 b) { return vec4(clipReach(a.xyz, b.xyz)); }';
    void THREE;
    return {
      spans: globalThis.runShader([head, glsl.clip], span, inputs, uniforms, defines),
      reach: globalThis.runShader([head, glsl.clip], far, [[[4, 0, 0, 0], [1, 0, 0, 0]], [[4, 0, 0, 0], [0, 0, -1, 0]], [[4, 5, 0, 0], [0, 1, 0, 0]]], uniforms, defines).map((r) => r[0]),
    };
  });
  close(spans[0].slice(0, 2), [2, 6], 1e-4, 'along x');
  assert.ok(spans[1][0] > spans[1][1], `away from the box nothing is left: ${spans[1]}`);
  assert.ok(spans[2][0] > spans[2][1], `below the plane before the box is reached: ${spans[2]}`);
  assert.ok(spans[3][0] > spans[3][1], `beside the box: ${spans[3]}`);
  close(spans[4].slice(0, 2), [2 / 0.6, 10], 1e-4, 'aslant');
  close(reach, [2, 1, 8], 1e-4, 'from inside');
});

test('ids and looks of labels are those of the page\'s own functions', async () => {
  const { ids, colors, looks, expected } = await inPage(() => {
    const { glsl, colormaps, labelLookup, THREE } = globalThis.vox;
    const bytes = new Uint8Array(1024 * 4);
    for (let i = 0; i < 1024; i += 1) colormaps.labelPaletteColor(i).forEach((c, k) => { bytes[4 * i + k] = Math.round(c * 255); });
    const palette = new THREE.DataTexture(bytes, 1024, 1);
    palette.needsUpdate = true;
    const all = [1, 7, 255, 256, 65535, 65536, 16777216, 4294967295, 123456789];
    const settings = { labelColors: { 7: '#102030', 4294967295: '#ff8000' }, selected: ['65536', '7'], isolate: false };
    const table = labelLookup.labelTable(settings);
    const lookup = new THREE.DataTexture(table, table.length / 2, 1, THREE.RGIntegerFormat, THREE.UnsignedIntType);
    lookup.internalFormat = 'RG32UI';
    lookup.needsUpdate = true;
    const body = `uniform highp usampler2D uLookup;
      uint idOf(vec4 a) { return labelId2(a / 255.); }
      vec4 f(vec4 a, vec4 b) { uint id = idOf(a); return b.x == 0. ? vec4(float(id & 0xffffu), float(id >> 16), 0., 0.) : b.x == 1. ? vec4(labelColor(id), 1.) : labelLook(id, uLookup, .25); }`;
    const inputs = [0, 1, 2].flatMap((what) => all.map((id) => [[id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24], [what, 0, 0, 0]]));
    const out = globalThis.runShader(['out vec4 color;', '#define LABEL_LOOKUP', glsl.labels], body, inputs, { uPalette: palette, uLookup: lookup }, { LABEL_PROBES: labelLookup.LABEL_PROBES });
    const n = all.length;
    return {
      ids: out.slice(0, n).map(([low, high]) => low + 65536 * high), colors: out.slice(n, 2 * n), looks: out.slice(2 * n),
      expected: { ids: all, colors: all.map((id) => [...colormaps.labelColor(id)]) },
    };
  });
  assert.deepEqual(ids, expected.ids);
  colors.forEach((c, i) => { close(c, expected.colors[i], 0.003, `colour of ${ids[i]}`); });
  close(looks[1], [16 / 255, 32 / 255, 48 / 255, 1], 1e-5, 'picked out, with a colour');
  close(looks[5], [...expected.colors[5], 1], 0.003, 'picked out');
  close(looks[7], [1, 128 / 255, 0, 0.25], 1e-5, 'with a colour');
  close(looks[0], [...expected.colors[0], 0.25], 0.003, 'one of which nothing is said');
});

test('a user\'s shader is given what the data says, and its uniforms', async () => {
  const seen = await inPage(async () => {
    const b = await globalThis.ball({ opacity: 1 });
    const middle = () => b.at(60, 45);
    const solid = async (expression, more = {}) => {
      const report = await b.set({ shader: `uniform float gain; // 0 2 1\nvec4 shade(Sample s) {\n  return s.value > .5 ? vec4(${expression}, 1.) : vec4(0.);\n}`, uniforms: {}, ...more });
      if (!report.ok) throw new Error(JSON.stringify(report));
      return middle();
    };
    const out = {
      raw: await solid('vec3(s.raw / 65535.)'),
      gain: await solid('vec3(.25 * gain)'),
      more: await solid('vec3(.25 * gain)', { uniforms: { gain: 2 } }),
      beyond: await solid('vec3(.25 * gain)', { uniforms: { gain: 50 } }),
      // The ball's middle is at world (330, 225, 140), voxel (30, 25, 20).
      position: await solid('vec3(distance(s.position.xy, vec2(330., 225.)) < 25. ? 1. : 0., abs(s.position.z - 140.) < 35. ? 1. : 0., 0.)'),
      voxel: await solid('vec3(distance(s.voxel, vec3(30., 25., 20.)) < 17. ? 1. : 0., 0., 0.)'),
      // At the front the value rises into the picture.
      gradient: await solid('vec3(length(s.gradient) > .02 ? 1. : 0., 0., s.label == 0u ? 1. : 0.)'),
      transfer: await solid('transfer(.75).rgb'),
      lit: await solid('lit(vec4(.5, .5, .5, 1.), s).rgb'),
    };
    await b.set({ shader: '', uniforms: {} });
    Object.assign(out, {
      none: middle(),
      report: b.stage.renderer.shaderReport(1),
    });
    b.stage.dispose();
    return out;
  });
  close(seen.raw, [155, 155, 155], 27, 'raw where it is first above a half');
  close(seen.gain, [64, 64, 64], 2, 'the first value');
  close(seen.more, [128, 128, 128], 2, 'a value of the scene');
  close(seen.beyond, [128, 128, 128], 2, 'no more than the greatest');
  close(seen.position, [255, 255, 0], 2, 'position');
  close(seen.voxel, [255, 0, 0], 2, 'voxel');
  close(seen.gradient, [255, 0, 255], 2, 'gradient and label');
  close(seen.transfer, [191, 191, 191], 2, 'the colour map');
  assert.ok(seen.lit[0] > 60 && seen.lit[0] < 250 && Math.abs(seen.lit[0] - 128) > 3, `lit: ${seen.lit}`);
  assert.equal(seen.report, undefined);
  assert.ok(seen.none[0] > 0);
});

test('a shader that only asks for the transfer function shows the same as none', async () => {
  const { mean } = await inPage(async () => {
    const b = await globalThis.ball({ shading: 'none' });
    const plain = b.all();
    await b.set({ shader: 'vec4 shade(Sample s) { return transfer(s.value); }' });
    const result = globalThis.vox.difference(plain, b.all());
    b.stage.dispose();
    return result;
  });
  assert.ok(mean < 1, `${mean} of 255 in the mean`);
});

test('a shader with an error leaves the picture, and the error is told at its line', async () => {
  const seen = await inPage(async () => {
    const b = await globalThis.ball();
    await b.set({ shader: 'vec4 shade(Sample s) { return vec4(1., 0., 0., s.value); }' });
    const good = b.all();
    const out = [];
    const bad = {
      undeclared: 'vec4 shade(Sample s) {\n  float a = s.value;\n  return vec4(a, b, 0., 1.);\n}',
      type: 'vec4 shade(Sample s) {\n\n\n  int a = s.value;\n  return vec4(float(a));\n}',
      syntax: 'vec4 shade(Sample s) {\n  return vec4(1.)\n}',
      internal: 'vec4 shade(Sample s) { return vec4(1.); }\nvec4 accumulate() { return acc_which_is_not; }',
      recursion: 'float f(float x) { return x > 0. ? f(x - 1.) : 0.; }\nvec4 shade(Sample s) { return vec4(f(3.)); }',
      macro: '#define LOOP for (;;)\nvec4 shade(Sample s) { LOOP {} return vec4(1.); }',
      endless: 'vec4 shade(Sample s) {\n  for (;;) {}\n  return vec4(1.);\n}',
      runaway: 'vec4 shade(Sample s) {\n  float a = s.value;\n  while (a < 1e9) a += 1e-9;\n  return vec4(a);\n}',
      empty: 'float x = 1.;',
    };
    for (const [name, shader] of Object.entries(bad)) {
      const begun = performance.now();
      const { ok, errors, problem, later } = await b.set({ shader });
      out.push({ name, ok, line: errors[0]?.line, message: errors[0]?.message, problem, later, ms: performance.now() - begun, ...globalThis.vox.difference(good, b.all()) });
    }
    const mended = await b.set({ shader: 'vec4 shade(Sample s) { return vec4(0., 1., 0., s.value); }' });
    const green = b.at(60, 45);
    b.stage.dispose();
    return { out, mended, green };
  });
  const lines = { undeclared: 3, type: 4, syntax: 3, internal: 2, recursion: 1, macro: 1, endless: 2, runaway: 3, empty: 1 };
  for (const { name, ok, line, message, problem, later, max, ms } of seen.out) {
    assert.equal(ok, false, name);
    assert.equal(line, lines[name], `${name}: ${message}`);
    assert.ok(message.length > 5 && !/user\w*_\d/.test(message), `${name}: ${message}`);
    assert.ok(problem.includes(`volume 1 is not used: line ${line}`), `${name}: ${problem}`);
    assert.equal(later, problem);
    assert.equal(max, 0, `${name}: the picture changed by ${max}`);
    assert.ok(ms < 60_000, `${name}: took ${ms} ms`);
  }
  assert.deepEqual([seen.mended.ok, seen.mended.problem, seen.mended.later], [true, undefined, undefined]);
  assert.ok(seen.green[1] > 100 && seen.green[0] < 10, `${seen.green}`);
});

test('a loop that runs away only where the trial did not look is ended too, and what is not a number shows nothing', async () => {
  const seen = await inPage(async () => {
    const b = await globalThis.ball();
    const begun = performance.now();
    // In the trial no place is beyond 300 along x; in the volume all are.
    const runaway = await b.set({ shader: 'vec4 shade(Sample s) { float a = 0.; while (s.position.x > 300.5) a += 1.; return vec4(a / 1000., 0., 0., s.value); }' });
    const ms = performance.now() - begun;
    const ran = b.at(60, 45);
    const wild = await b.set({ shader: 'vec4 shade(Sample s) { float z = s.value - s.value; return vec4(z / z, 1. / z, -5., sqrt(-1. - s.value)); }' });
    const dark = b.at(60, 45);
    b.stage.dispose();
    return { runaway, ms, ran, wild, dark };
  });
  assert.equal(seen.runaway.ok, true);
  assert.ok(seen.ms < 120_000, `${seen.ms} ms`);
  assert.ok(seen.ran[0] > 10 && seen.ran[0] < 60, `128 turns of a thousand: ${seen.ran}`);
  assert.equal(seen.wild.ok, true);
  close(seen.dark, [0, 0, 0], 14, 'the background');
});

test('two layers may have shaders that use the same names', async () => {
  const { a, b } = await inPage(async () => {
    const { layersBench, TestVolume, makeLevel, DEFAULT_LOOK, camera, geometry, readShader } = globalThis.vox;
    const volume = (n) => new TestVolume(n, 'u8', 'image', makeLevel([24, 24, 24], 'u8', () => 200));
    const layer = (n, translate) => ({ volume: volume(n), settings: { ...DEFAULT_LOOK, window: [0, 255], transform: { translate, rotate: [0, 0, 0, 1], scale: [1, 1, 1] } }, shows: () => true });
    const layers = [layer(1, [0, -14, 0]), layer(2, [0, 14, 0])];
    const bench = layersBench(80, 40, layers);
    const text = (color) => `const vec3 tint = vec3(${color});\nvec3 paint(float x) { return tint * x; }\nvec4 shade(Sample s) { return vec4(paint(1.), .9); }`;
    bench.sources.forEach((source, i) => { source.shader = readShader(text(i ? '0., 0., 1.' : '1., 0., 0.')).shader; });
    const c = { ...camera.frameBounds(geometry.worldBounds(bench.states[0].geometry), 2, { yaw: 0, pitch: 0 }) };
    const data = bench.read({ camera: { ...c, distance: c.distance * 2 } });
    const at = (x) => [...data.slice(4 * (20 * 80 + x), 4 * (20 * 80 + x) + 3)];
    bench.renderer.dispose();
    return { a: at(34), b: at(46) };
  });
  close(a, [1, 0, 0], 0.02, 'the left layer');
  close(b, [0, 0, 1], 0.02, 'the right layer');
});

test('the examples of docs/shaders.md compile', async () => {
  const text = await readFile(new URL('../../docs/shaders.md', import.meta.url), 'utf8');
  const python = /layer\.shader = """\n([\s\S]*?)"""/.exec(text)[1];
  const examples = [python, ...[...text.matchAll(/```glsl\n([\s\S]*?)```/g)].map((m) => m[1])];
  assert.equal(examples.length, 4);
  const faults = await inPage((list) => {
    const { makeScreen, readShader, tryShader } = globalThis.vox;
    const { renderer, screen } = makeScreen(8, 8);
    const all = list.map((shader) => {
      const { shader: read, errors } = readShader(shader);
      return read ? tryShader(screen, read) : errors;
    });
    renderer.dispose();
    return all;
  }, examples);
  assert.deepEqual(faults, [[], [], [], []]);
});
