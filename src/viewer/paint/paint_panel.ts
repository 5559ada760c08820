/** The section of the side panel for painting: which labels, with what, how large. Made when somebody first paints. */

import { h } from '../dom.js';
import { keyWords } from '../key_words.js';
import { numberField, section, setNumber, wordButton } from '../instruments/fields.js';
import { choice, slider, switches, tick } from '../look/controls.js';
import { LabelList } from './label_list.js';
import type { PaintCounts } from './paint_counts.js';
import { makeLabels } from './make_labels.js';
import { ACTS } from './paint_controls.js';
import { LEAST_CELL, LEAST_RADIUS, MOST_CELL, MOST_PLANES, MOST_RADIUS, type PaintAct, type PaintState } from './paint_state.js';
import type { PaintTool } from './paint_tool.js';
import { RangeFields } from './range_fields.js';

export class PaintPanel {
  readonly element = section('Paint labels', 'paint');
  #parts: ReturnType<PaintPanel['make']> | undefined;
  #names = '';

  constructor(
    readonly tool: PaintTool,
    readonly counts: PaintCounts,
  ) {
    this.element.hidden = true;
  }

  show(): void {
    const { state } = this.tool;
    this.element.hidden = !state;
    if (!state) {
      this.tool.preview(false);
      return;
    }
    this.#parts ??= this.make();
    const { act, list, label, radius, deep, pressure, planes, empty, within, values, volumes, none, round, flat, alike, cell, contrast, between } = this.#parts;
    const names = this.tool.paintable.map(({ description }) => description.name);
    if (names.join('\n') !== this.#names) {
      this.#names = names.join('\n');
      volumes.replaceChildren(...(names.length > 1 ? [choice('Labels that are painted', names.map((name) => [name, name] as const), (name) => this.#set({ labels: name })).element] : []));
    }
    none.hidden = names.length > 0;
    act.show(state.act);
    list.show(this.counts.of(this.tool.target));
    setNumber(label, state.label);
    radius.show(state.radius);
    deep.show(state.deep ? 'ball' : 'slice');
    setNumber(planes, state.planes);
    const area = state.act === 'lasso' || state.act === 'box';
    const pieces = state.act === 'piece';
    round.hidden = area;
    radius.element.hidden = pieces;
    pressure.element.hidden = state.act !== 'brush' && state.act !== 'erase';
    pressure.show(state.pressure);
    alike.hidden = !pieces;
    cell.show(state.cell);
    contrast.show(state.contrast);
    flat.hidden = !area;
    empty.show(state.empty);
    within.show(state.range.on);
    values.show();
    between.disabled = !this.tool.host.mayEdit();
  }

  make() {
    const act = switches<PaintAct>('Paint', 'paint', ACTS.map(([act, words, title]) => [act, words, title, keyWords(act)] as const), (value) => this.#set({ act: value }));
    const list = new LabelList(this.tool, (value) => this.#set({ label: value }));
    const label = numberField('Number of the label that is painted; 0 takes labels away', (value) => this.#set({ label: Math.max(0, Math.round(value)) }), { min: 0 });
    const radius = slider('Radius of the brush', { min: LEAST_RADIUS, max: MOST_RADIUS, log: true, reset: 4 }, (value) => this.#set({ radius: value }));
    const deep = switches('Reach', 'paint-reach', [
      ['slice', 'Slice', 'The brush, the fill and pieces stay in the slice'],
      ['ball', '3D', 'The brush is a ball; the fill and pieces go through slices'],
    ], (value) => this.#set({ deep: value === 'ball' }));
    const pressure = tick('Pressure of a pen', 'The harder a pen is pressed, the larger the brush, up to its radius', (on) => this.#set({ pressure: on }), 'pressure');
    const cell = slider('Size of the pieces, in voxels', { min: LEAST_CELL, max: MOST_CELL, step: 1, reset: 8 }, (value) => this.#set({ cell: Math.round(value) }));
    const contrast = slider('Contrast that separates pieces, as a part of the window: less of it follows values, more makes even cells', { min: 0.005, max: 1, log: true, reset: 0.1 }, (value) => this.#set({ contrast: value }));
    const planes = numberField('Slices that the lasso and the box reach through', (value) => this.#set({ planes: Math.min(Math.max(1, Math.round(value)), MOST_PLANES) }), { min: 1, max: MOST_PLANES });
    planes.dataset.field = 'planes';
    const empty = tick('Only where nothing is', 'Leave voxels that have a label as they are', (on) => this.#set({ empty: on }), 'empty');
    const within = tick('Only values from … to', 'Write only voxels whose value in the image is in a range (t)', (on) => this.#range({ on }), 'range');
    const values = new RangeFields(this.tool);
    const between = wordButton('Fill between slices', 'Fill between the slices near here that have this label, by their shapes (i)', () => this.tool.between(undefined), { 'data-action': 'between' });
    const volumes = h('div', {});
    const none = h('p', { class: 'voxbeam-empty' }, 'There are no labels to paint yet. ', wordButton('New labels', 'Make labels of the volume, all empty', () => makeLabels(this.tool.host), { 'data-action': 'new-labels' }));
    const round = h('div', { class: 'voxbeam-paint-round' }, radius.element, deep.element, pressure.element);
    const alike = h('div', { class: 'voxbeam-paint-round', 'data-fields': 'pieces' }, labelled('Size', cell.element), labelled('Contrast', contrast.element));
    const flat = h('label', { class: 'voxbeam-paint-number', title: 'Slices that the lasso and the box reach through, about the one that is drawn in' }, 'Slices', planes);
    this.element.append(h(
      'div', { class: 'voxbeam-paint' },
      none, volumes, act.element, round, alike, flat,
      h('label', { class: 'voxbeam-paint-number', title: 'Number of the label that is painted; 0 takes labels away (0 – 9)' }, 'Label', label),
      list.element, empty.element, within.element, values.element, between,
    ));
    return { act, list, label, radius, deep, pressure, planes, empty, within, values, volumes, none, round, flat, alike, cell, contrast, between };
  }

  #range(patch: Partial<PaintState['range']>): void {
    const { state } = this.tool;
    if (state) this.#set({ range: { ...state.range, ...patch } });
  }

  #set(patch: Partial<PaintState>): void {
    this.tool.set(patch);
  }
}

/** A control with a word before it. */
const labelled = (words: string, control: HTMLElement): HTMLElement => h('div', { class: 'voxbeam-paint-named' }, h('span', {}, words), control);
