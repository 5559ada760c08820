import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { MarkIndex } from '../../../src/annotation/mark_index.js';
import type { Form, PointCoords } from '../../../src/annotation/model.js';
import { Scene } from '../../../src/annotation/scene.js';

function setUp() {
  const scene = new Scene(new Y.Doc(), {});
  const index = new MarkIndex(scene);
  const add = (form: Form, layer = '') => scene.add({ ...form, name: '', color: '#ff0000', volumeName: '', author: '', layer });
  return { scene, index, add };
}
const ids = (found: readonly { id: string }[]) => found.map(({ id }) => id);

test('what lies near a plane, a place or a ray is found; what does not is left out', () => {
  const { index, add } = setUp();
  const point = add({ kind: 'point', coords: [10, 10, 10] });
  const box = add({ kind: 'box', coords: [20, 20, 20, 30, 30, 40] });
  const line = add({ kind: 'line', coords: [0, 0, 0, 100, 0, 50] });
  expect(ids(index.ordered)).toEqual([point, box, line]);
  expect(ids(index.nearPlane([0, 0, 11], [0, 0, 1], 1))).toEqual([point, line]);
  expect(ids(index.nearPlane([0, 0, 30], [0, 0, 1], 0))).toEqual([box, line]);
  // a plane at 45 degrees that touches the corner of the box
  const slope: PointCoords = [Math.SQRT1_2, Math.SQRT1_2, 0];
  expect(ids(index.nearPlane([20, 20, 0], slope, 0))).toEqual([box, line]);
  expect(ids(index.nearPlane([60.6, 0, 0], slope, 0.5))).toEqual([box, line]);
  expect(ids(index.nearPlane([61, 0, 0], slope, 0.5))).toEqual([line]);
  expect(ids(index.nearPlace([31, 25, 25], 2))).toEqual([box]);
  expect(ids(index.nearPlace([33, 25, 25], 2))).toEqual([]);
  expect(ids(index.nearRay({ origin: [10, 12, -50], direction: [0, 0, 1] }, 0.05))).toEqual([point, line]);
  expect(ids(index.nearRay({ origin: [10, 12, -50], direction: [0, 0, 1] }, 0.01))).toEqual([line]);
  expect(ids(index.nearRay({ origin: [10, 10, 200], direction: [0, 0, 1] }, 1))).toEqual([]);
});

test('it follows the scene, and says what changed', () => {
  const { scene, index, add } = setUp();
  const all = Array.from({ length: 100 }, (_, i) => add({ kind: 'point', coords: [i, 0, 0] }));
  expect(index.items).toHaveLength(100);
  index.takeChanged();
  scene.update(all[7]!, { coords: [500, 0, 0] });
  expect([...index.takeChanged()!]).toEqual([all[7]]);
  expect(ids(index.nearPlace([500, 0, 0], 1))).toEqual([all[7]]);
  expect(ids(index.nearPlace([7, 0, 0], 0.4))).toEqual([]);
  const before = index.revision;
  expect(index.items).toHaveLength(100);
  expect(index.revision).toBe(before);
  for (const id of all.filter((_, i) => i % 3 === 0)) scene.remove(id);
  scene.undo();
  expect(index.items).toHaveLength(67);
  for (const [i, id] of all.entries()) {
    const found = ids(index.nearPlace([i === 7 ? 500 : i, 0, 0], 0.4));
    expect(found).toEqual(i % 3 === 0 && i !== 99 ? [] : [id]);
  }
});

test('a hidden layer is not in it, and comes back; a class may change any colour', () => {
  const { scene, index, add } = setUp();
  const layer = scene.groups.add('second');
  const [one, two] = [add({ kind: 'point', coords: [1, 0, 0] }), add({ kind: 'point', coords: [2, 0, 0] }, layer)];
  expect(ids(index.ordered)).toEqual([one, two]);
  scene.groups.set(layer, { visible: false });
  expect(ids(index.ordered)).toEqual([one]);
  expect([index.get(two), index.get(one)?.id]).toEqual([undefined, one]);
  scene.groups.remove(layer); // what was in it is in the first one now
  expect(ids(index.ordered)).toEqual([one, two]);
  index.takeChanged();
  scene.classes.put('void');
  expect(index.takeChanged()).toBeUndefined();
});
