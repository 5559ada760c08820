/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import * as Y from 'yjs';
import type { Annotation, Form } from '../../../src/annotation/model.js';
import { Scene } from '../../../src/annotation/scene.js';
import { makeAnnotationCommands } from '../../../src/viewer/annotate/annotation_commands.js';
import { AnnotationPanel } from '../../../src/viewer/annotate/annotation_panel.js';
import { factsOf, parseValue, valueText } from '../../../src/viewer/annotate/facts.js';
import { FIRST_ORDER, rowsOf } from '../../../src/viewer/annotate/table.js';
import { AnnotationTools } from '../../../src/viewer/annotation_tools.js';
import { ViewStore } from '../../../src/viewer/view_state.js';

const EVIL = '<img src=x onerror="window.hacked=1"><b>bold</b>';
const MEASURE = { unit: 'mm', voxel: [1, 1, 1], grid: { shape: [100, 100, 100], voxelSize: [2, 1, 1], origin: [0, 0, 0] } } as const;
afterEach(() => document.body.replaceChildren());

function setUp(mayEdit = true) {
  const scene = new Scene(new Y.Doc(), {}, 'me');
  const store = new ViewStore({ layout: 'four' });
  const said: string[] = [];
  const tools: AnnotationTools = new AnnotationTools({
    scene, store, author: 'me', view: () => undefined, pick: () => undefined, bounds: () => ({ min: [0, 0, 0], max: [9, 9, 9] }),
    grid: () => undefined, voxel: () => 1, volumeName: () => 'brain', redraw: () => undefined, tell: (message) => said.push(message),
  });
  const commands = makeAnnotationCommands({ scene, store, tools: () => tools, mayEdit: () => mayEdit, activeView: () => undefined, snap: (place) => place });
  const panel = new AnnotationPanel(commands);
  document.body.append(panel.element);
  const show = () => panel.show(store.state, mayEdit, MEASURE);
  const add = (name: string, changes: Partial<Annotation> = {}, form: Form = { kind: 'point', coords: [1, 2, 3] }) =>
    scene.add({ ...form, name, color: '#ff0000', volumeName: 'brain', author: 'me', ...changes } as never);
  const rows = () => [...panel.element.querySelectorAll<HTMLElement>('[data-annotation]')];
  const names = () => rows().map((row) => row.querySelector('[data-action="select"]')?.textContent);
  const field = <E extends HTMLElement = HTMLInputElement>(name: string) => panel.element.querySelector<E>(`[data-field="${name}"]`)!;
  const enter = (name: string, value: string, event = 'change') => {
    field(name).value = value;
    field(name).dispatchEvent(new Event(event, { bubbles: true }));
    show();
  };
  const click = (element: Element | null | undefined) => {
    (element as HTMLElement).click();
    show();
  };
  const open = (group: 'label' | 'layer') => {
    const details = panel.element.querySelector<HTMLDetailsElement>(`[data-group="${group}"]`)!;
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
    return details;
  };
  return { scene, store, panel, show, add, rows, names, field, enter, click, open, said };
}

test('the table selects, goes there and removes; names of people are text', () => {
  const s = setUp();
  s.show();
  expect(s.panel.element.textContent).toContain('Press p');
  const first = s.add(EVIL, { label: EVIL, author: EVIL, props: { [EVIL]: EVIL } });
  s.add('');
  s.show();
  expect(s.names()).toEqual([EVIL, 'Point']);
  s.click(s.rows()[0]!.querySelector('[data-action="select"]'));
  expect(s.store.state.selected).toBe(first);
  expect(s.rows().map((row) => row.dataset.selected)).toEqual(['true', 'false']);
  expect([s.field('name').value, s.field('prop').value, s.field('label').value]).toEqual([EVIL, EVIL, EVIL]);
  expect(document.querySelector('img, b')).toBeNull();
  s.click(s.rows()[1]!.querySelector('[data-action="jump"]'));
  expect(s.store.state.cross).toEqual([1, 2, 3]);
  s.click(s.rows()[1]!.querySelector('[data-action="remove"]'));
  expect(s.names()).toEqual([EVIL]);
});

test('a row keeps its element while nothing of it changes, so that a press on it is not lost', () => {
  const s = setUp();
  const [one, two] = [s.add('one'), s.add('two')];
  s.show();
  const before = s.rows();
  s.scene.update(two, { name: 'changed' });
  s.show();
  expect(s.rows()[0]).toBe(before[0]);
  expect(s.rows()[1]).not.toBe(before[1]);
  expect(s.names()).toEqual(['one', 'changed']);
  s.scene.remove(one);
  s.show();
  expect(s.names()).toEqual(['changed']);
});

test('filter and sort', () => {
  const s = setUp();
  for (const name of ['Point 10', 'Point 9', 'crack']) s.add(name, name === 'crack' ? { label: 'void', props: { size: 7 } } : {});
  s.show();
  s.enter('sort', 'name');
  expect(s.names()).toEqual(['crack', 'Point 9', 'Point 10']);
  s.click(s.panel.element.querySelector('[data-action="turn"]'));
  expect(s.names()).toEqual(['Point 10', 'Point 9', 'crack']);
  s.enter('filter', 'VOID size', 'input');
  expect(s.names()).toEqual(['crack']);
  expect(s.panel.element.textContent).toContain('1 of 3');
  s.enter('filter', 'nothing like it', 'input');
  expect(s.names()).toEqual([]);
});

test('arrows go through the table, enter goes there', () => {
  const s = setUp();
  const ids = ['a', 'b', 'c'].map((name) => s.add(name));
  s.show();
  const list = s.panel.element.querySelector<HTMLElement>('.voxbeam-virtual')!;
  const press = (key: string) => {
    list.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    s.show();
  };
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) press(key);
  expect(s.store.state.selected).toBe(ids[1]);
  press('Enter');
  expect(s.store.state.cross).toEqual([1, 2, 3]);
});

test('rows select several; class, layer, copy and removal are of all of them and one step each', () => {
  const s = setUp();
  const names = ['a', 'b', 'c', 'd'];
  const ids = names.map((name) => s.add(name));
  s.scene.classes.put('void');
  const layer = s.scene.groups.add('others');
  s.show();
  const press = (row: number, init: MouseEventInit = {}) => {
    s.rows()[row]!.querySelector('[data-action="select"]')!.dispatchEvent(new MouseEvent('click', { bubbles: true, ...init }));
    s.show();
  };
  const shown = () => s.rows().map((row) => row.dataset.selected === 'true');
  press(1);
  press(3, { shiftKey: true });
  expect([shown(), s.store.state.selected]).toEqual([[false, true, true, true], ids[3]]);
  press(2, { ctrlKey: true });
  expect(shown()).toEqual([false, true, false, true]);
  const many = s.panel.element.querySelector('[aria-label="Selected annotations"]') as HTMLElement;
  expect([many.hidden, many.querySelector('h3')?.textContent, s.panel.element.querySelector<HTMLElement>('[aria-label="Selected annotation"]')?.hidden]).toEqual([false, '2 selected', true]);
  const choose = (name: string, value: string) => {
    const select = many.querySelector<HTMLSelectElement>(`[data-many="${name}"]`)!;
    select.value = value;
    select.dispatchEvent(new Event('change'));
    s.show();
  };
  choose('label', 'void');
  choose('layer', layer);
  const of = (field: 'label' | 'layer') => s.scene.annotations().map((each) => each[field]);
  expect([of('label'), of('layer')]).toEqual([['', 'void', '', 'void'], ['', layer, '', layer]]);
  s.scene.undo();
  s.scene.undo();
  expect([of('label'), of('layer')]).toEqual([['', '', '', ''], ['', '', '', '']]);
  s.scene.update(ids[1] as string, { label: 'void' });
  s.show();
  expect(many.querySelector<HTMLSelectElement>('[data-many="label"]')!.selectedOptions[0]?.textContent).toBe('several');
  s.click(many.querySelector('[data-action="duplicate-all"]'));
  expect(s.scene.annotations()).toHaveLength(6);
  expect(s.store.state.chosen).toHaveLength(2);
  s.click(many.querySelector('[data-action="remove-all"]'));
  expect([s.scene.annotations().map(({ name }) => name), many.hidden]).toEqual([names, true]);
  s.scene.undo();
  expect(s.scene.annotations()).toHaveLength(6);
  s.scene.undo();
  expect(s.scene.annotations()).toHaveLength(4);
  s.show();
  const list = s.panel.element.querySelector('[role="list"]') as HTMLElement;
  press(0);
  for (const shiftKey of [true, true]) {
    list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, shiftKey }));
    s.show();
  }
  expect(shown()).toEqual([true, true, true, false]);
  list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true, shiftKey: true }));
  s.show();
  expect(shown()).toEqual([true, true, false, false]);
});

test('what is selected is edited field by field; each edit can be undone', () => {
  const s = setUp();
  const id = s.add('one', { props: { size: 3 } });
  s.store.update({ selected: id });
  s.show();
  s.enter('name', 'two');
  s.enter('color', '#00ff00', 'input');
  s.enter('prop', '4.5');
  s.enter('add-prop', 'sure');
  expect(s.scene.annotation(id)).toMatchObject({ name: 'two', color: '#00ff00', props: { size: 4.5, sure: '' } });
  const second = [...s.panel.element.querySelectorAll<HTMLInputElement>('[data-field="prop"]')][1]!;
  second.value = 'true';
  second.dispatchEvent(new Event('change'));
  s.show();
  expect(s.scene.annotation(id)!.props).toEqual({ size: 4.5, sure: true });
  s.click(s.panel.element.querySelector('[data-action="remove-prop"]'));
  expect(s.scene.annotation(id)!.props).toEqual({ sure: true });
  for (let i = 0; i < 6; i += 1) s.scene.undo();
  s.show();
  expect(s.scene.annotation(id)).toMatchObject({ name: 'one', color: '#ff0000', props: { size: 3 } });
  expect(s.field('name').value).toBe('one');
});

test('what somebody types is not overwritten by others', () => {
  const s = setUp();
  const id = s.add('one');
  s.store.update({ selected: id });
  s.show();
  s.field('name').focus();
  s.field('name').value = 'half a wo';
  s.scene.update(id, { name: 'theirs' });
  s.show();
  expect(s.field('name').value).toBe('half a wo');
  s.field('name').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  s.show();
  expect(s.field('name').value).toBe('theirs');
});

test('the palette: classes are added, coloured, counted and given', () => {
  const s = setUp();
  const id = s.add('one');
  s.show();
  const group = s.open('label');
  s.enter('add-class', 'void');
  s.enter('add-class', 'crack');
  expect([...group.querySelectorAll('[data-class]')].map((each) => each.textContent)).toEqual(['void', 'crack']);
  s.click(group.querySelector('[data-class="crack"]'));
  expect(s.store.state.drawing.label).toBe('crack');
  s.store.update({ selected: id });
  s.click(group.querySelector('[data-class="void"]'));
  expect(s.scene.annotation(id)!.label).toBe('void');
  expect([...group.querySelectorAll('.voxbeam-amount')].map((each) => each.textContent)).toEqual(['1', '0']);
  const dot = s.rows()[0]!.querySelector<HTMLElement>('.voxbeam-mark-dot')!.style.background;
  expect(dot).toBe('rgb(255, 176, 0)');
  expect(s.field('color').disabled).toBe(true);
  s.click(group.querySelector('[data-action="remove-class"]'));
  expect(s.scene.annotation(id)!.label).toBe('void');
  expect(s.field('color').disabled).toBe(false);
});

test('layers are added, hidden, locked, named, and drawn into', () => {
  const s = setUp();
  const id = s.add('one');
  s.store.update({ selected: id });
  s.show();
  const group = s.open('layer');
  s.click(group.querySelector('[data-action="add-layer"]'));
  const added = s.scene.groups.list()[0]!;
  expect([added.name, s.store.state.drawing.layer]).toEqual(['Layer 2', added.id]);
  s.enter('layer', added.id);
  expect(s.scene.annotation(id)!.layer).toBe(added.id);
  const row = group.querySelector(`[data-layer-id="${added.id}"]`)!;
  s.click(row.querySelector('[aria-label="Lock the layer"]'));
  expect([s.scene.groups.get(added.id).locked, s.field('name').readOnly]).toEqual([true, true]);
  s.click(row.querySelector('[aria-label="Show the layer"]'));
  expect(s.scene.groups.get(added.id).visible).toBe(false);
  s.click(row.querySelector('[data-action="remove-layer"]'));
  expect(s.field('name').readOnly).toBe(false);
});

test('who may only look reads, and nothing changes', () => {
  const s = setUp(false);
  const id = s.add('one');
  s.store.update({ selected: id });
  s.show();
  expect([s.field('name').readOnly, s.field<HTMLSelectElement>('label').disabled, s.field('add-prop').disabled]).toEqual([true, true, true]);
  s.click(s.rows()[0]!.querySelector('[data-action="remove"]'));
  s.enter('name', 'x');
  expect(s.scene.annotation(id)?.name).toBe('one');
});

test('four thousand rows are a few elements', () => {
  const s = setUp();
  s.scene.doc.transact(() => {
    for (let i = 0; i < 4000; i += 1) s.add(`Point ${i}`);
  });
  s.show();
  expect(s.rows().length).toBeLessThan(40);
  expect(s.panel.element.querySelector<HTMLElement>('.voxbeam-rows')!.style.height).toBe('96000px');
  const last = s.scene.annotations().at(-1)!;
  s.store.update({ selected: last.id });
  s.show();
  expect(s.rows().at(-1)?.dataset).toMatchObject({ annotation: last.id, selected: 'true' });
});

test('facts: places, lengths, areas, volumes', () => {
  const fields = { id: 'x', name: '', color: '#ff0000', volumeName: '', created: '', author: 'ann', label: '', props: {}, layer: '', modified: '', modifiedBy: 'ann' };
  const facts = (form: Form) => Object.fromEntries(factsOf({ ...fields, ...form }, MEASURE));
  expect(facts({ kind: 'point', coords: [1, 2, 6] })).toEqual({ Place: '1.0, 2.0, 6.0 mm', 'Voxel z, y, x': '3, 2, 1', By: 'ann' });
  expect(facts({ kind: 'line', coords: [0, 0, 0, 3, 4, 0] })).toMatchObject({ Length: '5 mm' });
  expect(facts({ kind: 'polygon', coords: [0, 0, 0, 2, 0, 0, 2, 2, 0, 0, 2, 0] })).toMatchObject({ Outline: '8 mm', Area: '4 mm²', Points: '4' });
  expect(facts({ kind: 'box', coords: [0, 0, 0, 1, 2, 3] })).toMatchObject({ Edges: '1 × 2 × 3 mm' });
  expect(facts({ kind: 'ellipsoid', coords: [0, 0, 0, 1, 1, 1, 0, 0, 0, 1] })).toMatchObject({ Diameters: '2 × 2 × 2 mm', Volume: '4.189 mm³' });
});

test('values of fields are what is typed, and come back so', () => {
  expect(['3', '-1e3', 'true', 'false', 'three', '"3"', '', ' x '].map(parseValue)).toEqual([3, -1000, true, false, 'three', '3', '', ' x ']);
  for (const value of [3, true, 'three', '3', 'true', '"quoted"', '', ' x ']) expect(parseValue(valueText(value))).toBe(value);
});

test('a hundred thousand rows are filtered and sorted', () => {
  const fields = { color: '#ff0000', volumeName: '', created: '', author: 'ann', label: '', props: {}, layer: '', modified: '', modifiedBy: '', kind: 'point', coords: [0, 0, 0] } as const;
  const many: Annotation[] = Array.from({ length: 100_000 }, (_, i) => ({ ...fields, id: String(i), name: `Point ${(i * 7919) % 100_000}` }));
  const ids = rowsOf(many, { ...FIRST_ORDER, sort: 'name', filter: 'point' });
  expect(ids).toHaveLength(100_000);
  expect(ids.slice(0, 3).map((id) => many[Number(id)]!.name)).toEqual(['Point 0', 'Point 1', 'Point 2']);
});
