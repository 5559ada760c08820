/** Labels: filled or outlined; the ids that are here, found by number; which of them are picked out, and their colours. */

import type { Layer, LayerPatch } from '../../annotation/model.js';
import { labelColor } from '../../renderer/colormaps.js';
import { storedLabel } from '../../volume/label_ids.js';
import { h, setAttribute, setText } from '../dom.js';
import { formatNumber } from '../format.js';
import { wordButton } from '../instruments/fields.js';
import type { ShownLayer } from '../shown_layers.js';
import type { Peek } from './coarse_bricks.js';
import { type Control, switches } from './controls.js';
import { hexOfLabel, ownColors, toggled, withColor } from './label_edits.js';
import { type LabelCount, LabelsHere } from './labels_here.js';
import { VirtualList } from './virtual_list.js';

const ROW = 24;
const HEIGHT = 168;

export class LabelFields {
  readonly rows: readonly (readonly [string, HTMLElement])[];
  readonly #style: Control<Layer['labelStyle']>;
  readonly #search: HTMLInputElement;
  readonly #isolate: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #count = h('p', { class: 'voxbeam-said' });
  readonly #list: VirtualList<LabelCount>;
  #here: LabelsHere | undefined;
  #layer: Layer | undefined;

  constructor(
    readonly changed: (patch: LayerPatch) => void,
    readonly peek: Peek,
  ) {
    this.#style = switches('Style', 'label-style', [
      ['fill', 'Filled', 'Labels filled with their colours'],
      ['outline', 'Outlined', 'Only the outlines of labels'],
    ], (labelStyle) => changed({ labelStyle }));
    this.#search = h('input', {
      type: 'text', inputmode: 'numeric', placeholder: 'find', 'aria-label': 'Find an id', title: 'Digits of an id; enter selects that very id',
      on: {
        input: () => this.#draw(),
        keydown: (event: KeyboardEvent) => {
          if (event.key === 'Enter' && /^\d{1,20}$/.test(this.#search.value.trim())) this.#toggle(BigInt(this.#search.value.trim()).toString());
          event.stopPropagation();
        },
      },
    });
    this.#isolate = wordButton('Isolate', 'Show the selected ids only', () => changed({ isolate: this.#layer?.isolate !== true }), { 'data-action': 'isolate' });
    this.#clear = wordButton('Clear', 'Select nothing', () => changed({ selected: [], isolate: false }), { 'data-action': 'clear-labels' });
    this.#list = new VirtualList('Ids', ROW, HEIGHT, (item) => this.#row(item));
    this.rows = [
      ['Style', this.#style.element],
      ['Ids', h('div', { class: 'voxbeam-pair' }, this.#search, this.#isolate, this.#clear)],
      ['', h('div', {}, this.#list.element, this.#count)],
    ];
  }

  show({ layer, volume }: ShownLayer, open: boolean): void {
    if (this.#here?.volume.description !== volume.description) this.#here = new LabelsHere(volume, this.peek, () => this.#draw());
    // Counting voxels is work: it is done for those who look.
    if (open) this.#here.look();
    this.#layer = layer;
    this.#style.show(layer.labelStyle);
    setAttribute(this.#isolate, 'aria-pressed', String(layer.isolate));
    this.#isolate.disabled = layer.selected.length === 0 && !layer.isolate;
    this.#clear.disabled = layer.selected.length === 0;
    this.#draw();
  }

  #draw(): void {
    const layer = this.#layer;
    if (!layer) return;
    const known = this.#here?.list ?? [];
    const digits = this.#search.value.trim();
    const picked = new Set(layer.selected);
    const sizes = new Map(known.map((item) => [item.id, item]));
    // What is selected stands first, here or not.
    const first = layer.selected.map((id) => sizes.get(id) ?? { id, voxels: 0 });
    const all = [...first, ...known.filter(({ id }) => !picked.has(id))];
    const found = digits ? all.filter(({ id }) => id.includes(digits)) : all;
    this.#list.show(found);
    const words = [this.#here?.counted ? `${known.length} ${known.length === 1 ? 'id' : 'ids'} in what is here` : 'Ids are not counted yet'];
    if (layer.selected.length > 0) words.push(`${layer.selected.length} selected`);
    setText(this.#count, words.join(', '));
  }

  #row({ id, voxels }: LabelCount): HTMLElement {
    const layer = this.#layer as Layer;
    const selected = layer.selected.includes(id);
    const own = layer.labelColors[id];
    const color: HTMLInputElement = h('input', {
      type: 'color', value: own ?? hexOfLabel(labelColor(storedLabel(this.#here?.volume.description ?? {}, id) ?? 0)), title: `Colour of ${id}; double click gives it its own again`, 'aria-label': `Colour of ${id}`, 'data-part': 'color',
      on: {
        input: () => this.changed({ labelColors: withColor(ownColors(layer), id, color.value) }),
        dblclick: () => this.changed({ labelColors: withColor(ownColors(layer), id, undefined) }),
      },
    });
    return h(
      'div',
      { class: 'voxbeam-label-row', role: 'listitem', 'data-row': id },
      color,
      h(
        'button',
        { type: 'button', 'data-part': 'id', 'aria-pressed': String(selected), title: selected ? `Do not select ${id}` : `Select ${id}`, on: { click: () => this.#toggle(id) } },
        layer.classes[id]?.name ? `${id} ${layer.classes[id].name}` : id,
      ),
      h('span', { class: 'voxbeam-amount', title: `about ${voxels} voxels` }, voxels > 0 ? formatNumber(voxels, 3) : ''),
    );
  }

  #toggle(id: string): void {
    if (this.#layer) this.changed({ selected: toggled(this.#layer.selected, id) });
  }
}
