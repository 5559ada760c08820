/** The list of layers in the side panel. The top layer stands first, as in the picture. */

import type { LayerPatch } from '../annotation/model.js';
import { ChannelGroup, grouped, ordersMoved } from './channel_group.js';
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
  readonly #groups = new Map<string, ChannelGroup>();
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
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#forget(id, row);
    const items = grouped(layers);
    for (const [name, { element }] of this.#groups) {
      if (items.some(({ group }) => group === name)) continue;
      element.remove();
      this.#groups.delete(name);
    }
    const elements = items.map(({ group, layers: own }) => {
      if (group === undefined) return this.#row(own[0] as ShownLayer, time).element;
      const heading = this.#groups.get(group) ?? this.#head(group);
      heading.show(group, own);
      stand(heading.rows, [...own].reverse().map((shown) => this.#row(shown, time, heading).element));
      return heading.element;
    });
    stand(this.#list, elements);
  }

  #row(shown: ShownLayer, time: number, heading?: ChannelGroup): LayerRow {
    const { id, kind } = shown.layer;
    let row = this.#rows.get(id);
    if (row && row.channel !== (heading !== undefined)) row = this.#forget(id, row);
    row ??= this.#add(id, !heading && (kind === 'labels' || this.#rows.size < OPEN + labels(this.#shown)), heading !== undefined);
    row.show(shown, time, heading?.told);
    return row;
  }

  #forget(id: string, row: LayerRow): undefined {
    row.element.remove();
    this.#rows.delete(id);
  }

  #head(name: string): ChannelGroup {
    const made = new ChannelGroup({ changed: this.changed, move: (up) => this.#reorder(grouped(this.#shown), ({ group }) => group === name, up) });
    this.#groups.set(name, made);
    return made;
  }

  #add(id: string, open: boolean, channel: boolean): LayerRow {
    const row = new LayerRow({ changed: (patch) => this.changed(id, patch), move: (up) => this.#move(id, up), sources: this.sources }, open, channel);
    this.#rows.set(id, row);
    draggable(row.grip, id, {
      element: this.#list,
      shown: () => this.#shown,
      row: (other) => this.#rows.get(other)?.element,
      reorder: (orders) => this.#order(orders),
    });
    return row;
  }

  /** A channel changes places with another of its image, any other layer with what stands beside it in the list. */
  #move(id: string, up: boolean): void {
    const items = grouped(this.#shown);
    const item = items.find(({ layers }) => layers.some(({ layer }) => layer.id === id));
    const among = item?.group === undefined ? items : [...item.layers].reverse().map((shown) => ({ group: undefined, layers: [shown] }));
    this.#reorder(among, ({ layers }) => layers.some(({ layer }) => layer.id === id), up);
  }

  #reorder(items: ReturnType<typeof grouped>, which: (item: ReturnType<typeof grouped>[number]) => boolean, up: boolean): void {
    this.#order(ordersMoved(items, items.findIndex(which), up));
  }

  #order(orders: ReadonlyMap<string, number>): void {
    for (const [id, order] of orders) this.changed(id, { order });
  }
}

/** Has a parent hold just these children, in this order, and moves none that stands where it should: focus would be lost. */
function stand(parent: HTMLElement, children: readonly HTMLElement[]): void {
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
}

const labels = (layers: readonly ShownLayer[]) => layers.filter(({ layer }) => layer.kind === 'labels').length;
