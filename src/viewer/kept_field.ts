/** The footer's word about the browser's storage: how much is kept there, or why nothing is; pressing it removes what is kept. */

import type { Session } from '../session/session.js';
import { h, setAttribute, setText } from './dom.js';
import { formatBytes } from './format.js';

export class KeptField {
  readonly element: HTMLButtonElement;
  readonly #end: () => void;

  /** @param tell says a sentence to the user */
  constructor(
    readonly session: Session,
    readonly tell: (message: string) => void,
  ) {
    this.element = h('button', { type: 'button', class: 'voxbeam-kept', 'data-footer': 'kept', on: { click: () => void this.clear() } });
    this.#end = session.on('kept', () => this.show());
    this.show();
  }

  /** Removes what is kept, and says so. */
  async clear(): Promise<void> {
    const { bytes } = this.session.kept;
    await this.session.clearKept();
    this.tell(bytes > 0 ? `${formatBytes(bytes)} removed from this browser's storage` : "Nothing was kept in this browser's storage");
  }

  show(): void {
    const { state, reason, bytes, maxBytes, bytesRead } = this.session.kept;
    this.element.hidden = state === 'starting' || (state === 'off' && maxBytes === 0);
    const text = state === 'off' ? 'not kept' : `${formatBytes(bytes)} kept`;
    setText(this.element, text);
    const why = state === 'off' ? `Nothing is kept in this browser for the next visit: ${reason}`
      : `Kept in this browser for the next visit: ${formatBytes(bytes)} of at most ${formatBytes(maxBytes)}, ${formatBytes(bytesRead)} of it used now.${
        reason === undefined ? '' : ` No more is written: ${reason}.`} Press to remove it`;
    setAttribute(this.element, 'title', why);
    setAttribute(this.element, 'aria-label', `${text}. ${why}`);
    this.element.disabled = state === 'off';
  }

  dispose(): void {
    this.#end();
  }
}
