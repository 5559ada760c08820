import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { rgb } from 'd3-color';
import { DEFAULT_LOOK } from '../../../src/annotation/look.js';
import {
  COLORMAP_GROUPS, COLORMAPS, colorAt, colormapFunction, colormapStops, LABEL_COLORS, labelColor, labelHash,
} from '../../../src/renderer/colormaps.js';
import { layerRows, layerTransferBytes, STEP_ROWS, stepRows } from '../../../src/renderer/layer_transfers.js';
import { PRESETS } from '../../../src/viewer/look/presets.js';
import { storageClass, texelBytes, windowUniform } from '../../../src/renderer/storage.js';
import { isPeaked, logUniform, opacityRows, TRANSFER_ROWS, TRANSFER_SIZE, type TransferSettings, transferTexels } from '../../../src/renderer/transfer_function.js';

test('the colour maps that a scene may name are there, each with colours of its own', () => {
  for (const name of ['gray', 'viridis', 'magma', 'inferno', 'plasma', 'cividis', 'turbo', 'bone', 'hot', 'coolwarm']) expect(COLORMAPS).toContain(name);
  expect(Object.entries(COLORMAP_GROUPS).map(([group, names]) => [group, names.length])).toEqual([
    ['perceptual', 12], ['sequential', 18], ['diverging', 10], ['cyclic', 2], ['categorical', 11],
  ]);
  const all = COLORMAPS.map((name) => JSON.stringify(colormapStops(name)));
  expect(new Set(all).size).toBe(COLORMAPS.length);
  for (const name of COLORMAPS) {
    for (const c of colormapStops(name).flat()) {
      expect(c).toBeGreaterThanOrEqual(0);
      expect(c).toBeLessThanOrEqual(1);
    }
  }
});

test('perceptual maps brighten all along; an unknown name is gray', () => {
  for (const name of ['gray', 'viridis', 'magma', 'inferno', 'plasma', 'cividis', 'bone', 'hot']) {
    const luma = colormapStops(name).map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
    for (let i = 1; i < luma.length; i += 1) expect(luma[i]).toBeGreaterThan((luma[i - 1] as number) - 1e-3);
  }
  expect(colormapStops('no such map')).toEqual(colormapStops('gray'));
  expect(colorAt(colormapStops('gray'), 0.5)).toEqual([expect.closeTo(0.5, 2), expect.closeTo(0.5, 2), expect.closeTo(0.5, 2)]);
});

test('a colour map is its library\'s to 4 of 255; the files written from it are current', async () => {
  // @ts-expect-error a script without types
  const { colormapFiles, libraryMap } = (await import('../../../scripts/colormaps.mjs')) as {
    colormapFiles(): Record<string, string>;
    libraryMap(name: string): ((t: number) => string) | readonly string[];
  };
  for (const [file, text] of Object.entries(colormapFiles())) expect(await readFile(file, 'utf8')).toBe(text);
  for (const name of ['viridis', 'RdBu', 'sinebow', 'YlGnBu', 'cubehelix']) {
    const map = libraryMap(name) as (t: number) => string;
    for (let t = 0; t <= 1; t += 1 / 64) {
      const { r, g, b } = rgb(map(t));
      const ours = colormapFunction(name)(t).map((c) => c * 255);
      for (const [i, c] of [r, g, b].entries()) expect(Math.abs((ours[i] as number) - c)).toBeLessThan(4.01);
    }
  }
});

test('a hex colour is a ramp from black; _r turns a map around; categorical maps have steps of equal width', () => {
  expect(colormapFunction('#ff8000')(0.5)).toEqual([0.5, expect.closeTo(128 / 255 / 2, 6), 0]);
  expect(colormapStops('#00ff00')).toEqual([[0, 0, 0], [0, 1, 0]]);
  expect(colormapStops('#0f0')).toEqual(colormapStops('gray'));
  expect(colormapFunction('magma_r')(0.25)).toEqual(colormapFunction('magma')(0.75).map((c) => expect.closeTo(c, 9)));
  const tab10 = colormapFunction('tab10');
  expect(tab10(0.0999)).toEqual(tab10(0));
  expect(tab10(0.1001)).not.toEqual(tab10(0));
  expect(tab10(1)).toEqual(colormapStops('tab10')[9]);
  expect(colormapFunction('tab10_r')(0)).toEqual(tab10(1));
});

test('label colours are the same in every session and mostly differ between neighbours', () => {
  expect(labelHash(1)).toBe(labelHash(1));
  expect([1, 2, 3, 0xffffffff].map(labelHash)).toEqual([1753845952, 3507691905, 1408362973, 1734902346]);
  const palette = new Set(Array.from({ length: 200 }, (_, i) => labelHash(i + 1) % LABEL_COLORS));
  expect(palette.size).toBeGreaterThan(170);
  for (let id = 1; id < 100; id += 1) expect(Math.max(...labelColor(id))).toBeGreaterThan(0.7);
});

test('a step of twice the length lets the square of the light through', () => {
  const rows = opacityRows(0.1);
  expect(rows).toHaveLength(TRANSFER_ROWS);
  rows.forEach((opacity, n) => {
    expect(1 - opacity).toBeCloseTo(0.9 ** (2 ** n), 12);
  });
});

test('what whole steps of a march add: the densities over their length, premultiplied, whatever the length of the shortest', () => {
  const settings = { ...DEFAULT_LOOK, window: [0, 1] as const, colormap: 'viridis', points: [[0, 0], [0.2, 0], [1, 0.9]] as const };
  const geometry = { shape: [100, 100, 100], voxelSize: [1, 1, 1], origin: [0, 0, 0] } as const;
  const row = 4 * TRANSFER_SIZE;
  const densities = layerRows({ settings, geometry } as never).subarray(row, 2 * row);
  const rows = stepRows(densities, 0.37);
  let worst = 0;
  for (const stride of [0, 1, 4, STEP_ROWS - 1]) {
    for (let i = 0; i < TRANSFER_SIZE; i += 64) {
      const [density, alpha] = [densities[4 * i + 3] as number, rows[stride * row + 4 * i + 3] as number];
      worst = Math.max(worst, Math.abs(alpha - (1 - Math.exp(-density * 0.37 * 2 ** stride))));
      const green = density > 0 ? ((densities[4 * i + 1] as number) / density) * alpha : 0;
      worst = Math.max(worst, Math.abs((rows[stride * row + 4 * i + 1] as number) - green));
    }
  }
  expect(worst).toBeLessThan(1e-6);
  expect(Math.max(...rows.subarray(0, row))).toBeGreaterThan(0.001);
  expect(layerTransferBytes(2, true) - layerTransferBytes(2)).toBe(2 * STEP_ROWS * TRANSFER_SIZE * 16);
});

test('texels: row 0 the plain colours, then colour times opacity by step; opacity 0 clears all', () => {
  const settings = { colormap: 'gray', points: [[0, 0], [1, 0.5]] as [number, number][], opacity: 1, mode: 'dvr' as const, window: [0, 1] as const, gamma: 1, log: false };
  const texels = transferTexels(settings, 0.25);
  const at = (row: number, i: number) => [...texels.subarray(4 * (row * TRANSFER_SIZE + i), 4 * (row * TRANSFER_SIZE + i) + 4)];
  expect(at(0, TRANSFER_SIZE - 1)).toEqual([1, 1, 1, 1]);
  const one = 1 - 0.5 ** 0.25;
  expect(at(1, TRANSFER_SIZE - 1)).toEqual([one, one, one, one].map((v) => expect.closeTo(v, 6)));
  expect(at(3, TRANSFER_SIZE - 1)[3]).toBeCloseTo(0.5, 6);
  expect(at(1, 0)[3]).toBe(0);
  const clear = transferTexels({ ...settings, opacity: 0 }, 0.25).subarray(4 * TRANSFER_SIZE);
  expect(clear.every((v) => v === 0)).toBe(true);
});

test('gamma moves colours and not opacities', () => {
  const settings = { colormap: 'gray', points: [[0, 0], [1, 1]] as [number, number][], opacity: 1, mode: 'dvr', window: [1, 1000] as const, gamma: 2, log: false };
  const texel = (row: number, share: number, s = settings) => transferTexels(s, 1, 1)[4 * (row * TRANSFER_SIZE + Math.round(share * (TRANSFER_SIZE - 1))) + (row && 3)];
  expect(texel(0, 0.5)).toBeCloseTo(0.25, 2);
  expect(texel(1, 0.5)).toBeCloseTo(0.5, 2);
  // Texels lie by places: a logarithm is the shader's.
  expect(texel(1, 0.1, { ...settings, log: true })).toBeCloseTo(0.1, 3);
  const { x: steep, y: by } = logUniform({ window: [1, 1000], log: true })!;
  expect(Math.log2(1 + steep * 0.1) * by).toBeCloseTo(Math.log1p(99.9) / Math.log(1000), 9);
  expect(logUniform({ window: [1, 1000], log: false })).toBeUndefined();
});

test('values go to their place in the window, whatever the storage', () => {
  const u16 = windowUniform(storageClass('image', 'u16'), 2, -100, [0, 1000]);
  const raw = 300 / 65535; // value 500
  expect(raw * u16.scale + u16.offset).toBeCloseTo(0.5, 6);
  const f32 = windowUniform(storageClass('image', 'f32'), 1, 0, [-1, 1]);
  expect(0.5 * f32.scale + f32.offset).toBeCloseTo(0.75, 6);
  const threshold = windowUniform(storageClass('image', 'u8'), 1, 0, [100, 100]);
  expect((99 / 255) * threshold.scale + threshold.offset).toBeLessThan(0);
  expect((101 / 255) * threshold.scale + threshold.offset).toBeGreaterThan(1);
});

test('of floats of any size scale, offset and power are numbers that a shader has, and give the same places', () => {
  const plain = (n: number): boolean => n === 0 || (Math.abs(n) >= 2 ** -126 && Math.abs(n) <= 3.4e38);
  for (let exponent = -149; exponent <= 127; exponent += 1) {
    for (const [low, high] of [[0, 1], [-1, 1], [0.5, 1]] as const) {
      const unit = 2 ** exponent;
      const { scale, offset, power } = windowUniform(storageClass('image', 'f32'), 1, 0, [low * unit, high * unit]);
      expect([scale, offset, power].every(plain)).toBe(true);
      expect(unit * 0.75 * power * scale + offset).toBe((0.75 - low) / (high - low));
      if (Math.abs(exponent) < 90) expect(power).toBe(1);
    }
  }
});

test('16-bit voxels are handed over as their own bytes, not copied', () => {
  const voxels = new Uint16Array([0x1234, 0xfffe]);
  const bytes = texelBytes(storageClass('image', 'u16'), voxels) as Uint8Array;
  expect([...bytes]).toEqual([0x34, 0x12, 0xfe, 0xff]);
  expect(bytes.buffer).toBe(voxels.buffer);
  expect(() => texelBytes(storageClass('image', 'u16'), new Uint32Array(2))).toThrow(/4 bytes.*image\/u16/);
  expect(() => storageClass('image', 'u32')).toThrow(/image stored as u32/);
});

test('only transfer functions with thin peaks or steps are integrated between samples: those of new layers and presets are not', () => {
  const peaked = (look: Partial<typeof DEFAULT_LOOK> & { mode?: string }) => isPeaked(transferTexels({ ...DEFAULT_LOOK, ...look } as TransferSettings, 1 / 4, 1).subarray(4 * TRANSFER_SIZE, 8 * TRANSFER_SIZE));
  expect(peaked({})).toBe(false);
  expect(PRESETS.filter(({ look }) => look.points && peaked(look as never)).map(({ name }) => name)).toEqual([]);
  expect(peaked({ points: [[0, 0], [0.3, 0], [0.31, 0.9], [0.32, 0], [1, 0]] })).toBe(true);
  expect(peaked({ points: [[0, 0], [0.5, 0], [0.505, 0.8], [1, 0.8]] })).toBe(true);
  expect(peaked({ points: [[0, 0], [0.5, 0], [0.7, 0.8], [1, 0.8]] })).toBe(false);
});
