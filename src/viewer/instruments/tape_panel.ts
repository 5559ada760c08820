/** The list of measurements in the side panel. */

import { h } from '../dom.js';
import { button } from '../toolbar.js';
import type { ViewState } from '../view_state.js';
import { section } from './fields.js';
import { tapeLabel } from './tape.js';

export class TapePanel {
  readonly element: HTMLElement;
  readonly #list = h('div', { role: 'list' });
  #shown = '';

  constructor(
    readonly select: (id: string) => void,
    readonly remove: (id: string) => void,
  ) {
    this.element = section('Measurements', 'tape', this.#list);
  }

  show({ measurements, selected }: ViewState, unit: string): void {
    this.element.hidden = measurements.length === 0;
    const rows = measurements.map((tape) => [tape.id, tapeLabel(tape, unit), tape.id === selected] as const);
    const text = JSON.stringify(rows);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#list.replaceChildren(
      ...rows.map(([id, label, chosen]) =>
        h(
          'div',
          { class: 'voxbeam-annotation', role: 'listitem', 'data-selected': String(chosen), 'data-measurement': id },
          h('button', { type: 'button', class: 'voxbeam-words', title: 'Select this measurement', on: { click: () => this.select(id) } }, label),
          button('trash', `Remove the measurement of ${label}`, () => this.remove(id), { 'data-action': 'remove' }),
        ),
      ),
    );
  }
}
