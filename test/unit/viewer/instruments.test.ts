import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { boxCorners } from '../../../src/annotation/box.js';
import { Scene } from '../../../src/annotation/scene.js';
import { cameraBasis, project } from '../../../src/renderer/camera.js';
import { worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Pixel, SliceView, View, VolumeView } from '../../../src/renderer/views.js';
import {
  boxOf, clipOf, coordsOf, dot, facingPlane, keptWithin, planeCentre, planeInSlice, planeOutline, planeTip,
} from '../../../src/viewer/instruments/clip.js';
import { BRICK_STATES, brickSection, brickState, levelColor } from '../../../src/viewer/instruments/debug_overlay.js';
import type { DialSource } from '../../../src/viewer/instruments/dial_panel.js';
import { checkedDials, DEFAULT_DIALS } from '../../../src/viewer/dials.js';
import { Instruments } from '../../../src/viewer/instruments/instruments.js';
import { readShared, writeShared } from '../../../src/viewer/instruments/shared_view.js';
import { anglesOf, ballCentre, directionOf, lightAt, lightNow } from '../../../src/viewer/instruments/light.js';
import { cubeFaces, lookingAt, SIDES } from '../../../src/viewer/instruments/orientation.js';
import { tapeLabel, tapeLength, tapeStrength } from '../../../src/viewer/instruments/tape.js';
import { freeEdge, tickValues } from '../../../src/viewer/instruments/ticks.js';
import { parseFragment, parseView } from '../../../src/viewer/view_link.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';
import { openPage } from './browser_page.js';

const BOUNDS = { min: [0, 0, 0], max: [100, 100, 100] } as const;
const SIZE = { width: 800, height: 600 };

/** Lets other things go on until it holds. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

function setUp() {
  const close = openPage();
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted(BOUNDS, 'four', undefined, SIZE));
  const scene = new Scene(new Y.Doc(), {});
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const said: string[] = [];
  const picture: DialSource = {
    dials: DEFAULT_DIALS,
    report: { gpuBytes: 3.25 * 2 ** 20, gpuBytesPeak: 600 * 2 ** 20, fps: 0 },
    taken: { page: 0, pagePeak: 2 ** 20, kept: 33 * 2 ** 20 },
    setDials(dials, keep) {
      expect(keep).toBe(true);
      Object.assign(this, { dials: { ...this.dials, ...checkedDials(dials) } });
    },
  };
  const addresses: string[] = [];
  const instruments = new Instruments({
    store, scene, view, address: (fragment) => `http://here/${addresses[addresses.push(fragment) - 1]}`,
    pick: () => undefined, bounds: () => BOUNDS, voxel: () => 2, unit: () => 'mm', moving: () => undefined, author: 'test', mayEdit: () => true, openPanel: () => undefined,
    refresh: () => undefined, redraw: () => undefined, debug: () => undefined, picture: () => picture, tell: (message) => said.push(message),
  });
  const drag = (id: string, from: Pixel, to: Pixel, cancelled = false) => {
    const held = instruments.press(view(id), from);
    held?.move(to, undefined as never);
    held?.end(to, cancelled);
    return held !== undefined;
  };
  const at = (id: string, world: readonly [number, number, number]): Pixel => {
    const v = view(id);
    return v.kind === 'slice' ? worldToSlice(v, world) : project(v.camera, v.rect, world)!.px;
  };
  return { store, scene, view, said, addresses, picture, instruments, drag, at, close };
}

test('what the viewer may take is set in its panel, in MiB; beyond the limits the nearest is taken, and said', () => {
  const { instruments, picture, said, close } = setUp();
  instruments.show();
  const panel = instruments.element.querySelector<HTMLElement>('[data-instrument="dials"]')!;
  expect(panel.hidden).toBe(true);
  instruments.key('dials');
  instruments.show();
  expect(panel.hidden).toBe(false);
  const field = (name: string) => panel.querySelector<HTMLInputElement>(`[data-dial="${name}"]`)!;
  const type = (name: string, text: string) => {
    field(name).value = text;
    field(name).dispatchEvent(new Event('change'));
  };
  const names = ['maxGpuBytes', 'maxBrowserBytes', 'maxCacheBytes', 'frameMs', 'passes'];
  expect(names.map((name) => field(name).value)).toEqual(['512', '256', '1024', '40', '4']);
  for (const name of names) expect(field(name).title.length).toBeGreaterThan(20);
  expect(panel.textContent).toContain('now 3.3 MiB, at most 600 MiB so far');
  expect(panel.textContent).toContain('now 33 MiB');
  type('maxGpuBytes', '100.5');
  type('frameMs', '16.6');
  type('passes', '8.4');
  expect(picture.dials).toEqual({ ...DEFAULT_DIALS, maxGpuBytes: 100.5 * 2 ** 20, frameMs: 16.6, passes: 8 });
  expect([field('passes').value, said]).toEqual(['8', []]);
  type('passes', '1000');
  type('frameMs', '-3');
  type('maxBrowserBytes', 'a lot');
  expect([picture.dials.passes, picture.dials.frameMs, picture.dials.maxBrowserBytes]).toEqual([64, 5, 256 * 2 ** 20]);
  expect(said).toEqual([expect.stringContaining('from 1 to 64'), expect.stringContaining('from 5 to 1000')]);
  panel.querySelector<HTMLButtonElement>('[data-action="dials"]')!.click();
  expect(picture.dials).toEqual(DEFAULT_DIALS);
  instruments.key('dials');
  instruments.show();
  expect(panel.hidden).toBe(true);
  instruments.dispose();
  close();
});

test('a link that was copied leads another page to the same view, once there is something to see', async () => {
  const { store, said, addresses, instruments, close } = setUp();
  store.update({ cross: [1, 2, 3], slab: { thickness: 4, mode: 'min' }, layout: 'slices' });
  const item = instruments.menu().flat().find(({ name }) => name === 'copy-link')!;
  item.run();
  await eventually(() => said.length > 0);
  expect(addresses).toEqual([expect.stringMatching(/^#view=[\w-]+$/)]);
  expect(said).toEqual([expect.stringContaining('to this view')]);
  close();
  const other = setUp();
  other.instruments.setAll([...parseView(parseFragment(addresses[0]!).view), ['slab', { thickness: -1 }]]);
  expect(other.store.state.layout).toBe('four');
  other.instruments.framed();
  expect([other.store.state.layout, other.store.state.cross, other.store.state.slab]).toEqual(['slices', [1, 2, 3], { thickness: 4, mode: 'min' }]);
  other.close();
});

test('a clipping box keeps a voxel and stays within the volumes', () => {
  expect(keptWithin([-5, 20, 30, 10, 20, 200], BOUNDS, [2, 2, 2])).toEqual([0, 20, 30, 10, 22, 100]);
  expect(keptWithin([99.5, 0, 0, 300, 100, 100], BOUNDS, [2, 2, 2])).toEqual([98, 0, 0, 100, 100, 100]);
  expect(clipOf(undefined, [])).toBeUndefined();
});

test('in a slice the box has lines that are dragged, and corners; a cancelled drag leaves nothing', () => {
  const { store, instruments, drag, at, close } = setUp();
  expect(drag('axial', at('axial', [100, 37, 50]), at('axial', [80, 50, 50]))).toBe(false);
  instruments.key('clip');
  expect(store.state.clip).toEqual({ box: BOUNDS });
  // The right edge, away from its handles.
  expect(drag('axial', at('axial', [100, 37, 50]), at('axial', [80, 50, 50]))).toBe(true);
  expect(coordsOf(store.state.clip!.box!)).toEqual([0, 0, 0, expect.closeTo(80, 6), 100, 100]);
  const before = store.state.clip;
  expect(drag('coronal', at('coronal', [0, 50, 0]), at('coronal', [30, 50, 20]), true)).toBe(true);
  expect(store.state.clip).toBe(before);
  expect(drag('coronal', at('coronal', [0, 50, 0]), at('coronal', [30, 50, 20]))).toBe(true);
  expect(coordsOf(store.state.clip!.box!).slice(0, 3)).toEqual([expect.closeTo(30, 6), 0, expect.closeTo(20, 6)]);
  // Put away it still clips but is not in the way.
  instruments.key('clip');
  expect(drag('axial', at('axial', [80, 37, 50]), at('axial', [60, 50, 50]))).toBe(false);
  expect((instruments.host.view('volume') as VolumeView).clip).toBe(store.state.clip);
  instruments.key('unclip');
  expect((instruments.host.view('volume') as VolumeView).clip).toBeUndefined();
  close();
});

test('in 3D a face is dragged along its axis by as much as the pointer covers of it', () => {
  const { store, instruments, drag, at, close } = setUp();
  instruments.key('clip');
  expect(drag('volume', at('volume', [50, 50, 100]), at('volume', [50, 50, 75]))).toBe(true);
  expect(coordsOf(store.state.clip!.box!)).toEqual([0, 0, 0, 100, 100, expect.closeTo(75, 4)]);
  close();
});

test('a plane faces the viewer, is moved along its normal and tilted by its tip; in a slice its line is dragged', () => {
  const { store, view, instruments, drag, at, close } = setUp();
  instruments.actions.addPlane();
  const [first] = store.state.clip!.planes!;
  const { forward, eye } = cameraBasis(store.state.camera);
  expect(first!.normal).toEqual(forward);
  expect(dot(first!.normal, store.state.cross)).toBeCloseTo(first!.offset, 9);
  expect(dot(first!.normal, eye)).toBeLessThan(first!.offset);
  for (const corner of planeOutline(first!, BOUNDS)) expect(dot(first!.normal, corner)).toBeCloseTo(first!.offset, 6);

  // From the side the plane's normal lies in the picture.
  store.update({ camera: { ...store.state.camera, yaw: store.state.camera.yaw + Math.PI / 2, pitch: 0 } });
  const foot = planeCentre(first!, BOUNDS);
  const along = (s: number) => foot.map((n, i) => n + s * first!.normal[i]!) as unknown as [number, number, number];
  expect(drag('volume', at('volume', foot), at('volume', along(10)))).toBe(true);
  expect(store.state.clip!.planes![0]!.offset).toBeCloseTo(first!.offset + 10, 4);
  const moved = store.state.clip!.planes![0]!;
  const tip = at('volume', planeTip(moved, BOUNDS));
  expect(drag('volume', tip, [tip[0], tip[1] - 300])).toBe(true);
  const tilted = store.state.clip!.planes![0]!;
  expect(Math.hypot(...tilted.normal)).toBeCloseTo(1, 9);
  expect(tilted.normal[2]).toBeGreaterThan(moved.normal[2] + 0.3);
  expect(dot(tilted.normal, planeCentre(moved, BOUNDS))).toBeCloseTo(tilted.offset, 6);

  const axis = { normal: [1, 0, 0], offset: 40 } as const;
  store.update({ clip: { planes: [axis] } });
  const line = planeInSlice(axis, view('axial') as SliceView, BOUNDS)!;
  expect(line.map(([x]) => x)).toEqual([expect.closeTo(at('axial', [40, 0, 0])[0], 6), expect.closeTo(at('axial', [40, 0, 0])[0], 6)]);
  expect(planeInSlice(axis, view('sagittal') as SliceView, BOUNDS)).toBeUndefined();
  expect(drag('axial', at('axial', [40, 10, 0]), at('axial', [55, 30, 0]))).toBe(true);
  expect(store.state.clip!.planes![0]!.offset).toBeCloseTo(55, 6);
  for (let i = 0; i < 6; i += 1) instruments.actions.addPlane();
  expect(store.state.clip!.planes).toHaveLength(4);
  expect(facingPlane(store.state.camera, [1, 2, 3]).normal).toEqual(cameraBasis(store.state.camera).forward);
  close();
});

test('cropping takes the selected box, within the volumes, and says what is missing', () => {
  const { store, scene, said, instruments, close } = setUp();
  instruments.actions.crop();
  expect(said.pop()).toMatch(/Draw a box first/);
  const box = (coords: readonly [number, number, number, number, number, number]) =>
    scene.add({ kind: 'box', coords, name: 'b', color: '#ffffff', volumeName: '', author: '' });
  const [one, far] = [box([20, 20, 20, 60, 60, 160]), box([200, 0, 0, 300, 1, 1])];
  instruments.actions.crop();
  expect(said.pop()).toMatch(/Select/);
  store.update({ selected: far });
  instruments.actions.crop();
  expect(said.pop()).toMatch(/outside/);
  store.update({ selected: one });
  instruments.actions.crop();
  expect(store.state.clip).toEqual({ box: boxOf([20, 20, 20, 60, 60, 100]) });
  expect(store.state.shows.clip).toBe(true);
  close();
});

test('the cube shows the sides that face the viewer, and a click on one looks at it', async () => {
  const { store, view, instruments, close } = setUp();
  const still = (instruments.flight as { still: () => boolean });
  still.still = () => true;
  for (const side of SIDES) {
    const volume = view('volume') as VolumeView;
    const camera = lookingAt(volume.camera, side);
    const [front] = cubeFaces(camera, volume.rect).sort((a, b) => b.facing - a.facing);
    expect(front?.side).toBe(side);
    expect(front?.facing).toBeCloseTo(1, 4);
  }
  const face = cubeFaces(store.state.camera, view('volume').rect).find(({ side }) => side === '+z')!;
  const held = instruments.press(view('volume'), face.middle)!;
  held.end(face.middle, false);
  expect(cameraBasis(store.state.camera).forward[2]).toBeCloseTo(-1, 5);
  expect(cameraBasis(store.state.camera).right[0]).toBeCloseTo(1, 9);
  close();
});

test('the ball puts the light before the volume, at its rim beside, beyond it behind; it stays in the world', () => {
  const { store, view, instruments, drag, close } = setUp();
  const { rect, camera } = view('volume') as VolumeView;
  const basis = cameraBasis(camera);
  const [cx, cy] = ballCentre(rect);
  expect(lightAt([cx, cy], rect, basis)).toEqual(basis.forward.map((n) => expect.closeTo(-n, 9)));
  expect(dot(lightAt([cx + 20, cy], rect, basis), basis.right)).toBeCloseTo(1, 6);
  expect(dot(lightAt([cx, cy - 30], rect, basis), basis.forward)).toBeGreaterThan(0.5);
  expect(drag('volume', [cx, cy], [cx, cy - 20])).toBe(false);
  instruments.key('light');
  expect(drag('volume', [cx, cy], [cx, cy - 20])).toBe(true);
  expect(dot(store.state.light!, basis.up)).toBeCloseTo(1, 6);
  expect((view('volume') as VolumeView).light).toBe(store.state.light);
  const light = directionOf(...anglesOf([0.6, 0, 0.8]));
  expect(light).toEqual([expect.closeTo(0.6, 9), expect.closeTo(0, 9), expect.closeTo(0.8, 9)]);
  expect(Math.hypot(...lightNow(undefined, basis))).toBeCloseTo(1, 9);
  close();
});

test('the tape measures in the world, is stretched by its ends and removed', () => {
  const { store, view, said, instruments, drag, at, close } = setUp();
  store.update({ tool: 'tape' });
  drag('axial', at('axial', [10, 20, 0]), at('axial', [40, 60, 0]));
  const [tape] = store.state.measurements;
  expect(tapeLength(tape!)).toBeCloseTo(50, 6);
  expect(tapeLabel(tape!, 'mm')).toBe('50 mm');
  expect(tape!.start[2]).toBe(store.state.cross[2]);
  // An end is stretched with any tool.
  store.update({ tool: 'navigate' });
  expect(drag('axial', at('axial', [40, 60, 0]), at('axial', [10, 60, 0]))).toBe(true);
  expect(tapeLength(store.state.measurements[0]!)).toBeCloseTo(40, 6);
  const there = store.state.measurements[0]!;
  expect([0, 1.5, 40].map((away) => tapeStrength({ ...(view('axial') as SliceView), position: there.start[2] + away }, there, 2))).toEqual([1, 0.45, 0]);
  store.update({ tool: 'tape' });
  drag('volume', [700, 100], [720, 120]);
  expect(said.pop()).toMatch(/Nothing here/);
  drag('axial', at('axial', [70, 70, 0]), at('axial', [70, 70, 0]));
  expect(said.pop()).toMatch(/Drag/);
  expect(store.state.measurements).toHaveLength(1);
  expect(instruments.removeSelected()).toBe(true);
  expect(store.state.measurements).toEqual([]);
  expect(instruments.removeSelected()).toBe(false);
  close();
});

test('ticks are round numbers that stand apart', () => {
  expect(tickValues(-0.5, 99.5, 300)).toEqual([0, 20, 40, 60, 80]);
  expect(tickValues(0, 1, 500)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  expect(tickValues(0, 1, 20)).toEqual([]);
  for (const [low, high, pixels] of [[3.3, 812, 777], [-1e-5, 1e-5, 123], [1e6, 1e6 + 7, 460]] as const) {
    const values = tickValues(low, high, pixels);
    expect(values.length).toBeGreaterThan(1);
    expect(((values[1]! - values[0]!) / (high - low)) * pixels).toBeGreaterThanOrEqual(46 * (1 - 1e-6));
    expect(values.length).toBeLessThanOrEqual(pixels / 46 + 1);
  }
});

test('the numbered edges lie on the border of the box’s picture', () => {
  const { view, close } = setUp();
  const volume = view('volume') as VolumeView;
  const pixels = boxCorners([0, 0, 0, 100, 100, 100]).map((corner) => project(volume.camera, volume.rect, corner)!.px);
  for (const axis of [0, 1, 2] as const) {
    const [a, b] = freeEdge(volume, BOUNDS, axis)!.map((corner) => project(volume.camera, volume.rect, corner)!.px) as [Pixel, Pixel];
    const sides = pixels.map(([x, y]) => (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]));
    expect(Math.min(...sides) > -1e-6 || Math.max(...sides) < 1e-6).toBe(true);
  }
  expect(freeEdge({ ...volume, camera: { ...volume.camera, target: [50, 50, 50], distance: 1 } }, BOUNDS, 0)).toBeUndefined();
  close();
});

test('a brick’s state is the renderer’s, and where that has nothing the session’s; a slice cuts it in a polygon', () => {
  const brick = { volume: 1, key: { level: 0, z: 0, y: 0, x: 0 }, views: [], corners: [] } as const;
  const state = (own: 'gpu' | 'arriving' | 'absent' | 'stale', stage?: 'asked' | 'failed' | 'memory') => brickState({ ...brick, state: own }, () => stage);
  expect([state('gpu', 'asked'), state('arriving', 'memory'), state('absent', 'asked'), state('absent', 'failed'), state('absent', 'memory'), state('absent')])
    .toEqual(['gpu', 'arriving', 'asked', 'failed', 'memory', 'idle']);
  expect(new Set(BRICK_STATES).size).toBe(7);
  expect(new Set([0, 1, 2, 3, 4, 5, 6, 7].map(levelColor)).size).toBe(8);
  const corners = boxCorners([0, 0, 0, 4, 6, 8]);
  const cut = brickSection(corners, 2, 3);
  expect(cut.map(([x, y, z]) => [x, y, z])).toEqual([[0, 0, 3], [4, 0, 3], [4, 6, 3], [0, 6, 3]]);
  expect(brickSection(corners, 0, 9)).toEqual([]);
});

test('the menu chooses how bricks are loaded, and what comes earlier; the kernel hears it as one text, and what makes no sense is left', () => {
  const { store, said, instruments, close } = setUp();
  const items = instruments.menu().flat();
  const item = (name: string) => items.find((one) => one.name === name) as (typeof items)[number];
  item('policy-low-bandwidth').run();
  expect(item('earlier-prefetch').on?.()).toBe(false);
  item('earlier-prefetch').run();
  expect(store.state.policy).toBe('low-bandwidth:visible-coarse,visible-fine,prefetch');
  expect([item('earlier-prefetch').on?.(), item('policy-low-bandwidth').on?.()]).toEqual([true, true]);
  item('earlier-prefetch').run();
  expect(readShared(store.state, 'policy')).toBe('low-bandwidth:visible-coarse,prefetch,visible-fine');
  expect(said.at(-1)).toBe('Loading what is in view, coarse, then what is about to come into view, then details of what is in view');
  item('earlier-visible-coarse').run();
  expect(store.state.policy).toBe('low-bandwidth:prefetch,visible-fine,visible-coarse');
  // As Python sets it; then on to the next policy, in its own order.
  expect(writeShared(store.state, 'policy', 'playback:other-times,visible-coarse')).toEqual({ policy: 'playback:other-times,visible-coarse' });
  for (const wrong of ['hasty', 'playback:', 'playback:soon', 7]) expect(writeShared(store.state, 'policy', wrong)).toBeUndefined();
  instruments.key('policy');
  expect(store.state.policy).toBe('no-prefetch');
  close();
});
