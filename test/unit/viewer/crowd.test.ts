import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { MarkIndex } from '../../../src/annotation/mark_index.js';
import { Scene } from '../../../src/annotation/scene.js';
import type { View } from '../../../src/renderer/views.js';
import { Crowd } from '../../../src/viewer/annotate/crowd.js';
import { clipLine, fastProjector, pixelOf, Raster } from '../../../src/viewer/annotate/raster.js';
import type { OverlayScene } from '../../../src/viewer/overlay.js';
import { projector } from '../../../src/viewer/view_geometry.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const SIZE = { width: 800, height: 600 };
const store = new ViewStore({ layout: 'four' });
store.update(fitted(BOUNDS, 'four', undefined, SIZE));
const view = (id: string) => viewsOf(store.state, SIZE).find((each) => each.id === id) as View;
const raster = (width: number, height: number) => new Raster(new Uint8ClampedArray(4 * width * height) as Uint8ClampedArray<ArrayBuffer>, width, height);

test('a dot and a line are written where they are, and not beyond the edge', () => {
  const small = raster(10, 8);
  small.dot(0, 0, 1, 1);
  expect([...small.pixels].filter((pixel) => pixel === 1)).toHaveLength(4);
  small.dot(-5, 3, 1, 1);
  small.dot(50, 50, 2, 1);
  expect([...small.pixels].filter((pixel) => pixel === 1)).toHaveLength(4);
  small.line(-100, 4, 100, 4, 2);
  expect([...small.pixels].map((pixel, i) => (pixel === 2 ? i : -1)).filter((i) => i >= 0)).toEqual(Array.from({ length: 10 }, (_, i) => 40 + i));
  small.line(0, 100, 10, 101, 3);
  expect([...small.pixels]).not.toContain(3);
  expect(clipLine(-10, 0, 10, 20, 5, 20)).toEqual([0, 10, 5, 15]);
  expect(clipLine(Number.NaN, 0, 1, 1, 5, 5)).toBeUndefined();
});

test('colours are pixels as a canvas has them', () => {
  const one = raster(1, 1);
  one.dot(0, 0, 0, pixelOf('#123456', 1));
  expect([...one.bytes]).toEqual([0x12, 0x34, 0x56, 255]);
});

test('places are those of the views, with the ratio of the screen', () => {
  const out = new Float64Array(3);
  for (const each of viewsOf(store.state, SIZE)) {
    fastProjector(each, 2)(20, 70, 45, out);
    const [x, y] = projector(each)([20, 70, 45])!;
    expect(out[0]).toBeCloseTo(2 * (x - each.rect.x), 6);
    expect(out[1]).toBeCloseTo(2 * (y - each.rect.y), 6);
  }
  fastProjector(view('volume'), 1)(...([0, 1, 2].map((i) => 1e6 * [1, 1, 1][i]!) as [number, number, number]), out);
  expect(Number.isFinite(out[2]!)).toBe(true);
});

test('a crowd shows points near a slice, boxes it cuts, all of both in 3D, and not the selected one', () => {
  const scene = new Scene(new Y.Doc(), {});
  const marks = new MarkIndex(scene);
  const common = { name: '', color: '#ff0000', volumeName: '', author: '' };
  scene.add({ ...common, kind: 'point', coords: [20, 20, 50] });
  scene.add({ ...common, kind: 'point', coords: [80, 80, 90] });
  const selected = scene.add({ ...common, kind: 'point', coords: [80, 20, 50] });
  scene.add({ ...common, kind: 'box', coords: [40, 40, 40, 60, 60, 60], color: '#0000ff' });
  scene.add({ ...common, kind: 'box', coords: [40, 40, 80, 60, 60, 90], color: '#00ff00' });
  const crowd = new Crowd();
  const overlay = { marks, state: { ...store.state, selected }, voxel: [1, 1, 1], colorOf: (annotation: Parameters<Scene['colorOf']>[0]) => scene.colorOf(annotation) } as unknown as OverlayScene;
  crowd.begin(overlay);
  const count = (id: string) => {
    const of = view(id);
    const pixels = raster(of.rect.width, of.rect.height);
    crowd.rasterise(pixels, of, overlay, 1);
    return (color: string) => [...pixels.pixels].filter((pixel) => pixel === pixelOf(color, 0.9)).length;
  };
  const axial = count('axial');
  expect([axial('#ff0000'), axial('#00ff00')]).toEqual([9, 0]);
  const edge = 20 / (view('axial') as Extract<View, { kind: 'slice' }>).pixelSize;
  expect(axial('#0000ff') / (4 * edge)).toBeCloseTo(1, 1);
  const volume = count('volume');
  expect([volume('#ff0000') >= 9, volume('#00ff00') > 100, volume('#0000ff') > 100]).toEqual([true, true, true]);
});

test('a crowd that changes again and again is drawn anew a fifth of the time at most; meanwhile what changed is drawn apart', () => {
  const scene = new Scene(new Y.Doc(), {});
  const marks = new MarkIndex(scene);
  const ids = [0, 1, 2].map((n) => scene.add({ name: '', color: '#ff0000', volumeName: '', author: '', kind: 'point', coords: [n, n, n] }));
  let now = 1000;
  // Each look at the clock while a view is drawn takes 10 ms.
  const crowd = new Crowd(() => now);
  const canvas = { getContext: () => ({ createImageData: (width: number, height: number) => ({ data: new Uint8ClampedArray(4 * width * height) }), putImageData: () => { now += 10; } }), ownerDocument: { createElement: () => ({ ...canvas }) } };
  const context = { canvas, drawImage: () => undefined } as unknown as CanvasRenderingContext2D;
  const frame = (selected?: string) => {
    const overlay = { marks, state: { ...store.state, selected }, voxel: [1, 1, 1], colorOf: () => '#ff0000' } as unknown as OverlayScene;
    const again = crowd.begin(overlay);
    for (const id of ['axial', 'volume']) crowd.draw(context, view(id), overlay, 1);
    return [again, crowd.drawnAnew, crowd.late];
  };
  expect(frame()).toEqual([0, 2, []]); // 20 ms, until 1020
  expect(frame()).toEqual([0, 2, []]);
  scene.update(ids[0]!, { coords: [5, 5, 5] });
  expect(frame()).toEqual([60, 2, [ids[0]]]); // until 1080
  now += 30;
  scene.remove(ids[1]!);
  expect(frame(ids[2])).toEqual([30, 2, [ids[0], ids[1], ids[2]]]);
  now += 30;
  expect(frame(ids[2])).toEqual([0, 4, []]);
  now += 1000;
  for (let n = 0; n < 5; n += 1) {
    scene.update(ids[2]!, { coords: [n, 0, 0] });
    expect(frame(ids[2])).toEqual([0, 4, []]); // the selected one is no part of the pictures
  }
});
