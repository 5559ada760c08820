/** Saving views as bookmarks and going back to them. */

import { type BookmarkedView, Bookmarks } from '../../annotation/bookmarks.js';
import { LAYOUTS } from '../layout.js';
import type { ViewState } from '../view_state.js';
import { BookmarkPanel } from './bookmark_panel.js';
import type { Flight } from './flight.js';
import type { InstrumentHost } from './instrument.js';
import { readShared, type SharedName, writeShared } from './shared_view.js';

/** What of a view a bookmark holds besides its layout. */
const FIELDS: readonly SharedName[] = ['camera', 'cross', 'clip', 'light', 'time', 'planes', 'slab', 'turn', 'slice_frame'];

/** A view as plain values. */
export function bookmarked(state: ViewState): BookmarkedView {
  return { layout: state.layout, ...Object.fromEntries(FIELDS.map((name) => [name, readShared(state, name)])) };
}

/** What a bookmark makes of a state. What is missing or malformed stays as it is. */
export function recalled(view: BookmarkedView, state: ViewState): Partial<ViewState> {
  const layout = LAYOUTS.find((known) => known === view.layout);
  const changes = FIELDS.map((name) => (view[name] === undefined ? undefined : writeShared(state, name, view[name])));
  const all: Partial<ViewState> = Object.assign({}, layout && { layout, maximised: undefined }, ...changes);
  return all.cross && !all.center ? { ...all, center: all.cross } : all;
}

export class BookmarkTool {
  readonly panel: BookmarkPanel;
  readonly #bookmarks: Bookmarks;
  #opened = false;

  constructor(
    readonly host: InstrumentHost,
    readonly flight: Flight,
    readonly changed: () => void,
  ) {
    this.#bookmarks = new Bookmarks(host.scene.doc, this);
    this.#bookmarks.onChange(changed);
    this.panel = new BookmarkPanel({
      go: (id) => this.go(id),
      save: () => this.save(),
      rename: (id, name) => this.#bookmarks.rename(id, name),
      remove: (id) => this.#bookmarks.remove(id),
    });
  }

  show(): void {
    this.panel.show(this.#bookmarks.list(), this.host.mayEdit(), this.#opened);
  }

  /** Shows the list and puts the focus on it. */
  open(): void {
    this.#opened = true;
    this.host.openPanel();
    this.show();
    this.panel.focus();
  }

  save(): void {
    const { host } = this;
    if (!host.mayEdit()) {
      host.tell('You may look here, not save bookmarks');
      return;
    }
    const used = new Set(this.#bookmarks.list().map(({ name }) => name));
    let number = 1;
    while (used.has(`View ${number}`)) number += 1;
    try {
      this.#bookmarks.add({ name: `View ${number}`, author: host.author, view: bookmarked(host.store.state) });
      host.tell(`Saved as View ${number}: k lists the bookmarks`);
    } catch (error) {
      host.tell((error as Error).message);
    }
  }

  go(id: string): void {
    const bookmark = this.#bookmarks.list().find((known) => known.id === id);
    if (bookmark) this.flight.to(recalled(bookmark.view, this.host.store.state));
  }

  dispose(): void {
    this.#bookmarks.dispose();
  }
}
