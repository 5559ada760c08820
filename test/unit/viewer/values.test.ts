import { expect, test } from '@jest/globals';
import { Scene } from '../../../src/annotation/scene.js';
import { ensureLayer } from '../../../src/annotation/layers.js';
import * as Y from 'yjs';
import { autoWindow, barHeights, brickHistogram, mergeHistograms } from '../../../src/viewer/histogram.js';
import { unitedBounds } from '../../../src/viewer/bounds.js';
import { readout } from '../../../src/viewer/readout.js';
import { ShownLayers } from '../../../src/viewer/shown_layers.js';
import { valueAt } from '../../../src/viewer/value_at.js';
import { coarseBrick, source, volume } from './volumes.js';

test('the automatic window leaves out background and outliers, and ignores halo and padding', () => {
  const of = volume(1);
  // half background, the rest 100..199, one voxel far out
  const brick = coarseBrick(of, (z, y, x) => (z === 3 && y === 3 && x === 3 ? 50000 : x < 30 ? 0 : 100 + ((z * 7 + y * 3 + x) % 100)));
  const histogram = brickHistogram(brick, of.description);
  expect(histogram).toMatchObject({ min: 0, max: 50000 });
  expect(histogram?.bins.reduce((a, b) => a + b)).toBe(40 * 50 * 60);
  const [low, high] = autoWindow(histogram, undefined);
  expect(low).toBe(0);
  expect(high).toBeGreaterThanOrEqual(150);
  expect(high).toBeLessThan(500);
});

test('values that are not finite, scales and constants are no trouble', () => {
  const float = volume(1, { stored: 'f32', dtype: 'float32' });
  const holes = brickHistogram(coarseBrick(float, (z, _, x) => (z < 20 ? Number.NaN : x / 60)), float.description)!;
  expect(holes.bins.reduce((a, b) => a + b)).toBe(20 * 50 * 60);
  expect(holes.max).toBeCloseTo(59 / 60, 6);
  expect(brickHistogram(coarseBrick(float, () => Number.NaN), float.description)).toBeUndefined();

  const scaled = volume(1, { scale: -2, offset: 10 });
  const turned = brickHistogram(coarseBrick(scaled, (z) => z), scaled.description)!;
  expect([turned.min, turned.max]).toEqual([10 - 2 * 39, 10]);

  const constant = volume(1);
  const [low, high] = autoWindow(brickHistogram(coarseBrick(constant, () => 7), constant.description), undefined);
  expect(low).toBe(7);
  expect(high).toBeGreaterThan(7);
  expect(autoWindow(undefined, { min: 3, max: 9 })).toEqual([3, 9]);
  expect(autoWindow(undefined, undefined)).toEqual([0, 1]);
});

test('a signed volume keeps its low end when it has no background', () => {
  const of = volume(1, { stored: 'f32', dtype: 'float32' });
  const [low, high] = autoWindow(brickHistogram(coarseBrick(of, (z, y, x) => Math.sin(z * y + x) * 1000), of.description), undefined);
  expect(low).toBeLessThan(-950);
  expect(high).toBeGreaterThan(950);
});

test('bars are as high as there are values between their edges', () => {
  const of = volume(1);
  const histogram = brickHistogram(coarseBrick(of, (_, __, x) => x), of.description)!;
  const edges = [0, 10, 20, 30, 40, 50, 60];
  for (const bar of barHeights(histogram, edges, true)) expect(bar).toBeCloseTo(1, 1);
  expect(barHeights(histogram, [100, 150, 200], true)).toEqual([0, 0]);
  const skewed = { min: 0, max: 2, bins: Float64Array.of(100, 1) };
  expect(barHeights(skewed, [0, 1, 2], false)).toEqual([1, 0.01]);
  expect(barHeights(skewed, [0, 1, 2], true)[1]).toBeCloseTo(Math.log(2) / Math.log(101), 6);
  // Bars narrower than a bin share its values, and none is empty.
  expect(barHeights(skewed, [0, 0.25, 0.5, 0.75, 1], false)).toEqual([1, 1, 1, 1]);
});

test('histograms come together by what their voxels stand for', () => {
  const bins = (at: number, count: number) => {
    const made = new Float64Array(1024);
    made[at] = count;
    return made;
  };
  const merged = mergeHistograms([
    { histogram: { min: 0, max: 10, bins: bins(0, 5) }, weight: 8 },
    { histogram: { min: 10, max: 20, bins: bins(1023, 3) }, weight: 1 },
  ])!;
  expect([merged.min, merged.max]).toEqual([0, 20]);
  expect([merged.bins[0], merged.bins[1023]]).toEqual([40, 3]);
  expect(mergeHistograms([])).toBeUndefined();
});

test('the value at a voxel comes from the finest brick at hand', () => {
  const of = volume(1, { shape: [100, 50, 60], scale: 2, offset: 1 });
  const coarse = coarseBrick(of, (z, y, x) => z * 1000 + y * 20 + x);
  expect(valueAt(of.description, (key) => (key.level === 1 ? coarse : undefined), [20, 10, 14])).toBe((10 * 1000 + 5 * 20 + 7) * 2 + 1);
  expect(valueAt(of.description, () => undefined, [20, 10, 14])).toBeUndefined();
  expect(valueAt(of.description, () => coarse, [-1, 0, 0])).toBeUndefined();
  expect(valueAt(of.description, () => coarse, [100, 0, 0])).toBeUndefined();
});

function shown(...volumes: ReturnType<typeof volume>[]) {
  const scene = new Scene(new Y.Doc(), {});
  for (const { description } of volumes) ensureLayer(scene.doc, description);
  return { scene, layers: new ShownLayers(source(...volumes), scene, () => true) };
}

test('what the scene says of a layer goes over what its values suggest', () => {
  const brain = volume(1);
  const { scene, layers } = shown(brain);
  expect(layers.list[0]).toMatchObject({ automatic: true, settings: { window: [0, 1], colormap: 'gray' } });
  expect(layers.learn(coarseBrick(brain, (_, __, x) => x * 10))).toBe(true);
  expect(layers.rough(brain)).toBe(false);
  // What a preview of 8 bits says holds until the true brick is here, which is to be got.
  layers.learn({ ...coarseBrick(brain, (_, __, x) => x * 10), lossy: true });
  expect(layers.rough(brain)).toBe(true);
  layers.learn(coarseBrick(brain, (_, __, x) => x * 10));
  expect(layers.rough(brain)).toBe(false);
  expect(layers.list[0]?.settings.window[1]).toBeGreaterThan(500);
  scene.setLayer('brain', { window: [5, 6], opacity: 0.5 });
  layers.refresh();
  expect(layers.list[0]).toMatchObject({ automatic: false, settings: { window: [5, 6], opacity: 0.5 } });
});

test('of an image without a number in it, or of one value alone, it is said why there is nothing to see', () => {
  const brain = volume(1, { shape: [100, 50, 60] });
  const from = source(brain);
  const scene = new Scene(new Y.Doc(), {});
  ensureLayer(scene.doc, brain.description);
  const layers = new ShownLayers(from, scene, () => true);
  expect(layers.remark).toBeUndefined();
  const brick = coarseBrick(brain, () => 0);
  layers.learn({ ...brick, voxels: new Float32Array(brick.voxels.length).fill(Number.NaN) });
  expect(layers.remark).toBe('brain: none of its voxels is a finite number, so there is nothing to draw');
  from.ranges(1).apply({ level: [1], z: [0], y: [0], x: [0], min: [7], max: [7], generation: [1] } as never);
  layers.learn(coarseBrick(brain, () => 7));
  expect(layers.remark).toBe('brain: all of its voxels that are known are 7, so there is nothing to tell apart');
  from.ranges(1).apply({ level: [0], z: [0], y: [0], x: [0], min: [7], max: [9], generation: [1] } as never);
  expect(layers.remark).toBeUndefined();
  scene.setLayer('brain', { visible: false });
  layers.refresh();
  layers.learn({ ...brick, voxels: new Float32Array(brick.voxels.length).fill(Number.NaN) });
  expect(layers.remark).toBeUndefined();
});

test('a volume whose layer has not come yet is shown with defaults', () => {
  const layers = new ShownLayers(source(volume(1, { display: { window: [2, 3] } })), new Scene(new Y.Doc(), {}), () => true);
  expect(layers.list).toMatchObject([{ settings: { window: [2, 3], visible: true } }]);
});

test('who may only look changes the layers for himself', () => {
  const brain = volume(1);
  const scene = new Scene(new Y.Doc(), {});
  ensureLayer(scene.doc, brain.description);
  const layers = new ShownLayers(source(brain), scene, () => false);
  layers.set('brain', { opacity: 0.1 });
  expect(layers.list[0]?.settings.opacity).toBe(0.1);
  expect(scene.layers()[0]?.opacity).toBe(1);
});

test('the leading layer is the visible image on top', () => {
  const { scene, layers } = shown(volume(1, { name: 'a' }), volume(2, { name: 'b' }), volume(3, { name: 'l', kind: 'labels' }));
  expect(layers.leading?.layer.id).toBe('b');
  scene.setLayer('b', { visible: false });
  layers.refresh();
  expect(layers.leading?.layer.id).toBe('a');
});

test('the readout gives voxel, world, value and the labels there', () => {
  const brain = volume(1, { voxel_size: [2, 1, 1], origin: [10, 0, 0] });
  const mask = volume(2, { name: 'mask', kind: 'labels', voxel_size: [2, 1, 1], origin: [10, 0, 0] });
  const { layers } = shown(brain, mask);
  const bricks = [coarseBrick(brain, (_, __, x) => x * 10), coarseBrick(mask, () => 4)];
  const text = readout({ world: [7, 8, 14], picked: undefined }, layers.list, layers.leading!, (handle) => bricks[handle - 1]);
  expect(text).toBe('voxel 2, 8, 7 · 7.0, 8.0, 14.0 mm · 70 · mask 4');
  expect(readout({ world: [-50, 0, 0], picked: undefined }, layers.list, layers.leading!, (handle) => bricks[handle - 1])).toBe('−50.0, 0.0, 0.0 mm');
});

test('bounds hold all volumes', () => {
  const { layers } = shown(volume(1), volume(2, { name: 'b', origin: [-10, 0, 0], shape: [4, 4, 4] }));
  expect(unitedBounds(layers.list)).toEqual({ min: [-0.5, -0.5, -10.5], max: [59.5, 49.5, 39.5] });
  expect(unitedBounds([])).toBeUndefined();
});
