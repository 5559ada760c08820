/** The list of bookmarks in the side panel. While it has the focus, 1 to 9 go to one. */

import type { Bookmark } from '../../annotation/bookmarks.js';
import { h, setAttribute } from '../dom.js';
import { button } from '../toolbar.js';
import { section, wordButton } from './fields.js';

/** What the list does. */
export interface BookmarkActions {
  go(id: string): void;
  save(): void;
  rename(id: string, name: string): void;
  remove(id: string): void;
}

export class BookmarkPanel {
  readonly element: HTMLElement;
  readonly #list = h('div', { role: 'list' });
  readonly #save: HTMLButtonElement;
  #shown: readonly Bookmark[] = [];
  #mayEdit: boolean | undefined;

  constructor(readonly actions: BookmarkActions) {
    this.#save = wordButton('Save this view', 'Save this view for everyone (shift k)', () => actions.save(), { 'data-action': 'bookmark' });
    this.element = section('Bookmarks', 'bookmarks', this.#list, h('div', { class: 'voxbeam-instrument' }, h('div', { class: 'voxbeam-buttons' }, this.#save)));
    this.element.addEventListener('keydown', (event) => {
      const at = /^[1-9]$/.test(event.key) && !(event.target instanceof HTMLInputElement) ? Number(event.key) - 1 : undefined;
      const bookmark = at === undefined ? undefined : this.#shown[at];
      if (!bookmark) return;
      event.preventDefault();
      event.stopPropagation();
      actions.go(bookmark.id);
    });
  }

  show(bookmarks: readonly Bookmark[], mayEdit: boolean, opened: boolean): void {
    this.element.hidden = !opened && bookmarks.length === 0;
    if (bookmarks === this.#shown && mayEdit === this.#mayEdit) return;
    // Someone else's change does not take away the field that is being typed into.
    if (this.element.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement) return;
    this.#shown = bookmarks;
    this.#mayEdit = mayEdit;
    this.#save.disabled = !mayEdit;
    this.#list.replaceChildren(...bookmarks.map((bookmark, i) => this.#row(bookmark, i)));
  }

  /** Puts the focus on the first bookmark, or on the button that saves one. */
  focus(): void {
    (this.#list.querySelector('button') ?? this.#save).focus();
  }

  #row({ id, name, author }: Bookmark, i: number): HTMLElement {
    const { actions } = this;
    const number = i < 9 ? String(i + 1) : '';
    const field: HTMLInputElement = h('input', {
      type: 'text', maxlength: 200, value: name, title: author ? `Saved by ${author}` : 'Name', 'aria-label': 'Name of the bookmark', spellcheck: 'false',
      on: {
        change: () => actions.rename(id, field.value),
        keydown: (event: KeyboardEvent) => {
          if (event.key === 'Enter' || event.key === 'Escape') field.blur();
          event.stopPropagation();
        },
      },
    });
    field.readOnly = !this.#mayEdit;
    const remove = button('trash', `Remove the bookmark ${name}`, () => actions.remove(id), { 'data-action': 'remove' });
    setAttribute(remove, 'disabled', this.#mayEdit ? undefined : '');
    return h(
      'div',
      { class: 'voxbeam-annotation', role: 'listitem', 'data-bookmark': id },
      button('target', `Go to ${name}${number && ` (${number} while this list has the focus)`}`, () => actions.go(id), { 'data-action': 'go' }),
      h('span', { class: 'voxbeam-label' }, number),
      field,
      remove,
    );
  }
}
