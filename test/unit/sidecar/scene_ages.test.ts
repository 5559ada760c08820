/** What of a kept scene goes with time: tombstones after thirty days, and restore points that nobody made. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { StoredAnnotations } from '../../../src/annotation/stored_annotations.js';
import { outlived } from '../../../src/sidecar/durable/restore_points.js';
import { sweepTombstones } from '../../../src/sidecar/durable/tombstones.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.parse('2026-11-20T12:00:00Z');

test('annotations that were removed go after thirty days; others, and those without a time, stay', () => {
  const doc = new Y.Doc();
  const annotations = doc.getMap('annotations');
  const add = (id: string, fields: object) => annotations.set(id, new Y.Map(Object.entries(fields)));
  const ago = (days: number) => new Date(NOW - days * DAY).toISOString();
  add('old', { deleted: true, modified: ago(31) });
  add('young', { deleted: true, modified: ago(29) });
  add('there', { modified: ago(400) });
  add('untimed', { deleted: true });
  add('nonsense', { deleted: true, modified: 'yesterday' });
  let updates = 0;
  doc.on('update', () => {
    updates += 1;
  });
  expect(sweepTombstones(doc, NOW)).toBe(1);
  expect([...annotations.keys()].sort()).toEqual(['nonsense', 'there', 'untimed', 'young']);
  expect(sweepTombstones(doc, NOW)).toBe(0);
  expect(updates).toBe(1);
});

test('edits whose annotation has not arrived are no tombstones: they stay, and count once it has', () => {
  const [ann, bob, here] = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
  const ago = (days: number) => new Date(NOW - days * DAY).toISOString();
  new StoredAnnotations(ann).add('mark', { kind: 'point', coords: [1, 2, 3], created: ago(90) }, {});
  Y.applyUpdate(bob, Y.encodeStateAsUpdate(ann));
  const known = Y.encodeStateVector(bob);
  const edits = new StoredAnnotations(bob);
  edits.write('mark', 'deleted', true);
  edits.write('mark', 'modified', ago(60));
  edits.write('mark', 'name', 'renamed');
  Y.applyUpdate(here, Y.encodeStateAsUpdate(bob, known)); // of a document that comes in parts, the edits first
  expect([here.getMap('annotations').size, here.getMap('annotation_edits').size]).toEqual([0, 3]);
  expect(sweepTombstones(here, NOW)).toBe(0);
  expect(here.getMap('annotation_edits').size).toBe(3);
  Y.applyUpdate(here, Y.encodeStateAsUpdate(ann));
  expect(new StoredAnnotations(here).read('mark', 'name')).toBe('renamed');
  expect(sweepTombstones(here, NOW)).toBe(1); // with all that was changed of it
  expect([here.getMap('annotations').size, here.getMap('annotation_edits').size]).toEqual([0, 0]);
});

test('automatic restore points: all of the last hour, one an hour of the last day, one a day before; made ones always', () => {
  const every = (minutes: number, from: number, to: number) => Array.from({ length: Math.floor((from - to) / minutes) }, (_, n) => NOW - (from - n * minutes) * MINUTE);
  const times = [...every(60, 5 * 24 * 60, 24 * 60), ...every(10, 24 * 60, 60), ...every(10, 60, 0)];
  const points = times.map((made, n) => ({
    point: n.toString(16).padStart(16, '0'), name: '', author: '', made: new Date(made).toISOString(), automatic: n % 50 !== 7, annotations: 1, bytes: 100,
  }));
  const gone = new Set(outlived(points, NOW));
  const kept = points.filter((one) => !gone.has(one));
  expect([...gone].every(({ automatic }) => automatic)).toBe(true);
  const ages = kept.filter(({ automatic }) => automatic).map(({ made }) => (NOW - Date.parse(made)) / MINUTE);
  expect(ages.filter((age) => age < 60)).toHaveLength(points.filter(({ made, automatic }) => automatic && NOW - Date.parse(made) < 60 * MINUTE).length);
  const hours = ages.filter((age) => age >= 60 && age < 24 * 60);
  expect(hours.length).toBeGreaterThanOrEqual(22);
  expect(hours.length).toBeLessThanOrEqual(24);
  expect(ages.filter((age) => age >= 24 * 60).length).toBeLessThanOrEqual(5);
  expect(outlived(kept, NOW)).toEqual([]);
  const heavy = points.slice(-6).map((one) => ({ ...one, automatic: true, bytes: 100 * 2 ** 20 }));
  expect(outlived(heavy, NOW)).toEqual(heavy.slice(0, 4)); // 256 MiB hold the newest two
});
