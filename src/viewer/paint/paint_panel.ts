/** The section of the side panel for painting: which labels, with what, how large. Made when somebody first paints. */

import { h, setAttribute } from '../dom.js';
import { numberField, section, setNumber, wordButton } from '../instruments/fields.js';
import { choice, slider, switches } from '../look/controls.js';
import { LEAST_RADIUS, MOST_RADIUS, type PaintAct, type PaintState } from './paint_state.js';
import type { PaintTool } from './paint_tool.js';

/** Labels offered as buttons. */
const SWATCHES = 9;

export class PaintPanel {
  readonly element = section('Paint labels', 'paint');
  #parts: ReturnType<PaintPanel['make']> | undefined;
  #names = '';

  constructor(readonly tool: PaintTool) {
    this.element.hidden = true;
  }

  show(): void {
    const { state } = this.tool;
    this.element.hidden = !state;
    if (!state) return;
    this.#parts ??= this.make();
    const { act, swatches, label, radius, deep, empty, volumes, none } = this.#parts;
    const names = this.tool.paintable.map(({ description }) => description.name);
    if (names.join('\n') !== this.#names) {
      this.#names = names.join('\n');
      volumes.replaceChildren(...(names.length > 1 ? [choice('Labels that are painted', names.map((name) => [name, name] as const), (name) => this.#set({ labels: name })).element] : []));
    }
    none.hidden = names.length > 0;
    act.show(state.act);
    swatches.forEach((swatch, i) => {
      swatch.style.background = this.tool.colorOf(i + 1);
      setAttribute(swatch, 'aria-pressed', String(state.label === i + 1));
    });
    setNumber(label, state.label);
    radius.show(state.radius);
    deep.show(state.deep ? 'ball' : 'slice');
    empty.checked = state.empty;
  }

  make() {
    const act = switches<PaintAct>('Paint', 'paint', [
      ['brush', 'Brush', 'Paint with a brush'],
      ['erase', 'Erase', 'Take labels away'],
      ['fill', 'Fill', 'Fill what is connected and has the label that is clicked'],
    ], (value) => this.#set({ act: value }));
    const swatches = Array.from({ length: SWATCHES }, (_, i) =>
      h('button', { type: 'button', class: 'voxbeam-swatch', title: `Label ${i + 1}`, 'aria-label': `Label ${i + 1}`, 'data-label': i + 1, on: { click: () => this.#set({ label: i + 1 }) } }),
    );
    const label = numberField('Label that is painted', (value) => this.#set({ label: Math.max(1, Math.round(value)) }), { min: 1 });
    const radius = slider('Radius of the brush', { min: LEAST_RADIUS, max: MOST_RADIUS, log: true, reset: 4 }, (value) => this.#set({ radius: value }));
    const deep = switches('Reach', 'paint-reach', [
      ['slice', 'Slice', 'The brush and the fill stay in the slice'],
      ['ball', '3D', 'The brush is a ball, and the fill goes through all slices'],
    ], (value) => this.#set({ deep: value === 'ball' }));
    const empty: HTMLInputElement = h('input', { type: 'checkbox', on: { change: () => this.#set({ empty: empty.checked }) } });
    const volumes = h('div', {});
    const none = h('p', { class: 'voxbeam-empty' }, 'There are no labels to paint yet. ', wordButton('New labels', 'Make labels of the volume, all empty', () => this.#make(), { 'data-action': 'new-labels' }));
    const rows = [
      none, volumes, act.element,
      h('div', { class: 'voxbeam-swatches', role: 'group', 'aria-label': 'Labels' }, ...swatches, label),
      radius.element, deep.element,
      h('label', { title: 'Leave voxels that have a label as they are' }, empty, ' Only where nothing is'),
    ];
    this.element.append(h('div', { class: 'voxbeam-paint' }, ...rows));
    return { act, swatches, label, radius, deep, empty, volumes, none };
  }

  #set(patch: Partial<PaintState>): void {
    const { state, host } = this.tool;
    if (state) host.store.update({ paint: { ...state, ...patch } });
  }

  /** Labels of the first image that is shown. */
  #make(): void {
    const { session, tell, refresh } = this.tool.host;
    const all = [...session.volumes.values()];
    const image = all.find(({ description }) => description.kind === 'image');
    if (!image) {
      tell('There is no image to make labels of');
      return;
    }
    const { shape, voxel_size, origin, unit } = image.description;
    let name = 'labels';
    for (let i = 2; all.some(({ description }) => description.name === name); i += 1) name = `labels ${i}`;
    const request = { name, shape: [...shape], voxel_size: [...voxel_size], origin: [...origin], unit, dtype: 'u8' } as Parameters<typeof session.labels.make>[0];
    session.labels.make(request).then(() => refresh(), (error: Error) => tell(error.message));
  }
}
