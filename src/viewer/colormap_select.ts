/** A list of colour maps that shows their colours. */

import { COLORMAPS, colormapStops, isStepped } from '../renderer/colormaps.js';
import { h, setText } from './dom.js';

/** A colour map as a CSS gradient from left to right; one of separate colours in steps. */
export function gradient(name: string): string {
  const stops = colormapStops(name).map((rgb) => `rgb(${rgb.map((c) => Math.round(c * 255)).join(' ')})`);
  if (!isStepped(name)) return `linear-gradient(to right, ${stops.join(', ')})`;
  const width = 100 / stops.length;
  return `linear-gradient(to right, ${stops.map((color, i) => `${color} ${i * width}% ${(i + 1) * width}%`).join(', ')})`;
}

export class ColormapSelect {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #options: HTMLElement;
  readonly #swatch = h('span', { class: 'voxbeam-swatch' });
  readonly #name = h('span');
  #value = '';

  constructor(readonly changed: (name: string) => void) {
    this.#button = h(
      'button',
      { type: 'button', title: 'Colour map', 'aria-label': 'Colour map', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', on: { click: () => this.#toggle() } },
      this.#swatch,
      this.#name,
    );
    this.#options = h('div', { class: 'voxbeam-options', role: 'listbox', 'aria-label': 'Colour maps', hidden: true, on: { keydown: (event: KeyboardEvent) => this.#key(event) } });
    this.element = h('div', { class: 'voxbeam-colormap', on: { focusout: (event: FocusEvent) => this.#left(event) } }, this.#button, this.#options);
  }

  show(name: string): void {
    if (name === this.#value) return;
    this.#value = name;
    setText(this.#name, name);
    this.#swatch.style.background = gradient(name);
  }

  #toggle(open = this.#options.hidden): void {
    // The options are made when they are first looked at: a panel of many layers stays light.
    if (open) this.#options.replaceChildren(...COLORMAPS.map((name) => this.#option(name)));
    this.#options.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#options.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }

  #option(name: string): HTMLElement {
    const swatch = h('span', { class: 'voxbeam-swatch' });
    swatch.style.background = gradient(name);
    const choose = () => {
      this.changed(name);
      this.#toggle(false);
      this.#button.focus();
    };
    return h('button', { type: 'button', role: 'option', 'data-colormap': name, 'aria-selected': String(name === this.#value), on: { click: choose } }, swatch, name);
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      this.#toggle(false);
      this.#button.focus();
    } else if (step) {
      const options = [...this.#options.children] as HTMLElement[];
      const at = options.indexOf(document.activeElement as HTMLElement);
      options[(at + step + options.length) % options.length]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #left(event: FocusEvent): void {
    if (!this.element.contains(event.relatedTarget as Node | null)) this.#toggle(false);
  }
}
