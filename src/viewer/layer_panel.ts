/** The list of layers in the side panel. The top layer stands first, as in the picture. */

import type { LayerPatch } from '../annotation/model.js';
import { h, setText } from './dom.js';
import { draggable } from './layer_drag.js';
import { LayerRow, type LayerSources } from './layer_row.js';
import type { ShownLayer } from './shown_layers.js';

/** Layers that open with their settings; more would bury the list. */
const OPEN = 1;

export class LayerPanel {
  readonly element: HTMLElement;
  readonly #count = h('span', { class: 'voxbeam-count' });
  readonly #empty = h('p', { class: 'voxbeam-empty' }, 'No volume yet.');
  readonly #rows = new Map<string, LayerRow>();
  readonly #list = h('div');
  #shown: readonly ShownLayer[] = [];
  #time = 0;

  constructor(
    readonly changed: (id: string, patch: LayerPatch) => void,
    readonly sources: LayerSources = { peek: () => undefined, shaderReport: () => undefined },
  ) {
    this.element = h('section', { class: 'voxbeam-section', 'aria-label': 'Layers' }, h('h2', {}, 'Layers', this.#count), this.#empty, this.#list);
  }

  /** @param time the time point that is shown: what is learnt of the voxels is of it */
  show(layers: readonly ShownLayer[], time = 0): void {
    if (layers === this.#shown && time === this.#time) return;
    this.#shown = layers;
    this.#time = time;
    setText(this.#count, layers.length > 1 ? String(layers.length) : '');
    this.#empty.hidden = layers.length > 0;
    const ids = new Set(layers.map(({ layer }) => layer.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    [...layers].reverse().forEach((shown, i) => {
      const { id, kind } = shown.layer;
      const row = this.#rows.get(id) ?? this.#add(id, kind === 'labels' || this.#rows.size < OPEN + labels(layers));
      row.show(shown, time);
      if (this.#list.children[i] !== row.element) this.#list.insertBefore(row.element, this.#list.children[i] ?? null);
    });
  }

  #add(id: string, open: boolean): LayerRow {
    const row = new LayerRow({ changed: (patch) => this.changed(id, patch), move: (up) => this.#move(id, up), sources: this.sources }, open);
    this.#rows.set(id, row);
    draggable(row.grip, id, {
      element: this.#list,
      shown: () => this.#shown,
      row: (other) => this.#rows.get(other)?.element,
      reorder: (orders) => {
        for (const [other, order] of orders) this.changed(other, { order });
      },
    });
    return row;
  }

  /** Exchanges the orders of a layer and its neighbour; equal ones are told apart first. */
  #move(id: string, up: boolean): void {
    const at = this.#shown.findIndex(({ layer }) => layer.id === id);
    const [own, other] = [this.#shown[at]?.layer, this.#shown[at + (up ? 1 : -1)]?.layer];
    if (!own || !other) return;
    const apart = own.order === other.order ? (up ? 1 : -1) : 0;
    this.changed(own.id, { order: other.order + apart });
    if (!apart) this.changed(other.id, { order: own.order });
  }
}

const labels = (layers: readonly ShownLayer[]) => layers.filter(({ layer }) => layer.kind === 'labels').length;
