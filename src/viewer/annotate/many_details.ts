/** Several selected annotations: what can be done to all of them at once. */

import type { Annotation } from '../../annotation/model.js';
import type { Scene } from '../../annotation/scene.js';
import { h, setText } from '../dom.js';
import { button } from '../toolbar.js';
import type { AnnotationCommands } from './annotation_commands.js';
import { setOptions } from './mark_details.js';

/** Stands for several values. */
const MIXED = '\u0000';

/** The value that all have, or the one that stands for several. Pure. */
export function commonOf(annotations: readonly Annotation[], field: 'label' | 'layer'): string {
  const [first, ...others] = annotations.map((annotation) => annotation[field]);
  return others.every((each) => each === first) ? (first ?? '') : MIXED;
}

export class ManyDetails {
  readonly element: HTMLElement;
  readonly #heading = h('h3', { role: 'status' });
  readonly #label: HTMLSelectElement;
  readonly #layer: HTMLSelectElement;

  constructor(
    readonly scene: Scene,
    commands: AnnotationCommands,
  ) {
    const change = (field: 'label' | 'layer', select: HTMLSelectElement) => {
      if (select.value !== MIXED) commands.updateSelected({ [field]: select.value });
    };
    this.#label = h('select', { 'aria-label': 'Class of all selected', title: 'Class of all selected; keys 1 to 9 choose it too', 'data-many': 'label', on: { change: () => change('label', this.#label) } });
    this.#layer = h('select', { 'aria-label': 'Layer of all selected', title: 'Layer of all selected', 'data-many': 'layer', on: { change: () => change('layer', this.#layer) } });
    this.element = h(
      'div',
      { class: 'voxbeam-mark-details', role: 'group', 'aria-label': 'Selected annotations' },
      h(
        'div',
        { class: 'voxbeam-row' },
        this.#heading,
        button('copy', 'Others like them (ctrl d)', () => commands.duplicate(), { 'data-action': 'duplicate-all' }),
        button('trash', 'Remove all of them (delete)', () => commands.removeSelected(), { 'data-action': 'remove-all' }),
        button('close', 'Select nothing (esc)', () => commands.select(undefined), { 'data-action': 'select-none' }),
      ),
      h('div', { class: 'voxbeam-fields' }, h('span', { class: 'voxbeam-label' }, 'Class'), this.#label, h('span', { class: 'voxbeam-label' }, 'Layer'), this.#layer),
    );
  }

  show(annotations: readonly Annotation[], mayEdit: boolean): void {
    this.element.hidden = annotations.length < 2;
    if (this.element.hidden) return;
    const { classes, groups } = this.scene;
    setText(this.#heading, `${annotations.length} selected`);
    const [label, layer] = [commonOf(annotations, 'label'), commonOf(annotations, 'layer')];
    const names = new Set([...classes.list().map(({ name }) => name), ...(label === MIXED || label === '' ? [] : [label])]);
    const mixed = (value: string) => (value === MIXED ? [[MIXED, 'several'] as const] : []);
    setOptions(this.#label, [...mixed(label), ['', 'none'], ...[...names].map((name) => [name, name] as const)], label);
    setOptions(this.#layer, [...mixed(layer), ...groups.all().map(({ id, name }) => [id, name] as const)], layer === MIXED ? layer : groups.get(layer).id);
    for (const control of [this.#label, this.#layer]) control.disabled = !mayEdit;
    for (const control of this.element.querySelectorAll<HTMLButtonElement>('[data-action$="-all"]')) control.disabled = !mayEdit;
  }
}
