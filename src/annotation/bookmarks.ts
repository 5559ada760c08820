/** Bookmarks: views of the scene that someone named, shared by all who look at it. */

import * as Y from 'yjs';
import * as z from 'zod';
import { MAX_NAME_CHARS } from '../protocol/limits.js';
import { followDocument } from '../protocol/replaced_document.js';

/** Name of the document's map of bookmarks. */
export const BOOKMARKS = 'bookmarks';
/** More bookmarks than this are not added: a list that long is not read. */
export const MAX_BOOKMARKS = 200;

/** What a bookmark brings back: plain values, whose meaning is the viewer's. */
export type BookmarkedView = Readonly<Record<string, unknown>>;

export interface Bookmark {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  /** When it was made: ISO 8601 in UTC. */
  readonly created: string;
  readonly view: BookmarkedView;
}

const text = z.string().max(MAX_NAME_CHARS);
const Stored = z.object({
  name: text.catch(''),
  author: text.catch(''),
  created: z.string().catch(''),
  view: z.record(z.string().max(64), z.unknown()),
});

/** The bookmarks of a scene document; entries that are none are left out. */
export class Bookmarks {
  #map: Y.Map<unknown>;
  readonly #unfollow: () => void;
  readonly #listeners = new Set<() => void>();
  #cached: readonly Bookmark[] | undefined;

  constructor(
    public doc: Y.Doc,
    readonly origin: object,
  ) {
    this.#map = doc.getMap(BOOKMARKS);
    this.#map.observeDeep(this.#changed);
    this.#unfollow = followDocument(doc, (by) => {
      this.#map.unobserveDeep(this.#changed);
      this.doc = by;
      this.#map = by.getMap(BOOKMARKS);
      this.#map.observeDeep(this.#changed);
      this.#changed();
    });
  }

  /** In the order they were made. */
  list(): readonly Bookmark[] {
    this.#cached ??= [...this.#map]
      .flatMap(([id, entry]) => {
        const result = Stored.safeParse(entry instanceof Y.Map ? entry.toJSON() : undefined);
        return result.success ? [{ id, ...result.data }] : [];
      })
      .sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : a.id < b.id ? -1 : 1));
    return this.#cached;
  }

  /**
   * Adds a bookmark and returns its id.
   *
   * @throws RangeError where there are as many as may be
   */
  add(bookmark: Pick<Bookmark, 'name' | 'author' | 'view'>): string {
    if (this.list().length >= MAX_BOOKMARKS) throw new RangeError(`there are ${MAX_BOOKMARKS} bookmarks; remove one first`);
    const id = crypto.randomUUID();
    const entry = new Y.Map<unknown>(Object.entries({ ...bookmark, created: new Date().toISOString() }));
    this.doc.transact(() => this.#map.set(id, entry), this.origin);
    return id;
  }

  /** Gives a bookmark another name; without effect where it is gone. */
  rename(id: string, name: string): void {
    const entry = this.#map.get(id);
    if (entry instanceof Y.Map && entry.get('name') !== name) this.doc.transact(() => entry.set('name', name), this.origin);
  }

  remove(id: string): void {
    if (this.#map.has(id)) this.doc.transact(() => this.#map.delete(id), this.origin);
  }

  /** Calls `listener` after each change, whoever made it; the result ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#unfollow();
    this.#map.unobserveDeep(this.#changed);
    this.#listeners.clear();
  }

  readonly #changed = (): void => {
    this.#cached = undefined;
    for (const listener of [...this.#listeners]) listener();
  };
}
