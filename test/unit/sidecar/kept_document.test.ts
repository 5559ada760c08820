/** What newcomers are sent of a large document: the same frames again, and what was changed since. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { MAX_FRAME_BYTES } from '../../../src/protocol/index.js';
import { KeptDocument } from '../../../src/sidecar/kept_document.js';

const EMPTY = Y.encodeStateVector(new Y.Doc());
const frames = (kept: KeptDocument, known = EMPTY) => kept.answer(known);

/** The document of who was sent an answer. */
function received({ frames: first, rest }: ReturnType<KeptDocument['answer']>): Y.Doc {
  const doc = new Y.Doc();
  for (const update of [...first, ...rest]) Y.applyUpdate(doc, update);
  return doc;
}

test('a large document is encoded once; what was added, changed and removed since comes with it, until that is much', () => {
  const doc = new Y.Doc();
  const rows = doc.getMap<string>('annotations');
  const text = 'x'.repeat(100);
  doc.transact(() => {
    for (let n = 0; n < 40_000; n += 1) rows.set(`r${n}`, text);
  });
  let encoded = 0;
  const kept = new KeptDocument(doc, (update) => {
    encoded += update.byteLength;
    return update;
  });
  expect(received(frames(kept)).getMap('annotations').toJSON()).toEqual(rows.toJSON());
  expect(encoded).toBeGreaterThan(4_000_000);
  const once = encoded;
  rows.set('r7', 'changed');
  rows.delete('r8');
  rows.set('new', 'one more');
  const other = new Y.Doc();
  other.getMap('annotations').set('of another', 'y');
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
  const answer = frames(kept);
  expect(encoded).toBe(once);
  expect(answer.rest.reduce((sum, part) => sum + part.byteLength, 0)).toBeLessThan(1000);
  const there = received(answer);
  expect(there.getMap('annotations').toJSON()).toEqual(rows.toJSON());
  expect([there.getMap('annotations').has('r8'), there.getMap('annotations').get('r7')]).toEqual([false, 'changed']);
  expect(Y.encodeStateVector(there)).toEqual(Y.encodeStateVector(doc));
  // who has some of it is sent the rest alone
  expect(frames(kept, Y.encodeStateVector(other)).frames).toEqual([]);
  // much is new: it is encoded anew, without what has gone since
  doc.transact(() => {
    for (let n = 0; n < 10_000; n += 1) rows.set(`later${n}`, text);
  });
  expect(received(frames(kept)).getMap('annotations').toJSON()).toEqual(rows.toJSON());
  expect(encoded).toBeGreaterThan(2 * once);
  expect(frames(kept).rest.reduce((sum, part) => sum + part.byteLength, 0)).toBeLessThan(1000);
});

test('a small document is not kept, and one that has become small is forgotten', () => {
  const doc = new Y.Doc();
  doc.getMap('annotations').set('a', 'b');
  const kept = new KeptDocument(doc, (update) => update);
  expect(frames(kept)).toEqual({ frames: [], rest: [Y.encodeStateAsUpdate(doc)] });
  doc.getMap('annotations').set('large', 'x'.repeat(MAX_FRAME_BYTES));
  const { frames: first, rest } = frames(kept);
  expect(first.length + rest.length).toBeGreaterThan(1);
  expect(received(frames(kept)).getMap('annotations').toJSON()).toEqual(doc.getMap('annotations').toJSON());
});
