// What the renderer draws is what the data says: values on every level, the picture of a plain ray march, labels, not-a-number.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('a linear ramp reads the same at a place on every level, in the volume and in slices, within one step of 16 bits', async () => {
  const worst = await inPage(async () => {
    const { TestVolume, makeLevel, atlasBench, shaderMaterial, THREE, DEFAULT_OPACITY_POINTS } = globalThis.vox;
    const { lookupOf } = globalThis.vox.source;
    const shape = [256, 160, 192];
    const ramp = (z, y, x) => 2000 + 100 * z + 80 * y + 60 * x;
    const level0 = makeLevel(shape, 'u16', ramp);
    const even = new TestVolume(1, 'u16', 'image', level0);
    const stretched = new TestVolume(1, 'u16', 'image', level0, { voxelSize: [2, 1, 0.5], origin: [-300, 40, 7.5] }, even.levels);
    const settings = { ...globalThis.vox.DEFAULT_LOOK, window: [0, 65535], colormap: 'gray', points: DEFAULT_OPACITY_POINTS };
    // One texel a point: the page table and the atlas as the passes read them. 3D: points all over. 2D: points of a plane.
    const fragment = `
      out vec4 color;
      uniform sampler3D uTable, uAtlas, uPoints;
      uniform vec3 uInvGrid, uCellToAtlas;
      void main() {
        vec3 P = texelFetch(uPoints, ivec3(gl_FragCoord.xy, 0), 0).xyz;
        vec4 e = textureLod(uTable, P * uInvGrid, 0.);
        vec4 t = textureLod(uAtlas, P * (e.w * uCellToAtlas) + e.xyz, 0.);
        color = vec4(dot(t.rg, vec2(1. / 257., 256. / 257.)) * 65535., e.w, 0., 1.);
      }`;
    const out = [];
    for (const [volume, level] of [even, stretched].flatMap((one) => one.levels.map((_, level) => [one, level]))) {
      const b = atlasBench(64, 64, volume, settings, (k) => k.level === level);
      const at = lookupOf(b.source);
      const { voxelSize, origin } = b.state.geometry;
      for (const plane of volume === even ? [false, true] : [false]) {
        const points = new Float32Array(64 * 64 * 4);
        const exact = [];
        let seed = 7;
        const random = () => {
          seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
          return seed / 2 ** 32;
        };
        const rim = 2 ** level; // the outermost half coarse voxel is flat: its halo repeats the edge
        for (let i = 0; i < 4096; i += 1) {
          const p = [2, 1, 0].map((a) => rim + random() * (shape[a] - 2 * rim)); // x, y, z, edge-based
          if (i % 2) p[i % 3] = Math.min(Math.round(p[i % 3] / 64) * 64 + (random() - 0.5) * 4, shape[2 - (i % 3)] - rim); // at brick borders
          if (i % 2 && p[i % 3] < rim) p[i % 3] = rim;
          if (plane) p[2] = 93.3;
          exact.push(ramp(p[2] - 0.5, p[1] - 0.5, p[0] - 0.5));
          // Where that is in the world, and so among the table's cells.
          points.set(p.map((n, k) => (origin[2 - k] + (n - 0.5) * voxelSize[2 - k]) * at.frame.scale[k] + at.frame.offset[k]), 4 * i);
        }
        const texture = new THREE.Data3DTexture(points, 64, 64, 1);
        texture.format = THREE.RGBAFormat;
        texture.type = THREE.FloatType;
        texture.needsUpdate = true;
        const target = new THREE.WebGLRenderTarget(64, 64, { type: THREE.FloatType, depthBuffer: false });
        const material = shaderMaterial([fragment], {
          uTable: { value: at.table }, uAtlas: { value: at.atlas }, uPoints: { value: texture },
          uInvGrid: { value: new THREE.Vector3(...at.invGrid) }, uCellToAtlas: { value: new THREE.Vector3(...at.cellToAtlas) },
        }, 'replace');
        b.screen.draw(material, { x: 0, y: 0, width: 64, height: 64 }, target);
        const read = new Float32Array(64 * 64 * 4);
        b.renderer.readRenderTargetPixels(target, 0, 0, 64, 64, read);
        let max = 0;
        for (let i = 0; i < 4096; i += 1) {
          if (Math.abs(read[4 * i + 1] - 2 ** -level) > 1e-6) throw new Error(`point ${i} was not read from level ${level}`);
          max = Math.max(max, Math.abs(read[4 * i] - exact[i]));
        }
        out.push({ stretched: volume === stretched, level, plane, max });
      }
      b.renderer.dispose();
    }
    return out;
  });
  assert.equal(worst.length, 9);
  for (const { stretched, level, plane, max } of worst) assert.ok(max <= 1, `${stretched ? 'stretched, ' : ''}level ${level}, ${plane ? '2D' : '3D'}: ${max} of 65535`);
});

/** Pictures of a 128³ volume with the bricks `shows` picks, and of the bare march. */
const pictures = (mix) =>
  inPage(async (mixed) => {
    const { TestVolume, makeLevel, shellsAndGyroid, camera, geometry, atlasBench, makeBare, difference, DEFAULT_OPACITY_POINTS } = globalThis.vox;
    const n = 128;
    const f = shellsAndGyroid(n);
    // Smooth data for mixed levels: what levels differ by is then the renderer's doing, not the pyramid's blur.
    // It vanishes at the faces, where the halo repeats the edge and so flattens the outer half of a coarse voxel.
    const hump = (i) => Math.sin((Math.PI * (i + 0.5)) / n);
    const smooth = (z, y, x) => hump(z) * hump(y) * hump(x) * (0.6 + 0.4 * Math.sin(z / 17) * Math.cos(y / 19) * Math.sin(x / 23 + 1));
    const volume = new TestVolume(1, 'u16', 'image', makeLevel([n, n, n], 'u16', (z, y, x) => Math.round((mixed ? smooth : f)(z, y, x) * 65535)));
    volume.fillRanges();
    const [width, height] = [320, 240];
    const settings = { ...globalThis.vox.DEFAULT_LOOK, window: [0, 65535], colormap: 'viridis', points: DEFAULT_OPACITY_POINTS };
    const shows = mixed ? (k) => k.level === 0 && (k.z + k.y + k.x) % 2 === 0 : (k) => k.level === 0;
    const results = [];
    const b = atlasBench(width, height, volume, settings, shows, { skipEmpty: true });
    if (mixed) b.table.update(mixedTable(b));
    const bare = makeBare(b.screen, volume, settings, b.state);
    const gl = b.renderer.getContext();
    const rect = { x: 0, y: 0, width, height };
    const read = () => {
      const data = new Uint8Array(width * height * 4);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
      return data;
    };
    const fit = camera.frameBounds(geometry.worldBounds(b.state.geometry), width / height);
    for (const [yaw, pitch, zoom] of [[0, 0, 1], [0.7, -0.3, 1], [2.2, 0.5, 0.35], [-0.9, 0, 0.9]]) {
      const c = { ...camera.orbit(fit, yaw, pitch), distance: fit.distance * zoom };
      b.pass.draw({ primary: b.source, camera: c, rect, target: null });
      const ours = read();
      // The same in tiles, over a picture from elsewhere.
      bare.draw({ ...c, distance: 3 * c.distance }, rect, null);
      b.pass.draw({ primary: b.source, camera: c, rect, target: null, tiled: true });
      const apart = difference(read(), ours).max;
      bare.draw(c, rect, null);
      const theirs = read();
      let lit = 0;
      for (let i = 3; i < theirs.length; i += 4) if (theirs[i - 1] + theirs[i - 2] + theirs[i - 3] > 60) lit += 1;
      results.push({ ...difference(ours, theirs), apart, lit: lit / (width * height) });
    }
    b.renderer.dispose();
    return results;

    // Every second of the eight bricks at level 0, the others shown by their parent: neighbours of different levels everywhere.
    function mixedTable(bench) {
      const { numbering } = bench.source;
      const entries = bench.atlas.slots.of(1);
      const numbers = new Set([...entries.keys()]);
      return {
        numbering, window: { level: 0, origin: [0, 0, 0], size: numbering.grid(0) },
        plan: { bricks: [], numbers, split: new Set([numbering.pack(1, 0, 0, 0)]), demand: 0, finest: 0, coarsest: 1 },
        slotOf: (k) => entries.get(k) && bench.atlas.slotAt(entries.get(k).slot),
        resident: entries.keys(), isEmpty: () => false, atlasSize: bench.atlas.size,
      };
    }
  }, mix);

test('at level 0 the picture is that of a bare march of one texture, to 3 of 255, and the same to the bit in tiles', async () => {
  for (const { max, lit, apart } of await pictures(false)) {
    assert.ok(lit > 0.1, `only ${lit} of the picture shows anything`);
    assert.equal(apart, 0, 'in tiles it is another picture');
    assert.ok(max <= 3, `a pixel differs by ${max}`);
  }
});

test('with neighbouring bricks of different levels there are no seams: to 6 of 255, 0.5 in the mean', async () => {
  for (const { max, mean, lit } of await pictures(true)) {
    assert.ok(lit > 0.1, `only ${lit} of the picture shows anything`);
    assert.ok(max <= 6 && mean <= 0.5, `a pixel differs by ${max}, the mean by ${mean}`);
  }
});

test('labels are drawn in their own colours, never in one between them; the background is clear', async () => {
  const seen = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, fitSlice, colormaps } = globalThis.vox;
    const shape = [70, 100, 90];
    const ids = [0, 7, 300, 65535];
    const at = (_z, y, x) => ids[(x >= 45 ? 1 : 0) + (y >= 50 ? 2 : 0)];
    const results = [];
    for (const [stored, map] of [['u8', (v) => v % 251], ['u16', (v) => v], ['u32', (v) => v * 65537]]) {
      const volume = new TestVolume(1, stored, 'labels', makeLevel(shape, stored, (z, y, x) => map(at(z, y, x))));
      const stage = new Stage(300, 300, { background: [0, 0, 0] });
      stage.add(volume);
      const rect = { x: 0, y: 0, width: 300, height: 300 };
      const bounds = geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
      stage.views({ id: 'z', kind: 'slice', rect, axis: 0, position: 35, ...fitSlice(0, bounds, rect) });
      await stage.settle();
      const { data } = stage.pixels();
      const colors = new Map();
      for (let i = 0; i < data.length; i += 4) {
        const c = data.slice(i, i + 3).join();
        colors.set(c, (colors.get(c) ?? 0) + 1);
      }
      const expected = ids.map(map).map((id) => (id === 0 ? '0,0,0' : colormaps.labelColor(id).map((v) => Math.round(v * 255)).join()));
      results.push({ stored, expected: [...new Set(expected)].sort(), seen: [...colors.keys()].sort(), least: Math.min(...colors.values()) });
      stage.dispose();
    }
    return results;
  });
  for (const { stored, expected, seen: colors, least } of seen) {
    assert.deepEqual(colors, expected, stored);
    assert.ok(least > 5000, `${stored}: a label covers ${least} pixels`);
  }
});

test('labels of another grid lie over the image at their place in the world, in slices and in 3D', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, camera, fitSlice } = globalThis.vox;
    const shape = [80, 80, 80];
    const image = new TestVolume(1, 'u8', 'image', makeLevel(shape, 'u8', () => 0));
    // Half the resolution, shifted: its voxels 10..19 lie at world 30..50.
    const labels = new TestVolume(2, 'u8', 'labels', makeLevel([40, 40, 40], 'u8', (z, y, x) => (Math.min(z, y, x) >= 10 && Math.max(z, y, x) < 20 ? 3 : 0)), {
      voxelSize: [2, 2, 2], origin: [10.5, 10.5, 10.5],
    });
    image.fillRanges();
    labels.fillRanges();
    const bounds = geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
    const extent = async (view) => {
      const stage = new Stage(400, 400, { background: [0, 0, 0] });
      stage.add(image, { colormap: 'gray' });
      stage.add(labels);
      stage.views(view);
      await stage.settle();
      const { data, width, height } = stage.pixels();
      const box = { x0: width, x1: 0, y0: height, y1: 0, count: 0 };
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          const i = 4 * (y * width + x);
          const c = data.slice(i, i + 3);
          if (Math.max(...c) - Math.min(...c) < 60) continue; // labels are colourful, the box's lines are not
          Object.assign(box, { x0: Math.min(box.x0, x), x1: Math.max(box.x1, x + 1), y0: Math.min(box.y0, y), y1: Math.max(box.y1, y + 1), count: box.count + 1 });
        }
      }
      stage.dispose();
      return box;
    };
    const rect = { x: 0, y: 0, width: 400, height: 400 };
    const slice = { id: 's', kind: 'slice', rect, axis: 0, position: 40, ...fitSlice(0, bounds, rect) };
    const view = { id: 'v', kind: 'volume', rect, camera: { ...camera.frameBounds(bounds, 1, { yaw: 0, pitch: 0 }) } };
    const corners = [[49.5, 29.5, 29.5], [49.5, 49.5, 49.5]].map((p) => camera.project(view.camera, rect, p).px);
    return { slice: await extent(slice), pixelSize: slice.pixelSize, center: slice.center, volume: await extent(view), corners };
  });
  const { slice, pixelSize, center } = result;
  const world = [slice.x0, slice.x1].map((x) => center[0] + (x - 200) * pixelSize).concat([slice.y0, slice.y1].map((y) => center[1] + (y - 200) * pixelSize));
  for (const [i, expected] of [29.5, 49.5, 29.5, 49.5].entries()) assert.ok(Math.abs(world[i] - expected) <= pixelSize * 1.5, `slice edge ${i} at ${world[i]}, not ${expected}`);
  const [[ax, ay], [bx, by]] = result.corners;
  const { volume } = result;
  assert.ok(volume.count > 1000, `${volume.count} pixels of labels in 3D`);
  for (const [got, expected] of [[volume.x0, Math.min(ax, bx)], [volume.x1, Math.max(ax, bx)], [400 - volume.y1, Math.min(ay, by)], [400 - volume.y0, Math.max(ay, by)]]) {
    assert.ok(Math.abs(got - expected) <= 4, `an edge in 3D at ${got}, not ${expected}`);
  }
});

test('floats that are not numbers are clear, and the rest is shown, never a black picture', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, camera, fitSlice } = globalThis.vox;
    const shape = [64, 64, 64];
    const bounds = geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
    const draw = async (value, mode) => {
      const volume = new TestVolume(1, 'f32', 'image', makeLevel(shape, 'f32', value));
      const stage = new Stage(400, 200, { background: [0, 0, 0.4] });
      stage.add(volume, { colormap: 'gray', mode, window: [0, 1] });
      const [left, right] = [0, 200].map((x) => ({ x, y: 0, width: 200, height: 200 }));
      stage.views({ id: 's', kind: 'slice', rect: left, axis: 0, position: 20, ...fitSlice(0, bounds, left) }, { id: 'v', kind: 'volume', rect: right, camera: camera.frameBounds(bounds, 1) });
      await stage.settle();
      const { data } = stage.pixels();
      const at = (x, y) => [...data.slice(4 * (y * 400 + x), 4 * (y * 400 + x) + 3)];
      const seen = { low: at(60, 100), high: at(140, 100), volume: at(300, 100) };
      stage.dispose();
      return seen;
    };
    const half = (_z, _y, x) => (x < 32 ? Number.NaN : 0.9);
    return { dvr: await draw(half, 'dvr'), mip: await draw(half, 'mip'), none: await draw(() => Number.NaN, 'dvr') };
  });
  for (const mode of ['dvr', 'mip']) {
    assert.deepEqual(result[mode].low, [0, 0, 102], `${mode}: the slice where nothing is a number`);
    assert.ok(Math.min(...result[mode].high) > 200, `${mode}: the slice where it is: ${result[mode].high}`);
    assert.ok(Math.min(...result[mode].volume) > 120, `${mode}: the volume: ${result[mode].volume}`);
  }
  assert.ok(result.none.volume[2] > result.none.volume[0] + 60, `a volume of nothing but NaN shows the background: ${result.none.volume}`);
});

test('floats of any size are shown alike: as they are, as large as floats can be, and as small as GPUs have them', async () => {
  const result = await inPage(async () => {
    const { Stage, TestVolume, makeLevel, geometry, camera, difference, DEFAULT_LOOK } = globalThis.vox;
    // Whole 256ths: exact at any size.
    const wave = (z, y, x) => Math.round(128 + 127 * Math.sin(z / 7) * Math.cos(y / 11) * Math.sin(x / 9 + 1)) / 256;
    // A slice of the first is drawn from bricks, of the second from tiles.
    const shapes = { deep: [64, 70, 80], wide: [2, 330, 330] };
    const looks = [
      { mode: 'dvr', shading: 'none' }, { mode: 'dvr', shading: 'local' }, { mode: 'dvr', shading: 'scattering' }, { mode: 'mip' }, { mode: 'minip' }, { mode: 'mean' }, { mode: 'iso', iso: 0.6 },
      { mode: 'dvr', log: true }, { mode: 'dvr', points: [[0.4, 0], [0.5, 1], [0.52, 0]] },
      { mode: 'dvr', shader: 'vec4 shade(Sample s) { return vec4(s.value, s.raw > HALF ? 1. : 0., 0., s.value); }' },
    ];
    const out = {};
    for (const power of [0, 127, 128, -108]) {
      const unit = 2 ** power;
      const pictures = [];
      const values = [];
      for (const [name, shape] of Object.entries(shapes)) {
        const volume = new TestVolume(1, 'f32', 'image', makeLevel(shape, 'f32', (z, y, x) => unit * wave(z, y, x)));
        const stage = new Stage(300, 150, { background: [0, 0, 0.4], passes: 1, fades: false });
        const bounds = geometry.worldBounds({ shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
        const [left, right] = [0, 150].map((x) => ({ x, y: 0, width: 150, height: 150 }));
        const slice = { id: 's', kind: 'slice', rect: left, axis: 0, position: 1, center: shape.slice(1).map((n) => n / 2).reverse(), pixelSize: 0.5 };
        for (const look of name === 'deep' ? looks : looks.slice(0, 1)) {
          const shader = look.shader?.replace('HALF', `exp2(${power - 1}.)`);
          stage.add(volume, { ...DEFAULT_LOOK, window: [0, unit], ...look, ...(shader && { shader }) });
          stage.views(slice, { id: 'v', kind: 'volume', rect: right, camera: camera.frameBounds(bounds, 1) });
          await stage.settle();
          pictures.push({ what: `${name}, ${JSON.stringify(look)}`, data: stage.pixels().data, problem: stage.renderer.report.problem });
        }
        for (const px of [[20, 30], [75, 75], [130, 110]]) {
          const { voxel, value } = stage.renderer.pick('s', px);
          values.push(value === unit * wave(...voxel));
        }
        stage.dispose();
      }
      out[power] = { pictures, values };
    }
    const lit = ({ data }) => new Set(data).size;
    const apart = (power) => out[power].pictures.map(({ what, data, problem }, i) => ({ what, problem, lit: lit(out[0].pictures[i]), ...difference(data, out[0].pictures[i].data) }));
    return { values: Object.values(out).flatMap(({ values }) => values), apart: Object.fromEntries(Object.keys(out).map((power) => [power, apart(power)])) };
  });
  assert.ok(result.values.length === 24 && result.values.every(Boolean), `values under the cursor: ${result.values}`);
  for (const [power, pictures] of Object.entries(result.apart)) {
    for (const { what, problem, lit, max } of pictures) {
      assert.ok(lit > 60, `${what}: there is something to see: ${lit}`);
      assert.ok(max <= 1, `times 2^${power}, ${what}: a pixel differs by ${max} of 255; ${problem}`);
    }
  }
});

test('surfaces are lit from the upper left, on every level alike, and what is even inside is not shaded', async () => {
  const seen = await inPage(async () => {
    const { TestVolume, makeLevel, camera, geometry, atlasBench, DEFAULT_OPACITY_POINTS } = globalThis.vox;
    const n = 128;
    const ball = (z, y, x) => 60000 / (1 + Math.exp((Math.hypot(z - 63.5, y - 63.5, x - 63.5) - 45) / 1.5));
    const volume = new TestVolume(1, 'u16', 'image', makeLevel([n, n, n], 'u16', (z, y, x) => Math.round(ball(z, y, x))));
    const settings = { ...globalThis.vox.DEFAULT_LOOK, window: [0, 65535], colormap: 'gray', points: DEFAULT_OPACITY_POINTS };
    const rect = { x: 0, y: 0, width: 200, height: 200 };
    const out = [];
    for (const level of [0, 1]) {
      const b = atlasBench(200, 200, volume, settings, (k) => k.level === level);
      const c = camera.frameBounds(geometry.worldBounds(b.state.geometry), 1);
      const gl = b.renderer.getContext();
      const read = (shaded) => {
        b.pass.draw({ primary: b.source, camera: c, rect, target: null, shaded });
        const data = new Uint8Array(200 * 200 * 4);
        gl.readPixels(0, 0, 200, 200, gl.RGBA, gl.UNSIGNED_BYTE, data);
        return (x, y) => data[4 * (y * 200 + x)]; // y from below
      };
      const [plain, lit] = [read(false), read(true)];
      const at = (f) => ({ upperLeft: f(85, 125), lowerRight: f(120, 70) });
      out.push({ level, plain: at(plain), lit: at(lit) });
      b.renderer.dispose();
    }
    return out;
  });
  for (const { level, plain, lit } of seen) {
    assert.ok(Math.abs(plain.upperLeft - plain.lowerRight) < 30, `level ${level}: unlit, both sides are alike: ${JSON.stringify(plain)}`);
    assert.ok(lit.upperLeft > lit.lowerRight + 40, `level ${level}: ${JSON.stringify(lit)}`);
  }
  assert.ok(Math.abs(seen[0].lit.upperLeft - seen[1].lit.upperLeft) < 30, JSON.stringify(seen));
});
