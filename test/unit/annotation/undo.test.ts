import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { ensureLayer } from '../../../src/annotation/layers.js';
import { Scene } from '../../../src/annotation/scene.js';
import { description, merge, twoDocs } from './documents.js';

const point = { kind: 'point', name: 'p', color: '#ff0000', volumeName: 'brain', author: 'test', coords: [1, 2, 3] } as const;

test('undo and redo go step by step', () => {
  const scene = new Scene(new Y.Doc(), {});
  expect(scene.canUndo).toBe(false);
  const id = scene.add(point);
  scene.update(id, { name: 'q' });
  scene.undo();
  expect(scene.annotation(id)?.name).toBe('p');
  scene.undo();
  expect(scene.annotations()).toEqual([]);
  expect(scene.canUndo).toBe(false);
  scene.redo();
  scene.redo();
  expect(scene.annotation(id)?.name).toBe('q');
  expect(scene.canRedo).toBe(false);
});

test('a removed annotation comes back whole', () => {
  const scene = new Scene(new Y.Doc(), {});
  const id = scene.add(point);
  const before = scene.annotation(id);
  scene.remove(id);
  scene.undo();
  const { modified, ...rest } = scene.annotation(id)!;
  expect({ ...rest, modified: before!.modified }).toEqual(before);
  expect(modified >= before!.modified).toBe(true);
});

test('the steps of a gesture are undone as one, and not with the edit before', () => {
  const scene = new Scene(new Y.Doc(), {});
  const id = scene.add(point);
  scene.beginGesture();
  for (let x = 0; x < 20; x += 1) scene.update(id, { coords: [x, 0, 0] });
  scene.endGesture();
  scene.update(id, { name: 'after' });
  scene.undo();
  expect(scene.annotation(id)).toMatchObject({ name: 'p', coords: [19, 0, 0] });
  scene.undo();
  expect(scene.annotation(id)?.coords).toEqual([1, 2, 3]);
});

test('undo takes back only what one did oneself', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}), new Scene(docB, {})];
  const mine = a.add(point);
  merge(docA, docB);
  const theirs = b.add({ ...point, name: 'of b' });
  merge(docA, docB);
  a.undo();
  expect(a.annotations().map((annotation) => annotation.id)).toEqual([theirs]);
  merge(docA, docB);
  expect(b.annotation(mine)).toBeUndefined();
  b.undo();
  expect(b.annotations()).toEqual([]);
});

test('undo does not take back what someone else changed since', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}), new Scene(docB, {})];
  const id = b.add(point);
  merge(docA, docB);
  a.update(id, { color: '#00ff00' });
  merge(docA, docB);
  b.update(id, { color: '#0000ff' });
  merge(docA, docB);
  a.undo();
  expect(a.annotation(id)?.color).toBe('#0000ff');
});

test('two scenes on one document undo apart', () => {
  const doc = new Y.Doc();
  const [a, b] = [new Scene(doc, {}), new Scene(doc, {})];
  a.add(point);
  const id = b.add({ ...point, name: 'of b' });
  a.undo();
  expect(b.annotations().map((annotation) => annotation.id)).toEqual([id]);
});

test('layer settings are not undone', () => {
  const doc = new Y.Doc();
  ensureLayer(doc, description());
  const scene = new Scene(doc, {});
  scene.add(point);
  scene.setLayer('brain', { opacity: 0.5 });
  scene.undo();
  expect(scene.layers()[0]?.opacity).toBe(0.5);
  expect(scene.annotations()).toEqual([]);
});

test('what others changed in an annotation stays when one takes back one\u2019s own change of another field, or its removal', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}, 'ann'), new Scene(docB, {}, 'bob')];
  const id = a.add({ ...point, props: { size: 3 } });
  merge(docA, docB);
  a.update(id, { label: 'void', props: { size: 4 } });
  merge(docA, docB);
  b.update(id, { props: { sure: true }, name: 'of b' });
  merge(docA, docB);
  expect(a.annotation(id)?.modifiedBy).toBe('bob');
  a.undo();
  expect(a.annotation(id)).toMatchObject({ label: '', name: 'of b', props: { size: 3, sure: true }, author: 'test', modifiedBy: 'ann' });
  a.redo();
  expect(a.annotation(id)).toMatchObject({ label: 'void', props: { size: 4, sure: true } });
  a.remove(id);
  merge(docA, docB);
  expect(b.annotation(id)).toBeUndefined();
  a.undo();
  merge(docA, docB);
  expect(b.annotation(id)).toMatchObject({ label: 'void', name: 'of b' });
});

test('a step of which nothing is left is passed over', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}), new Scene(docB, {})];
  const id = a.add(point);
  a.update(id, { name: 'first' });
  a.update(id, { color: '#00ff00' });
  merge(docA, docB);
  b.update(id, { color: '#0000ff' });
  merge(docA, docB);
  a.undo();
  expect(a.annotation(id)).toMatchObject({ name: 'p', color: '#0000ff' });
  expect(a.canRedo).toBe(true);
  a.redo();
  expect(a.annotation(id)?.name).toBe('first');
});
