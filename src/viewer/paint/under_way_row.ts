/** The row over the views that says how far an edit is that takes its time, or undoing one, with a button that calls it off. Made when there is the first one. */

import { h, setText } from '../dom.js';
import { wordButton } from '../instruments/fields.js';
import type { Doing, EditsUnderWay } from './edits_under_way.js';

const WORDS: Readonly<Record<Doing, string>> = { edit: 'Editing labels', undo: 'Undoing an edit', redo: 'Redoing an edit' };
const MANY: Readonly<Record<Doing, string>> = { edit: 'edits of labels', undo: 'edits being undone', redo: 'edits being redone' };

export class UnderWayRow {
  readonly element = h('div', { class: 'voxbeam-under-way', role: 'group', 'aria-label': 'Edit under way', hidden: true });
  #parts: ReturnType<UnderWayRow['make']> | undefined;

  constructor(readonly edits: EditsUnderWay) {
    edits.changed = () => this.show();
  }

  show(): void {
    const { shown } = this.edits;
    this.element.hidden = !shown;
    if (!shown) return;
    this.#parts ??= this.make();
    const { words, bar, cancel } = this.#parts;
    const { count, doing, share, cancelling } = shown;
    const what = cancelling ? 'Cancelling' : count > 1 ? `${count} ${MANY[doing]}` : WORDS[doing];
    setText(words, share === undefined || cancelling ? `${what} …` : `${what}: ${Math.floor(100 * share)} %`);
    if (share === undefined) bar.removeAttribute('value');
    else bar.value = share;
    cancel.disabled = cancelling;
  }

  make() {
    const words = h('span', { role: 'status' });
    const bar: HTMLProgressElement = h('progress', { max: 1, 'aria-label': 'Part of the edit that is done' });
    const cancel = wordButton('Cancel', 'Call it off: labels stay as they were before it (esc)', () => this.edits.cancel(), { 'data-action': 'cancel-edit' });
    this.element.append(words, bar, cancel);
    return { words, bar, cancel };
  }
}
