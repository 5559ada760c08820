import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { CHANNEL_COLORS, ensureLayer, removeLayer } from '../../../src/annotation/layers.js';
import { Scene } from '../../../src/annotation/scene.js';
import { description } from './documents.js';

test('a new volume gets a layer with defaults of its kind', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description());
  ensureLayer(doc, description({ name: 'mask', kind: 'labels', stored: 'u32' }));
  const [image, labels] = new Scene(doc, {}).layers();
  expect(image).toMatchObject({ id: 'brain', volumeName: 'brain', colormap: 'gray', opacity: 1, visible: true, mode: 'dvr' });
  expect(image?.window).toBeUndefined();
  expect(labels).toMatchObject({ id: 'mask', kind: 'labels', colormap: 'labels', opacity: 0.5 });
});

test('what the producer asks for is taken over', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description({ display: { window: [10, 20], colormap: 'magma' } }));
  expect(new Scene(doc, {}).layers()[0]).toMatchObject({ window: [10, 20], colormap: 'magma' });
});

test('channels add up, each in a colour of its own: what their file says, else one of the palette', () => {
  const doc = new Y.Doc();
  const channel = (index: number, color?: string) => ({ group: 'cells', index, name: `${index}`, ...(color ? { color } : {}) });
  ensureLayer(doc, description({ name: 'cells/0', channel: channel(0) }));
  ensureLayer(doc, description({ name: 'cells/1', channel: channel(1, '#123456') }));
  ensureLayer(doc, description({ name: 'cells/2', channel: channel(2, '#123456'), display: { colormap: 'magma' } }));
  ensureLayer(doc, description({ name: 'cells/6', channel: channel(6) }));
  const layers = new Scene(doc, {}).layers();
  expect(layers.map((layer) => layer.blend)).toEqual(['additive', 'additive', 'additive', 'additive']);
  expect(layers.map((layer) => layer.colormap)).toEqual([CHANNEL_COLORS[0], '#123456', 'magma', CHANNEL_COLORS[0]]);
});

test('a volume that comes back keeps the settings people made', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description());
  new Scene(doc, {}).setLayer('brain', { opacity: 0.25, window: [3, 4] });
  ensureLayer(doc, description({ display: { window: [10, 20] } }));
  expect(new Scene(doc, {}).layers()).toMatchObject([{ opacity: 0.25, window: [3, 4] }]);
});

test('labels lie over images, whichever came first', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description({ name: 'mask', kind: 'labels' }));
  ensureLayer(doc, description({ name: 'first' }));
  ensureLayer(doc, description({ name: 'second' }));
  expect(new Scene(doc, {}).layers().map((layer) => layer.id)).toEqual(['first', 'second', 'mask']);
});

test('removing a layer leaves the others', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description({ name: 'a' }));
  ensureLayer(doc, description({ name: 'b' }));
  removeLayer(doc, 'a');
  removeLayer(doc, 'never was');
  expect(new Scene(doc, {}).layers().map((layer) => layer.id)).toEqual(['b']);
});
