/** A widget's model whose kernel is the test. */

import type { KernelMessage, ViewModel } from '../../../src/widget/model.js';

type Heard = (message: unknown, buffers: DataView[]) => void;
export interface Sent {
  message: { t: string; id: string } & Record<string, unknown>;
  buffers: Uint8Array[];
}

export class KernelEnd {
  readonly sent: Sent[] = [];
  readonly #listeners = new Set<Heard>();
  /** Called with each message of the page. */
  answer: (sent: Sent) => void = () => undefined;

  constructor(readonly traits: Record<string, unknown> = {}) {}

  get listeners(): number {
    return this.#listeners.size;
  }

  say(message: KernelMessage, buffers: DataView[] = []): void {
    for (const listener of [...this.#listeners]) listener(message, buffers);
  }

  get model(): ViewModel {
    return {
      get: (name: string) => this.traits[name],
      on: (event: string, listener: Heard) => event === 'msg:custom' && this.#listeners.add(listener),
      off: (_event: string, listener: Heard) => this.#listeners.delete(listener),
      send: (message: Sent['message'], _callbacks: unknown, buffers: Uint8Array[] = []) => {
        const sent = { message, buffers };
        this.sent.push(sent);
        queueMicrotask(() => this.answer(sent));
      },
    } as unknown as ViewModel;
  }
}
