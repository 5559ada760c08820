/** A list of colour maps that shows their colours, by group, with a search; each can be turned around, or be a ramp of one colour. */

import { COLORMAP_GROUPS, colormapStops, isStepped } from '../renderer/colormaps.js';
import { h, setText } from './dom.js';

const REVERSED = /_r$/;

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
  readonly #popup: HTMLElement;
  readonly #options = h('div', { role: 'listbox', 'aria-label': 'Colour maps' });
  readonly #search: HTMLInputElement;
  readonly #reverse: HTMLInputElement;
  readonly #ramp: HTMLInputElement;
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
    this.#search = h('input', { type: 'text', placeholder: 'search', 'aria-label': 'Search colour maps', on: { input: () => this.#list() } });
    this.#reverse = h('input', { type: 'checkbox', title: 'Turn the colours around', 'aria-label': 'Reverse', on: { change: () => this.#turn() } });
    this.#ramp = h('input', { type: 'color', value: '#33ff66', title: 'A ramp from black to a colour', 'aria-label': 'Ramp to a colour', on: { input: () => this.changed(this.#ramp.value) } });
    this.#popup = h(
      'div',
      { class: 'voxbeam-options', hidden: true, tabindex: -1, on: { keydown: (event: KeyboardEvent) => this.#key(event) } },
      h('div', { class: 'voxbeam-pair' }, this.#search, h('label', { class: 'voxbeam-tick', title: 'Turn the colours around' }, this.#reverse, '⇄'), this.#ramp),
      this.#options,
    );
    this.element = h('div', { class: 'voxbeam-colormap', on: { focusout: (event: FocusEvent) => this.#left(event) } }, this.#button, this.#popup);
  }

  show(name: string): void {
    if (name === this.#value) return;
    this.#value = name;
    setText(this.#name, name);
    this.#swatch.style.background = gradient(name);
    this.#reverse.checked = REVERSED.test(name);
    this.#reverse.disabled = name.startsWith('#');
    if (name.startsWith('#')) this.#ramp.value = name.toLowerCase();
    if (!this.#popup.hidden) this.#list();
  }

  #toggle(open = this.#popup.hidden): void {
    this.#popup.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    if (!open) return;
    this.#search.value = '';
    // The options are made when they are first looked at: a panel of many layers stays light.
    this.#list();
    (this.#options.querySelector<HTMLElement>('[aria-selected="true"]') ?? this.#search).focus();
  }

  #list(): void {
    const sought = this.#search.value.trim().toLowerCase();
    const groups = Object.entries(COLORMAP_GROUPS).flatMap(([group, names]) => {
      const found = names.filter((name) => `${group} ${name}`.toLowerCase().includes(sought));
      return found.length > 0 ? [h('div', { role: 'group', 'aria-label': group }, h('div', { class: 'voxbeam-option-group', 'aria-hidden': 'true' }, group), ...found.map((name) => this.#option(name)))] : [];
    });
    this.#options.replaceChildren(...(groups.length > 0 ? groups : [h('p', { class: 'voxbeam-said' }, 'None of that name.')]));
  }

  #option(plain: string): HTMLElement {
    const name = this.#reverse.checked && !this.#value.startsWith('#') ? `${plain}_r` : plain;
    const swatch = h('span', { class: 'voxbeam-swatch' });
    swatch.style.background = gradient(name);
    const choose = () => {
      this.changed(name);
      this.#toggle(false);
      this.#button.focus();
    };
    return h('button', { type: 'button', role: 'option', 'data-colormap': name, 'aria-selected': String(name === this.#value), on: { click: choose } }, swatch, plain);
  }

  #turn(): void {
    this.changed(this.#value.replace(REVERSED, '') + (this.#reverse.checked ? '_r' : ''));
    this.#list();
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      this.#toggle(false);
      this.#button.focus();
    } else if (step) {
      const options = [...this.#options.querySelectorAll<HTMLElement>('[role="option"]')];
      const at = options.indexOf(document.activeElement as HTMLElement);
      (at + step < 0 ? this.#search : options[(at + step) % options.length])?.focus();
    } else {
      if (event.target === this.#search) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #left(event: FocusEvent): void {
    if (!this.element.contains(event.relatedTarget as Node | null)) this.#toggle(false);
  }
}
