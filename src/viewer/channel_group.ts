/** The channels of one image in the list of layers: a heading with what holds for all of them, and their rows under it. */

import type { Layer, LayerPatch } from '../annotation/model.js';
import { h, setAttribute, setText } from './dom.js';
import { icon, setIcon } from './icons.js';
import { facts } from './layer_row.js';
import { type Control, slider } from './look/controls.js';
import type { ShownLayer } from './shown_layers.js';
import { button } from './toolbar.js';

/** What a heading asks for. */
export interface GroupActions {
  changed(id: string, patch: LayerPatch): void;
  /** Puts all channels over what is next, or under what is before. */
  move(up: boolean): void;
}

export class ChannelGroup {
  readonly element: HTMLElement;
  /** Where the channels' rows stand. */
  readonly rows = h('div', { class: 'voxbeam-channels' });
  readonly #name = h('span', { class: 'voxbeam-image-name' });
  readonly #count = h('span', { class: 'voxbeam-chip' });
  readonly #facts = h('p', { class: 'voxbeam-facts' });
  readonly #eye: HTMLButtonElement;
  readonly #eyeIcon = icon('eye');
  readonly #chevron: HTMLButtonElement;
  readonly #opacity: Control<number>;
  #shown: readonly ShownLayer[] = [];
  /** Channels that were hidden together: they come back, and those that were hidden before do not. */
  #hidden: ReadonlySet<string> = new Set();
  /** Opacity of each channel as a share of the highest, when last one was above zero. */
  readonly #shares = new Map<string, number>();

  constructor(readonly actions: GroupActions) {
    this.#eye = button(undefined, 'Show or hide all channels', () => this.#toggle(), { 'data-action': 'visible' });
    this.#eye.append(this.#eyeIcon);
    this.#chevron = button('chevron', 'Channels', () => this.#open(this.rows.hidden === true), { class: 'voxbeam-chevron', 'aria-expanded': 'true' });
    const move = (words: string, title: string, up: boolean) => {
      const made = button(undefined, title, () => actions.move(up), { 'data-action': up ? 'raise' : 'lower', class: 'voxbeam-order' });
      made.append(words);
      return made;
    };
    this.#opacity = slider('Opacity of all channels', { min: 0, max: 1, reset: 1 }, (opacity) => this.#fade(opacity));
    const label = h('span', { class: 'voxbeam-label', 'aria-hidden': 'true' }, 'Opacity');
    this.element = h(
      'div',
      { class: 'voxbeam-image', role: 'group' },
      h('div', { class: 'voxbeam-row' }, this.#eye, this.#name, this.#count, move('↑', 'All channels over the next layer', true), move('↓', 'All channels under the layer before', false), this.#chevron),
      this.#facts,
      h('div', { class: 'voxbeam-fields' }, label, this.#opacity.element),
      this.rows,
    );
  }

  /** What the heading says of all channels, which their rows need not say again. */
  get told(): string {
    return this.#facts.textContent ?? '';
  }

  /** @param channels from the lowest to the highest, at least one */
  show(name: string, channels: readonly ShownLayer[]): void {
    this.#shown = channels;
    const visible = channels.some(({ layer }) => layer.visible);
    const words = channels.length === 1 ? '1 channel' : `${channels.length} channels`;
    setText(this.#name, name);
    setAttribute(this.#name, 'title', name);
    setText(this.#count, words);
    setAttribute(this.element, 'aria-label', `${name}, ${words}`);
    setAttribute(this.element, 'data-visible', String(visible));
    setIcon(this.#eyeIcon, visible ? 'eye' : 'eyeOff');
    setAttribute(this.#eye, 'aria-label', visible ? 'Hide all channels' : 'Show all channels');
    setText(this.#facts, facts(channels[0] as ShownLayer).text);
    const most = Math.max(...channels.map(({ layer }) => layer.opacity));
    if (most > 0) for (const { layer } of channels) this.#shares.set(layer.id, layer.opacity / most);
    this.#opacity.show(most);
  }

  #toggle(): void {
    const seen = this.#shown.filter(({ layer }) => layer.visible);
    if (seen.length > 0) {
      this.#hidden = new Set(seen.map(({ layer }) => layer.id));
      for (const { layer } of seen) this.actions.changed(layer.id, { visible: false });
      return;
    }
    const back = this.#shown.filter(({ layer }) => this.#hidden.has(layer.id));
    for (const { layer } of back.length > 0 ? back : this.#shown) this.actions.changed(layer.id, { visible: true });
  }

  /** The most opaque channel gets it, and the others keep their share of it. */
  #fade(opacity: number): void {
    for (const { layer } of this.#shown) this.actions.changed(layer.id, { opacity: (this.#shares.get(layer.id) ?? 1) * opacity });
  }

  #open(open: boolean): void {
    this.rows.hidden = !open;
    this.#chevron.setAttribute('aria-expanded', String(open));
  }
}

/** Layers of which the channels of one image are told as one, from the top one down; a group stands where its highest channel does. */
export function grouped(layers: readonly ShownLayer[]): { readonly group: string | undefined; readonly layers: readonly ShownLayer[] }[] {
  const items: { group: string | undefined; layers: ShownLayer[] }[] = [];
  for (const shown of [...layers].reverse()) {
    const group = shown.volume.description.channel?.group;
    const known = group === undefined ? undefined : items.find((item) => item.group === group);
    if (known) known.layers.unshift(shown);
    else items.push({ group, layers: [shown] });
  }
  return items;
}

/**
 * The orders by which what stands at place `at` of a list (the highest first) changes places with its neighbour. Two layers exchange
 * theirs, and equal ones are told apart first; beside a group orders are dealt out anew among those there are, and where two are equal, all are numbered.
 */
export function ordersMoved(items: readonly { readonly layers: readonly { readonly layer: Pick<Layer, 'id' | 'order'> }[] }[], at: number, up: boolean): ReadonlyMap<string, number> {
  const other = at + (up ? -1 : 1);
  if (!items[at] || !items[other]) return new Map();
  const [own, next] = [at, other].map((i) => (items[i]?.layers.length === 1 ? items[i].layers[0]?.layer : undefined));
  if (own && next) {
    return own.order === next.order ? new Map([[own.id, next.order + (up ? 1 : -1)]]) : new Map([[own.id, next.order], [next.id, own.order]]);
  }
  const turned = [...items];
  [turned[at], turned[other]] = [items[other], items[at]];
  const layers = turned.reverse().flatMap((item) => item.layers.map(({ layer }) => layer));
  const orders = layers.map(({ order }) => order).sort((a, b) => a - b);
  const apart = orders.every((order, i) => i === 0 || order > (orders[i - 1] as number));
  return new Map(layers.map((layer, i) => [layer.id, apart ? (orders[i] as number) : i] as const).filter(([id, order]) => layers.find((layer) => layer.id === id)?.order !== order));
}
