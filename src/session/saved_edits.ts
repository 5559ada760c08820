/** What of this client's edits is on the instance's disk: how many were sent on this connection, against how many the sidecar says are. */

import type { Saved } from '../protocol/messages.js';

/** `saving`: edits of this client are on their way; else as the sidecar says. */
export type SavedNow = Saved['state'] | 'saving' | 'unknown';

export class SavedEdits {
  #sent = 0;
  #said: Saved | undefined;
  readonly #listeners = new Set<() => void>();

  get state(): SavedNow {
    if (!this.#said) return 'unknown';
    return this.#said.state === 'saved' && this.#said.edits < this.#sent ? 'saving' : this.#said.state;
  }

  /** Why nothing is written, or what was found damaged, with what to do about it. */
  get message(): string {
    const { message, remedy } = this.#said ?? {};
    return [message, remedy].filter(Boolean).join('. ');
  }

  /** A connection stands: the sidecar counts anew. */
  opened(): void {
    this.#sent = 0;
    this.#said = undefined;
  }

  /** A change was sent; its number on this connection. */
  sent(): number {
    this.#sent += 1;
    this.#tell();
    return this.#sent;
  }

  /** Changes that were sent on this connection. */
  get count(): number {
    return this.#sent;
  }

  /** A SAVED frame. */
  receive(said: Saved): void {
    this.#said = said;
    this.#tell();
  }

  /** Adds a listener; the function returned removes it. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
