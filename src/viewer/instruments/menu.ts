/** A menu that drops from a button: what is rarely used, out of the toolbar's way. Arrows move in it, escape and a click beside it close it. */

import { h, setAttribute } from '../dom.js';

/** One line of a menu. */
export interface MenuItem {
  readonly name: string;
  readonly words: string;
  /** The key that does the same. */
  readonly key?: string;
  /** Whether it is on; undefined for what is done once. */
  readonly on?: () => boolean;
  run(): void;
}

export class Menu {
  readonly element: HTMLElement;
  readonly #items = new Map<MenuItem, HTMLButtonElement>();
  readonly #opener: HTMLButtonElement;

  /** @param opener the button it drops from */
  constructor(label: string, opener: HTMLButtonElement, groups: readonly (readonly MenuItem[])[]) {
    this.#opener = opener;
    const item = (of: MenuItem) => {
      const element = h(
        'button',
        {
          type: 'button', role: of.on ? 'menuitemcheckbox' : 'menuitem', tabindex: -1, 'data-item': of.name,
          on: {
            click: () => {
              this.close();
              of.run();
            },
          },
        },
        h('span', {}, of.words),
        of.key ? h('kbd', {}, of.key) : undefined,
      );
      this.#items.set(of, element);
      return element;
    };
    this.element = h(
      'div',
      { class: 'voxbeam-menu', role: 'menu', 'aria-label': label, hidden: true, on: { keydown: this.#key, focusout: this.#left } },
      ...groups.map((group) => h('div', { role: 'group' }, ...group.map(item))),
    );
    opener.setAttribute('aria-haspopup', 'menu');
    opener.setAttribute('aria-expanded', 'false');
    // Pressing the button takes the focus out of the menu: it must not be closed and opened again.
    opener.addEventListener('pointerdown', (event) => event.preventDefault());
    opener.addEventListener('click', () => (this.element.hidden ? this.open() : this.close()));
  }

  open(): void {
    for (const [of, element] of this.#items) setAttribute(element, 'aria-checked', of.on && String(of.on()));
    this.element.hidden = false;
    this.#opener.setAttribute('aria-expanded', 'true');
    this.#buttons[0]?.focus();
  }

  close(): void {
    if (this.element.hidden) return;
    const focused = this.element.contains(this.element.ownerDocument.activeElement);
    this.element.hidden = true;
    this.#opener.setAttribute('aria-expanded', 'false');
    if (focused) this.#opener.focus();
  }

  get #buttons(): readonly HTMLButtonElement[] {
    return [...this.#items.values()];
  }

  readonly #left = (event: FocusEvent): void => {
    if (!this.element.contains(event.relatedTarget as Node | null)) this.close();
  };

  readonly #key = (event: KeyboardEvent): void => {
    const all = this.#buttons;
    const at = all.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape') this.close();
    else if (to !== undefined) all[to % all.length]?.focus();
    else if (event.key !== 'Enter' && event.key !== ' ' && event.key !== 'Tab') return;
    if (event.key !== 'Enter' && event.key !== ' ') event.preventDefault();
    event.stopPropagation();
  };
}
