/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { DEFAULT_LOOK } from '../../../src/annotation/look.js';
import { ColormapSelect, gradient } from '../../../src/viewer/colormap_select.js';
import { Footer, MissingProgress } from '../../../src/viewer/footer.js';
import { facts, LayerRow } from '../../../src/viewer/layer_row.js';
import { ordersAt, placeAt } from '../../../src/viewer/layer_drag.js';
import { LayerPanel } from '../../../src/viewer/layer_panel.js';
import { addPoint, movePoint, removePoint, withEnds } from '../../../src/viewer/opacity_points.js';
import { RangeSlider } from '../../../src/viewer/range_slider.js';
import type { ShownLayer } from '../../../src/viewer/shown_layers.js';
import { showStatus } from '../../../src/viewer/status.js';
import { DRAWING_TOOLS } from '../../../src/viewer/annotate/drawing_state.js';
import { keyWords } from '../../../src/viewer/key_words.js';
import { Toolbar, type ToolbarActions } from '../../../src/viewer/toolbar.js';
import { volume } from './volumes.js';

const EVIL = '<img src=x onerror="window.hacked=1"><b>bold</b>';
afterEach(() => document.body.replaceChildren());

function shown(changes: Partial<ShownLayer['layer']> = {}, of = volume(1)): ShownLayer {
  const name = of.description.name;
  const layer = {
    ...DEFAULT_LOOK, id: name, kind: of.description.kind, volumeName: name, points: [[0, 0], [1, 1]], ...changes,
  } as ShownLayer['layer'];
  return {
    volume: of, layer, automatic: layer.window === undefined, histogram: undefined, content: undefined, range: { min: 0, max: 1000 },
    settings: { ...layer, window: layer.window ?? [100, 900] },
  };
}

const NONE = { peek: () => undefined, shaderReport: () => undefined };
const field = (element: Element, label: string) => element.querySelector<HTMLInputElement>(`[aria-label="${label}"]`)!;
function enter(input: HTMLInputElement, value: string, event: string): void {
  input.value = value;
  input.dispatchEvent(new Event(event, { bubbles: true }));
}

test('names from files and people are text, never HTML', () => {
  const panel = new LayerPanel(() => undefined);
  document.body.append(panel.element);
  panel.show([shown({}, volume(1, { name: EVIL, unit: EVIL, note: EVIL, dtype: EVIL }))]);
  expect(document.querySelector('img, b')).toBeNull();
  expect(panel.element.textContent).toContain(EVIL);
});

test('a layer row shows settings and asks for changes', () => {
  const patches: unknown[] = [];
  const row = new LayerRow({ changed: (patch) => patches.push(patch), move: (up) => patches.push({ up }), sources: NONE }, true);
  document.body.append(row.element);
  row.show(shown());
  expect(row.element.textContent).toContain('40 × 50 × 60 · uint16 · 1 mm');
  expect(field(row.element, 'Window, low end value').value).toBe('100');
  expect(row.element.querySelector('[data-action="auto"]')?.getAttribute('aria-pressed')).toBe('true');
  row.element.querySelector<HTMLElement>('[data-action="visible"]')?.click();
  enter(field(row.element, 'Opacity'), '0.5', 'input');
  enter(field(row.element, 'Window, high end value'), '500', 'change');
  row.element.querySelector<HTMLElement>('[data-action="auto"]')?.click();
  row.element.querySelector<HTMLElement>('[data-mode="mip"]')?.click();
  row.element.querySelector<HTMLElement>('[data-action="raise"]')?.click();
  enter(field(row.element, 'Shading'), 'occlusion', 'change');
  enter(field(row.element, 'Blending'), 'additive', 'change');
  enter(field(row.element, 'Move along y'), '12.5', 'change');
  expect(patches).toEqual([
    { visible: false }, { opacity: 0.5 }, { window: [100, 500] }, { window: undefined }, { mode: 'mip' }, { up: true }, { shading: 'occlusion' },
    { blend: 'additive' }, { transform: { translate: [0, 12.5, 0], rotate: [0, 0, 0, 1], scale: [1, 1, 1] } },
  ]);
  const level = field(row.element, 'Level of the isosurface, within the window').parentElement!;
  expect(level.hidden).toBe(true);
  row.show(shown({ mode: 'iso', iso: 0.25 }));
  expect(level.hidden).toBe(false);
  expect(row.element.querySelector('[data-mode="iso"]')?.getAttribute('aria-pressed')).toBe('true');
});

test('labels have an opacity and nothing that makes no sense for names', () => {
  const row = new LayerRow({ changed() {}, move() {}, sources: NONE }, true);
  row.show(shown({}, volume(1, { kind: 'labels' })));
  expect(field(row.element, 'Opacity')).not.toBeNull();
  expect(row.element.querySelector('.voxbeam-window, .voxbeam-colormap, .voxbeam-opacity')).toBeNull();
});

test('a volume says how it is: loading, gone, or with a note', () => {
  const of = (changes: object) => ({ volume: volume(1, { note: '3 voxels are not finite' }, changes) });
  expect(facts(of({})).text).toContain('3 voxels are not finite');
  const points = { count: 3000, rows: 64, radius: [1, 2] as [number, number], properties: ['speed', 'mass'] };
  expect(facts({ volume: volume(1, { kind: 'points', points }) }).text).toBe('3000 points · speed, mass');
  expect(facts(of({ filling: true, resident: 5, total: 20 })).text).toContain('25 %');
  expect(facts(of({ producer: 'gone', complete: false, resident: 5, total: 20 }))).toMatchObject({ bad: true });
  expect(facts(of({ producer: 'gone', complete: true }))).toMatchObject({ bad: false });
});

test('layers are listed from the top one down, and rows stay as they are', () => {
  const panel = new LayerPanel(() => undefined);
  const [a, b] = [shown({}, volume(1, { name: 'a' })), shown({}, volume(2, { name: 'b' }))];
  panel.show([a, b]);
  const names = () => [...panel.element.querySelectorAll('.voxbeam-layer-name')].map((element) => element.textContent);
  expect(names()).toEqual(['b', 'a']);
  const row = panel.element.querySelector('.voxbeam-layer');
  panel.show([b, a]);
  expect(names()).toEqual(['a', 'b']);
  panel.show([b]);
  expect(names()).toEqual(['b']);
  expect(panel.element.querySelector('.voxbeam-layer')).toBe(row);
});

test('a layer goes to any place among the others; where there is no room between two, all are numbered', () => {
  const of = (...orders: number[]) => orders.map((order, i) => ({ id: 'abc'[i]!, order }));
  const sorted = (layers: ReturnType<typeof of>, orders: ReadonlyMap<string, number>) =>
    layers.map(({ id, order }) => ({ id, order: orders.get(id) ?? order })).sort((p, q) => p.order - q.order).map(({ id }) => id).join('');
  for (const layers of [of(0, 1, 2), of(0, 0, 0), of(5, 5, 7), of(-2, 0.25, 0.25)]) {
    expect(sorted(layers, ordersAt(layers, 'a', 2))).toBe('bca');
    expect(sorted(layers, ordersAt(layers, 'a', 1))).toBe('bac');
    expect(sorted(layers, ordersAt(layers, 'c', 0))).toBe('cab');
    expect(ordersAt(layers, 'b', 1).size).toBe(0);
  }
  expect([...ordersAt(of(0, 1, 2), 'a', 2)]).toEqual([['a', 3]]);
  const rows = [{ top: 0, bottom: 40 }, { top: 80, bottom: 100 }];
  expect([-5, 10, 30, 85, 95].map((y) => placeAt(y, rows))).toEqual([0, 0, 1, 1, 2]);
});

test('a row that is dragged by its name changes the order once, when it is dropped; escape leaves it', () => {
  const patches: unknown[] = [];
  const panel = new LayerPanel((id, patch) => patches.push([id, patch]));
  const list = [1, 2, 3].map((n) => {
    const it = shown({}, volume(n, { name: `v${n}` }));
    return { ...it, layer: { ...it.layer, id: `l${n}`, order: n } };
  });
  document.body.append(panel.element);
  panel.show(list);
  const rows = [...panel.element.querySelectorAll<HTMLElement>('.voxbeam-layer')];
  rows.forEach((row, i) => {
    row.getBoundingClientRect = () => ({ top: 40 * i, bottom: 40 * i + 40 }) as DOMRect;
  });
  const fire = (on: EventTarget, type: string, y: number) => on.dispatchEvent(Object.assign(new MouseEvent(type, { bubbles: true, clientY: y, button: 0 }), { pointerId: 1 }));
  const name = rows[0]!.querySelector<HTMLElement>('.voxbeam-layer-name')!;
  fire(name, 'pointerdown', 10);
  fire(document, 'pointermove', 12);
  expect(rows[0]!.hasAttribute('data-dragged')).toBe(false);
  fire(document, 'pointermove', 110);
  expect([rows[0]!.hasAttribute('data-dragged'), rows[2]!.getAttribute('data-drop')]).toEqual([true, 'after']);
  document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  fire(document, 'pointerup', 110);
  expect(patches).toEqual([]);
  fire(name, 'pointerdown', 10);
  fire(document, 'pointermove', 70);
  expect(rows[2]!.getAttribute('data-drop')).toBe('before');
  fire(document, 'pointerup', 70);
  expect(patches).toEqual([['l3', { order: 1.5 }]]);
  expect(panel.element.querySelector('[data-drop], [data-dragged]')).toBeNull();
});

test('a range slider keeps its ends in order and takes exact numbers beyond its limits', () => {
  const values: unknown[] = [];
  const slider = new RangeSlider('Window', (value) => values.push(value));
  document.body.append(slider.element);
  slider.show([100, 900], [0, 1000]);
  enter(field(slider.element, 'Window, low end'), '1000', 'input');
  expect(values.at(-1)).toEqual([900, 900]);
  slider.show([100, 900], [0, 1000]);
  enter(field(slider.element, 'Window, high end value'), '5000', 'change');
  expect(values.at(-1)).toEqual([100, 5000]);
  enter(field(slider.element, 'Window, high end value'), '', 'change');
  expect(values).toHaveLength(2);
  expect(field(slider.element, 'Window, high end value').value).toBe('5000');
});

test('what others change does not overwrite what is being typed', () => {
  const slider = new RangeSlider('Window', () => undefined);
  document.body.append(slider.element);
  slider.show([100, 900], [0, 1000]);
  const low = field(slider.element, 'Window, low end value');
  low.focus();
  low.value = '12';
  slider.show([300, 700], [0, 1000]);
  expect(low.value).toBe('12');
});

test('opacity points stay in order and keep their ends', () => {
  const points = [[0, 0], [0.5, 0.2], [1, 1]] as const;
  expect(movePoint(points, 1, 2, 0.7)[1]).toEqual([1, 0.7]);
  expect(movePoint(points, 0, 0.4, -1)[0]).toEqual([0, 0]);
  expect(addPoint(points, 0.25, 0.5).map(([value]) => value)).toEqual([0, 0.25, 0.5, 1]);
  expect(removePoint(points, 1)).toHaveLength(2);
  expect(removePoint(points, 0)).toBe(points);
  expect(withEnds([[0.3, 0.4], [0.6, 0.5]])).toEqual([[0, 0.4], [0.3, 0.4], [0.6, 0.5], [1, 0.5]]);
});

test('the colour map list opens, is walked with arrows, and chooses', () => {
  const chosen: string[] = [];
  const select = new ColormapSelect((name) => chosen.push(name));
  document.body.append(select.element);
  select.show('gray');
  const [button, options] = [select.element.querySelector('button')!, select.element.querySelector<HTMLElement>('.voxbeam-options')!];
  expect(options.hidden).toBe(true);
  button.click();
  expect(options.hidden).toBe(false);
  expect(document.activeElement?.textContent).toBe('gray');
  options.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  (document.activeElement as HTMLElement).click();
  expect(chosen).toEqual(['viridis']);
  expect(options.hidden).toBe(true);
  expect(gradient('gray')).toMatch(/^linear-gradient\(to right, rgb\(0 0 0\).*rgb\(255 255 255\)\)$/);
});

test('colour maps are found by name and group, turned around, or a ramp to any colour', () => {
  const chosen: string[] = [];
  const select = new ColormapSelect((name) => {
    chosen.push(name);
    select.show(name);
  });
  document.body.append(select.element);
  select.show('gray');
  select.element.querySelector('button')!.click();
  const names = () => [...select.element.querySelectorAll('[role="option"]')].map((option) => option.getAttribute('data-colormap'));
  expect(names()).toHaveLength(53);
  enter(field(select.element, 'Search colour maps'), 'cycl', 'input');
  expect(names()).toEqual(['rainbow', 'sinebow']);
  enter(field(select.element, 'Search colour maps'), 'zzz', 'input');
  expect(select.element.textContent).toContain('None of that name.');
  enter(field(select.element, 'Search colour maps'), '', 'input');
  const reverse = field(select.element, 'Reverse');
  reverse.checked = true;
  reverse.dispatchEvent(new Event('change'));
  expect(names()[1]).toBe('viridis_r');
  enter(field(select.element, 'Ramp to a colour'), '#ff8800', 'input');
  expect(chosen).toEqual(['gray_r', '#ff8800']);
  expect(reverse.disabled).toBe(true);
});

test('moving a layer exchanges its order with its neighbour\'s; equal orders are told apart', () => {
  const patches: unknown[] = [];
  const panel = new LayerPanel((id, patch) => patches.push([id, patch]));
  const layer = (name: string, handle: number, order: number) => shown({ order }, volume(handle, { name }));
  panel.show([layer('a', 1, 0), layer('b', 2, 5), layer('c', 3, 5)]);
  const press = (name: string, action: string) => {
    const row = [...panel.element.querySelectorAll('.voxbeam-layer')].find((r) => r.querySelector('.voxbeam-layer-name')?.textContent === name);
    row?.querySelector<HTMLElement>(`[data-action="${action}"]`)?.click();
  };
  press('a', 'raise');
  press('b', 'raise');
  press('a', 'lower');
  expect(patches).toEqual([['a', { order: 5 }], ['b', { order: 0 }], ['b', { order: 6 }]]);
});

test('the channels of an image stand under one heading, with an eye, an opacity and an order for all of them', () => {
  const patches: [string, object][] = [];
  const panel = new LayerPanel((id, patch) => patches.push([id, patch]));
  document.body.append(panel.element);
  const channel = (name: string, index: number, look: object) =>
    shown({ order: index + 1, colormap: '#00ff00', opacity: 0.5, ...look }, volume(index + 1, { name: `cells/${name}`, channel: { group: 'cells', index, name } }));
  const list = (red: object = {}, green: object = {}) => [
    shown({ order: 0 }, volume(9, { name: 'under' })), channel('red', 0, { colormap: '#ff0000', ...red }), channel('green', 1, { opacity: 0.25, ...green }), shown({ order: 8 }, volume(8, { name: 'over' })),
  ];
  panel.show(list());
  const group = panel.element.querySelector<HTMLElement>('.voxbeam-image')!;
  const names = (root: Element) => [...root.querySelectorAll('.voxbeam-layer-name, .voxbeam-image-name')].map((element) => element.textContent);
  expect(names(panel.element)).toEqual(['over', 'cells', 'green', 'red', 'under']);
  expect(group.getAttribute('aria-label')).toBe('cells, 2 channels');
  // What holds for all is said once.
  expect([...group.querySelectorAll<HTMLElement>('.voxbeam-facts')].map((p) => p.hidden)).toEqual([false, true, true]);
  const taken = () => patches.splice(0);
  const heading = group.querySelector<HTMLElement>('.voxbeam-row')!;
  const press = (action: string) => heading.querySelector<HTMLElement>(`[data-action="${action}"]`)?.click();

  enter(field(group, 'Opacity of all channels'), '1', 'input');
  expect(taken()).toEqual([['cells/red', { opacity: 1 }], ['cells/green', { opacity: 0.5 }]]);
  press('raise');
  expect(Object.fromEntries(taken())).toEqual({ over: { order: 1 }, 'cells/red': { order: 2 }, 'cells/green': { order: 8 } });
  press('lower');
  expect(Object.fromEntries(taken())).toEqual({ under: { order: 2 }, 'cells/red': { order: 0 }, 'cells/green': { order: 1 } });

  // A channel that was hidden before stays so when the others come back.
  panel.show(list({ visible: false }));
  press('visible');
  expect(taken()).toEqual([['cells/green', { visible: false }]]);
  panel.show(list({ visible: false }, { visible: false }));
  expect(group.dataset.visible).toBe('false');
  press('visible');
  expect(taken()).toEqual([['cells/green', { visible: true }]]);

  const [green, red] = [...group.querySelectorAll<HTMLElement>('.voxbeam-layer')];
  expect([field(green!, 'Colour of green').value, field(red!, 'Colour of red').value]).toEqual(['#00ff00', '#ff0000']);
  enter(field(red!, 'Colour of red'), '#ff8800', 'input');
  enter(field(red!, 'Window of the channel, high end value'), '500', 'change');
  red!.querySelector<HTMLElement>('[data-action="raise"]')?.click();
  expect(taken()).toEqual([['cells/red', { colormap: '#ff8800' }], ['cells/red', { window: [100, 500] }], ['cells/red', { order: 2 }], ['cells/green', { order: 1 }]]);
  // Each row folds open to all settings; the heading folds all rows away.
  heading.querySelector<HTMLElement>('.voxbeam-chevron')?.click();
  expect(group.querySelector<HTMLElement>('.voxbeam-channels')?.hidden).toBe(true);
  panel.show([list()[0]!]);
  expect(panel.element.querySelector('.voxbeam-image')).toBeNull();
});

test('footer and attributes say the same', () => {
  const [root, footer] = [document.createElement('div'), new Footer()];
  root.append(footer.element);
  showStatus(root, footer, {
    transport: 'comm', connection: 'open', missing: 3, levels: [0, 2], fps: 58.7, bytes: 12_345_678, firstPicture: 1700000000000.4, error: undefined,
    memoryPeak: 4,
    gpu: [5, 6, 7],
  });
  const text = (name: string) => root.querySelector(`[data-footer="${name}"]`)?.textContent;
  expect(root.dataset).toMatchObject({ transport: 'comm', missing: '3', level: '0', fps: '58.7', bytes: '12345678', firstPicture: '1700000000000', memoryPeak: '4', gpuBytes: '5', gpuPeak: '6', gpuBudget: '7' });
  expect([text('level'), text('missing'), text('transport'), text('fps'), text('bytes')]).toEqual(['level 0–2', '3 bricks missing', 'kernel comm', '59 fps', '12.3 MB']);
  expect('error' in root.dataset).toBe(false);
});

test('progress goes from nothing to all and begins anew', () => {
  const progress = new MissingProgress();
  expect([0, 8, 4, 8, 2, 0, 5].map((missing) => progress.update(missing))).toEqual([1, 0, 0.5, 0, 0.75, 1, 0]);
  const footer = new Footer();
  footer.progress(0.5);
  expect(footer.element.querySelector('[role="progressbar"]')?.getAttribute('aria-valuenow')).toBe('50');
});

test('every button of the toolbar has words, does its thing, and shows what is on', () => {
  const names = ['tool', 'layout', 'reset', 'toggleMode', 'undo', 'redo', 'screenshot', 'togglePanel', 'help'] as const;
  const actions = Object.fromEntries(names.map((name) => [name, jest.fn()])) as unknown as ToolbarActions & Record<string, jest.Mock>;
  const toolbar = new Toolbar(actions);
  document.body.append(toolbar.element);
  toolbar.show({ tool: 'point', layout: 'slices', mip: true, canUndo: true, canRedo: true, mayEdit: true, panel: false });
  const buttons = [...toolbar.element.querySelectorAll('button')];
  for (const button of buttons) {
    expect(button.title && button.getAttribute('aria-label')).toBeTruthy();
    button.click();
  }
  for (const name of names) expect(actions[name]).toHaveBeenCalled();
  // What a button is called is short; how its tool works without a mouse stands below, for eye and ear.
  const described = (name: string) => toolbar.element.querySelector<HTMLButtonElement>(`[data-tool="${name}"]`)!;
  for (const name of [...DRAWING_TOOLS, 'tape', 'pick'] as const) expect(described(name).title).toBe(`${described(name).getAttribute('aria-label')}\n${keyWords(name)}`);
  expect(described('navigate').title).toBe('Navigate (esc)');
  expect([keyWords('point'), keyWords('box'), keyWords('polygon')].map((words) => words.split(', ').slice(2).join(', '))).toEqual([
    'space presses', 'space takes hold, arrows draw, space lets go', 'space puts each point, enter ends',
  ]);
  expect(toolbar.element.querySelector('[data-tool="point"]')?.getAttribute('aria-pressed')).toBe('true');
  expect(toolbar.element.querySelector('[data-tool="navigate"]')?.getAttribute('aria-pressed')).toBe('false');
  toolbar.show({ tool: 'navigate', layout: 'four', mip: false, canUndo: false, canRedo: false, mayEdit: false, panel: true });
  expect(toolbar.element.querySelector<HTMLButtonElement>('[data-tool="box"]')?.disabled).toBe(true);
  expect(toolbar.element.querySelector<HTMLButtonElement>('[data-action="undo"]')?.disabled).toBe(true);
});
