/** Linked viewers of one page: camera, slices and time point of one are those of all. They find each other in a registry of the page. */

import type { ViewState, ViewStore } from '../view_state.js';

/** What linked viewers share. Plain data: the code of two viewers in a page may be of two builds. */
export type LinkedState = Pick<ViewState, (typeof FIELDS)[number]>;
const FIELDS = ['camera', 'cross', 'time', 'center', 'pixelSize', 'turn', 'slab'] as const;

/** What of a state is shared; a viewer of another build may know less of it. */
const linked = (state: LinkedState): LinkedState =>
  Object.fromEntries(FIELDS.flatMap((field) => (field in state ? [[field, state[field]]] : []))) as unknown as LinkedState;

interface Member {
  give(): LinkedState;
  take(state: LinkedState): void;
}

/** The page's linked viewers, the one that joined first first. */
function members(): Set<Member> {
  const page = globalThis as unknown as Record<symbol, Set<Member> | undefined>;
  const key = Symbol.for('voxbeam linked views');
  page[key] ??= new Set();
  return page[key];
}

export class PageLink {
  readonly #end: () => void;
  #taking = false;
  readonly #member: Member = {
    give: () => linked(this.store.state),
    take: (state) => {
      this.#taking = true;
      try {
        this.store.update(linked(state));
      } finally {
        this.#taking = false;
      }
    },
  };

  /** @param ready false while there is nothing to see: a view of nothing is not to be had by others */
  constructor(
    readonly store: ViewStore,
    readonly ready: () => boolean,
  ) {
    this.#end = store.onChange((state, before) => {
      // What came from another is not told again: so one move is told once to each.
      if (!this.on || this.#taking || !this.ready() || FIELDS.every((field) => state[field] === before[field])) return;
      for (const member of members()) if (member !== this.#member) member.take(linked(state));
    });
  }

  get on(): boolean {
    return members().has(this.#member);
  }

  /** Other linked viewers. */
  get others(): number {
    return members().size - Number(this.on);
  }

  /** Joins the others and takes their view over, or leaves them. */
  toggle(): void {
    const all = members();
    if (all.delete(this.#member)) return;
    const first = all.values().next().value;
    all.add(this.#member);
    if (first) this.#member.take(first.give());
  }

  dispose(): void {
    members().delete(this.#member);
    this.#end();
  }
}
