/** The list of annotations, and what says without it whether a table of them is still right. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import type { NewAnnotation } from '../../../src/annotation/model.js';
import { Scene } from '../../../src/annotation/scene.js';
import { SEED, seeded } from '../../seed.js';

const point = (name: string): NewAnnotation => ({ kind: 'point', coords: [1, 2, 3], name, color: '#ff0000', volumeName: '', author: 'a' });

test('moving one changes no table; whatever else does', () => {
  const scene = new Scene(new Y.Doc(), {}, 'a');
  const id = scene.add(point('one'));
  scene.groups.add('other');
  const changes = (edit: () => void): boolean => {
    const before = scene.arrangement;
    edit();
    return scene.arrangement !== before;
  };
  expect(changes(() => scene.update(id, { coords: [4, 5, 6] }))).toBe(false);
  expect(scene.annotation(id)?.coords).toEqual([4, 5, 6]);
  expect(scene.annotations()[0]?.coords).toEqual([4, 5, 6]);
  for (const patch of [{ name: 'two' }, { label: 'void' }, { layer: scene.groups.all()[1]!.id }, { props: { size: 3 } }, { props: { size: 4 } }, { props: { size: undefined } }]) {
    expect([patch, changes(() => scene.update(id, patch))]).toEqual([patch, true]);
  }
  expect(changes(() => scene.remove(id))).toBe(true);
  expect(scene.annotationCount).toBe(0);
  expect(changes(() => scene.undo())).toBe(true);
  expect(scene.annotationCount).toBe(1);
});

test('however edits and readings take turns, the list is what a scene that reads all of it anew has', () => {
  const random = seeded(SEED);
  const doc = new Y.Doc();
  const scene = new Scene(doc, {}, 'a');
  const ids: string[] = [];
  const pick = () => ids[Math.floor(random() * ids.length)] ?? '';
  for (let round = 0; round < 120; round += 1) {
    const edit = () => {
      const dice = random();
      if (dice < 0.4) ids.push(scene.add(point(`p${round}`)));
      else if (dice < 0.7) scene.update(pick(), { coords: [round, 0, 0] });
      else if (dice < 0.8) scene.update(pick(), { name: `n${round}` });
      else if (dice < 0.9) scene.remove(pick());
      else scene.undo();
    };
    // Now and then more at once than are put in one by one.
    const count = random() < 0.1 ? 60 : 1;
    for (let i = 0; i < count; i += 1) edit();
    if (random() < 0.5) scene.annotation(pick());
    if (random() < 0.3) {
      const fresh = new Scene(doc, {});
      expect(scene.annotations()).toEqual(fresh.annotations());
      expect(scene.annotationCount).toBe(fresh.annotations().length);
      fresh.dispose();
    }
  }
});

test('the list stays the same object while nothing changes, and is another one after an edit', () => {
  const scene = new Scene(new Y.Doc(), {});
  const id = scene.add(point('one'));
  const list = scene.annotations();
  expect(scene.annotations()).toBe(list);
  scene.update(id, { coords: [9, 9, 9] });
  expect(scene.annotations()).not.toBe(list);
  expect(list[0]?.coords).toEqual([1, 2, 3]);
});
