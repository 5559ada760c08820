/** Rows of layers that are dragged to another place of the list by the pointer. What it does, the arrows beside a layer's name do by key. */

import type { Layer } from '../annotation/model.js';
import type { ShownLayer } from './shown_layers.js';

/** Pixels that the pointer goes before a press is a drag. */
const BEGIN = 4;

/**
 * The orders by which a layer comes to place `to` among the others, the lowest being 0: its own, or that of every layer where there is no
 * room between its neighbours.
 *
 * @param layers from the lowest to the highest
 */
export function ordersAt(layers: readonly Pick<Layer, 'id' | 'order'>[], id: string, to: number): ReadonlyMap<string, number> {
  const own = layers.find((layer) => layer.id === id);
  const others = layers.filter((layer) => layer.id !== id);
  if (!own || others.length === 0 || layers[to] === own) return new Map();
  const [below, above] = [others[to - 1]?.order, others[to]?.order];
  const order = below === undefined ? (above as number) - 1 : above === undefined ? below + 1 : (below + above) / 2;
  if ((below === undefined || order > below) && (above === undefined || order < above)) return new Map([[id, order]]);
  const all = [...others.slice(0, to), own, ...others.slice(to)];
  return new Map(all.map((layer, i) => [layer.id, i]));
}

/** The place among `others` (the top one first, by their upper and lower edges) at which a pointer at `y` drops a row: how many are above it. */
export function placeAt(y: number, others: readonly { readonly top: number; readonly bottom: number }[]): number {
  const at = others.findIndex(({ top, bottom }) => y < (top + bottom) / 2);
  return at < 0 ? others.length : at;
}

/** What dragging needs of the list. */
export interface DraggedList {
  readonly element: HTMLElement;
  /** From the lowest to the highest. */
  shown(): readonly ShownLayer[];
  row(id: string): HTMLElement | undefined;
  reorder(orders: ReadonlyMap<string, number>): void;
}

/** Makes a row draggable by `grip`. */
export function draggable(grip: HTMLElement, id: string, list: DraggedList): void {
  grip.addEventListener('pointerdown', (down) => {
    if (down.button !== 0 || list.shown().length < 2) return;
    const row = list.row(id);
    if (!row) return;
    const ending = new AbortController();
    const { signal } = ending;
    let place: number | undefined;
    const others = () => list.shown().map(({ layer }) => layer.id).reverse().filter((other) => other !== id).flatMap((other) => list.row(other) ?? []);
    const mark = (to: number | undefined) => {
      for (const other of others()) other.removeAttribute('data-drop');
      row.toggleAttribute('data-dragged', to !== undefined);
      if (to === undefined) return;
      const rows = others();
      if (to < rows.length) rows[to]?.setAttribute('data-drop', 'before');
      else rows.at(-1)?.setAttribute('data-drop', 'after');
    };
    const end = (drop: boolean) => {
      ending.abort();
      mark(undefined);
      const layers = list.shown().map(({ layer }) => layer);
      // The list begins with the highest.
      if (drop && place !== undefined) list.reorder(ordersAt(layers, id, layers.length - 1 - place));
    };
    const { ownerDocument: page } = grip;
    page.addEventListener('pointermove', (event) => {
      if (event.pointerId !== down.pointerId) return;
      if (place === undefined && Math.abs(event.clientY - down.clientY) < BEGIN) return;
      place = placeAt(event.clientY, others().map((other) => other.getBoundingClientRect()));
      mark(place);
      event.preventDefault();
    }, { signal });
    page.addEventListener('pointerup', (event) => event.pointerId === down.pointerId && end(true), { signal });
    page.addEventListener('pointercancel', () => end(false), { signal });
    page.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      end(false);
    }, { signal, capture: true });
  });
}
