import { expect, jest, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { FrameType, readHeader, readPayload } from '../../../src/protocol/frame.js';
import { MAX_EDIT_VOXELS } from '../../../src/protocol/limits.js';
import type { VolumeDescription } from '../../../src/protocol/messages.js';
import { decodeHeadTail, EditHead, encodeHeadTail } from '../../../src/protocol/labels.js';
import { worldToSlice } from '../../../src/renderer/slice_view.js';
import type { Pixel, SliceView, View } from '../../../src/renderer/views.js';
import { LabelEdits } from '../../../src/session/label_edits.js';
import type { SessionVolume } from '../../../src/session/types.js';
import { SHOWN_AFTER_MS } from '../../../src/viewer/paint/edits_under_way.js';
import { cellOf, Piece } from '../../../src/viewer/paint/piece.js';
import { betweenOp, planesAbout } from '../../../src/viewer/paint/area.js';
import { amountWords, listedLabels } from '../../../src/viewer/paint/label_list.js';
import { paintKey } from '../../../src/viewer/paint/paint_controls.js';
import { PaintCounts } from '../../../src/viewer/paint/paint_counts.js';
import { FIRST_PAINT, resized } from '../../../src/viewer/paint/paint_state.js';
import { type PaintHost, PaintTool } from '../../../src/viewer/paint/paint_tool.js';
import { fillBox } from '../../../src/viewer/paint/stroke.js';
import { onFacingPlane } from '../../../src/viewer/view_geometry.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';
import { volume } from './volumes.js';

const BOUNDS = { min: [0, 0, 0], max: [60, 50, 80] } as const;
const SIZE = { width: 800, height: 600 };
const none = undefined as unknown as PointerEvent;
const PLACE = { shape: [40, 50, 60], voxel_size: [2, 1, 1], origin: [1, 0.5, 0.5] } as const;

/** A brush over labels of 2 × 1 × 1, and the frames that it sends. */
function brush(paintable = true, mayEdit = true, place: Partial<VolumeDescription> = PLACE) {
  const frames: { type: number; head: EditHead | undefined; message: Record<string, unknown> | undefined }[] = [];
  const labels = new LabelEdits(
    (frame) => {
      const header = readHeader(frame);
      frames.push({ type: header.type, head: decodeHeadTail(EditHead, readPayload(frame, header)).head, message: undefined });
    },
    (type, message) => frames.push({ type, head: undefined, message: message as Record<string, unknown> }),
  );
  const volumes = new Map<number, SessionVolume>([[1, volume(1, place)]]);
  if (paintable) volumes.set(7, volume(7, { ...place, name: 'tissue', kind: 'labels', stored: 'u8', dtype: 'uint8', editable: true }));
  const store = new ViewStore({ layout: 'four' });
  store.update({ ...fitted(BOUNDS, 'four', undefined, SIZE), paint: FIRST_PAINT });
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const said: string[] = [];
  const host = {
    scene: new Scene(new Y.Doc(), {}), store, view, session: { labels, volumes, ranges: () => ({ overall: { min: -10, max: 30 } }) }, author: 'ann',
    pick: (id: string, px: Pixel) => ({ world: onFacingPlane(view(id), px, [30, 25, 40]) }),
    mayEdit: () => mayEdit, redraw: () => undefined, tell: (words: string) => said.push(words),
  } as unknown as PaintHost;
  return { tool: new PaintTool(host), store, labels, frames, said, axial: view('axial') as SliceView, view };
}

test('a stroke is one edit, a disc in the voxels of its slice', () => {
  const { tool, frames, axial } = brush();
  const at = (x: number, y: number) => worldToSlice(axial, [x, y, 41]);
  const drag = tool.press(axial, at(10, 20))!;
  for (let x = 11; x < 30; x += 1) drag.move(at(x, 20), none);
  expect(frames).toEqual([]);
  drag.end(at(30, 20), false);
  const { op, label, mode, volume: handle, author } = frames[0]!.head!;
  expect([frames.length, label, mode, handle, author]).toEqual([1, 1, { write: 'all' }, 7, 'ann']);
  if (op.kind !== 'stroke') throw new Error(op.kind);
  expect(op.radius).toEqual([0, 4, 4]);
  expect(op.points[0]).toEqual([expect.closeTo(19.5, 6), expect.closeTo(19.5, 6), expect.closeTo(9.5, 6)]);
  expect(op.points.at(-1)![2]).toBeCloseTo(29.5, 6);
  expect(op.points.length).toBeGreaterThan(15);
});

test('a ball is one though voxels are not cubes; the eraser writes 0; empty voxels alone where that is asked', () => {
  const { tool, store, frames, axial, view } = brush();
  store.update({ paint: { ...FIRST_PAINT, deep: true, empty: true, label: 3 } });
  tool.press(axial, [100, 100])!.end([100, 100], false);
  expect(frames[0]!.head).toMatchObject({ label: 3, mode: { write: 'empty' }, op: { radius: [2, 4, 4] } });
  store.update({ paint: { ...FIRST_PAINT, act: 'erase', empty: true } });
  tool.press(view('volume'), [600, 400])!.end([600, 400], false); // in 3D it is a ball, whatever is set
  expect(frames[1]!.head).toMatchObject({ label: 0, mode: { write: 'all' }, op: { radius: [2, 4, 4] } });
});

test('a fill stays in its slice or goes through all, and nowhere from outside', () => {
  const { tool, store, frames, said, axial } = brush();
  const inside = worldToSlice(axial, [10, 20, 41]);
  store.update({ paint: { ...FIRST_PAINT, act: 'fill' } });
  tool.press(axial, inside)!.end(inside, false);
  const z = (frames[0]!.head!.op as { seed: number[] }).seed[0]!;
  expect(frames[0]!.head!.op).toEqual({ kind: 'fill', seed: [z, 20, 10], box: [[z, 0, 0], [z + 1, 50, 60]], dims: 2, axis: 0 });
  store.update({ paint: { ...FIRST_PAINT, act: 'fill', deep: true } });
  tool.press(axial, inside)!.end(inside, false);
  expect(frames[1]!.head!.op).toEqual({ kind: 'fill', seed: [z, 20, 10], box: [[0, 0, 0], [40, 50, 60]], dims: 3 });
  tool.press(axial, worldToSlice(axial, [-5, 20, 41]))!.end([0, 0], false);
  expect([frames.length, said.length]).toEqual([2, 1]);
});

test('a fill of a large volume stays in as many voxels around its seed as an edit may have, and that is said', () => {
  expect(fillBox([40, 50, 60], [0, 49, 30])).toEqual([[0, 0, 0], [40, 50, 60]]);
  expect(fillBox([1, 30_000, 30_000], [0, 29_999, 15_000])).toEqual([[0, 13_616, 6808], [1, 30_000, 23_192]]);
  expect(fillBox([2048, 2048, 2048], [10, 1000, 2047])).toEqual([[0, 678, 1403], [645, 1323, 2048]]);
  for (const shape of [[2048, 2048, 2048], [1, 30_000, 30_000], [64, 5000, 9000], [3, 7, 2 ** 31 - 1]] as const) {
    const seed = shape.map((n) => Math.floor(n / 3)) as [number, number, number];
    const [low, high] = fillBox(shape, seed);
    const voxels = high.reduce((product, end, axis) => product * (end - low[axis]!), 1);
    expect(voxels).toBeLessThanOrEqual(MAX_EDIT_VOXELS);
    expect(voxels).toBeGreaterThan(0.99 * MAX_EDIT_VOXELS);
    expect(seed.every((at, axis) => at >= low[axis]! && at < high[axis]!)).toBe(true);
  }
  const { tool, store, frames, said, axial } = brush(true, true, { shape: [2000, 2000, 2000], voxel_size: [0.04, 0.02, 0.03], origin: [0, 0, 0] });
  store.update({ paint: { ...FIRST_PAINT, act: 'fill', deep: true } });
  const inside = worldToSlice(axial, [30, 20, 41]);
  tool.press(axial, inside)!.end(inside, false);
  expect(frames).toHaveLength(1);
  expect(said).toEqual(['A fill of labels as large as these stays within 645 × 645 × 645 voxels (z, y, x) around the press']);
});

test('undo takes back what was painted; a cancelled stroke and one that nobody may make send nothing', () => {
  const { tool, store, frames, axial } = brush();
  tool.press(axial, [100, 100])!.end([120, 100], true);
  expect(frames).toEqual([]);
  expect([tool.undo(false), tool.undo(true)]).toEqual([true, true]);
  expect(frames.map(({ type, message }) => [type, message?.volume, message?.author, message?.redo])).toEqual([
    [FrameType.UNDO, 7, 'ann', undefined], [FrameType.UNDO, 7, 'ann', true],
  ]);
  store.update({ paint: undefined });
  expect([tool.undo(false), tool.press(axial, [100, 100]), tool.hover(axial, [1, 1])]).toEqual([false, undefined, undefined]);
  for (const refused of [brush(false), brush(true, false)]) {
    refused.tool.press(refused.axial, [100, 100])!.end([100, 100], false);
    expect([refused.frames.length, refused.said.length]).toEqual([0, 1]);
  }
});

test('an edit that is refused says why; what the connection lost is sent again', async () => {
  const { tool, labels, frames, said, axial } = brush();
  tool.press(axial, [100, 100])!.end([100, 100], false);
  labels.again();
  expect(frames.map(({ head }) => head!.id)).toEqual([frames[0]!.head!.id, frames[0]!.head!.id]);
  expect(labels.refused({ code: 4422, message: 'label 300 does not fit u8', id: 'another', fatal: false })).toBe(false);
  expect(labels.refused({ code: 4422, message: 'label 300 does not fit u8', id: frames[0]!.head!.id, fatal: false })).toBe(true);
  await new Promise(setImmediate);
  expect([said, labels.underWay]).toEqual([['label 300 does not fit u8'], 0]);
  const done = labels.edit(7, 'ann', { kind: 'box', start: [0, 0, 0], stop: [1, 1, 1] }, 1, { write: 'all' });
  labels.edited(new TextEncoder().encode(JSON.stringify({ id: frames.at(-1)!.head!.id, voxels: 12 })));
  expect(await done).toEqual({ voxels: 12 });
});

test('an edit that takes its time is followed and can be taken back, also over another connection; then it is said that nothing was changed', async () => {
  jest.useFakeTimers();
  try {
    const { tool, labels, frames, said, axial } = brush();
    let changes = 0;
    tool.underWay.changed = () => {
      changes += 1;
    };
    tool.press(axial, [100, 100])!.end([100, 100], false);
    const { id } = frames[0]!.head!;
    expect([tool.underWay.shown, tool.underWay.cancel()]).toEqual([undefined, false]); // at first there is nothing to say
    jest.advanceTimersByTime(SHOWN_AFTER_MS);
    expect([tool.underWay.shown, changes]).toEqual([{ count: 1, doing: 'edit', share: undefined, cancelling: false }, 1]);
    labels.progress({ volume: 7, id, done: 30, total: 40 });
    labels.progress({ volume: 7, id: 'of another', done: 1, total: 40 });
    expect([tool.underWay.shown?.share, changes]).toEqual([0.75, 2]);
    expect([tool.underWay.cancel(), tool.underWay.cancel()]).toEqual([true, false]);
    expect(tool.underWay.shown?.cancelling).toBe(true);
    labels.again();
    expect(frames.slice(1).map(({ type, head, message }) => [type, head?.id ?? message?.id])).toEqual([[FrameType.CANCEL_EDIT, id], [FrameType.EDIT, id], [FrameType.CANCEL_EDIT, id]]);
    labels.refused({ code: 4499, message: 'the edit was cancelled', id, fatal: false });
    await jest.advanceTimersByTimeAsync(0);
    expect([said, tool.underWay.shown, changes]).toEqual([['It was cancelled: nothing was changed'], undefined, 4]);
  } finally {
    jest.useRealTimers();
  }
});

test('an undo that takes its time is followed and called off like an edit', async () => {
  jest.useFakeTimers();
  try {
    for (const redo of [false, true]) {
      const { tool, labels, frames, said } = brush();
      const show = () => tool.underWay.shown;
      tool.undo(redo);
      const { id } = frames[0]!.message!;
      jest.advanceTimersByTime(SHOWN_AFTER_MS);
      labels.progress({ volume: 7, id, done: 10, total: 40 });
      expect(show()).toEqual({ count: 1, doing: redo ? 'redo' : 'undo', share: 0.25, cancelling: false });
      tool.underWay.cancel();
      labels.again();
      expect(frames.slice(1).map(({ type, message }) => [type, message?.id])).toEqual([[FrameType.CANCEL_EDIT, id], [FrameType.UNDO, id], [FrameType.CANCEL_EDIT, id]]);
      labels.refused({ code: 4499, message: 'the edit was cancelled', id, fatal: false });
      await jest.advanceTimersByTimeAsync(0);
      tool.undo(redo);
      jest.advanceTimersByTime(SHOWN_AFTER_MS);
      tool.underWay.cancel();
      labels.edited(new TextEncoder().encode(JSON.stringify({ id: frames.at(-1)!.message!.id, voxels: 12 })));
      await jest.advanceTimersByTimeAsync(0);
      expect([said, show()]).toEqual([['It was cancelled: nothing was changed', `It was done before it could be cancelled: ${redo ? 'ctrl z takes it back' : 'ctrl shift z does it again'}`], undefined]);
    }
  } finally {
    jest.useRealTimers();
  }
});

test('what was done before it could be taken back is said to be there', async () => {
  jest.useFakeTimers();
  try {
    const { tool, labels, frames, said, axial } = brush();
    tool.press(axial, [100, 100])!.end([100, 100], false);
    jest.advanceTimersByTime(SHOWN_AFTER_MS);
    tool.underWay.cancel();
    labels.edited(new TextEncoder().encode(JSON.stringify({ id: frames[0]!.head!.id, voxels: 12 })));
    await jest.advanceTimersByTimeAsync(0);
    expect([said, tool.underWay.shown]).toEqual([['It was done before it could be cancelled: ctrl z takes it back'], undefined]);
  } finally {
    jest.useRealTimers();
  }
});

test('the brush grows and shrinks within its bounds', () => {
  expect([resized(4, 1), resized(4, -1), resized(0.5, -1), resized(128, 1), resized(0.5, 1)]).toEqual([5, 3, 0.5, 128, 1]);
});

test('a lasso is a polygon in its planes, and one that is none is said to be', () => {
  const { tool, store, frames, said, axial, view } = brush();
  store.update({ paint: { ...FIRST_PAINT, act: 'lasso', planes: 4 } });
  const at = (x: number, y: number) => worldToSlice(axial, [x, y, 41]);
  const drag = tool.press(axial, at(10.5, 10.5))!;
  for (const [x, y] of [[30.5, 10.5], [30.5, 20.5]] as const) drag.move(at(x, y), none);
  drag.end(at(10.5, 20.5), false);
  const { op } = frames[0]!.head!;
  if (op.kind !== 'polygon') throw new Error(op.kind);
  expect([op.axis, op.index]).toEqual([0, [op.index[0], op.index[0] + 3]]);
  const z = (axial.position - 1) / 2;
  expect(op.index[0]).toBe(Math.round(z) - 1);
  expect(op.points.map((pair) => pair.map((v) => Number(v.toFixed(6))))).toEqual([[10, 10], [10, 30], [20, 30], [20, 10]]);
  tool.press(axial, at(10, 10))!.end(at(10, 10), false);
  tool.press(view('volume'), [600, 400])!.end([600, 400], false);
  expect([frames.length, said.length]).toEqual([1, 2]);
});

test('a box has the voxels whose centres lie in it, within the volume; label 0 takes away', () => {
  const { tool, store, frames, axial } = brush();
  store.update({ paint: { ...FIRST_PAINT, act: 'box', label: 0, empty: true } });
  const at = (x: number, y: number) => worldToSlice(axial, [x, y, 41]);
  const drag = tool.press(axial, at(20.2, 30.9))!;
  drag.move(at(5, 5), none);
  drag.end(at(-9, 10.4), false);
  const plane = Math.round((axial.position - 1) / 2);
  expect(frames[0]!.head).toMatchObject({ label: 0, mode: { write: 'all' }, op: { kind: 'box', start: [plane, 10, 0], stop: [plane + 1, 31, 20] } });
});

test('a range of values goes with strokes and areas, not with a fill, and needs an image of the same voxels', async () => {
  const { tool, store, frames, said, axial } = brush();
  store.update({ paint: { ...FIRST_PAINT, range: { on: true, low: undefined, high: undefined } } });
  const inside = worldToSlice(axial, [10, 20, 41]);
  tool.press(axial, inside)!.end(inside, false);
  expect(frames[0]!.head!.within).toEqual({ volume: 1, low: 10, high: 30 });
  tool.set({ range: { on: true, low: 2, high: 1 }, act: 'fill' });
  tool.press(axial, inside)!.end(inside, false);
  expect([frames[1]!.head!.within, tool.range.chosen]).toEqual([undefined, [2, 2]]);
  (tool.host.session.volumes as Map<number, SessionVolume>).delete(1);
  tool.set({ act: 'brush' });
  tool.press(axial, inside)!.end(inside, false);
  await Promise.resolve();
  expect([frames.length, said.at(-1)]).toEqual([2, expect.stringContaining('no image')]);
});

test('what lies between slices is asked for about the cross, across the slice; keys choose what is painted', () => {
  const { tool, store, frames, said } = brush();
  store.update({ cross: [20, 20, 41] });
  expect(paintKey(tool, 'i')).toBe(true);
  expect(frames[0]!.head).toMatchObject({ label: 1, op: { kind: 'interpolate', axis: 0, box: [[0, 0, 0], [40, 50, 60]] } });
  for (const key of ['h', '7', 't']) expect(paintKey(tool, key)).toBe(true);
  expect(tool.state).toMatchObject({ act: 'lasso', label: 7, range: { on: true } });
  expect([paintKey(tool, 's'), paintKey(tool, '0'), tool.state?.label]).toEqual([false, true, 0]);
  tool.between(undefined);
  expect([frames.length, said.length]).toEqual([1, 1]);
  store.update({ paint: undefined });
  expect(paintKey(tool, 'h')).toBe(false);
  expect([planesAbout(0, 5, 40), planesAbout(39, 4, 40), planesAbout(40, 1, 40), planesAbout(20, 1, 40)]).toEqual([[0, 2], [38, 39], undefined, [20, 20]]);
  expect(betweenOp({ shape: [9000, 2000, 2000], voxelSize: [1, 1, 1], origin: [0, 0, 0] }, [0, 0, 100], 0)).toMatchObject({ box: [[67, 0, 0], [134, 2000, 2000]] });
});

test('labels are listed with what they mean and how much of them there is, and are counted once for several edits', async () => {
  expect(listedLabels({ 9: {}, 2: {} }, new Map([[300, 5]]), 12)).toEqual([1, 2, 3, 4, 9, 300, 12]);
  expect(listedLabels({}, undefined, 0)).toEqual([1, 2, 3, 4]);
  expect(amountWords(8000, [2, 0.5, 1], 'mm')).toBe('8000 voxels, 8000 mm³');
  const { labels, frames, tool } = brush();
  let refreshed = 0;
  const counts = new PaintCounts({ session: tool.host.session, refresh: () => { refreshed += 1; } });
  expect([counts.of(tool.target), counts.of(tool.target)]).toEqual([undefined, undefined]);
  expect(frames.map(({ type, message }) => [type, message?.counts])).toEqual([[FrameType.READ, true]]);
  const head = { id: frames[0]!.message!.id, volume: 7, seq: 3, counts: [[1, 50], [4, 2]], labels: 2 };
  const frame = encodeHeadTail(FrameType.REGION, head);
  labels.region(readPayload(frame, readHeader(frame)));
  await Promise.resolve();
  expect([refreshed, [...(counts.of(tool.target) ?? [])]]).toEqual([1, [[1, 50], [4, 2]]]);
  labels.edited(new TextEncoder().encode(JSON.stringify({ id: 'x', volume: 7, voxels: 1 })));
  counts.of(tool.target);
  expect(frames).toHaveLength(1); // it waits for a pause
  counts.dispose();
});

/** Answers the last question for a supervoxel by a box of 10 voxels along each axis but the slice's. */
async function answer({ labels, frames }: ReturnType<typeof brush>, seed: readonly number[], depth: number) {
  const id = frames.at(-1)!.message!.id;
  const start = seed.map((v, axis) => (axis === 0 ? v : 10 * Math.floor(v / 10)));
  const stop = start.map((v, axis) => v + (axis === 0 ? depth : 10));
  const payload = readPayload(encodeHeadTail(FrameType.REGION, { id, volume: 7, start, stop, runs: [0, 100 * depth] }), readHeader(encodeHeadTail(FrameType.REGION, { id, volume: 7, start, stop, runs: [0, 100 * depth] })));
  labels.region(payload);
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
}

test('pieces: the one under the pointer is asked for once and shown; a press paints it, a drag all that it comes over, as one edit', async () => {
  const all = brush();
  const { tool, store, frames, axial, labels } = all;
  store.update({ paint: { ...FIRST_PAINT, act: 'piece', label: 2 } });
  const at = (x: number, y: number) => worldToSlice(axial, [x + 0.5, y + 0.5, 41]);
  expect(tool.hover(axial, at(12, 20))).toBe('crosshair');
  expect(frames.map(({ message }) => message)).toEqual([{ volume: 7, id: expect.any(String), supervoxel: { seed: [20, 20, 12], image: 1, cell: [1, 8, 8], contrast: 4 } }]);
  tool.hover(axial, at(33, 20)); // the first is not answered yet: only the last place waits
  tool.hover(axial, at(14, 21));
  expect(frames.length).toBe(1);
  await answer(all, [20, 20, 12], 1);
  expect([frames.length, tool.pieces.picker.shown!.has([20, 20, 19]), tool.pieces.picker.shown!.has([20, 20, 20]), tool.pieces.picker.shown!.has([21, 20, 19])]).toEqual([2, true, false, false]);
  await answer(all, [20, 20, 12], 1);
  tool.hover(axial, at(15, 25));
  expect([frames.length, labels.underWay]).toEqual([2, 0]); // it is in the piece that is shown
  const drag = tool.press(axial, at(15, 25))!;
  for (const x of [16, 17, 22, 23, 31]) drag.move(at(x, 25), none);
  expect(frames.length).toBe(3); // asked one after the other
  await answer(all, [20, 25, 22], 1);
  drag.end(at(31, 25), false);
  expect(frames.at(-1)!.head).toMatchObject({ label: 2, op: { kind: 'supervoxel', seeds: [[20, 25, 15], [20, 25, 22], [20, 25, 23], [20, 25, 31]], image: 1, cell: [1, 8, 8], contrast: 4 } });
  const before = frames.length;
  tool.press(axial, at(15, 25))!.end(at(15, 25), true);
  expect(frames.length).toBe(before); // cancelled

  // through space, at the cross, by the keyboard; other sizes
  store.update({ paint: { ...FIRST_PAINT, act: 'piece', deep: true, cell: 12, contrast: 0.5 }, cross: [30.5, 20.5, 41] });
  expect(paintKey(tool, 'Enter')).toBe(true);
  expect(frames.at(-1)!.head ?? frames.at(-2)!.head).toMatchObject({ label: 1, op: { seeds: [[20, 20, 30]], cell: [6, 12, 12], contrast: 20 } });
  expect(paintKey(tool, 'v') && store.state.paint?.act).toBe('piece');
});

test('a piece has its outline in each slice, rows that fill it, and a surface', () => {
  const piece = new Piece({ start: [2, 4, 6], stop: [4, 6, 9], runs: [0, 3, 0, 2, 1, 0, 3, 3] });
  const geometry = { shape: [20, 20, 20], voxelSize: [2, 1, 1], origin: [0, 0, 0] } as const;
  expect([piece.has([2, 4, 8]), piece.has([2, 5, 8]), piece.has([3, 4, 6]), piece.has([1, 4, 8]), piece.has([2, 4, 9])]).toEqual([true, false, false, false, false]);
  expect(piece.outline(geometry, 0, 2).length).toBe(10); // three voxels over two
  expect(piece.rows(geometry, 0, 2)).toEqual([
    [[5.5, 3.5, 4], [8.5, 3.5, 4], [8.5, 4.5, 4], [5.5, 4.5, 4]], [[5.5, 4.5, 4], [7.5, 4.5, 4], [7.5, 5.5, 4], [5.5, 5.5, 4]],
  ]);
  expect([piece.outline(geometry, 0, 1), piece.outline(geometry, 0, 4)]).toEqual([[], []]);
  expect(piece.surface(geometry).length).toBe(8);
  expect([cellOf(geometry, 8, undefined), cellOf(geometry, 8, 1), cellOf({ ...geometry, voxelSize: [30, 1, 1] }, 8, undefined)]).toEqual([[4, 8, 8], [4, 1, 8], [1, 8, 8]]);
});

test('a pen that is pressed harder paints wider, unless that is not wanted; its other end takes labels away', () => {
  const { tool, store, frames, axial } = brush();
  const pen = (pressure: number, more: object = {}) => ({ pointerType: 'pen', pressure, button: 0, buttons: 1, clientX: 0, clientY: 0, ...more }) as unknown as PointerEvent;
  const at = (x: number) => worldToSlice(axial, [x, 20, 41]);
  const drag = tool.press(axial, at(10), pen(0.25))!;
  const later = { ...pen(0.75), clientX: 100, getCoalescedEvents: () => [pen(0.5, { clientX: 100 + at(14)[0] - at(20)[0] }), pen(0.75, { clientX: 100 })] } as unknown as PointerEvent;
  drag.move(at(20), later);
  drag.end(at(24), false);
  const { op } = frames[0]!.head!;
  if (op.kind !== 'stroke') throw new Error(op.kind);
  expect([op.scales, op.radius]).toEqual([[0.25, 0.5, 0.75, 0.75], [0, 4, 4]]);
  expect(op.points.map(([, , x]) => Math.round(x + 0.5))).toEqual([10, 14, 20, 24]);
  store.update({ paint: { ...FIRST_PAINT, pressure: false, label: 3 } });
  tool.press(axial, at(10), pen(0.25))!.end(at(12), false);
  expect(frames[1]!.head!.label).toBe(3);
  expect('scales' in frames[1]!.head!.op).toBe(false);
  tool.press(axial, at(10), pen(0.5, { button: 5, buttons: 32 }))!.end(at(12), false);
  store.update({ paint: { ...FIRST_PAINT, act: 'fill', label: 3 } });
  tool.press(axial, at(10), pen(0.5, { button: 5, buttons: 32 }))!.end(at(10), false);
  expect(frames.slice(2).map(({ head }) => [head!.label, head!.op.kind])).toEqual([[0, 'stroke'], [0, 'fill']]);
});
