/** @jest-environment jsdom */
import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import type { MarkedValues, SliceView, View } from '../../../src/renderer/views.js';
import type { SessionVolume } from '../../../src/session/types.js';
import type { BrickKey } from '../../../src/volume/geometry.js';
import { FIRST_PAINT } from '../../../src/viewer/paint/paint_state.js';
import { type PaintHost, PaintTool } from '../../../src/viewer/paint/paint_tool.js';
import { RangeFields } from '../../../src/viewer/paint/range_fields.js';
import { histogramOf, shareWithin, sliceValues } from '../../../src/viewer/paint/slice_values.js';
import { ShownLayers } from '../../../src/viewer/shown_layers.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';
import { coarseBrick, source, volume } from './volumes.js';

const PLACE = { shape: [40, 50, 60], voxel_size: [1, 1, 1], origin: [0.5, 0.5, 0.5] } as const;
const SIZE = { width: 800, height: 600 };
const IMAGE = volume(1, { ...PLACE, scale: 2, offset: 100 });
/** Values rise along x: 100 + 2x. */
const BRICK = coarseBrick(IMAGE, (_, __, x) => x);

function painting() {
  /** Edits that were sent. */
  const sent: unknown[] = [];
  const volumes = new Map<number, SessionVolume>([[1, IMAGE], [7, volume(7, { ...PLACE, name: 'tissue', kind: 'labels', stored: 'u8', dtype: 'uint8', editable: true })]]);
  const store = new ViewStore({ layout: 'four' });
  store.update({ ...fitted({ min: [0, 0, 0], max: [60, 50, 40] }, 'four', undefined, SIZE), paint: { ...FIRST_PAINT, range: { on: true, low: 120, high: 159 } } });
  const view = (id: string) => viewsOf(store.state, SIZE).find((v) => v.id === id) as View;
  const marked: (MarkedValues | undefined)[] = [];
  const host = {
    scene: new Scene(new Y.Doc(), {}), store, view, author: 'ann', mayEdit: () => true, redraw: () => undefined, tell: () => undefined,
    session: {
      labels: { edit: (...edit: unknown[]) => Promise.resolve(sent.push(edit)) }, volumes, ranges: () => ({ overall: { min: 100, max: 218 } }),
      peek: (handle: number, { level }: BrickKey) => (handle === 1 && level === 0 ? BRICK : undefined),
    },
    markValues: (handle: number, values: MarkedValues | undefined) => marked.push(handle === 1 ? values : { low: 0, high: 0, color: 'of another volume' }),
  } as unknown as PaintHost;
  const tool = new PaintTool(host);
  const fields = new RangeFields(tool);
  document.body.replaceChildren(fields.element);
  fields.show();
  return { tool, fields, store, marked, sent, view };
}

test('the values of a slice are those of its voxels; what lies beside the volume is none', () => {
  const { view } = painting();
  const values = sliceValues(IMAGE, view('axial') as SliceView, (_, { level }) => (level === 0 ? BRICK : undefined), 0);
  expect([values[0], values.at(-1)]).toEqual([100, 218]);
  expect(values.length).toBeGreaterThan(5000);
  expect(values.length).toBeLessThan(96 ** 2); // a margin beside it
  const { bins } = histogramOf(values)!;
  expect([bins.length, bins.reduce((sum, n) => sum + n, 0)]).toEqual([256, values.length]);
  expect(shareWithin(values, 120, 159)).toBeCloseTo(20 / 60, 1); // x from 10 to 29
  expect([shareWithin(values, 218, 218) > 0, shareWithin(values, 219, 300), shareWithin(values, 101, 101), histogramOf(new Float64Array())]).toEqual([true, 0, 0, undefined]);
});

test('limits are shown over the histogram of the slice, dragged and set by keys; the voxels within are tinted meanwhile, and nothing is painted', () => {
  const { fields, store, marked, sent, tool } = painting();
  const picture = fields.element.querySelector('svg')!;
  expect(picture.getAttribute('aria-label')).toMatch(/^Histogram of the slice, from 100 to 218: 3\d.*% of what the slice shows is within$/);
  expect(picture.querySelector('path')!.getAttribute('d')!.length).toBeGreaterThan(400);
  expect(marked).toEqual([]);
  // by the keyboard: a thumb has the focus
  const [low, high] = [...fields.element.querySelectorAll<HTMLInputElement>('input[type="range"]')];
  low!.focus();
  expect(marked.at(-1)).toEqual({ low: 120, high: 159, color: tool.colorOf(1) });
  high!.value = '1000';
  high!.dispatchEvent(new Event('input'));
  expect(store.state.paint!.range).toEqual({ on: true, low: 120, high: 218 });
  expect(marked.at(-1)).toMatchObject({ low: 120, high: 218 });
  low!.blur();
  expect(marked.at(-1)).toBeUndefined();
  // by the pointer: the limit that is nearer
  picture.getBoundingClientRect = () => ({ left: 0, width: 118 }) as DOMRect;
  const at = (type: string, clientX: number) => picture.dispatchEvent(new MouseEvent(type, { clientX, button: 0, bubbles: true }));
  at('pointerdown', 30);
  at('pointermove', 50);
  expect(store.state.paint!.range).toEqual({ on: true, low: 150, high: 218 });
  expect(marked.at(-1)).toMatchObject({ low: 150, high: 218 });
  at('pointermove', 200);
  expect(store.state.paint!.range).toMatchObject({ low: 218, high: 218 }); // not past the other one
  at('pointerup', 200);
  expect(marked.at(-1)).toBeUndefined();
  expect(sent).toEqual([]);
  fields.show();
  expect(fields.element.querySelector('.voxbeam-said')!.textContent).toMatch(/^[0-4]\.?\d* % of what the slice shows$/);
  low!.focus();
  store.update({ paint: { ...store.state.paint!, range: { ...store.state.paint!.range, on: false } } });
  fields.show();
  expect([fields.element.hidden, marked.at(-1)]).toEqual([true, undefined]);
});

test('tinted values are part of how one layer is drawn, until they are no longer', () => {
  const layers = new ShownLayers(source(IMAGE, volume(2, { name: 'other' })), new Scene(new Y.Doc(), {}), () => true);
  const values = { low: 1, high: 2, color: '#ff0000' };
  layers.mark(1, values);
  expect(layers.list.map(({ volume: { handle }, settings }) => [handle, settings.marked])).toEqual([[1, values], [2, undefined]]);
  layers.mark(1, undefined);
  expect(layers.of(1)!.settings.marked).toBeUndefined();
});
