/** The list of annotations in the side panel: name, colour, jump to, delete. */

import type { Annotation, AnnotationPatch } from '../annotation/model.js';
import { h, setAttribute, setText } from './dom.js';
import { button } from './toolbar.js';

/** What the list can do to an annotation. */
export interface AnnotationActions {
  update(id: string, patch: AnnotationPatch): void;
  remove(id: string): void;
  /** Shows it in the middle of the views. */
  jump(id: string): void;
  select(id: string | undefined): void;
}

interface Row {
  readonly element: HTMLElement;
  readonly color: HTMLInputElement;
  readonly name: HTMLInputElement;
}

export class AnnotationPanel {
  readonly element: HTMLElement;
  readonly #count = h('span', { class: 'voxbeam-count' });
  readonly #empty = h('p', { class: 'voxbeam-empty' });
  readonly #list = h('div', { role: 'list' });
  readonly #rows = new Map<string, Row>();

  constructor(readonly actions: AnnotationActions) {
    this.element = h('section', { class: 'voxbeam-section', 'aria-label': 'Annotations' }, h('h2', {}, 'Annotations', this.#count), this.#empty, this.#list);
  }

  show(annotations: readonly Annotation[], selected: string | undefined, mayEdit: boolean): void {
    setText(this.#count, annotations.length > 0 ? String(annotations.length) : '');
    this.#empty.hidden = annotations.length > 0;
    setText(this.#empty, mayEdit ? 'Press p to draw points, b to draw boxes.' : 'None yet. You may look, not edit.');
    const ids = new Set(annotations.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    annotations.forEach((annotation, i) => {
      const row = this.#rows.get(annotation.id) ?? this.#add(annotation.id);
      this.#fill(row, annotation, annotation.id === selected, mayEdit);
      if (this.#list.children[i] !== row.element) this.#list.insertBefore(row.element, this.#list.children[i] ?? null);
    });
  }

  #fill(row: Row, annotation: Annotation, selected: boolean, mayEdit: boolean): void {
    setAttribute(row.element, 'data-selected', String(selected));
    setAttribute(row.element, 'data-kind', annotation.kind);
    if (row.color.value !== annotation.color.toLowerCase()) row.color.value = annotation.color.toLowerCase();
    // Someone else's change does not overwrite what is being typed.
    if (row.name !== document.activeElement && row.name.value !== annotation.name) row.name.value = annotation.name;
    setAttribute(row.name, 'placeholder', annotation.kind === 'point' ? 'Point' : 'Box');
    row.name.readOnly = !mayEdit;
    row.color.disabled = !mayEdit;
    for (const remove of row.element.querySelectorAll<HTMLButtonElement>('[data-action="remove"]')) remove.disabled = !mayEdit;
  }

  #add(id: string): Row {
    const { actions } = this;
    const color = h('input', {
      type: 'color', title: 'Colour', 'aria-label': 'Colour',
      on: { input: () => actions.update(id, { color: color.value }) },
    });
    const name: HTMLInputElement = h('input', {
      type: 'text', maxlength: 200, title: 'Name', 'aria-label': 'Name', spellcheck: 'false',
      on: {
        change: () => actions.update(id, { name: name.value }),
        focus: () => actions.select(id),
        keydown: (event: KeyboardEvent) => {
          if (event.key === 'Enter' || event.key === 'Escape') name.blur();
          event.stopPropagation();
        },
      },
    });
    const element = h(
      'div',
      { class: 'voxbeam-annotation', role: 'listitem', 'data-annotation': id },
      color,
      name,
      button('target', 'Go there', () => actions.jump(id), { 'data-action': 'jump' }),
      button('trash', 'Remove', () => actions.remove(id), { 'data-action': 'remove' }),
    );
    const row = { element, color, name };
    this.#rows.set(id, row);
    return row;
  }
}
