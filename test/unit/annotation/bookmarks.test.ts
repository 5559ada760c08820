import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { BOOKMARKS, Bookmarks, MAX_BOOKMARKS } from '../../../src/annotation/bookmarks.js';
import { twoDocs } from './documents.js';

test('bookmarks are shared, in the order they were made, and bounded', () => {
  const [one, two] = twoDocs();
  one.on('update', (update: Uint8Array, origin: unknown) => origin !== 'network' && Y.applyUpdate(two, update, 'network'));
  two.on('update', (update: Uint8Array, origin: unknown) => origin !== 'network' && Y.applyUpdate(one, update, 'network'));
  const [mine, theirs] = [new Bookmarks(one, {}), new Bookmarks(two, {})];
  let heard = 0;
  const end = theirs.onChange(() => {
    heard += 1;
  });
  const id = mine.add({ name: 'front', author: 'a', view: { camera: { yaw: 1 } } });
  expect(theirs.list()).toEqual([{ id, name: 'front', author: 'a', view: { camera: { yaw: 1 } }, created: expect.stringMatching(/^20/) }]);
  expect(theirs.list()).toBe(theirs.list());
  theirs.rename(id, 'left');
  expect(mine.list()[0]?.name).toBe('left');
  theirs.rename('gone', 'x');
  mine.remove(id);
  mine.remove(id);
  expect(theirs.list()).toEqual([]);
  expect(heard).toBe(3);
  end();
  for (let i = 0; i < MAX_BOOKMARKS; i += 1) mine.add({ name: String(i), author: '', view: {} });
  expect(() => mine.add({ name: 'more', author: '', view: {} })).toThrow(/200 bookmarks/);
  expect(heard).toBe(3);
});

test('what is no bookmark is left out', () => {
  const doc = new Y.Doc();
  const map = doc.getMap<unknown>(BOOKMARKS);
  map.set('a', 3);
  map.set('b', new Y.Map([['name', 'no view']]));
  map.set('c', new Y.Map<unknown>([['name', 7], ['view', {}]]));
  expect(new Bookmarks(doc, {}).list()).toEqual([{ id: 'c', name: '', author: '', created: '', view: {} }]);
});
