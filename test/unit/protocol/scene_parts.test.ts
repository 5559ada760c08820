import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { documentParts } from '../../../src/protocol/scene_parts.js';

/** Three people's edits of a map of maps, some of them removed and written over. */
function edited(): Y.Doc {
  const docs = [1, 2, 3].map((client) => {
    const doc = new Y.Doc();
    doc.clientID = client;
    return doc;
  });
  docs.forEach((doc, who) => {
    const map = doc.getMap<Y.Map<unknown>>('annotations');
    for (let i = 0; i < 60; i += 1) map.set(`${who}-${i}`, new Y.Map<unknown>([['name', `mark ${i}`], ['coords', [i, who, 0.5]], ['props', new Y.Map([['n', i]])]]));
    for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    for (let i = 0; i < 60; i += 3) map.delete(`${who}-${i}`);
    for (let i = 1; i < 60; i += 3) map.get(`0-${i}`)?.set('name', `of ${who}`);
    for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  });
  // Each writes over what the one before wrote, the first one over what the last one made, and so on once more.
  for (const who of [0, 1, 2, 0, 1]) {
    for (let i = 2; i < 60; i += 3) docs[who]!.getMap<Y.Map<unknown>>('annotations').get(`2-${i}`)?.set('name', `again by ${who}`);
    for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(docs[who]!));
  }
  return docs[0]!;
}

test('a document that is too large comes in parts, none too large, in any order', () => {
  const doc = edited();
  const parts = documentParts(doc, undefined, 800);
  expect(parts.length).toBeGreaterThan(10);
  expect(Math.max(...parts.slice(0, -1).map((part) => part.byteLength))).toBeLessThan(1100);
  for (const order of [parts, [...parts].reverse()]) {
    const copy = new Y.Doc();
    for (const part of order) Y.applyUpdate(copy, part);
    expect(copy.getMap('annotations').toJSON()).toEqual(doc.getMap('annotations').toJSON());
    expect(Y.encodeStateVector(copy)).toEqual(Y.encodeStateVector(doc));
  }
});

test('whatever a change builds on comes before it or with it, whoever made it: a reader never has to put one aside', () => {
  const doc = edited();
  for (const bytes of [100, 300, 800]) {
    for (const known of [undefined, Y.encodeStateVector(begun(doc))]) {
      const copy = known ? begun(doc) : new Y.Doc();
      const parts = documentParts(doc, known, bytes);
      const aside = parts.filter((part) => {
        Y.applyUpdate(copy, part);
        return copy.store.pendingStructs !== null;
      });
      expect(aside).toHaveLength(0);
      expect(copy.getMap('annotations').toJSON()).toEqual(doc.getMap('annotations').toJSON());
    }
  }
});

/** What a reader has after a few parts of a document. */
function begun(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc();
  for (const part of documentParts(doc, undefined, 800).slice(0, 4)) Y.applyUpdate(copy, part);
  return copy;
}

test('who has a part of it gets the rest', () => {
  const doc = edited();
  const copy = new Y.Doc();
  for (const part of documentParts(doc, undefined, 800)) Y.applyUpdate(copy, part);
  doc.getMap<Y.Map<unknown>>('annotations').get('1-2')!.set('name', 'x'.repeat(5000));
  doc.getMap('annotations').delete('2-4');
  const rest = documentParts(doc, Y.encodeStateVector(copy), 800);
  expect(rest).toHaveLength(2);
  for (const part of rest) Y.applyUpdate(copy, part);
  expect(copy.getMap('annotations').toJSON()).toEqual(doc.getMap('annotations').toJSON());
});

test('a small document is one update, as ever', () => {
  const doc = edited();
  expect(documentParts(doc)).toEqual([Y.encodeStateAsUpdate(doc)]);
});
