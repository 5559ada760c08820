import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { contentBounds } from '../../../src/viewer/content_bounds.js';
import { Framing } from '../../../src/viewer/framing.js';
import { Settling } from '../../../src/viewer/settling.js';
import { geometryOf, ShownLayers } from '../../../src/viewer/shown_layers.js';
import { ViewStore } from '../../../src/viewer/view_state.js';
import { coarseBrick, source, volume } from './volumes.js';

const SIZE = { width: 900, height: 500 };

test('content is where values are, in the world, on any level', () => {
  const of = volume(1, { voxel_size: [3, 2, 1], origin: [100, 0, 0] });
  const ball = coarseBrick(of, (z, y, x) => Number(z >= 10 && z <= 20 && y >= 5 && y <= 40 && x === 30));
  expect(contentBounds(ball, geometryOf(of.description), of.description, 0.5)).toEqual({ min: [29.5, 9, 128.5], max: [30.5, 81, 161.5] });
  expect(contentBounds(ball, geometryOf(of.description), of.description, 2)).toBeUndefined();
  const large = volume(2, { shape: [101, 128, 128] });
  const all = contentBounds(coarseBrick(large, () => 1), geometryOf(large.description), large.description, 1);
  expect(all).toEqual({ min: [-0.5, -0.5, -0.5], max: [127.5, 127.5, 100.5] });
});

function framing(...volumes: ReturnType<typeof volume>[]) {
  const from = source(...volumes);
  const layers = new ShownLayers(from, new Scene(new Y.Doc(), {}), () => true);
  const store = new ViewStore({ layout: 'four' });
  return { from, layers, store, framing: new Framing(store, layers, () => SIZE) };
}

test('the first volume comes into view, and a nearer look once its content is known', () => {
  const brain = volume(1);
  const { framing: f, store, layers } = framing(brain);
  f.volumesChanged();
  expect(store.state.cross).toEqual([30, 25, 20]);
  const far = store.state.camera.distance;
  layers.learn(coarseBrick(brain, (z, y, x) => (Math.abs(z - 10) < 5 && Math.abs(y - 10) < 5 && Math.abs(x - 10) < 5 ? 1000 : 0)));
  f.volumesChanged();
  expect(store.state.camera.distance).toBeLessThan(far / 2);
  for (const value of store.state.camera.target) expect(value).toBeCloseTo(10, 6);
});

test('a second volume does not move what someone has moved; a reset shows both', () => {
  const { framing: f, store, from, layers } = framing(volume(1));
  f.volumesChanged();
  store.update({ camera: { ...store.state.camera, yaw: 1 } });
  const moved = store.state.camera;
  from.volumes.set(2, volume(2, { name: 'b', shape: [400, 400, 400] }));
  const ranges = from.ranges(1);
  from.ranges = () => ranges;
  layers.refresh();
  f.volumesChanged();
  f.resized();
  expect(store.state.camera).toBe(moved);
  f.fit();
  expect(store.state.camera.distance).toBeGreaterThan(moved.distance * 2);
  expect(f.bounds?.max[0]).toBe(399.5);
});

test('a slice that stands alone shows as much as before in its room, and comes back as it was, also when it was zoomed', () => {
  const { framing: f, store } = framing(volume(1));
  f.volumesChanged();
  const four = store.state.pixelSize;
  store.update({ maximised: 'axial' });
  const alone = store.state.pixelSize;
  expect(alone).toBeLessThan(0.6 * four);
  // It is fitted, as a reset says, too.
  f.fit();
  expect(store.state.pixelSize).toBeCloseTo(alone, 12);
  store.update({ maximised: undefined });
  expect(store.state.pixelSize).toBeCloseTo(four, 12);
  store.update({ pixelSize: four / 8, center: [1, 2, 3] });
  store.update({ layout: 'slices' });
  store.update({ maximised: 'coronal' });
  store.update({ layout: 'four', maximised: undefined });
  expect(store.state.pixelSize).toBeCloseTo(four / 8, 12);
  // 3D alone changes nothing of the slices, and a size that comes with the layout is taken as it is.
  store.update({ layout: 'volume' });
  expect(store.state.pixelSize).toBeCloseTo(four / 8, 12);
  store.update({ layout: 'slices', pixelSize: 0.75 });
  expect(store.state.pixelSize).toBe(0.75);
  f.resized();
  expect([store.state.pixelSize, store.state.center]).toEqual([0.75, [1, 2, 3]]);
});

test('settled is a promise that is renewed', async () => {
  const told: boolean[] = [];
  const settling = new Settling((settled) => told.push(settled));
  const first = settling.promise;
  settling.set(true);
  await first;
  settling.set(true);
  settling.set(false);
  expect(settling.promise).not.toBe(first);
  let done = false;
  void settling.promise.then(() => {
    done = true;
  });
  await Promise.resolve();
  expect(done).toBe(false);
  expect(told).toEqual([false, true, false]);
});
