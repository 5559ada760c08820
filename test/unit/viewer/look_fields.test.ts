/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { DEFAULT_LOOK } from '../../../src/annotation/look.js';
import type { Layer, LayerPatch } from '../../../src/annotation/model.js';
import type { Brick } from '../../../src/session/types.js';
import type { View } from '../../../src/renderer/views.js';
import { brickHistogram } from '../../../src/viewer/histogram.js';
import { LayerRow } from '../../../src/viewer/layer_row.js';
import { CoarseBricks, voxelWeight } from '../../../src/viewer/look/coarse_bricks.js';
import { degreesOf, quaternionOf } from '../../../src/viewer/look/euler.js';
import { toggled, withColor } from '../../../src/viewer/look/label_edits.js';
import { countLabels, LabelsHere } from '../../../src/viewer/look/labels_here.js';
import { Picker } from '../../../src/viewer/look/picker.js';
import { PresetPicker } from '../../../src/viewer/look/preset_picker.js';
import { PresetStore } from '../../../src/viewer/look/preset_store.js';
import { EXAMPLE, ShaderFields } from '../../../src/viewer/look/shader_fields.js';
import { PRESETS, presetOf, presetPatch, presetsFromJson, presetsToJson } from '../../../src/viewer/look/presets.js';
import { labelId, storedLabel, storedLook } from '../../../src/volume/label_ids.js';
import type { ShownLayer } from '../../../src/viewer/shown_layers.js';
import { coarseBrick, volume } from './volumes.js';

afterEach(() => document.body.replaceChildren());

const layerOf = (kind: Layer['kind'], changes: LayerPatch = {}): Layer => ({ ...DEFAULT_LOOK, id: 'l', kind, volumeName: 'v', ...changes });
function shownOf(kind: 'image' | 'labels', changes: LayerPatch = {}, of = volume(1, { kind, shape: [40, 40, 40] })): ShownLayer {
  const layer = layerOf(kind, changes);
  return { volume: of, layer, automatic: true, settings: { ...layer, window: [0, 1] }, histogram: undefined, content: undefined, range: { min: 0, max: 9 } };
}
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 6000 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
};

test('turns about the axes come back as they were', () => {
  const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 3));
  for (const degrees of [[10, 20, 30], [-90, 0, 45], [0, -80, 170]] as const) expect(degreesOf(quaternionOf(degrees))).toEqual(near(degrees));
  expect(quaternionOf([0, 0, 90])).toEqual(near([0, 0, Math.SQRT1_2, Math.SQRT1_2]));
  expect(degreesOf([0, 0, 2, 0])).toEqual(near([0, 0, 180]));
});

test('coarse bricks are looked at once each, and the finest known of each part counts', async () => {
  const of = volume(1, { shape: [80, 40, 40] });
  const top = coarseBrick(of, () => 3);
  const bricks = new Map<string, Brick>([['1/0', top]]);
  const fine = (z: number): Brick => ({ ...coarseBrick(of, () => 0), level: 0, z, voxels: new Uint16Array(66 ** 3).fill(z + 1) });
  const read = jest.fn((brick: Brick) => brickHistogram(brick, of.description)!);
  let told = 0;
  const coarse = new CoarseBricks(of, (_, { level, z }) => bricks.get(`${level}/${z}`), read, () => {
    told += 1;
  });
  coarse.look();
  coarse.look();
  await until(() => told === 1);
  expect(coarse.cover().map(({ key }) => key.level)).toEqual([1]);
  bricks.set('0/0', fine(0));
  coarse.look();
  await until(() => told === 2);
  expect(coarse.cover()).toHaveLength(1); // its sibling is not here: the coarse one stands for both
  bricks.set('0/1', fine(1));
  coarse.look();
  await until(() => told === 3);
  const cover = coarse.cover();
  expect(cover.map(({ key, value }) => [key.level, key.z, value.min, value.bins.reduce((a, b) => a + b)])).toEqual([
    [0, 0, 1, 64 * 40 * 40], [0, 1, 2, 16 * 40 * 40],
  ]);
  expect(read).toHaveBeenCalledTimes(3);
  bricks.set('1/0', { ...top, generation: 2 });
  coarse.look();
  await until(() => told === 4);
  expect(voxelWeight(of, 1)).toBe(8);
});

test('ids are counted without halo and padding, and listed by size', async () => {
  const of = volume(1, { kind: 'labels', shape: [40, 40, 40] });
  const brick = coarseBrick(of, (z, y) => (z < 30 ? 7 : y < 20 ? 300 : 0));
  expect([...countLabels(brick, of.description.shape)]).toEqual([[7, 30 * 1600], [300, 10 * 20 * 40]]);
  let changed = false;
  const here = new LabelsHere(of, () => brick, () => {
    changed = true;
  });
  expect([here.list, here.counted]).toEqual([[], false]);
  here.look();
  await until(() => changed);
  expect(here.counted).toBe(true);
  expect(here.list).toEqual([{ id: '7', voxels: 48000 }, { id: '300', voxels: 8000 }]);
});

test('labels: style, search, selection, isolation and colours of ids; thousands of rows are a few elements', async () => {
  const of = volume(1, { kind: 'labels', shape: [64, 64, 64] });
  const brick = coarseBrick(of, (z, y, x) => 1 + ((z * 64 + y) * 64 + x) % 5000);
  const patches: LayerPatch[] = [];
  const row = new LayerRow({ changed: (patch) => patches.push(patch), move() {}, sources: { peek: () => brick, shaderReport: () => undefined } }, true);
  document.body.append(row.element);
  row.show(shownOf('labels', {}, of));
  expect(row.element.textContent).toContain('Ids are not counted yet');
  await until(() => row.element.textContent?.includes('5000 ids') ?? false);
  const rows = () => [...row.element.querySelectorAll<HTMLElement>('[data-row]')];
  expect(rows().length).toBeLessThan(40);
  const search = row.element.querySelector<HTMLInputElement>('[aria-label="Find an id"]')!;
  search.value = '4321';
  search.dispatchEvent(new Event('input'));
  expect(rows().map((r) => r.dataset.row)).toEqual(['4321']);
  rows()[0]?.querySelector('button')?.click();
  search.value = '18446744073709551615';
  search.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
  row.show(shownOf('labels', { selected: ['4321', '9'], labelColors: { 9: '#ff0000' } }, of));
  search.value = '';
  search.dispatchEvent(new Event('input'));
  expect(rows().slice(0, 2).map((r) => r.dataset.row)).toEqual(['4321', '9']);
  const color = rows()[1]!.querySelector<HTMLInputElement>('input[type="color"]')!;
  expect(color.value).toBe('#ff0000');
  color.value = '#00ff00';
  color.dispatchEvent(new Event('input'));
  color.dispatchEvent(new MouseEvent('dblclick'));
  row.element.querySelector<HTMLElement>('[data-action="isolate"]')?.click();
  row.element.querySelector<HTMLElement>('[data-action="clear-labels"]')?.click();
  row.element.querySelector<HTMLElement>('[data-label-style="outline"]')?.click();
  expect(patches).toEqual([
    { selected: ['4321'] }, { selected: ['18446744073709551615'] }, { labelColors: { 9: '#00ff00' } }, { labelColors: {} }, { isolate: true },
    { selected: [], isolate: false }, { labelStyle: 'outline' },
  ]);
});

test('ids beyond 32 bits are shown and picked as they are, and known to the renderer by their stored numbers', async () => {
  const ids = ['0', '4294967296', '18446744073709551615'];
  const of = volume(1, { kind: 'labels', shape: [40, 40, 40], ids });
  expect([labelId(of.description, 2), storedLabel(of.description, '4294967296'), storedLabel(of.description, '5'), storedLabel({}, '5')]).toEqual([ids[2], 1, undefined, 5]);
  const look = storedLook(of.description, { selected: [ids[2]!, '5'], labelColors: { [ids[1]!]: '#ff0000' } });
  expect(look).toEqual({ selected: ['2', '4294967295'], labelColors: { 1: '#ff0000' } });
  let changed = false;
  const here = new LabelsHere(of, () => coarseBrick(of, () => 2), () => {
    changed = true;
  });
  here.look();
  await until(() => changed);
  expect(here.list).toEqual([{ id: ids[2], voxels: 64000 }]);
});

test('edits of a selection', () => {
  expect(toggled(['1', '2'], '1')).toEqual(['2']);
  const full = Array.from({ length: 4096 }, (_, i) => String(i));
  expect(toggled(full, 'x')).toHaveLength(4096);
  expect(withColor({ 1: '#000000' }, '1', undefined)).toEqual({});
});

test('picking selects one label, more with ctrl, none beside; what is there is told', () => {
  const patches: LayerPatch[] = [];
  const told: object[] = [];
  const view = { id: 'axial' } as View;
  let under: number | undefined = 42;
  let layers = [shownOf('image', {}, volume(1, { name: 'ct' })), { ...shownOf('labels', { selected: ['7'] }, volume(2, { name: 'cells', kind: 'labels' })) }];
  const picker = new Picker({
    layers: () => layers,
    pick: (_, __, of) => ({ volume: of ? 2 : 1, voxel: [1, 2, 3], world: [3, 2, 1], level: 0, value: of ? (under ?? 0) : 99.5 }),
    setLayer: (_, patch) => patches.push(patch),
    tell: () => undefined,
    told: (picked) => told.push(picked),
  });
  picker.click(view, [0, 0], false);
  picker.click(view, [0, 0], true);
  layers = [layers[0]!, { ...layers[1]!, layer: { ...layers[1]!.layer, selected: ['42'] } }];
  picker.click(view, [0, 0], false);
  under = undefined;
  picker.click(view, [0, 0], false);
  picker.click(view, [0, 0], true);
  expect(patches).toEqual([{ selected: ['42'] }, { selected: ['7', '42'] }, { selected: [] }, { selected: [] }]);
  expect(told[0]).toEqual({ volume: 'cells', voxel: [1, 2, 3], world: [3, 2, 1], id: '42' });
  expect(told.at(-1)).toEqual({ volume: 'ct', voxel: [1, 2, 3], world: [3, 2, 1], value: 99.5 });
});

test('a point that is picked is told by its row and what is known of it, without a voxel', () => {
  const told: unknown[] = [];
  const said: string[] = [];
  const cloud = { ...shownOf('image', {}, volume(3, { name: 'beads', kind: 'points' })), layer: layerOf('points') };
  const picker = new Picker({
    layers: () => [cloud],
    pick: (_, __, of) => (of ? undefined : { volume: 3, voxel: [1, 2, 3], world: [3, 2, 1], level: 0, value: 0.5, point: { index: 1234, properties: { speed: 2.5, mass: Number.NaN } } }),
    setLayer: () => undefined,
    tell: (words) => said.push(words),
    told: (picked) => told.push(picked),
  });
  picker.click({ id: 'volume' } as View, [0, 0], false);
  expect(told).toEqual([{ volume: 'beads', world: [3, 2, 1], value: 0.5, point: 1234, properties: { speed: 2.5, mass: null } }]);
  expect(said[0]).toMatch(/^beads, point 1234: 0.5/);
});

test('what coarse bricks teach is of the time point that is shown, once the coarsest brick of it is here', async () => {
  jest.useFakeTimers();
  const own = volume(4, { name: 'film' });
  const brickAt = (time: number, value: number): Brick => ({ ...coarseBrick(own, () => value), ...(time && { time }) });
  let here: Brick | undefined = brickAt(0, 7);
  const learnt: number[] = [];
  const bricks: CoarseBricks<number> = new CoarseBricks(own, (_, key) => (key.level === here?.level ? here : undefined), (brick) => brick.voxels[(66 + 1) * 66 + 1] as number, () =>
    learnt.push(...bricks.cover().map(({ value }) => value)));
  bricks.look();
  jest.advanceTimersByTime(100);
  here = undefined; // of time point 3 there is nothing yet
  bricks.look();
  jest.advanceTimersByTime(1000);
  expect(learnt).toEqual([7]);
  here = brickAt(3, 9);
  jest.advanceTimersByTime(400);
  expect(learnt).toEqual([7, 9]);
  here = brickAt(0, 7);
  bricks.look();
  jest.advanceTimersByTime(100);
  expect(learnt).toEqual([7, 9, 7]);
  jest.useRealTimers();
});

test('CT presets take Hounsfield units as they are, or as they were stored without a sign, else the window is automatic', () => {
  const bone = PRESETS.find(({ name }) => name === 'Bone')!;
  expect(presetPatch(bone, { min: -1000, max: 2000 }).window).toEqual([100, 1500]);
  expect(presetPatch(bone, { min: 0, max: 4095 }).window).toEqual([1124, 2524]);
  expect(presetPatch(bone, { min: 0, max: 255 })).toMatchObject({ window: undefined, colormap: 'bone' });
  expect(new Set(PRESETS.map(({ group }) => group))).toEqual(new Set(['CT', 'MRI', 'Fluorescence', 'Labels']));
});

test('own presets go into a file and back; what is wrong in a file is left out or named', () => {
  const saved = presetOf('mine', layerOf('image', { mode: 'iso', gamma: 2, window: [3, 4], selected: ['5'], order: 7, visible: false, labelStyle: 'outline' }));
  const [back] = presetsFromJson(presetsToJson([saved]));
  expect(back?.look).toMatchObject({ mode: 'iso', gamma: 2, window: [3, 4], labelStyle: 'outline' });
  for (const part of ['selected', 'order', 'visible', 'transform']) expect(back?.look).not.toHaveProperty(part);
  const odd = JSON.stringify({ voxbeam_presets: 1, presets: [{ name: 'a', kind: 'image', look: { gamma: -3, mode: 'mip', order: 4 } }, { name: '' }, null, 3] });
  expect(presetsFromJson(odd)).toEqual([{ name: 'a', kind: 'image', group: 'Yours', look: { mode: 'mip' } }]);
  expect(() => presetsFromJson('nonsense')).toThrow('not JSON');
  expect(() => presetsFromJson('{"a": 1}')).toThrow('no presets of voxbeam');
  expect(() => presetsFromJson('null')).toThrow('no presets of voxbeam');
});

test('own presets are remembered by the browser, and by the page where that is refused', () => {
  localStorage.clear();
  const preset = presetOf('mine', layerOf('image', { mode: 'mip' }));
  expect(new PresetStore().add([preset])).toBe(true);
  expect(new PresetStore().presets[0]?.name).toBe('mine');
  expect(Object.keys(localStorage)).toEqual(['voxbeam:presets']);
  const refusing = new PresetStore(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  expect(refusing.presets).toEqual([]);
  expect(refusing.add([preset])).toBe(false);
  expect(refusing.presets).toHaveLength(1);
  localStorage.setItem('voxbeam:presets', '{damaged');
  expect(new PresetStore().presets).toEqual([]);
});

test('a cloud of points has a size and a range of values, and nothing of rays', () => {
  const patches: LayerPatch[] = [];
  const row = new LayerRow({ changed: (patch) => patches.push(patch), move() {}, sources: { peek: () => undefined, shaderReport: () => undefined } }, true);
  const shown = { ...shownOf('image', { radius: 2 }), layer: layerOf('points', { radius: 2 }) };
  row.show(shown);
  const field = (label: string) => row.element.querySelector<HTMLInputElement>(`[aria-label="${label}"]`)!;
  expect(Number(field('Factor of the radii').value)).toBeCloseTo(Math.log10(2), 2);
  field('Factor of the radii').value = '1';
  field('Factor of the radii').dispatchEvent(new Event('input'));
  field('Values shown, low end value').value = '4';
  field('Values shown, low end value').dispatchEvent(new Event('change'));
  row.element.querySelector<HTMLElement>('[data-action="all-points"]')?.click();
  expect(patches).toEqual([{ radius: 10 }, { range: [4, 9] }, { range: undefined }]);
  expect(row.element.querySelector('[data-mode], [data-fold="shader"]')).toBeNull();
});

test('a shader is applied, its errors stand at their lines, its uniforms have sliders, and what is being written stays', () => {
  const patches: LayerPatch[] = [];
  let errors = [{ line: 2, message: "'x' : undeclared identifier" }];
  const fields = new ShaderFields((patch) => patches.push(patch), () => ({ ok: errors.length === 0, errors }));
  document.body.append(fields.element);
  const text = fields.element.querySelector('textarea')!;
  const press = (action: string) => fields.element.querySelector<HTMLElement>(`[data-action="${action}"]`)?.click();
  fields.show(shownOf('image'));
  press('shader-example');
  expect(patches).toEqual([]);
  text.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true }));
  expect(patches).toEqual([{ shader: EXAMPLE }]);
  fields.show(shownOf('image', { shader: EXAMPLE }));
  expect([...fields.element.querySelectorAll('[data-bad]')].map((line) => line.textContent)).toEqual(['2\n']);
  fields.element.querySelector<HTMLElement>('[data-line="2"]')?.click();
  expect([text.selectionStart, text.selectionEnd]).toEqual([EXAMPLE.indexOf('\n') + 1, EXAMPLE.indexOf('\n') + 1]);
  const edge = fields.element.querySelector<HTMLInputElement>('[aria-label="Shader\'s edge"]')!;
  expect([edge.min, edge.max, edge.value]).toEqual(['0', '0.5', '0.1']);
  edge.value = '0.25';
  edge.dispatchEvent(new Event('input'));
  expect(patches.at(-1)).toEqual({ uniforms: { edge: 0.25 } });
  text.value = 'half written';
  errors = [];
  fields.show(shownOf('image', { shader: `${EXAMPLE}// by another` }));
  expect(text.value).toBe('half written');
  expect(fields.element.querySelector('[data-line]')).toBeNull();
  press('remove-shader');
  expect(patches.at(-1)).toEqual({ shader: '', uniforms: {} });
  fields.show(shownOf('image'));
  expect(text.value).toBe('');
  expect(fields.element.querySelector('.voxbeam-uniforms input')).toBeNull();
});

test('a preset is chosen by name, saved, and deleted', () => {
  const patches: LayerPatch[] = [];
  const picker = new PresetPicker((patch) => patches.push(patch), new PresetStore(() => ({ getItem: () => null, setItem() {} }) as unknown as Storage));
  document.body.append(picker.element);
  picker.show(shownOf('image', { mode: 'mean' }));
  const select = picker.element.querySelector('select')!;
  const choose = (name: string) => {
    select.value = [...select.options].find((option) => option.textContent === name)!.value;
    select.dispatchEvent(new Event('change'));
  };
  choose('Angiography');
  expect(patches.at(-1)).toMatchObject({ mode: 'mip', colormap: 'gray' });
  const name = picker.element.querySelector<HTMLInputElement>('[aria-label="Name of the preset"]')!;
  const press = (action: string) => picker.element.querySelector<HTMLElement>(`[data-action="${action}"]`)?.click();
  press('save-preset');
  expect(picker.element.textContent).toContain('Give it a name first.');
  name.value = '<b>x</b>';
  press('save-preset');
  choose('<b>x</b>');
  expect(patches.at(-1)).toMatchObject({ mode: 'mean' });
  expect(picker.element.querySelector('b')).toBeNull();
  press('delete-preset');
  expect([...select.options].map((option) => option.textContent)).not.toContain('<b>x</b>');
  picker.show(shownOf('labels'));
  expect([...select.options].map((option) => option.textContent)).toEqual(['Choose…', 'Veil', 'Solid', 'Outline']);
});
