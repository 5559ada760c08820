/**
 * Edits of a document by somebody who may only look, taken back as they are made. Viewers do not offer them; this is for code around a viewer that
 * writes into its document all the same: what it shows stays what the instance holds.
 */

import * as Y from 'yjs';

export class TakeBack {
  readonly #undo: Y.UndoManager;

  /**
   * @param ours origin of the transactions that bring what the instance holds
   * @param refusing whether edits are refused now
   * @param refused told after each edit that was taken back
   */
  constructor(
    readonly doc: Y.Doc,
    readonly ours: object,
    readonly refusing: () => boolean,
    readonly refused: () => void,
  ) {
    this.#undo = new Y.UndoManager(doc, { captureTransaction: ({ origin }) => origin !== ours && origin !== this.#undo && refusing() });
    doc.on('beforeTransaction', this.#before);
    doc.on('afterTransaction', this.#after);
  }

  dispose(): void {
    this.doc.off('beforeTransaction', this.#before);
    this.doc.off('afterTransaction', this.#after);
    this.#undo.destroy();
  }

  readonly #before = ({ origin }: Y.Transaction): void => {
    if (origin !== this.ours && origin !== this.#undo && this.refusing()) this.#undo.addTrackedOrigin(origin);
  };

  readonly #after = ({ origin, changed }: Y.Transaction): void => {
    if (origin !== null && origin === this.ours) return;
    if (origin === this.#undo || changed.size === 0 || !this.refusing() || !this.#undo.canUndo()) return;
    while (this.#undo.canUndo()) this.#undo.undo();
    this.#undo.clear();
    this.refused();
  };
}
