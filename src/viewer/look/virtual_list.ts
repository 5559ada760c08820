/** A list of rows of equal height of which only those in sight are elements: thousands cost no more than a dozen. */

import { h } from '../dom.js';

/** Rows made beyond each end of what is in sight. */
const BEYOND = 4;

export class VirtualList<T> {
  readonly element: HTMLElement;
  readonly #inner = h('div', { class: 'voxbeam-rows' });
  #items: readonly T[] = [];
  #rows: readonly HTMLElement[] = [];
  /** How far it is scrolled, as the element said last: to ask it has the whole page laid out. */
  #top = 0;

  /**
   * @param rowHeight in CSS pixels
   * @param height of the list at most, in CSS pixels
   * @param make a row's element
   */
  constructor(
    label: string,
    readonly rowHeight: number,
    readonly height: number,
    readonly make: (item: T) => HTMLElement,
  ) {
    this.element = h('div', { class: 'voxbeam-virtual', role: 'list', 'aria-label': label, tabindex: 0, on: { scroll: () => this.#scrolled() } }, this.#inner);
    this.element.style.maxHeight = `${height}px`;
  }

  show(items: readonly T[]): void {
    this.#items = items;
    const height = `${items.length * this.rowHeight}px`;
    if (this.#inner.style.height !== height) this.#inner.style.height = height;
    this.#draw();
  }

  /** Brings a row into sight. */
  reveal(index: number): void {
    if (index < 0) return;
    const { element, rowHeight, height } = this;
    const top = index * rowHeight;
    this.#top = element.scrollTop;
    if (top < this.#top) this.#top = top;
    else if (top + rowHeight > this.#top + height) this.#top = top + rowHeight - height;
    element.scrollTop = this.#top;
    this.#draw();
  }

  #scrolled(): void {
    this.#top = this.element.scrollTop;
    this.#draw();
  }

  #draw(): void {
    const top = Math.min(this.#top, Math.max(0, this.#items.length * this.rowHeight - this.height));
    const first = Math.max(0, Math.floor(top / this.rowHeight) - BEYOND);
    const last = Math.min(this.#items.length, first + Math.ceil(this.height / this.rowHeight) + 2 * BEYOND);
    // A row in use keeps the focus: rows are made anew by what they are of, and the focus returns to the same place.
    const active = this.element.ownerDocument.activeElement;
    const held = active instanceof HTMLElement && this.#inner.contains(active) ? active.closest<HTMLElement>('[data-row]')?.dataset.row : undefined;
    const kind = active instanceof HTMLElement ? active.dataset.part : undefined;
    const rows = this.#items.slice(first, last).map((item, i) => {
      const row = this.make(item);
      const place = `${(first + i) * this.rowHeight}px`;
      if (row.style.top !== place) Object.assign(row.style, { top: place, height: `${this.rowHeight}px` });
      return row;
    });
    if (rows.length === this.#rows.length && rows.every((row, i) => row === this.#rows[i])) return;
    this.#rows = rows;
    this.#inner.replaceChildren(...rows);
    if (held !== undefined) rows.find((row) => row.dataset.row === held)?.querySelector<HTMLElement>(kind ? `[data-part="${kind}"]` : 'button')?.focus({ preventScroll: true });
  }
}
