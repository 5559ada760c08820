/** @jest-environment jsdom */
import { beforeEach, expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Pixel, SliceView, View } from '../../../src/renderer/views.js';
import { AnnotationTools } from '../../../src/viewer/annotation_tools.js';
import { type GestureContext, Interactions } from '../../../src/viewer/interactions.js';
import { placeViews, viewAt } from '../../../src/viewer/layout.js';
import { reachesInto } from '../../../src/viewer/annotate/rubber_band.js';
import { Pointers, wheelPixels } from '../../../src/viewer/pointer.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const GRID = { shape: [100, 100, 100], voxelSize: [1, 1, 1], origin: [0.5, 0.5, 0.5] } as const;
const SIZE = { width: 800, height: 600 };

/** jsdom has no pointer events of its own in every version: a mouse event with what the handlers read. */
function pointerEvent(type: string, init: PointerEventInit): Event {
  const event = new MouseEvent(type, { bubbles: true, cancelable: true, ...init });
  return Object.assign(event, { pointerId: init.pointerId ?? 1, pointerType: init.pointerType ?? 'mouse' });
}

function setUp(mayEdit = true) {
  const stage = document.createElement('div');
  stage.getBoundingClientRect = () => ({ left: 100, top: 50, ...SIZE }) as DOMRect;
  document.body.replaceChildren(stage);
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  const scene = new Scene(new Y.Doc(), {});
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const moving: boolean[] = [];
  const context: GestureContext = {
    scene, store, view, author: 'test',
    viewUnder: (px) => {
      const id = viewAt(placeViews(store.state.layout, store.state.maximised, SIZE), px);
      return id && view(id);
    },
    pick: () => undefined, bounds: () => BOUNDS, grid: () => GRID, voxel: () => 1, volumeName: () => 'brain', mayEdit: () => mayEdit,
    redraw: () => undefined, tell: () => undefined, setCursor: () => undefined, pointAt: () => undefined,
    moving: (active) => moving.push(active),
  };
  const interactions = new Interactions(context, new AnnotationTools(context));
  const pointers = new Pointers(stage, interactions);
  const fire = (type: string, px: Pixel, init: PointerEventInit = {}) =>
    stage.dispatchEvent(pointerEvent(type, { clientX: px[0] + 100, clientY: px[1] + 50, ...init }));
  const wheel = (px: Pixel, init: WheelEventInit) => {
    const event = new WheelEvent('wheel', { clientX: px[0] + 100, clientY: px[1] + 50, bubbles: true, cancelable: true, ...init });
    stage.dispatchEvent(event);
    return event;
  };
  const middle = (id: string): Pixel => {
    const { x, y, width, height } = view(id).rect;
    return [x + width / 2, y + height / 2];
  };
  return { stage, store, scene, view, fire, wheel, middle, moving, pointers };
}
let s: ReturnType<typeof setUp>;
beforeEach(() => {
  s = setUp();
});

test('dragging in a slice moves the cross, and the other slices with it', () => {
  const axial = s.view('axial') as SliceView;
  s.fire('pointerdown', worldToSlice(axial, [20.5, 30.5, 0]));
  expect(s.store.state.cross.slice(0, 2)).toEqual([20.5, 30.5]);
  s.fire('pointermove', worldToSlice(axial, [60.5, 70.5, 0]));
  s.fire('pointerup', worldToSlice(axial, [60.5, 70.5, 0]));
  expect(s.store.state.cross.slice(0, 2)).toEqual([60.5, 70.5]);
  expect((s.view('sagittal') as SliceView).position).toBe(60.5);
});

test('shift, right and middle button pan', () => {
  for (const init of [{ shiftKey: true }, { button: 2 }, { button: 1 }]) {
    s = setUp();
    const { cross } = s.store.state;
    const place = worldToSlice(s.view('axial') as SliceView, [50, 50, 50]);
    s.fire('pointerdown', s.middle('axial'), init);
    s.fire('pointermove', [s.middle('axial')[0] + 30, s.middle('axial')[1] + 10]);
    s.fire('pointerup', [s.middle('axial')[0] + 30, s.middle('axial')[1] + 10]);
    expect(s.store.state.cross).toBe(cross);
    expect(worldToSlice(s.view('axial') as SliceView, [50, 50, 50])[0]).toBeCloseTo(place[0] + 30, 6);
  }
});

test('dragging in 3D turns, and says when it begins and ends', () => {
  const { camera } = s.store.state;
  s.fire('pointerdown', s.middle('volume'));
  expect(s.moving).toEqual([true]);
  s.fire('pointermove', [s.middle('volume')[0] + 40, s.middle('volume')[1]]);
  expect(s.store.state.camera.yaw).not.toBe(camera.yaw);
  expect(s.store.state.camera.target).toEqual(camera.target);
  s.fire('pointerup', s.middle('volume'));
  expect(s.moving).toEqual([true, false]);
});

test('the wheel steps slices, zooms them with ctrl, and zooms 3D', () => {
  s.store.update({ cross: [50.5, 50.5, 50.5] });
  const { pixelSize, camera } = s.store.state;
  expect(s.wheel(s.middle('coronal'), { deltaY: -100 }).defaultPrevented).toBe(true);
  expect(s.store.state.cross).toEqual([50.5, 51.5, 50.5]);
  s.wheel(s.middle('coronal'), { deltaY: -100, shiftKey: true });
  expect(s.store.state.cross[1]).toBe(61.5);
  s.wheel(s.middle('coronal'), { deltaY: -100, ctrlKey: true });
  expect(s.store.state.pixelSize).toBeLessThan(pixelSize);
  s.wheel(s.middle('volume'), { deltaY: 100 });
  expect(s.store.state.camera.distance).toBeGreaterThan(camera.distance);
  expect(wheelPixels({ deltaY: 3, deltaX: 0, deltaMode: 1 } as WheelEvent)).toBe(99);
  expect(wheelPixels({ deltaY: 0, deltaX: -40, deltaMode: 0 } as WheelEvent)).toBe(-40);
});

test('two fingers zoom and pan, and what one finger had begun is taken back', () => {
  s.store.update({ tool: 'point' });
  const { pixelSize } = s.store.state;
  const [x, y] = s.middle('axial');
  s.fire('pointerdown', [x - 50, y], { pointerId: 1, pointerType: 'touch' });
  s.fire('pointerdown', [x + 50, y], { pointerId: 2, pointerType: 'touch' });
  s.fire('pointermove', [x + 150, y], { pointerId: 2, pointerType: 'touch' });
  s.fire('pointerup', [x + 150, y], { pointerId: 2, pointerType: 'touch' });
  s.fire('pointerup', [x - 50, y], { pointerId: 1, pointerType: 'touch' });
  expect(s.store.state.pixelSize).toBeCloseTo(pixelSize / 2, 6);
  expect(s.scene.annotations()).toEqual([]);
  expect(s.moving).toEqual([true, false]);
});

test('two fingers turn the volume in 3D as they turn, the short way round', () => {
  const [x, y] = s.middle('volume');
  const { yaw, pitch, distance } = s.store.state.camera;
  expect(pitch).toBeGreaterThan(0);
  s.fire('pointerdown', [x - 60, y + 1], { pointerId: 1, pointerType: 'touch' });
  s.fire('pointerdown', [x + 60, y], { pointerId: 2, pointerType: 'touch' });
  for (let i = 1; i <= 4; i += 1) {
    const angle = (i * Math.PI) / 16;
    s.fire('pointermove', [x + 60 * Math.cos(angle), y + 60 * Math.sin(angle)], { pointerId: 2, pointerType: 'touch' });
    s.fire('pointermove', [x - 60 * Math.cos(angle), y - 60 * Math.sin(angle)], { pointerId: 1, pointerType: 'touch' });
  }
  expect(s.store.state.camera.yaw - yaw).toBeCloseTo(Math.PI / 4, 1);
  expect(s.store.state.camera.distance / distance).toBeCloseTo(1, 1);
});

test('a hand that rests while a pen is near draws nothing, before, during and just after', () => {
  s.store.update({ tool: 'freehand' });
  const [x, y] = s.middle('axial');
  const touch = (type: string, px: Pixel, id = 7) => s.fire(type, px, { pointerId: id, pointerType: 'touch' });
  const pen = (type: string, px: Pixel) => s.fire(type, px, { pointerId: 3, pointerType: 'pen' });
  touch('pointerdown', [x + 40, y + 40]); // the hand comes down first, and begins a line
  touch('pointermove', [x + 60, y + 40]);
  pen('pointerdown', [x, y]);
  touch('pointermove', [x + 80, y + 40]);
  touch('pointerdown', [x + 90, y + 60], 8);
  pen('pointermove', [x + 20, y]);
  pen('pointermove', [x + 40, y + 30]);
  pen('pointerup', [x + 40, y + 30]);
  touch('pointerup', [x + 80, y + 40]);
  touch('pointermove', [x + 10, y + 60], 8);
  touch('pointerup', [x + 10, y + 60], 8);
  touch('pointerdown', [x - 40, y - 40], 9); // the pen is still near
  touch('pointermove', [x - 80, y - 40], 9);
  touch('pointerup', [x - 80, y - 40], 9);
  expect(s.scene.annotations().length).toBe(1);
  const [line] = s.scene.annotations();
  const first = worldToSlice(s.view('axial') as SliceView, line!.coords.slice(0, 3) as unknown as [number, number, number]);
  expect(first.map(Math.round)).toEqual([x, y].map(Math.round));
  expect(s.moving).toEqual([]); // and no two fingers
});

test('a double click makes a view stand alone, and again brings all back', () => {
  const double = () => s.stage.dispatchEvent(new MouseEvent('dblclick', { clientX: s.middle('coronal')[0] + 100, clientY: s.middle('coronal')[1] + 50, bubbles: true }));
  double();
  expect(s.store.state.maximised).toBe('coronal');
  double();
  expect(s.store.state.maximised).toBeUndefined();
});

test('a press on a button over the stage is the button’s', () => {
  const { cross } = s.store.state;
  const button = s.stage.appendChild(document.createElement('button'));
  button.dispatchEvent(pointerEvent('pointerdown', { clientX: 150, clientY: 100 }));
  expect(s.store.state.cross).toBe(cross);
});

test('who may only look moves the cross where others draw', () => {
  s = setUp(false);
  s.store.update({ tool: 'point' });
  const axial = s.view('axial') as SliceView;
  s.fire('pointerdown', worldToSlice(axial, [20.5, 30.5, 0]));
  s.fire('pointerup', worldToSlice(axial, [20.5, 30.5, 0]));
  expect(s.scene.annotations()).toEqual([]);
  expect(s.store.state.cross.slice(0, 2)).toEqual([20.5, 30.5]);
});

test('a click in 3D selects what is under it and nothing else', () => {
  const id = s.scene.add({ kind: 'point', coords: [50, 50, 50], name: 'p', color: '#ff0000', volumeName: '', author: '' });
  s.fire('pointerdown', s.middle('volume'));
  s.fire('pointerup', s.middle('volume'));
  expect(s.store.state.selected).toBe(id);
  const { x, y } = s.view('volume').rect;
  s.fire('pointerdown', [x + 5, y + 5]);
  s.fire('pointerup', [x + 5, y + 5]);
  expect(s.store.state.selected).toBeUndefined();
});

test('nothing is heard after the end', () => {
  s.pointers.dispose();
  const { cross } = s.store.state;
  s.fire('pointerdown', [30, 30]);
  expect(s.store.state.cross).toBe(cross);
});

test('shift click selects more marks or fewer, a shift drag still pans; alt drags a frame around several, which then move as one step', () => {
  const add = (x: number, y: number, name: string) => s.scene.add({ kind: 'point', coords: [x, y, 50], name, color: '#ff0000', volumeName: 'brain', author: 'test' });
  const [one, two, three] = [add(30, 50, 'one'), add(50, 50, 'two'), add(70, 50, 'three')] as [string, string, string];
  const at = (x: number, y: number) => worldToSlice(s.view('axial') as SliceView, [x, y, 50]);
  const press = (from: Pixel, to: Pixel, init: PointerEventInit = {}) => {
    s.fire('pointerdown', from, init);
    s.fire('pointermove', [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], init);
    s.fire('pointermove', to, init);
    s.fire('pointerup', to, init);
  };
  const click = (px: Pixel, init: PointerEventInit = {}) => press(px, px, init);
  click(at(30, 50));
  expect([s.store.state.selected, s.store.state.chosen]).toEqual([one, []]);
  click(at(50, 50), { shiftKey: true });
  expect([s.store.state.selected, s.store.state.chosen]).toEqual([two, [one, two]]);
  const { center } = s.store.state;
  const away: Pixel = [at(50, 50)[0] + 20, at(50, 50)[1]];
  press(at(50, 50), away, { shiftKey: true });
  expect(s.store.state.center).not.toEqual(center);
  expect(s.store.state.chosen).toEqual([one, two]);
  s.store.update({ center });
  click(at(30, 50), { shiftKey: true });
  expect([s.store.state.selected, s.store.state.chosen]).toEqual([two, []]);
  press(at(20, 60), at(55, 40), { altKey: true });
  expect(s.store.state.chosen).toEqual([one, two]);
  press(at(65, 40), at(75, 60), { altKey: true, shiftKey: true });
  expect(s.store.state.chosen).toEqual([one, two, three]);

  press(at(50, 50), at(50, 60));
  const places = () => [one, two, three].map((id) => s.scene.annotation(id)?.coords.map((v) => Number(v.toFixed(6))));
  expect(places()).toEqual([[30, 60, 50], [50, 60, 50], [70, 60, 50]]);
  expect(s.store.state.chosen).toEqual([one, two, three]);
  s.scene.undo();
  expect(places()).toEqual([[30, 50, 50], [50, 50, 50], [70, 50, 50]]);
  s.fire('pointerdown', at(50, 50));
  s.fire('pointermove', at(50, 70));
  s.pointers.cancel();
  expect(places()).toEqual([[30, 50, 50], [50, 50, 50], [70, 50, 50]]);
  click(at(50, 50));
  expect([s.store.state.selected, s.store.state.chosen]).toEqual([two, []]);
});

test('a line reaches into a frame where any of it does', () => {
  const inside = (a: Pixel, b: Pixel) => reachesInto([a, b], [10, 10], [20, 20]);
  expect([inside([15, 15], [15, 15]), inside([0, 15], [30, 15]), inside([0, 5], [30, 35]), inside([10, 0], [10, 9])]).toEqual([true, true, true, false]);
  expect([inside([0, 12], [12, 0]), inside([0, 25], [25, 0]), inside([21, 0], [21, 30]), inside([20, 0], [20, 30])]).toEqual([false, true, false, true]);
});
