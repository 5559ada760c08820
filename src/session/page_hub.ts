/**
 * The hub of sockets on the page itself, for pages that may not have workers. Its code is the worker's, read when it is needed, so that a page
 * that has workers does not carry it twice.
 */

import type { FrameLink, LinkCommand, LinkEvent } from './link.js';

/** Where the worker's script leaves the hub's class on a page. */
export const HUB: unique symbol = Symbol.for('voxbeam hub');

type MakeHub = new (report: (event: LinkEvent) => void) => FrameLink;

export class PageHub implements FrameLink {
  #hub: FrameLink | undefined;
  /** Commands from before the hub was read. */
  #early: LinkCommand[] = [];
  #ended = false;

  /** @param source the worker's script */
  constructor(
    readonly source: string,
    readonly report: (event: LinkEvent) => void,
  ) {
    void this.#read();
  }

  do(command: LinkCommand): void {
    if (this.#hub) this.#hub.do(command);
    else this.#early.push(command);
  }

  dispose(): void {
    this.#ended = true;
    this.#hub?.dispose();
  }

  async #read(): Promise<void> {
    const url = URL.createObjectURL(new Blob([this.source], { type: 'text/javascript' }));
    try {
      await import(url);
      const Hub = (globalThis as unknown as Record<symbol, MakeHub>)[HUB] as MakeHub;
      if (this.#ended) return;
      this.#hub = new Hub(this.report);
      for (const command of this.#early.splice(0)) this.#hub.do(command);
    } catch (error) {
      const reason = `this page allows neither workers nor scripts of ours: ${(error as Error).message}`;
      for (const command of this.#early.splice(0)) {
        if (command.t === 'open') this.report({ t: 'closed', id: command.id, code: 1006, reason });
      }
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}
