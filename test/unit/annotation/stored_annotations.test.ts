/** Rows and what was changed of them: merged field by field, also where nobody has made a map for it; and documents as they once were. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene } from '../../../src/annotation/scene.js';
import { ANNOTATION_EDITS, ANNOTATIONS, editKey, readEditKey, StoredAnnotations } from '../../../src/annotation/stored_annotations.js';
import { setBack } from '../../../src/sidecar/durable/set_back.js';
import { sweepTombstones } from '../../../src/sidecar/durable/tombstones.js';
import { merge, twoDocs } from './documents.js';

const point = { kind: 'point', name: 'p', color: '#ff0000', volumeName: 'brain', author: 'Ada', coords: [1, 2, 3] } as const;
const copyOf = (doc: Y.Doc): Y.Doc => {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  return copy;
};
const old = (fields: object, props: object = {}) => new Y.Map<unknown>([...Object.entries(fields), ['props', new Y.Map(Object.entries(props))]]);

test('an annotation is one entry of the document, and a change one more', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {}, 'Ada');
  const structs = () => [...doc.store.clients.values()].reduce((sum, each) => sum + each.length, 0);
  const ids = Array.from({ length: 100 }, (_, n) => scene.add({ ...point, props: { size: n } }));
  expect(structs()).toBe(100);
  scene.update(ids[3]!, { coords: [4, 5, 6] });
  expect([...doc.getMap(ANNOTATION_EDITS).keys()].sort()).toEqual([`${ids[3]}/coords`, `${ids[3]}/modified`, `${ids[3]}/modified_by`]);
  expect(JSON.parse(doc.getMap(ANNOTATIONS).get(ids[3]!) as string).coords).toEqual([1, 2, 3]);
  expect(new Scene(copyOf(doc), {}).annotation(ids[3]!)).toMatchObject({ coords: [4, 5, 6], name: 'p', props: { size: 3 }, modifiedBy: 'Ada' });
});

test('two people set the first own fields of one annotation at once: both are there', () => {
  const [docA, docB] = twoDocs();
  const [a, b] = [new Scene(docA, {}, 'Ada'), new Scene(docB, {}, 'Bob')];
  const id = a.add(point);
  merge(docA, docB);
  a.update(id, { props: { size: 4 }, name: 'of Ada' });
  b.update(id, { props: { sure: true, __proto__x: 1 }, coords: [9, 9, 9] });
  merge(docA, docB);
  for (const scene of [a, b]) expect(scene.annotation(id)).toMatchObject({ name: 'of Ada', coords: [9, 9, 9], props: { size: 4, sure: true, __proto__x: 1 } });
  a.undo();
  merge(docA, docB);
  expect(b.annotation(id)).toMatchObject({ name: 'p', coords: [9, 9, 9], props: { sure: true } });
  expect(b.annotation(id)?.props).not.toHaveProperty('size');
});

test('own fields with any name are kept, changed and taken away', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {});
  const props = JSON.parse('{"__proto__": 7, "a/b": 1, "100%": 2, "constructor": 3, "": 4}');
  const id = scene.add({ ...point, props });
  const there = () => Object.entries(new Scene(copyOf(doc), {}).annotation(id)!.props).sort();
  expect(there()).toEqual([['100%', 2], ['__proto__', 7], ['a/b', 1], ['constructor', 3]]);
  scene.update(id, { props: { 'a/b': undefined, '100%': 'x' } });
  expect(there()).toEqual([['100%', 'x'], ['__proto__', 7], ['constructor', 3]]);
  scene.undo();
  expect(there()).toEqual([['100%', 2], ['__proto__', 7], ['a/b', 1], ['constructor', 3]]);
  for (const name of ['a', 'a/b', '%2F', '%', '/']) expect(readEditKey(editKey(name, 'props.x/y%'))).toEqual([name, 'props.x/y%']);
  expect([readEditKey('nothing'), readEditKey('/coords')]).toEqual([undefined, undefined]);
});

test('a document as it once was, a map for each annotation, is read, merged, changed and undone', () => {
  const [docA, docB] = twoDocs();
  docA.getMap(ANNOTATIONS).set('old', old({ kind: 'point', name: 'before', coords: [1, 2, 3], author: 'Ada', created: '2026-01-01T00:00:00Z' }, { size: 1 }));
  merge(docA, docB);
  const [a, b] = [new Scene(docA, {}, 'Ada'), new Scene(docB, {}, 'Bob')];
  const fresh = b.add({ ...point, name: 'new' });
  a.update('old', { name: 'changed', props: { sure: true } });
  b.update('old', { coords: [7, 7, 7], props: { size: 2 } });
  merge(docA, docB);
  for (const scene of [a, b]) {
    expect(scene.annotations().map(({ id }) => id)).toEqual(['old', fresh]);
    expect(scene.annotation('old')).toMatchObject({ name: 'changed', coords: [7, 7, 7], props: { size: 2, sure: true } });
  }
  expect(docA.getMap(ANNOTATION_EDITS).size).toBe(0);
  a.undo();
  expect(a.annotation('old')).toMatchObject({ name: 'before', coords: [7, 7, 7], props: { size: 2 } });
  a.remove('old');
  expect(a.annotations()).toHaveLength(1);
});

test('what stands beside the rows and belongs to none is left out', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {});
  const id = scene.add(point);
  for (const key of ['nobody/coords', 'x', '/name', `${id}/constructor`, `${id}/props`]) doc.getMap(ANNOTATION_EDITS).set(key, { evil: 1 });
  for (const [key, value] of [['list', '[1]'], ['text', '"x"'], ['torn', '{"kind":'], ['deep', '['.repeat(100_000)], ['none', null], ['object', { kind: 'point', coords: [1, 2, 3] }], ['bytes', new Uint8Array(3)]] as const) doc.getMap(ANNOTATIONS).set(key, value);
  expect(scene.annotations()).toMatchObject([{ id, coords: [1, 2, 3], props: {} }]);
  doc.getMap(ANNOTATION_EDITS).set(`${id}/coords`, ['x']);
  expect(scene.annotations()).toEqual([]);
  doc.getMap(ANNOTATION_EDITS).set(`${id}/coords`, null);
  expect(scene.annotations()).toEqual([]);
});

test('set back: what was changed is as it was, what was added is a tombstone that keeps its changes', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {}, 'Ada');
  const [a, b] = [scene.add({ ...point, props: { size: 1 } }), scene.add(point)];
  scene.update(b, { name: 'second' });
  const then = copyOf(doc);
  scene.update(a, { name: 'later', props: { size: 2, more: true } });
  scene.update(b, { coords: [0, 0, 1] });
  scene.remove(b);
  const late = scene.add(point);
  scene.update(late, { name: 'late' });
  setBack(doc, then, '2026-02-02T00:00:00Z', 'Bob');
  expect(scene.annotations()).toMatchObject([{ id: a, name: 'p', props: { size: 1 } }, { id: b, name: 'second', coords: [1, 2, 3] }]);
  expect(scene.annotation(a)?.props).toEqual({ size: 1 });
  const stored = new StoredAnnotations(doc);
  expect(['deleted', 'modified_by', 'name'].map((field) => stored.read(late, field))).toEqual([true, 'Bob', 'late']);
});

test('a tombstone goes with all that was changed of it; what was changed of a row that is not here yet stays', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {}, 'Ada');
  const [a, b] = [scene.add(point), scene.add(point)];
  scene.update(a, { name: 'x', props: { size: 1 } });
  scene.update(b, { name: 'y' });
  scene.remove(a);
  doc.getMap(ANNOTATION_EDITS).set('later/name', 'z');
  expect(sweepTombstones(doc, Date.now() + 31 * 24 * 3_600_000)).toBe(1);
  expect([...doc.getMap(ANNOTATIONS).keys()]).toEqual([b]);
  expect([...new Set([...doc.getMap(ANNOTATION_EDITS).keys()].map((key) => key.split('/')[0]))].sort()).toEqual([b, 'later'].sort());
});
