/** Who is here: a button with their number, and the list that drops from it. */

import { h, setAttribute, setText } from '../dom.js';
import { wordButton } from '../instruments/fields.js';
import { button } from '../toolbar.js';
import { type Identity, MAX_PERSON_NAME } from './identity.js';
import type { Person } from './person.js';

/** What the list does. */
export interface PeopleActions {
  rename(name: string): void;
  recolor(color: string): void;
  /** Follows a person, or nobody any more. */
  follow(id: number | undefined): void;
  /** Looks where a person's cross is, once. */
  visit(id: number): void;
}

/** What the list shows. */
export interface PeopleState {
  readonly people: readonly Person[];
  /** Programs: they are listed, and not counted. */
  readonly kernels: readonly Person[];
  readonly me: Identity;
  readonly id: number;
  readonly mayEdit: boolean;
  readonly following: number | undefined;
}

interface Row {
  readonly element: HTMLElement;
  readonly swatch: HTMLElement;
  readonly name: HTMLElement;
  readonly role: HTMLElement;
  readonly doing: HTMLElement;
  readonly visit: HTMLButtonElement;
  readonly follow: HTMLButtonElement;
}

const ROLE_WORDS = { view: 'looks only', edit: '', owner: 'owner' } as const;

export class PeoplePanel {
  readonly element: HTMLElement;
  readonly opener: HTMLButtonElement;
  readonly #count = h('span', { class: 'voxbeam-count' });
  readonly #name: HTMLInputElement;
  readonly #color: HTMLInputElement;
  readonly #role = h('span', { class: 'voxbeam-chip' }, 'looks only');
  readonly #list = h('div', { role: 'list' });
  readonly #empty = h('p', { class: 'voxbeam-empty' }, 'Nobody else is here.');
  readonly #rows = new Map<number, Row>();
  #state: PeopleState | undefined;

  constructor(readonly actions: PeopleActions) {
    this.opener = button('people', 'Who is here (y)', () => this.toggle(), { 'data-action': 'people', 'aria-expanded': 'false', 'aria-haspopup': 'dialog' });
    this.opener.append(this.#count);
    this.#count.hidden = true;
    this.#color = h('input', { type: 'color', title: 'Your colour', 'aria-label': 'Your colour', on: { input: () => actions.recolor(this.#color.value) } });
    this.#name = h('input', {
      type: 'text', maxlength: MAX_PERSON_NAME, title: 'Your name, as the others see it', 'aria-label': 'Your name', spellcheck: 'false', autocomplete: 'off',
      on: { change: () => actions.rename(this.#name.value), keydown: this.#typed },
    });
    this.element = h(
      'div',
      { class: 'voxbeam-menu voxbeam-people', role: 'dialog', 'aria-label': 'Who is here', hidden: true, on: { keydown: this.#key, focusout: this.#left } },
      h('div', { class: 'voxbeam-person', 'data-person': 'me' }, this.#color, this.#name, this.#role),
      this.#list,
      this.#empty,
    );
    // Pressing the button takes the focus out of the list: it must not be closed and opened again.
    this.opener.addEventListener('pointerdown', (event) => event.preventDefault());
  }

  toggle(): void {
    if (!this.element.hidden) {
      this.close();
      return;
    }
    this.element.hidden = false;
    this.#show();
    setAttribute(this.opener, 'aria-expanded', 'true');
    this.#name.focus();
  }

  /** Closes the list; tells whether it was open. */
  close(): boolean {
    if (this.element.hidden) return false;
    const focused = this.element.contains(this.element.ownerDocument.activeElement);
    this.element.hidden = true;
    setAttribute(this.opener, 'aria-expanded', 'false');
    if (focused) this.opener.focus();
    return true;
  }

  show(state: PeopleState): void {
    this.#state = state;
    const others = state.people.length;
    setText(this.#count, others > 0 ? String(others + 1) : '');
    this.#count.hidden = others === 0;
    const words = others === 0 ? 'Who is here (y)' : `Who is here: you and ${others} other${others === 1 ? '' : 's'} (y)`;
    setAttribute(this.opener, 'title', words);
    setAttribute(this.opener, 'aria-label', words);
    if (!this.element.hidden) this.#show();
  }

  #show(): void {
    const state = this.#state;
    if (!state) return;
    // What is being typed stays.
    if (this.#name !== this.#name.ownerDocument.activeElement) this.#name.value = state.me.name;
    this.#color.value = state.me.color;
    this.#role.hidden = state.mayEdit;
    this.#empty.hidden = state.people.length > 0;
    const listed = [...state.people, ...state.kernels];
    const ids = new Set(listed.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    listed.forEach((person, i) => {
      const row = this.#rows.get(person.id) ?? this.#add(person.id);
      fill(row, person, state);
      if (this.#list.children[i] !== row.element) this.#list.insertBefore(row.element, this.#list.children[i] ?? null);
    });
  }

  #add(id: number): Row {
    const follow = wordButton('Follow', '', () => this.actions.follow(this.#state?.following === id ? undefined : id), { 'data-action': 'follow' });
    const row: Row = {
      swatch: h('span', { class: 'voxbeam-person-color', 'aria-hidden': 'true' }),
      name: h('span', { class: 'voxbeam-person-name' }),
      role: h('span', { class: 'voxbeam-chip' }),
      doing: h('span', { class: 'voxbeam-person-doing' }),
      visit: button('target', 'Look where they are', () => this.actions.visit(id), { 'data-action': 'visit' }),
      follow,
      element: h('div', { class: 'voxbeam-person', role: 'listitem', 'data-person': id }),
    };
    row.element.append(row.swatch, row.name, row.role, row.doing, row.visit, follow);
    this.#rows.set(id, row);
    return row;
  }

  readonly #typed = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.#state) this.#name.value = this.#state.me.name;
    if (event.key === 'Enter') this.actions.rename(this.#name.value);
    if (event.key === 'Enter' || event.key === 'Escape') this.close();
    event.stopPropagation();
  };

  readonly #left = (event: FocusEvent): void => {
    if (event.relatedTarget && !this.element.contains(event.relatedTarget as Node)) this.close();
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    this.close();
    event.stopPropagation();
  };
}

function fill({ element, swatch, name, role, doing, visit, follow }: Row, person: Person, { following, id }: PeopleState): void {
  swatch.style.background = person.color;
  setText(name, person.name);
  setAttribute(name, 'title', person.name);
  const words = person.kernel ? 'kernel' : person.role ? ROLE_WORDS[person.role] : '';
  visit.hidden = person.kernel;
  follow.hidden = person.kernel;
  setText(role, words);
  role.hidden = words === '';
  setText(doing, person.following === id ? 'follows you' : person.tool === 'navigate' ? '' : person.tool);
  const on = following === person.id;
  setAttribute(element, 'data-followed', on ? '' : undefined);
  setText(follow, on ? 'Stop' : 'Follow');
  setAttribute(follow, 'aria-pressed', String(on));
  setAttribute(follow, 'title', on ? `Stop following ${person.name} (esc)` : `Look where ${person.name} looks, until you move the view`);
}
