/** Everyone who is here: tells what this viewer says of itself, and reads what the others say. */

import type { Session } from '../../session/session.js';
import { type Person, parsePerson } from './person.js';

type Awareness = Session['awareness'];

interface Change {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

/** Who came and who went; both empty where somebody only moved. */
export interface Coming {
  readonly came: readonly Person[];
  readonly left: readonly Person[];
}

export class Crowd {
  readonly #people = new Map<number, Person>();
  #list: readonly Person[] | undefined;
  #said = '';
  #speaking = false;
  #waiting = false;

  /**
   * @param page whose views are not others
   * @param own what this viewer says of itself
   * @param changed told of each change of the others
   */
  constructor(
    readonly awareness: Awareness,
    readonly page: string,
    readonly own: () => Record<string, unknown>,
    readonly changed: (coming: Coming) => void,
  ) {
    awareness.on('change', this.#heard);
    for (const id of awareness.getStates().keys()) this.#hear(id);
  }

  /** Id of this viewer among all. */
  get id(): number {
    return this.awareness.clientID;
  }

  /** The others, by name; replaced on change. */
  get list(): readonly Person[] {
    this.#list ??= this.#sorted(false);
    return this.#list;
  }

  /** Programs that edit, and look at nothing. */
  get kernels(): readonly Person[] {
    return this.#sorted(true);
  }

  #sorted(kernel: boolean): Person[] {
    return [...this.#people.values()].filter((one) => one.kernel === kernel).sort((a, b) => a.name.localeCompare(b.name) || a.id - b.id);
  }

  get(id: number | undefined): Person | undefined {
    return id === undefined ? undefined : this.#people.get(id);
  }

  /** Begins to say who this is. Until then the others do not see it. */
  start(): void {
    this.#speaking = true;
    this.soon();
  }

  /** What this viewer says of itself may be out of date; the session decides how often it is sent. */
  soon(): void {
    if (!this.#speaking || this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      if (!this.#speaking) return;
      const own = this.own();
      const text = JSON.stringify(own);
      if (text === this.#said) return;
      this.#said = text;
      this.awareness.setLocalState(own);
    });
  }

  /** Says goodbye. */
  dispose(): void {
    this.awareness.off('change', this.#heard);
    if (this.#speaking) this.awareness.setLocalState(null);
    this.#speaking = false;
  }

  readonly #heard = ({ added, updated, removed }: Change): void => {
    const came: Person[] = [];
    const left: Person[] = [];
    let touched = false;
    for (const id of [...added, ...updated, ...removed]) {
      const { before, other } = this.#hear(id);
      if (other && !before && !other.kernel) came.push(other);
      if (!other && before && !before.kernel) left.push(before);
      touched ||= other !== undefined || before !== undefined;
    }
    if (!touched) return;
    this.#list = undefined;
    this.changed({ came, left });
  };

  /** Reads what one says; who that was before, and is now. */
  #hear(id: number): { before?: Person | undefined; other?: Person | undefined } {
    if (id === this.id) return {};
    const before = this.#people.get(id);
    const now = parsePerson(id, this.awareness.getStates().get(id));
    const other = now && now.page !== this.page ? now : undefined;
    if (other) this.#people.set(id, other);
    else this.#people.delete(id);
    return { before, other };
  }
}
