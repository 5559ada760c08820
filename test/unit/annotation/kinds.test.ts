import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { AnnotationLayers, Classes, MAX_GROUPS } from '../../../src/annotation/groups.js';
import { boundsOf, centreOf, movedForm } from '../../../src/annotation/forms.js';
import { type Form, KINDS, parseForm } from '../../../src/annotation/kinds.js';
import { Scene } from '../../../src/annotation/scene.js';
import { ANNOTATION_EDITS, ANNOTATIONS } from '../../../src/annotation/stored_annotations.js';
import { MAX_PATH_POINTS, MAX_PROPS } from '../../../src/protocol/limits.js';

const FORMS: Form[] = [
  { kind: 'point', coords: [1, 2, 3] },
  { kind: 'line', coords: [0, 0, 0, 4, 0, 0] },
  { kind: 'polyline', coords: [0, 0, 0, 4, 0, 0, 4, 4, 0] },
  { kind: 'polygon', coords: [0, 0, 1, 4, 0, 1, 4, 4, 1] },
  { kind: 'box', coords: [0, 0, 0, 1, 2, 3] },
  { kind: 'oriented_box', coords: [1, 1, 1, 1, 2, 3, 0, 0, Math.SQRT1_2, Math.SQRT1_2] },
  { kind: 'ellipsoid', coords: [1, 1, 1, 1, 2, 3, 0, 0, 0, 1] },
];

test('every kind goes into the document and comes back as it was', () => {
  expect(FORMS.map(({ kind }) => kind)).toEqual(KINDS);
  const doc = new Y.Doc();
  const scene = new Scene(doc, {}, 'ann');
  const ids = FORMS.map((form) => scene.add({ ...form, name: form.kind, color: '#ff0000', volumeName: 'v', author: 'ann', label: 'void', layer: 'L', props: { n: 1 } }));
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  const other = new Scene(copy, {});
  FORMS.forEach((form, i) => {
    const found = other.annotation(ids[i]!)!;
    expect(found).toMatchObject({ kind: form.kind, label: 'void', layer: 'L', props: { n: 1 } });
    form.coords.forEach((value, at) => {
      expect(found.coords[at]).toBeCloseTo(value, 12);
    });
  });
});

test.each([
  ['point', [1, 2]],
  ['point', [1, 2, Number.NaN]],
  ['point', [1, 2, '3']],
  ['point', 'abc'],
  ['line', [0, 0, 0, 1, 1, 1, 2, 2, 2]],
  ['polyline', [0, 0, 0]],
  ['polyline', [0, 0, 0, 1]],
  ['polyline', Array(3 * MAX_PATH_POINTS + 3).fill(0)],
  ['polygon', [0, 0, 0, 1, 1, 1]],
  ['oriented_box', [0, 0, 0, 1, -1, 1, 0, 0, 0, 1]],
  ['oriented_box', [0, 0, 0, 1, 1, 1, 0, 0, 0, 2]],
  ['ellipsoid', [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]],
  ['sphere', [0, 0, 0]],
  [undefined, [0, 0, 0]],
])('no %s of %j', (kind, coords) => {
  expect(parseForm(kind, coords)).toBeUndefined();
});

test('the middle of every kind moves as it does', () => {
  for (const form of FORMS) {
    const moved = movedForm(form, [10, 20, 30]);
    expect(parseForm(moved.kind, moved.coords)).toEqual(moved);
    centreOf(moved).forEach((value, i) => {
      expect(value).toBeCloseTo(centreOf(form)[i]! + [10, 20, 30][i]!, 9);
    });
    const { min, max } = boundsOf(form);
    expect(centreOf(form).every((value, i) => value >= min[i]! && value <= max[i]!)).toBe(true);
  }
  expect(boundsOf(FORMS[2]!)).toEqual({ min: [0, 0, 0], max: [4, 4, 0] });
});

test('own fields that are none are left out, whoever wrote them', () => {
  const doc = new Y.Doc();
  const props = new Y.Map<unknown>([['size', 3], ['sure', true], ['note', '<b>x</b>'], ['__proto__', 7], ['nan', Number.NaN], ['list', [1]], ['', 1], ['long', 'x'.repeat(5000)]]);
  doc.getMap(ANNOTATIONS).set('a', new Y.Map<unknown>([['kind', 'point'], ['coords', [1, 2, 3]], ['props', props], ['label', 'y'.repeat(300)], ['layer', 9]]));
  const scene = new Scene(doc, {});
  const found = scene.annotation('a')!;
  expect(Object.entries(found.props).sort()).toEqual([['__proto__', 7], ['note', '<b>x</b>'], ['size', 3], ['sure', true]]);
  expect([found.label, found.layer, found.modifiedBy]).toEqual(['', '', '']);
  scene.update('a', { props: { sure: undefined, more: 'yes', bad: Number.POSITIVE_INFINITY } });
  expect(scene.annotation('a')!.props).toMatchObject({ size: 3, more: 'yes' });
  expect('sure' in scene.annotation('a')!.props || 'bad' in scene.annotation('a')!.props).toBe(false);
  scene.update('a', { props: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, i])) });
  expect(Object.keys(scene.annotation('a')!.props)).toHaveLength(MAX_PROPS);
});

test('the list follows single changes as it does many', () => {
  const doc = new Y.Doc();
  const scene = new Scene(doc, {});
  const reference = () => new Scene(doc, {}).annotations();
  const ids = Array.from({ length: 200 }, (_, i) => scene.add({ kind: 'point', coords: [i, 0, 0], name: `${i}`, color: '#ff0000', volumeName: '', author: '' }));
  expect(scene.annotations()).toEqual(reference());
  for (let i = 0; i < ids.length; i += 7) scene.update(ids[i]!, { name: 'changed' });
  for (let i = 0; i < ids.length; i += 11) {
    scene.remove(ids[i]!);
    expect(scene.annotations()).toHaveLength(200 - (i / 11 + 1));
  }
  expect(scene.annotations()).toEqual(reference());
  // many at once, some of them new, some changed, some gone
  scene.doc.transact(() => {
    for (const [i, id] of ids.entries()) if (i % 2 === 1) scene.update(id, { name: 'odd' });
    for (const [i, id] of ids.entries()) if (i % 5 === 0) scene.remove(id);
    for (let i = 0; i < 50; i += 1) scene.add({ kind: 'point', coords: [i, 1, 0], name: 'new', color: '#ff0000', volumeName: '', author: '' });
  });
  expect(scene.annotations()).toEqual(reference());
  // an entry whose time is changed by another program moves to its place
  doc.getMap(ANNOTATION_EDITS).set(`${ids[7]}/created`, '1999-01-01T00:00:00Z');
  expect(scene.annotations()[0]?.id).toBe(ids[7]);
  expect(scene.annotations()).toEqual(reference());
});

test('classes and layers: what is malformed gets defaults, what is too much is refused', () => {
  const doc = new Y.Doc();
  let changes = 0;
  const classes = new Classes(doc, {}, () => {
    changes += 1;
  });
  classes.put('void');
  classes.put('crack', '#112233');
  classes.put('void', '#445566');
  expect(classes.list()).toEqual([{ name: 'void', color: '#445566', order: 0 }, { name: 'crack', color: '#112233', order: 1 }]);
  expect(changes).toBe(3);
  doc.getMap('classes').set('odd', new Y.Map<unknown>([['color', 'red'], ['order', 'x']]));
  doc.getMap('classes').set('no map', 7);
  expect(classes.get('odd')).toEqual({ name: 'odd', color: '#ffb000', order: 0 });
  expect(classes.list()).toHaveLength(3);
  expect(() => classes.put('')).toThrow(RangeError);
  for (let i = 0; i < MAX_GROUPS - 4; i += 1) classes.put(`c${i}`);
  expect(() => classes.put('one more')).toThrow(`${MAX_GROUPS}`);

  const layers = new AnnotationLayers(doc, {}, () => undefined);
  expect(layers.all()).toMatchObject([{ id: '', visible: true, locked: false }]);
  const id = layers.add('second');
  layers.set(id, { visible: false });
  layers.set('', { locked: true });
  expect(layers.all().map((layer) => [layer.id, layer.visible, layer.locked])).toEqual([['', true, true], [id, false, false]]);
  expect(layers.get('gone').id).toBe('');
  layers.remove(id);
  expect(layers.all()).toHaveLength(1);
});

test('an annotation is shown in the colour of its class', () => {
  const scene = new Scene(new Y.Doc(), {});
  const id = scene.add({ kind: 'point', coords: [0, 0, 0], name: '', color: '#010203', volumeName: '', author: '', label: 'void' });
  expect(scene.colorOf(scene.annotation(id)!)).toBe('#010203');
  scene.classes.put('void', '#aabbcc');
  expect(scene.colorOf(scene.annotation(id)!)).toBe('#aabbcc');
});
