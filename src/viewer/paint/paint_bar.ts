/** Painting where the side panel has no room beside the slices: one row over them. */

import { h, setAttribute, setText } from '../dom.js';
import { wordButton } from '../instruments/fields.js';
import { keyWords } from '../key_words.js';
import { setOptions } from '../annotate/mark_details.js';
import { listedLabels } from './label_list.js';
import { makeLabels } from './make_labels.js';
import { ACTS } from './paint_controls.js';
import type { PaintCounts } from './paint_counts.js';
import { type PaintAct, sized, sizeWords } from './paint_state.js';
import type { PaintTool } from './paint_tool.js';

export class PaintBar {
  readonly element = h('div', { class: 'voxbeam-paint-bar', role: 'toolbar', 'aria-label': 'Paint labels', hidden: true });
  #parts: ReturnType<PaintBar['make']> | undefined;

  constructor(
    readonly tool: PaintTool,
    readonly counts: PaintCounts,
    readonly openPanel: () => void,
  ) {}

  show(): void {
    const { state } = this.tool;
    this.element.hidden = !state;
    if (!state) return;
    const { layer } = this.tool;
    this.#parts ??= this.make();
    const { act, label, swatch, radius, round, none, range } = this.#parts;
    none.hidden = this.tool.paintable.length > 0;
    if (act.value !== state.act) act.value = state.act;
    const labels = listedLabels(layer?.classes ?? {}, this.counts.of(this.tool.target), state.label);
    const words = (each: number) => `${each} ${layer?.classes[String(each)]?.name ?? ''}`.trim();
    setOptions(label, [['0', '0 none'], ...labels.map((each) => [String(each), words(each)] as const)], String(state.label));
    swatch.style.background = state.label === 0 ? 'transparent' : this.tool.colorOf(state.label);
    setText(radius, sizeWords(state));
    for (const each of round) each.disabled = state.act === 'fill';
    setAttribute(range, 'aria-pressed', String(state.range.on));
  }

  make() {
    const select = (words: string, name: string, changed: (value: string) => void): HTMLSelectElement => {
      const made: HTMLSelectElement = h('select', { 'aria-label': words, title: words, 'data-bar': name, on: { change: () => changed(made.value) } });
      return made;
    };
    const act = select('What to paint with', 'act', (value) => this.tool.set({ act: value as PaintAct }));
    act.append(...ACTS.map(([value, words, title]) => h('option', { value, title: `${title}\n${keyWords(value)}` }, words)));
    const label = select('Label that is painted', 'label', (value) => this.tool.set({ label: Number(value) }));
    const swatch = h('span', { class: 'voxbeam-mark-dot' });
    const size = (by: 1 | -1) => {
      const { state } = this.tool;
      if (state) this.tool.set(sized(state, by));
    };
    const radius = h('output', { class: 'voxbeam-amount', title: 'Radius of the brush, size of pieces, or slices of a lasso and a box' });
    const button = (words: string, title: string, name: string, click: () => void) => {
      const made = wordButton(words, title, click, { 'data-bar': name });
      made.setAttribute('aria-label', title);
      return made;
    };
    const round = [button('−', 'Smaller ([)', 'smaller', () => size(-1)), button('+', 'Larger (])', 'larger', () => size(1))] as const;
    const range = button('range', 'Write only voxels whose value in the image is in a range (t)', 'range', () => {
      const { state } = this.tool;
      if (state) this.tool.set({ range: { ...state.range, on: !state.range.on } });
    });
    const none = button('New labels', 'Make labels of the volume, all empty', 'new-labels', () => makeLabels(this.tool.host));
    this.element.append(
      none, act, swatch, label, round[0], radius, round[1], range,
      button('between', 'Fill between the slices near here that have this label (i)', 'between', () => this.tool.between(undefined)),
      button('…', 'All that painting offers, in the side panel (l)', 'more', this.openPanel),
      button('×', 'Stop painting (esc)', 'stop', () => this.tool.host.store.update({ paint: undefined })),
    );
    return { act, label, swatch, radius, round, none, range };
  }
}
