import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { project } from '../../../src/renderer/camera.js';
import { sliceDistance, worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Picked, Pixel, SliceView, View, VolumeView } from '../../../src/renderer/views.js';
import { makeAnnotationCommands } from '../../../src/viewer/annotate/annotation_commands.js';
import type { DrawingTool } from '../../../src/viewer/annotate/drawing_state.js';
import { gripsOf } from '../../../src/viewer/annotate/grips.js';
import { AnnotationTools } from '../../../src/viewer/annotation_tools.js';
import { drawn, withinReach } from '../../../src/viewer/marks.js';
import { onFacingPlane } from '../../../src/viewer/view_geometry.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const GRID = { shape: [100, 100, 100], voxelSize: [1, 1, 1], origin: [0.5, 0.5, 0.5] } as const;
const SIZE = { width: 800, height: 600 };
const none = undefined as unknown as PointerEvent;

function setUp(surface?: readonly [number, number, number]) {
  const scene = new Scene(new Y.Doc(), {}, 'me');
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const said: string[] = [];
  const tools = new AnnotationTools({
    scene, store, view, author: 'me', bounds: () => BOUNDS, grid: () => GRID, voxel: () => 1, volumeName: () => 'brain',
    pick: (id, px) => {
      const world = surface && onFacingPlane(view(id), px, surface);
      return world && ({ volume: 1, world, voxel: [0, 0, 0], level: 0 } satisfies Picked);
    },
    redraw: () => undefined,
    tell: (message) => said.push(message),
  });
  const commands = makeAnnotationCommands({ scene, store, tools: () => tools, mayEdit: () => true, activeView: () => view('axial'), snap: (place) => place });
  const axial = () => view('axial') as SliceView;
  const at = (x: number, y: number): Pixel => worldToSlice(axial(), [x, y, 0]);
  const click = (px: Pixel, on: View = axial()) => {
    tools.path.hover(on, px);
    tools.draw(on, px)?.end(px, false);
  };
  const drag = (from: Pixel, to: Pixel) => {
    const hit = tools.hit(axial(), from)!;
    const made = tools.edit(axial(), from, hit)!;
    made.move([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], none);
    made.move(to, none);
    made.end(to, false);
    return hit;
  };
  const use = (tool: DrawingTool | 'navigate') => store.update({ tool });
  const only = () => scene.annotations()[0]!;
  const coords = () => only().coords.map((value) => Math.round(value * 1e6) / 1e6);
  return { scene, store, tools, said, view, axial, at, click, drag, use, only, coords, commands, volume: view('volume') as VolumeView };
}

test('a polyline is drawn click by click; a second press on its end ends it; points can be taken back', () => {
  const s = setUp();
  s.use('polyline');
  s.click(s.at(20, 20));
  expect(s.tools.draft?.kind).toBe('point');
  s.click(s.at(40, 20));
  s.tools.path.hover(s.axial(), s.at(60, 60));
  expect(s.tools.draft?.coords.slice(6).map(Math.round)).toEqual([60, 60, 50]);
  s.click(s.at(90, 90));
  expect(s.tools.path.back()).toBe(true);
  s.click(s.at(40, 60));
  expect(s.scene.annotations()).toEqual([]);
  s.click(s.at(40, 60));
  expect(s.only()).toMatchObject({ kind: 'polyline', name: 'Polyline 1', volumeName: 'brain', author: 'me' });
  expect(s.coords()).toEqual([20, 20, 50, 40, 20, 50, 40, 60, 50]);
  expect([s.tools.draft, s.store.state.selected]).toEqual([undefined, s.only().id]);
});

test('enter ends, escape leaves, and another tool leaves too', () => {
  const s = setUp();
  s.use('polyline');
  s.click(s.at(20, 20));
  expect(s.tools.path.finish()).toBe(true);
  expect(s.said).toEqual([expect.stringContaining('2 points')]);
  expect(s.tools.cancel()).toBe(true);
  expect([s.tools.cancel(), s.tools.path.finish()]).toEqual([false, false]);
  s.click(s.at(20, 20));
  s.use('polygon');
  expect(s.tools.path.drawing).toBeUndefined();
  expect(s.scene.annotations()).toEqual([]);
});

test('a polygon closes on its first point, is refused while it crosses itself, and lies in one slice', () => {
  const s = setUp();
  s.use('polygon');
  for (const [x, y] of [[20, 20], [60, 60], [60, 20], [20, 60]] as const) s.click(s.at(x, y));
  s.click(s.at(20, 20));
  expect(s.said.at(-1)).toContain('crosses itself');
  expect(s.scene.annotations()).toEqual([]);
  s.tools.path.back();
  s.store.update({ cross: [50, 50, 60] });
  s.click(s.at(30, 70));
  expect(s.said.at(-1)).toContain('one slice');
  s.store.update({ cross: [50, 50, 50] });
  s.click(s.at(20, 20));
  expect(s.coords()).toEqual([20, 20, 50, 60, 60, 50, 60, 20, 50]);
  expect(drawn(s.axial(), s.only(), 1)?.fill).toHaveLength(3);
});

test('a line is dragged or clicked; in 3D its ends go onto the surface; a polygon asks for a slice', () => {
  const s = setUp([60, 50, 50]);
  s.use('line');
  const made = s.tools.draw(s.axial(), s.at(10, 10))!;
  made.move(s.at(30, 10), none);
  made.end(s.at(30, 10), false);
  expect(s.coords()).toEqual([10, 10, 50, 30, 10, 50]);
  const [a, b] = ([[60, 40, 50], [60, 60, 50]] as const).map((p) => project(s.volume.camera, s.volume.rect, p)!.px) as [Pixel, Pixel];
  s.click(a, s.volume);
  expect(s.scene.annotations()).toHaveLength(1);
  s.click(b, s.volume);
  const line = s.scene.annotations()[1]!;
  const facing = [onFacingPlane(s.volume, a, [60, 50, 50])!, onFacingPlane(s.volume, b, [60, 50, 50])!].flat();
  expect(line.coords).toEqual(facing.map((value) => expect.closeTo(value, 6)));
  s.use('polygon');
  s.click(a, s.volume);
  expect(s.said.at(-1)).toContain('slice');
});

test('a freehand line is simplified, and back at its beginning it is a polygon', () => {
  const s = setUp();
  s.use('freehand');
  const round = (turns: number) => {
    const px = (i: number) => s.at(50 + 20 * Math.cos((i / 200) * 2 * Math.PI), 50 + 20 * Math.sin((i / 200) * 2 * Math.PI));
    const made = s.tools.draw(s.axial(), px(0))!;
    for (let i = 1; i <= 200 * turns; i += 1) made.move(px(i), none);
    made.end(px(200 * turns), false);
  };
  round(0.5);
  round(1);
  const [half, whole] = s.scene.annotations();
  expect([half?.kind, whole?.kind]).toEqual(['polyline', 'polygon']);
  expect(whole!.coords.length / 3).toBeLessThan(100);
  for (let i = 0; i < whole!.coords.length; i += 3) {
    expect(Math.hypot(whole!.coords[i]! - 50, whole!.coords[i + 1]! - 50)).toBeCloseTo(20, 0);
    expect(whole!.coords[i + 2]).toBe(50);
  }
});

test('boxes that turn and ellipsoids stand as the slice does, and its rectangle is theirs', () => {
  const s = setUp();
  const turn = [0, 0, Math.sin(Math.PI / 8), Math.cos(Math.PI / 8)] as const;
  for (const tool of ['oriented_box', 'ellipsoid', 'box'] as const) {
    s.use(tool);
    s.store.update({ turn: tool === 'ellipsoid' ? undefined : turn });
    const middle = worldToSlice(s.axial(), [50, 50, 50]);
    const made = s.tools.draw(s.axial(), [middle[0] - 60, middle[1] - 30])!;
    made.end([middle[0] + 60, middle[1] + 30], false);
    const form = s.scene.annotations().at(-1)!;
    expect(form.kind).toBe(tool === 'ellipsoid' ? 'ellipsoid' : 'oriented_box');
    const scale = s.axial().pixelSize;
    expect(form.coords.slice(0, 6)).toEqual([50, 50, 50, 60 * scale, 30 * scale, 30 * scale].map((value) => expect.closeTo(value, 6)));
    const lines = drawn(s.axial(), form, 1)!.lines.flat();
    expect(Math.max(...lines.map(([x]) => x))).toBeCloseTo(middle[0] + 60, 0);
    expect(Math.min(...lines.map(([, y]) => y))).toBeCloseTo(middle[1] - 30, 0);
  }
});

test('vertices are dragged, put into an edge, and taken out; each is a step of undo', () => {
  const s = setUp();
  const id = s.scene.add({ kind: 'polygon', coords: [20, 20, 50, 80, 20, 50, 80, 80, 50, 20, 80, 50], name: '', color: '#ff0000', volumeName: '', author: '' });
  s.store.update({ selected: id });
  expect(s.drag(s.at(20, 20), s.at(10, 30)).grip).toEqual({ part: 'vertex', index: 0 });
  expect(s.coords().slice(0, 3)).toEqual([10, 30, 50]);
  expect(s.drag(s.at(80, 50), s.at(90, 50)).grip).toEqual({ part: 'edge', index: 1 });
  expect(s.coords()).toEqual([10, 30, 50, 80, 20, 50, 90, 50, 50, 80, 80, 50, 20, 80, 50]);
  s.tools.edit(s.axial(), s.at(80, 20), s.tools.hit(s.axial(), s.at(80, 20))!)!.end(s.at(80, 20), false);
  expect(s.tools.vertex).toBe(1);
  expect(s.tools.removeVertex()).toBe(true);
  expect(s.coords()).toEqual([10, 30, 50, 90, 50, 50, 80, 80, 50, 20, 80, 50]);
  s.tools.removeVertex(0);
  s.tools.removeVertex(0);
  expect(s.said).toEqual([expect.stringContaining('no vertex to spare')]);
  expect(s.only().coords).toHaveLength(9);
  for (let i = 0; i < 4; i += 1) s.scene.undo();
  expect(s.only().coords).toEqual([20, 20, 50, 80, 20, 50, 80, 80, 50, 20, 80, 50]);
  // undo reaches back whatever slice is looked at
  s.store.update({ cross: [50, 50, 10] });
  s.scene.undo();
  expect(s.scene.annotations()).toEqual([]);
});

test('a turned box grows by its faces, and turns about its middle; an ellipsoid grows about it', () => {
  const s = setUp();
  const id = s.scene.add({ kind: 'oriented_box', coords: [50, 50, 50, 20, 10, 5, 0, 0, 0, 1], name: '', color: '#ff0000', volumeName: '', author: '' });
  s.store.update({ selected: id });
  expect(s.drag(s.at(70, 50), s.at(80, 50)).grip).toEqual({ part: 'faces', sides: [1, 0, 0] });
  expect(s.coords().slice(0, 6)).toEqual([55, 50, 50, 25, 10, 5]);
  const turn = gripsOf(s.axial(), s.only(), 1).find(({ grip }) => grip.part === 'turn')!.px;
  const middle = s.at(55, 50);
  s.drag(turn, [middle[0], middle[1] - (turn[0] - middle[0])]);
  expect(s.coords().slice(6)).toEqual([0, 0, Math.SQRT1_2, Math.SQRT1_2].map((value) => expect.closeTo(value, 5)));
  const ball = s.scene.add({ kind: 'ellipsoid', coords: [50, 50, 50, 20, 10, 5, 0, 0, 0, 1], name: '', color: '#ff0000', volumeName: '', author: '' });
  s.store.update({ selected: ball });
  expect(s.drag(s.at(50, 60), s.at(50, 65)).grip).toEqual({ part: 'faces', sides: [0, 1, 0] });
  expect(s.scene.annotation(ball)!.coords.slice(0, 6).map((v) => Math.round(v * 1e6) / 1e6)).toEqual([50, 50, 50, 20, 15, 5]);
  // in 3D each of the six faces, and the turn
  expect(gripsOf(s.volume, s.scene.annotation(ball)!, 0)).toHaveLength(7);
});

test('what is drawn goes to voxel centres or to vertices, where that is asked for', () => {
  const s = setUp();
  s.scene.add({ kind: 'point', coords: [30.2, 30.7, 50], name: '', color: '#ff0000', volumeName: '', author: '' });
  s.use('point');
  s.commands.drawing({ snapVertices: true });
  s.click([s.at(30.2, 30.7)[0] + 4, s.at(30.2, 30.7)[1] - 3]);
  expect(s.scene.annotations()[1]!.coords).toEqual([30.2, 30.7, 50]);
  s.commands.drawing({ snapVertices: false, snapVoxels: true });
  s.click(s.at(60.7, 40.2));
  expect(s.scene.annotations()[2]!.coords).toEqual([60.5, 40.5, 50.5].map((v) => expect.closeTo(v, 9)));
});

test('a locked layer is not touched, a hidden one not seen, and nothing is drawn into either', () => {
  const s = setUp();
  const layer = s.scene.groups.add('second');
  const id = s.scene.add({ kind: 'point', coords: [50, 50, 50], name: '', color: '#ff0000', volumeName: '', author: '', layer });
  expect(s.tools.hit(s.axial(), s.at(50, 50))?.id).toBe(id);
  s.scene.groups.set(layer, { locked: true });
  expect(s.tools.hit(s.axial(), s.at(50, 50))).toBeUndefined();
  expect(s.tools.index.items).toHaveLength(1);
  s.scene.groups.set(layer, { visible: false, locked: false });
  expect(s.tools.index.items).toHaveLength(0);
  s.use('point');
  s.commands.drawing({ layer });
  s.click(s.at(20, 20));
  expect([s.scene.annotations().length, s.said.at(-1)]).toEqual([1, expect.stringContaining('hidden')]);
});

test('classes by number, copies into another slice, duplicates beside, and the next of the list', () => {
  const s = setUp();
  s.scene.classes.put('void', '#00ff00');
  s.scene.classes.put('crack', '#0000ff');
  expect(s.commands.digit(1)).toBe(false);
  s.use('point');
  expect([s.commands.digit(2), s.commands.digit(3)]).toEqual([true, false]);
  s.click(s.at(20, 20));
  expect(s.only()).toMatchObject({ label: 'crack', color: '#0000ff' });
  s.use('navigate');
  s.commands.digit(1);
  expect(s.only().label).toBe('void');
  s.commands.copy(false);
  s.store.update({ cross: [50, 50, 70] });
  s.commands.paste();
  s.commands.paste();
  s.commands.duplicate();
  const [, first, second, third] = s.scene.annotations();
  expect([first!.coords, first!.label, first!.name].flat()).toEqual([expect.closeTo(20, 6), expect.closeTo(20, 6), 70, 'void', 'Point 1']);
  expect(second!.coords).toEqual(first!.coords);
  expect(third!.coords[0]).toBeCloseTo(20 + 12 * s.axial().pixelSize, 6);
  s.commands.step(1);
  expect(s.store.state.selected).toBe(s.only().id);
  expect(sliceDistance(s.axial(), s.only().coords as never)).toBeCloseTo(0, 9);
  s.commands.copy(true);
  expect(s.scene.annotations()).toHaveLength(3);
});

test('a path shows in a slice what of it lies near', () => {
  const s = setUp();
  const line = { kind: 'line', coords: [20, 50, 0, 20, 50, 100] } as const;
  const [[from, to]] = drawn(s.axial(), line, 1)!.lines as unknown as [[Pixel, Pixel]];
  expect(from).toEqual(to);
  expect(drawn(s.axial(), { kind: 'line', coords: [20, 50, 60, 80, 50, 60] }, 1)).toBeUndefined();
  expect(withinReach(-10, 10, 5)).toEqual([0.25, 0.75]);
  expect(withinReach(6, 8, 5)).toBeUndefined();
});
