/** A list of rows of equal height of which only those in sight are elements: thousands cost no more than a dozen. */

import { h } from '../dom.js';

/** Rows made beyond each end of what is in sight. */
const BEYOND = 4;

export class VirtualList<T> {
  readonly element: HTMLElement;
  readonly #inner = h('div', { class: 'voxbeam-rows' });
  #items: readonly T[] = [];

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
    this.element = h('div', { class: 'voxbeam-virtual', role: 'list', 'aria-label': label, tabindex: 0, on: { scroll: () => this.#draw() } }, this.#inner);
    this.element.style.maxHeight = `${height}px`;
  }

  show(items: readonly T[]): void {
    this.#items = items;
    this.#inner.style.height = `${items.length * this.rowHeight}px`;
    this.#draw();
  }

  /** Brings a row into sight. */
  reveal(index: number): void {
    if (index < 0) return;
    const { element, rowHeight, height } = this;
    const top = index * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + height) element.scrollTop = top + rowHeight - height;
    this.#draw();
  }

  #draw(): void {
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.rowHeight) - BEYOND);
    const last = Math.min(this.#items.length, first + Math.ceil(this.height / this.rowHeight) + 2 * BEYOND);
    // A row in use keeps the focus: rows are made anew by what they are of, and the focus returns to the same place.
    const active = this.element.ownerDocument.activeElement;
    const held = active instanceof HTMLElement && this.#inner.contains(active) ? active.closest<HTMLElement>('[data-row]')?.dataset.row : undefined;
    const kind = active instanceof HTMLElement ? active.dataset.part : undefined;
    const rows = this.#items.slice(first, last).map((item, i) => {
      const row = this.make(item);
      row.style.top = `${(first + i) * this.rowHeight}px`;
      row.style.height = `${this.rowHeight}px`;
      return row;
    });
    this.#inner.replaceChildren(...rows);
    if (held !== undefined) rows.find((row) => row.dataset.row === held)?.querySelector<HTMLElement>(kind ? `[data-part="${kind}"]` : 'button')?.focus({ preventScroll: true });
  }
}
