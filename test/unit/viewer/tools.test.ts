import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import type { BoxAnnotation } from '../../../src/annotation/model.js';
import { Scene } from '../../../src/annotation/scene.js';
import { project } from '../../../src/renderer/camera.js';
import { worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Picked, Pixel, SliceView, View, VolumeView } from '../../../src/renderer/views.js';
import { dragHandle } from '../../../src/viewer/annotate/grips.js';
import { AnnotationTools, freeName } from '../../../src/viewer/annotation_tools.js';
import { drawn, handlesIn } from '../../../src/viewer/marks.js';
import { onFacingPlane, projector } from '../../../src/viewer/view_geometry.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const GRID = { shape: [100, 100, 100], voxelSize: [1, 1, 1], origin: [0.5, 0.5, 0.5] } as const;
const SIZE = { width: 800, height: 600 };
const none = undefined as unknown as PointerEvent;

/** Tools on a real scene; 3D picks hit the plane through `surface` that faces the camera. */
function tools(surface?: readonly [number, number, number]) {
  const scene = new Scene(new Y.Doc(), {});
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const said: string[] = [];
  const made = new AnnotationTools({
    scene,
    store,
    view,
    pick: (id, px) => {
      const world = surface && onFacingPlane(view(id), px, surface);
      return world && ({ volume: 1, world, voxel: [0, 0, 0], level: 0 } satisfies Picked);
    },
    bounds: () => BOUNDS,
    grid: () => GRID,
    voxel: () => 1,
    volumeName: () => 'brain',
    author: 'test',
    redraw: () => undefined,
    tell: (message) => said.push(message),
  });
  return { scene, store, view, tools: made, said, axial: view('axial') as SliceView, volume: view('volume') as VolumeView };
}

test('a click with the point tool on a slice puts a point there, and selects it', () => {
  const { tools: t, scene, store, axial } = tools();
  store.update({ tool: 'point' });
  const drag = t.draw(axial, worldToSlice(axial, [20, 30, 0]))!;
  expect(t.draft?.coords).toBeDefined();
  drag.end(worldToSlice(axial, [20, 30, 0]), false);
  const [point] = scene.annotations();
  expect(point).toMatchObject({ kind: 'point', name: 'Point 1', volumeName: 'brain', author: 'test' });
  [20, 30, 50].forEach((value, i) => {
    expect(point?.coords[i]).toBeCloseTo(value, 6);
  });
  expect(store.state.selected).toBe(point?.id);
  expect(t.draft).toBeUndefined();
});

test('a point in 3D goes to the surface; where there is none, the viewer says so', () => {
  const { tools: t, scene, store, volume } = tools([60, 50, 50]);
  store.update({ tool: 'point' });
  const px = project(volume.camera, volume.rect, [60, 50, 50])!.px;
  t.draw(volume, px)!.end(px, false);
  [60, 50, 50].forEach((value, i) => {
    expect(scene.annotations()[0]?.coords[i]).toBeCloseTo(value, 6);
  });

  const empty = tools();
  empty.store.update({ tool: 'point' });
  empty.tools.draw(empty.volume, px)!.end(px, false);
  expect(empty.scene.annotations()).toEqual([]);
  expect(empty.said).toHaveLength(1);
});

test('a box drawn on a slice has the rectangle that was drawn and a depth about the slice', () => {
  const { tools: t, scene, store, axial } = tools();
  store.update({ tool: 'box' });
  const [from, to] = [worldToSlice(axial, [20, 30, 0]), worldToSlice(axial, [60, 50, 0])];
  const drag = t.draw(axial, from)!;
  drag.move(to, none);
  expect(t.draft?.kind).toBe('box');
  drag.end(to, false);
  const box = scene.annotations()[0] as BoxAnnotation;
  [20, 30, 40, 60, 50, 60].forEach((value, i) => {
    expect(box.coords[i]).toBeCloseTo(value, 6);
  });
});

test('a box drawn in 3D begins at the surface and is thick enough to see from every side', () => {
  const { tools: t, scene, store, volume } = tools([60, 50, 50]);
  store.update({ tool: 'box' });
  const start = project(volume.camera, volume.rect, [60, 50, 50])!.px;
  const drag = t.draw(volume, start)!;
  drag.end([start[0] + 60, start[1] + 60], false);
  const { coords } = scene.annotations()[0] as BoxAnnotation;
  const edges = [0, 1, 2].map((i) => coords[i + 3]! - coords[i]!);
  expect(Math.min(...edges)).toBeGreaterThanOrEqual(0.4 * Math.max(...edges) - 1e-9);
  expect([60, 50, 50].every((value, i) => value >= coords[i]! - 1e-6 && value <= coords[i + 3]! + 1e-6)).toBe(true);
});

test('a cancelled drag and a mere click leave no box', () => {
  const { tools: t, scene, store, axial, said } = tools();
  store.update({ tool: 'box' });
  const cancelled = t.draw(axial, [100, 100])!;
  cancelled.move([200, 200], none);
  cancelled.end([200, 200], true);
  t.draw(axial, [100, 100])!.end([101, 100], false);
  expect(scene.annotations()).toEqual([]);
  expect(t.draft).toBeUndefined();
  expect(said).toHaveLength(1);
});

test('dragging a point moves it, in one step of undo; a click only selects', () => {
  const { tools: t, scene, store, axial } = tools();
  const id = scene.add({ kind: 'point', coords: [20, 30, 50], name: 'p', color: '#ff0000', volumeName: '', author: '' });
  const at = worldToSlice(axial, [20, 30, 50]);
  const hit = t.hit(axial, [at[0] + 3, at[1]])!;
  expect(hit).toEqual({ id });
  t.edit(axial, at, hit)!.end(at, false);
  expect(store.state.selected).toBe(id);
  expect(scene.annotation(id)?.coords).toEqual([20, 30, 50]);
  const drag = t.edit(axial, at, hit)!;
  for (let i = 1; i <= 5; i += 1) drag.move(worldToSlice(axial, [20 + i * 4, 30 + i, 0]), none);
  drag.end(worldToSlice(axial, [40, 35, 0]), false);
  [40, 35, 50].forEach((value, i) => {
    expect(scene.annotation(id)?.coords[i]).toBeCloseTo(value, 6);
  });
  scene.undo();
  expect(scene.annotation(id)?.coords).toEqual([20, 30, 50]);
});

test('a drag that is cancelled puts the annotation back', () => {
  const { tools: t, scene, axial } = tools();
  const id = scene.add({ kind: 'point', coords: [20, 30, 50], name: 'p', color: '#ff0000', volumeName: '', author: '' });
  const at = worldToSlice(axial, [20, 30, 50]);
  const drag = t.edit(axial, at, { id })!;
  drag.move([at[0] + 50, at[1] + 50], none);
  expect(scene.annotation(id)?.coords).not.toEqual([20, 30, 50]);
  drag.end([0, 0], true);
  expect(scene.annotation(id)?.coords).toEqual([20, 30, 50]);
});

test('the handles of the selected box are found before its edges, and each moves its faces', () => {
  const { tools: t, scene, store, axial, volume } = tools();
  const id = scene.add({ kind: 'box', coords: [20, 30, 40, 60, 70, 60], name: 'b', color: '#ff0000', volumeName: '', author: '' });
  const corner = worldToSlice(axial, [60, 70, 50]);
  expect(t.hit(axial, corner)).toEqual({ id });
  store.update({ selected: id });
  expect(t.hit(axial, corner)).toEqual({ id, grip: { part: 'faces', sides: [1, 1, 0] } });
  const drag = t.edit(axial, corner, t.hit(axial, corner)!)!;
  drag.move(worldToSlice(axial, [80, 65, 0]), none);
  drag.end([0, 0], false);
  const { coords } = scene.annotation(id) as BoxAnnotation;
  [20, 30, 40, 80, 65, 60].forEach((value, i) => {
    expect(coords[i]).toBeCloseTo(value, 6);
  });
  // in 3D a face goes along its axis, as far as the pointer
  const face = [80, 47.5, 50] as const;
  const from = project(volume.camera, volume.rect, face)!.px;
  const to = project(volume.camera, volume.rect, [95, 47.5, 50])!.px;
  const moved = dragHandle(volume, coords, [1, 0, 0], from, to)!;
  expect(moved[3]).toBeCloseTo(95, 6);
  expect(moved.slice(0, 3)).toEqual(coords.slice(0, 3));
});

test('a slice shows what it cuts, 3D shows all', () => {
  const { axial, volume } = tools();
  const box = { kind: 'box', coords: [20, 30, 80, 60, 70, 90] } as const;
  expect(drawn(axial, box, 1)).toBeUndefined();
  expect(drawn(volume, box, 1)?.lines).toHaveLength(12);
  expect(drawn(axial, { kind: 'box', coords: [20, 30, 40, 60, 70, 90] }, 1)?.lines).toHaveLength(4);
  expect(drawn(axial, { kind: 'point', coords: [20, 30, 50.4] }, 1)?.dot).toBeDefined();
  expect(drawn(axial, { kind: 'point', coords: [20, 30, 80] }, 1)).toBeUndefined();
  expect([handlesIn(axial).length, handlesIn(volume).length]).toEqual([8, 6]);
});

test('pixels and world are inverse in every view', () => {
  const { store } = tools();
  for (const view of viewsOf(store.state, SIZE)) {
    const px: Pixel = [view.rect.x + 70, view.rect.y + 90];
    const world = onFacingPlane(view, px, store.state.cross)!;
    const back = projector(view)(world)!;
    expect(back[0]).toBeCloseTo(px[0], 6);
    expect(back[1]).toBeCloseTo(px[1], 6);
  }
});

test('names are the first that is free', () => {
  expect(freeName('Point', [{ name: 'Point 1' }, { name: 'Point 3' }])).toBe('Point 2');
});
