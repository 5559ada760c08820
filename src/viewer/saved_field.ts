/** The footer's word about what was drawn: saved, saving, or NOT SAVED in red. */

import type { Session } from '../session/session.js';
import type { SavedNow } from '../session/saved_edits.js';
import { h, setAttribute, setText } from './dom.js';

/** An edit that is on disk sooner than this is not worth a change of the word. */
const SAVING_MS = 400;

const WORDS: Readonly<Record<SavedNow, readonly [string, string]>> = {
  saved: ['saved', 'Everything drawn is on the disk of the server'],
  saving: ['saving…', 'What was drawn just now is on its way to the disk of the server'],
  unsaved: ['NOT SAVED', 'What is drawn is shared, but not on any disk'],
  memory: ['not saved', 'What is drawn is shared, and gone when the server ends'],
  unknown: ['', ''],
};

export class SavedField {
  readonly element: HTMLElement;
  readonly #end: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly session: Session) {
    this.element = h('span', { 'data-footer': 'saved', role: 'status' });
    this.#end = session.saved.on(() => {
      if (session.saved.state === 'saving') this.#timer ??= setTimeout(() => this.show(), SAVING_MS);
      else this.show();
    });
    this.show();
  }

  show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { state, message } = this.session.saved;
    const [word, words] = WORDS[state];
    setText(this.element, word);
    setAttribute(this.element, 'data-saved', state);
    setAttribute(this.element, 'title', message ? `${words}: ${message}` : words);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#end();
  }
}
