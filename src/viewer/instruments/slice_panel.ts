/** The slices in the side panel: how they stand in 3D, how thick they are and how turned, for those who do not drag handles. */

import { SLAB_MODES, type SlabMode } from '../../protocol/tiles.js';
import { h } from '../dom.js';
import { VIEW_TITLES } from '../layout.js';
import type { ViewState, ViewStore } from '../view_state.js';
import type { InstrumentActions } from './actions.js';
import { PLANE_IDS, PLANE_LOOKS, type PlaneLook } from './instrument_state.js';
import { numberField, section, setNumber, wordButton } from './fields.js';
import { combined, turnAbout } from './slice_planes.js';

const WORDS: Readonly<Record<SlabMode, string>> = { mean: 'Mean', max: 'Largest', min: 'Smallest' };
const LOOK_WORDS: Readonly<Record<PlaneLook, string>> = { none: 'Not in 3D', outline: 'Outline', textured: 'With its values' };
/** One press of a button. */
const STEP = Math.PI / 36;

export class SlicePanel {
  readonly element: HTMLElement;
  readonly #thickness: HTMLInputElement;
  readonly #mode: HTMLSelectElement;

  readonly #looks = new Map<(typeof PLANE_IDS)[number], HTMLSelectElement>();
  readonly #cut: HTMLInputElement;

  constructor(
    readonly store: ViewStore,
    readonly actions: InstrumentActions,
  ) {
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
    const looks = PLANE_IDS.map((id) => {
      const name = VIEW_TITLES[id];
      const select: HTMLSelectElement = h(
        'select',
        { title: `How the ${name.toLowerCase()} slice stands in 3D`, 'aria-label': `${name} slice in 3D`, 'data-plane': id, on: { change: () => actions.setPlanes({ [id]: select.value as PlaneLook }) } },
        ...PLANE_LOOKS.map((look) => h('option', { value: look }, LOOK_WORDS[look])),
      );
      this.#looks.set(id, select);
      return h('label', { class: 'voxbeam-plane-row' }, h('span', { class: 'voxbeam-label' }, name.toLowerCase()), select);
    });
    this.#cut = h('input', { type: 'checkbox', on: { change: () => actions.setPlanes({ cut: this.#cut.checked }) } });
    const cut = h('label', { class: 'voxbeam-plane-row', title: 'In 3D, what lies before slices that show their values is cut away (shift q)' }, this.#cut, h('span', {}, 'Cut away what lies before'));
    this.element = section(
      'Slices',
      'slices',
      h(
        'div',
        { class: 'voxbeam-instrument' },
        ...looks,
        cut,
        h('div', { class: 'voxbeam-thick-row' }, h('span', { class: 'voxbeam-label' }, 'thick'), this.#thickness, this.#mode),
        h('div', { class: 'voxbeam-buttons voxbeam-turns', role: 'group', 'aria-label': 'Turn the slices' }, ...([0, 1, 2] as const).flatMap((axis) => [turn(axis, -1), turn(axis, 1)]), straight),
      ),
    );
  }

  show({ shows, slab, planes }: ViewState): void {
    this.element.hidden = !shows.slices;
    if (!shows.slices) return;
    for (const [id, select] of this.#looks) select.value = planes[id];
    this.#cut.checked = planes.cut;
    setNumber(this.#thickness, slab?.thickness ?? 0);
    if (slab) this.#mode.value = slab.mode;
  }

  #set(thickness: number, mode: SlabMode): void {
    this.store.update({ slab: thickness > 0 ? { thickness, mode } : undefined });
  }
}
