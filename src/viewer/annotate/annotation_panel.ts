/** The section of the side panel for annotations: table, what is selected, classes and layers. Its parts are made when they are first seen. */

import { h, setAttribute, setText } from '../dom.js';
import { icon } from '../icons.js';
import type { ViewState } from '../view_state.js';
import type { AnnotationCommands } from './annotation_commands.js';
import type { Measure } from './facts.js';
import { AnnotationLayerPanel, ClassPanel } from './group_panels.js';
import { ManyDetails } from './many_details.js';
import { MarkDetails } from './mark_details.js';
import { MarkTable } from './mark_table.js';

interface Parts {
  readonly table: MarkTable;
  readonly details: MarkDetails;
  readonly many: ManyDetails;
  readonly classes: ClassPanel;
  readonly layers: AnnotationLayerPanel;
}

export class AnnotationPanel {
  readonly element: HTMLElement;
  readonly #count = h('span', { class: 'voxbeam-count' });
  readonly #empty = h('p', { class: 'voxbeam-empty' });
  readonly #snaps: readonly (readonly ['snapVoxels' | 'snapVertices', HTMLButtonElement])[];
  readonly #body = h('div', { class: 'voxbeam-annotate' });
  #parts: Parts | undefined;

  constructor(readonly commands: AnnotationCommands) {
    const snap = (name: 'snapVoxels' | 'snapVertices', words: string, title: string) =>
      [name, h('button', { type: 'button', class: 'voxbeam-words', title, 'data-snap': name, on: { click: () => commands.toggleSnap(name) } }, words)] as const;
    this.#snaps = [
      snap('snapVoxels', 'voxels', 'What is drawn goes to the centres of voxels (u)'),
      snap('snapVertices', 'vertices', 'What is drawn goes to points and corners that are near (shift u)'),
    ];
    this.element = h(
      'section',
      { class: 'voxbeam-section', 'aria-label': 'Annotations' },
      h('h2', {}, 'Annotations', this.#count, h('span', { class: 'voxbeam-space' }), icon('magnet'), ...this.#snaps.map(([, element]) => element)),
      this.#empty,
      this.#body,
    );
  }

  show(state: ViewState, mayEdit: boolean, measure: Measure): void {
    // A panel that nobody sees costs nothing.
    if (this.element.closest('[hidden]')) return;
    const { scene } = this.commands;
    const length = scene.annotationCount;
    setText(this.#count, length > 0 ? String(length) : '');
    this.#empty.hidden = length > 0;
    setText(this.#empty, mayEdit ? 'Press p to draw points, b boxes, h polygons; ? says what else.' : 'None yet. You may look, not edit.');
    for (const [name, element] of this.#snaps) {
      setAttribute(element, 'aria-pressed', String(state.drawing[name]));
      element.disabled = !mayEdit;
    }
    if (!this.#parts && length === 0 && scene.classes.list().length === 0 && !mayEdit) return;
    this.#parts ??= this.#build();
    const { table, details, many, classes, layers } = this.#parts;
    const chosen = state.chosen.flatMap((id) => scene.annotation(id) ?? []);
    table.element.hidden = length === 0;
    table.show(state, mayEdit); // also where none is left: nothing of the last one stays
    many.show(chosen, mayEdit);
    details.show(chosen.length > 1 ? undefined : scene.annotation(state.selected ?? ''), mayEdit, measure);
    classes.show(state, mayEdit);
    layers.show(state, mayEdit);
  }

  #build(): Parts {
    const { scene, tell } = this.commands;
    const parts = {
      table: new MarkTable(scene, this.commands),
      details: new MarkDetails(scene, this.commands),
      many: new ManyDetails(scene, this.commands),
      classes: new ClassPanel(scene, this.commands, tell),
      layers: new AnnotationLayerPanel(scene, this.commands, tell),
    };
    this.#body.append(parts.table.element, parts.many.element, parts.details.element, parts.classes.element, parts.layers.element);
    return parts;
  }
}
