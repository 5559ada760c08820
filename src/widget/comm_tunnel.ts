/** Frames over the widget's comm: the kernel relays them to the sidecar and back. */

import type { CommTunnel as Tunnel } from '../session/session.js';
import { onKernelMessage, questionId, type ViewModel } from './model.js';

export class CommTunnel implements Tunnel {
  #id: string | undefined;
  #done = new AbortController();

  constructor(private readonly model: ViewModel) {}

  open(receive: (frame: ArrayBuffer) => void, closed: (reason: string) => void): Promise<void> {
    this.close();
    const id = questionId();
    const done = new AbortController();
    this.#id = id;
    this.#done = done;
    return new Promise((resolve, reject) => {
      let opened = false;
      const end = (reason: string) => {
        done.abort();
        if (this.#id === id) this.#id = undefined;
        if (opened) closed(reason);
        else reject(new Error(reason));
      };
      onKernelMessage(
        this.model,
        (message, buffers) => {
          if (message.id !== id) return;
          if (message.t === 'frames') for (const buffer of buffers) receive(ownBuffer(buffer));
          else if (message.t === 'closed') end(message.reason);
          else if (message.t === 'opened') {
            opened = true;
            resolve();
          }
        },
        done.signal,
      );
      this.model.send({ t: 'open', id });
    });
  }

  send(frame: Uint8Array): void {
    if (this.#id === undefined) return;
    this.model.send({ t: 'frame', id: this.#id }, undefined, [frame]);
  }

  close(): void {
    this.#done.abort();
    if (this.#id === undefined) return;
    this.model.send({ t: 'close', id: this.#id });
    this.#id = undefined;
  }
}

/** The bytes of `view` as a buffer of their own: it is handed to the worker. Front ends give one for each message part. */
function ownBuffer(view: DataView): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = view;
  if (byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) return buffer;
  return new Uint8Array(buffer, byteOffset, byteLength).slice().buffer as ArrayBuffer;
}
