/**
 * Updates that came before what they build on. Yjs keeps them aside, in no document and in no file, until that is there: so long they are not acknowledged, nor
 * is what the same client sends after them. What others send has nothing to do with it.
 */

import * as Y from 'yjs';

type Decoded = ReturnType<typeof Y.decodeUpdate>;

/** Edits of one client that wait: how many of his the last one is, and what must be there, the end of a clock by client. */
interface Waiting {
  count: number;
  readonly ends: Map<number, number>;
}

export class EarlyEdits<Sender> {
  readonly #waiting = new Map<Sender, Waiting>();

  constructor(readonly doc: Y.Doc) {}

  /**
   * An update was applied, the `count`-th of its sender.
   *
   * @returns those who are to be told now, each with how many of his edits are in the document
   */
  applied(sender: Sender, count: number, { structs, ds }: Decoded): [Sender, number][] {
    const waiting = this.#waiting.get(sender) ?? { count, ends: new Map<number, number>() };
    waiting.count = count;
    const need = (client: number, end: number) => waiting.ends.set(client, Math.max(end, waiting.ends.get(client) ?? 0));
    for (const { id, length } of structs) need(id.client, id.clock + length);
    for (const [client, ranges] of ds.clients) for (const { clock, len } of ranges) need(client, clock + len);
    this.#waiting.set(sender, waiting);
    const told: [Sender, number][] = [];
    for (const [one, { count: edits, ends }] of this.#waiting) if (this.#holds(ends)) told.push([one, edits]);
    for (const [one] of told) this.#waiting.delete(one);
    return told;
  }

  /** A client is gone. */
  left(sender: Sender): void {
    this.#waiting.delete(sender);
  }

  /** Whether all of that is there; what is found is not looked for again. */
  #holds(ends: Map<number, number>): boolean {
    for (const [client, end] of ends) {
      if (Y.getState(this.doc.store, client) < end) return false;
      ends.delete(client);
    }
    return true;
  }
}
