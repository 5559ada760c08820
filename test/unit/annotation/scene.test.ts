import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { ensureLayer, LAYERS } from '../../../src/annotation/layers.js';
import type { NewAnnotation } from '../../../src/annotation/model.js';
import { Scene } from '../../../src/annotation/scene.js';
import { ANNOTATIONS } from '../../../src/annotation/stored_annotations.js';
import { description, merge, twoDocs } from './documents.js';

const point = (name: string): NewAnnotation => ({
  kind: 'point',
  name,
  color: '#ff0000',
  volumeName: 'brain',
  author: 'test',
  coords: [1, 2, 3],
});

test('the document holds the fields that the protocol names', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {});
  const id = scene.add({ ...point('box'), kind: 'box', coords: [0, 1, 2, 3, 4, 5] });
  const stored = JSON.parse(doc.getMap(ANNOTATIONS).get(id) as string);
  expect(stored).toEqual({
    kind: 'box',
    name: 'box',
    color: '#ff0000',
    volume_name: 'brain',
    author: 'test',
    coords: [0, 1, 2, 3, 4, 5],
    created: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

test('annotations are added, changed and removed, and every change is told', () => {
  const scene = new Scene(new Y.Doc(), {});
  const changes: unknown[] = [];
  const stop = scene.onChange((change) => changes.push(change));
  const id = scene.add(point('a'));
  const before = scene.annotations();
  scene.update(id, { name: 'b', coords: [4, 5, 6] });
  expect(scene.annotations()).toMatchObject([{ id, name: 'b', coords: [4, 5, 6], volumeName: 'brain' }]);
  expect(before[0]?.name).toBe('a');
  scene.remove(id);
  expect(scene.annotations()).toEqual([]);
  expect(changes).toEqual(Array(3).fill({ layers: false, annotations: true, ids: new Set([id]) }));
  stop();
  scene.add(point('c'));
  expect(changes).toHaveLength(3);
});

test('lists keep their identity until something changes', () => {
  const scene = new Scene(new Y.Doc(), {});
  const id = scene.add(point('a'));
  const before = scene.annotations();
  scene.update(id, { name: 'a' });
  expect(scene.annotations()).toBe(before);
});

test('edits of what is gone do nothing', () => {
  const scene = new Scene(new Y.Doc(), {});
  scene.update('nobody', { name: 'x' });
  scene.remove('nobody');
  scene.setLayer('nobody', { opacity: 0 });
  expect(scene.annotations()).toEqual([]);
  expect(scene.layers()).toEqual([]);
});

test('malformed entries are left out, malformed niceties get defaults', () => {
  const doc = new Y.Doc();
  const annotations = doc.getMap(ANNOTATIONS);
  const put = (id: string, fields: Record<string, unknown>) => annotations.set(id, new Y.Map(Object.entries(fields)));
  annotations.set('text', 'not a map');
  put('no coords', { kind: 'point' });
  put('wrong length', { kind: 'box', coords: [1, 2, 3] });
  put('not finite', { kind: 'point', coords: [1, 2, Number.NaN] });
  put('unknown kind', { kind: 'sphere', coords: [1, 2, 3] });
  put('bare', { kind: 'point', coords: [1, 2, 3], color: 'red; background: url(x)', name: 7 });
  put('turned', { kind: 'box', coords: [5, 5, 5, 0, 9, 0], color: '#00FF00' });
  const found = new Scene(doc, {}).annotations();
  expect(found.map((a) => a.id).sort()).toEqual(['bare', 'turned']);
  expect(found.find((a) => a.id === 'bare')).toMatchObject({ name: '', color: '#ffb000', author: '' });
  expect(found.find((a) => a.id === 'turned')?.coords).toEqual([0, 5, 0, 5, 9, 5]);
});

test('a layer with wrong settings shows with defaults; one without a volume does not show', () => {
  const doc = new Y.Doc();
  const layers = doc.getMap(LAYERS);
  layers.set('x', new Y.Map<unknown>([['kind', 'image'], ['volume_name', 'x'], ['opacity', 7], ['window', [5, 1]], ['points', []]]));
  layers.set('y', new Y.Map<unknown>([['kind', 'image']]));
  const found = new Scene(doc, {}).layers();
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ id: 'x', opacity: 1, window: undefined, mode: 'dvr' });
  expect(found[0]?.points.length).toBeGreaterThan(1);
});

test('a window can be set and made automatic again', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description());
  const scene = new Scene(doc, {});
  scene.setLayer('brain', { window: [1, 2] });
  expect(scene.layers()[0]?.window).toEqual([1, 2]);
  scene.setLayer('brain', { window: undefined });
  expect(scene.layers()[0]?.window).toBeUndefined();
});

test('two people editing different fields at once both keep their edits', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}), new Scene(docB, {})];
  const id = a.add(point('shared'));
  merge(docA, docB);
  a.update(id, { name: 'renamed by a' });
  b.update(id, { coords: [9, 9, 9] });
  a.add(point('of a'));
  b.add(point('of b'));
  merge(docA, docB);
  expect(a.annotations()).toEqual(b.annotations());
  expect(a.annotations()).toHaveLength(3);
  expect(a.annotation(id)).toMatchObject({ name: 'renamed by a', coords: [9, 9, 9] });
});

test('two people editing the same coordinates end with one of the two, whole and the same', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}), new Scene(docB, {})];
  const id = a.add(point('shared'));
  merge(docA, docB);
  a.update(id, { coords: [1, 1, 1] });
  b.update(id, { coords: [2, 2, 2] });
  merge(docA, docB);
  expect(a.annotation(id)).toEqual(b.annotation(id));
  expect([[1, 1, 1], [2, 2, 2]]).toContainEqual(a.annotation(id)?.coords);
});

test('removing wins over a change made at the same time, which is not lost', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}), new Scene(docB, {})];
  const id = a.add(point('shared'));
  merge(docA, docB);
  a.remove(id);
  b.update(id, { name: 'too late' });
  merge(docA, docB);
  expect(a.annotations()).toEqual([]);
  expect(b.annotations()).toEqual([]);
  a.undo();
  merge(docA, docB);
  expect(b.annotation(id)).toMatchObject({ name: 'too late', coords: [1, 2, 3] });
});
