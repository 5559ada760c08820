/** The line below the views: value under the cursor, messages, level shown, bricks missing, transport, frames a second. */

import { h, setText } from './dom.js';

const FIELDS = ['cursor', 'message', 'level', 'missing', 'bytes', 'fps', 'transport'] as const;
export type FooterField = (typeof FIELDS)[number];

const TITLES: Readonly<Record<FooterField, string>> = {
  cursor: 'Under the pointer: voxel (z, y, x), world (x, y, z), value',
  message: '',
  level: 'Resolution shown of each visible layer; level 0 is full resolution',
  missing: 'Bricks that this view still waits for',
  bytes: 'Received since the page was opened',
  fps: 'Frames drawn a second while the picture changed last',
  transport: 'How the data comes here, and what it is compressed with; an 8-bit preview is replaced by the true values',
};

export class Footer {
  readonly element: HTMLElement;
  readonly #spans: Readonly<Record<FooterField, HTMLElement>>;
  readonly #bar: HTMLElement;

  constructor() {
    const span = (name: FooterField) => h('span', { 'data-footer': name, title: TITLES[name] || undefined });
    this.#spans = Object.fromEntries(FIELDS.map((name) => [name, span(name)])) as Record<FooterField, HTMLElement>;
    this.#spans.message.setAttribute('role', 'status');
    this.#bar = h('div', { class: 'voxbeam-progress', role: 'progressbar', 'aria-label': 'Loading', 'aria-valuemin': '0', 'aria-valuemax': '100' });
    this.element = h('div', { class: 'voxbeam-footer' }, this.#bar, ...FIELDS.map((name) => this.#spans[name]));
    this.progress(1);
  }

  show(field: FooterField, text: string): void {
    const span = this.#spans[field];
    setText(span, text);
    if (field === 'message') span.title = text;
    else if (field === 'level') span.title = `${text}\n${TITLES.level}`;
  }

  /** Share of what the views want that is here; the bar goes once it is 1. */
  progress(share: number): void {
    const percent = String(Math.round(share * 100));
    if (this.#bar.getAttribute('aria-valuenow') === percent) return;
    this.#bar.setAttribute('aria-valuenow', percent);
    this.#bar.style.transform = `scaleX(${share})`;
    this.#bar.style.opacity = share < 1 ? '1' : '0';
  }
}

/** Progress from what is missing alone: its peak since all was there counts as nothing loaded. */
export class MissingProgress {
  #peak = 0;

  /** The share that is here now. */
  update(missing: number): number {
    if (missing === 0) this.#peak = 0;
    else this.#peak = Math.max(this.#peak, missing);
    return this.#peak === 0 ? 1 : 1 - missing / this.#peak;
  }
}
