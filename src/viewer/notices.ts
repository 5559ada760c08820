/** What the viewer has to say: a banner for what needs attention, a message where there is no picture. */

import { h, setText } from './dom.js';
import { icon } from './icons.js';

/** A strip over the views. */
export class Banner {
  readonly element: HTMLElement;
  readonly #text = h('span');

  constructor() {
    const close = h('button', { type: 'button', title: 'Dismiss', 'aria-label': 'Dismiss', on: { click: () => this.hide() } }, icon('close'));
    this.element = h('div', { class: 'voxbeam-banner', role: 'alert', hidden: true }, this.#text, close);
  }

  show(text: string, tone: 'warn' | 'bad' = 'warn'): void {
    setText(this.#text, text);
    this.element.dataset.tone = tone;
    this.element.hidden = false;
  }

  hide(): void {
    this.element.hidden = true;
  }
}

/** Words in the place of a picture. */
export class Message {
  readonly element: HTMLElement;
  readonly #title = h('strong');
  readonly #text = h('p');

  constructor() {
    this.element = h('div', { class: 'voxbeam-message', hidden: true }, this.#title, this.#text);
  }

  show(title: string, text: string): void {
    setText(this.#title, title);
    setText(this.#text, text);
    this.element.hidden = false;
  }

  /** There is no volume yet. */
  wait(connecting: boolean): void {
    if (connecting) this.show('Connecting …', '');
    else this.show('Waiting for a volume', 'It appears here as soon as render_volume or view sends one.');
  }

  hide(): void {
    this.element.hidden = true;
  }
}
