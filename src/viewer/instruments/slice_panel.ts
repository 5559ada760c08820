/** The slices in the side panel: how thick they are and how turned, for those who do not drag handles. */

import { SLAB_MODES, type SlabMode } from '../../protocol/tiles.js';
import { h } from '../dom.js';
import type { ViewState, ViewStore } from '../view_state.js';
import { numberField, section, setNumber, wordButton } from './fields.js';
import { combined, turnAbout } from './slice_planes.js';

const WORDS: Readonly<Record<SlabMode, string>> = { mean: 'Mean', max: 'Largest', min: 'Smallest' };
/** One press of a button. */
const STEP = Math.PI / 36;

export class SlicePanel {
  readonly element: HTMLElement;
  readonly #thickness: HTMLInputElement;
  readonly #mode: HTMLSelectElement;

  constructor(readonly store: ViewStore) {
    this.#thickness = numberField('Thickness of the slices; 0: one plane', (value) => this.#set(value, this.#mode.value as SlabMode), { min: 0 });
    this.#mode = h(
      'select',
      { title: 'What of the values through a thick slice is shown', 'aria-label': 'Value of a thick slice', on: { change: () => this.#set(Number(this.#thickness.value), this.#mode.value as SlabMode) } },
      ...SLAB_MODES.map((mode) => h('option', { value: mode }, WORDS[mode])),
    );
    const turn = (axis: 0 | 1 | 2, sign: 1 | -1) => {
      const words = `Turn the slices about ${'xyz'[axis]}, ${sign > 0 ? '' : 'minus '}5°`;
      const about = [Number(axis === 0), Number(axis === 1), Number(axis === 2)] as const;
      return wordButton(`${'xyz'[axis]} ${sign > 0 ? '+' : '−'}`, words, () => store.update({ turn: combined(turnAbout(about, sign * STEP), store.state.turn) }));
    };
    const straight = wordButton('Straight', 'The slices across their axes again', () => store.update({ turn: undefined }), { 'data-action': 'straight' });
    this.element = section(
      'Slices',
      'slices',
      h(
        'div',
        { class: 'voxbeam-instrument' },
        h('div', { class: 'voxbeam-light-row' }, h('span', { class: 'voxbeam-label' }, 'thick'), this.#thickness, this.#mode),
        h('div', { class: 'voxbeam-buttons', role: 'group', 'aria-label': 'Turn the slices' }, ...([0, 1, 2] as const).flatMap((axis) => [turn(axis, -1), turn(axis, 1)]), straight),
      ),
    );
  }

  show({ shows, slab }: ViewState): void {
    this.element.hidden = !shows.slices;
    if (!shows.slices) return;
    setNumber(this.#thickness, slab?.thickness ?? 0);
    if (slab) this.#mode.value = slab.mode;
  }

  #set(thickness: number, mode: SlabMode): void {
    this.store.update({ slab: thickness > 0 ? { thickness, mode } : undefined });
  }
}
