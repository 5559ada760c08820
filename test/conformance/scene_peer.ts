/** A client with a scene document of its own, for tests. */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { encodeFrame, FrameType, type History, type HistoryAsk, type Saved } from '../../src/protocol/index.js';
import { Client } from './client.js';
import type { SidecarProcess } from './sidecar_process.js';

/** A client with a document of its own, as a viewer or Python has it. */
export class Peer {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  /** SCENE frames with updates that were sent. */
  sent = 0;
  /** What SAVED said last. */
  saved: Saved | undefined;
  #seen = 0;

  private constructor(readonly client: Client) {
    client.socket.on('message', () => this.#look());
    client.socket.once('close', () => this.awareness.destroy());
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#send(0, (e) => writeUpdate(e, update));
    });
    this.awareness.on('update', ({ added, updated, removed }: Record<string, number[]>, origin: unknown) => {
      const ids = [...(added ?? []), ...(updated ?? []), ...(removed ?? [])];
      if (origin !== this) this.#send(1, (e) => encoding.writeVarUint8Array(e, encodeAwarenessUpdate(this.awareness, ids)));
    });
    this.#look();
    this.#send(0, (e) => writeSyncStep1(e, this.doc));
  }

  static async join(sidecar: SidecarProcess, role: string, kind: 'viewer' | 'producer' = 'viewer'): Promise<Peer> {
    return new Peer(await Client.greet(sidecar, kind, role));
  }

  get annotations(): Y.Map<unknown> {
    return this.doc.getMap('annotations');
  }

  /** Sends an update that its own document does not have. */
  sendUpdate(update: Uint8Array): void {
    this.#send(0, (e) => writeUpdate(e, update));
  }

  /** Sends an awareness update as it stands. */
  say(update: Uint8Array): void {
    this.#send(1, (e) => encoding.writeVarUint8Array(e, update));
  }

  /** Waits until all that was sent is on disk. */
  flushed(): Promise<unknown> {
    return this.client.until(() => this.saved?.edits === this.sent, 'all edits on disk');
  }

  /** Asks something of the restore points. */
  async history(ask: Omit<HistoryAsk, 'id'>): Promise<History> {
    const id = `${Math.random()}`;
    this.client.control(FrameType.HISTORY, { id, ...ask });
    return (await this.client.next(FrameType.HISTORY, (f) => f.json.id === id)).json;
  }

  leave(): Promise<void> {
    this.awareness.destroy();
    return this.client.close();
  }

  #send(kind: number, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, kind);
    write(encoder);
    this.#write(encoder);
  }

  #write(encoder: encoding.Encoder): void {
    const [kind, type] = encoding.toUint8Array(encoder);
    if (kind === 0 && type !== 0) this.sent += 1;
    this.client.send(encodeFrame(FrameType.SCENE, encoding.toUint8Array(encoder)));
  }

  #look(): void {
    for (; this.#seen < this.client.frames.length; this.#seen += 1) {
      const frame = this.client.frames[this.#seen];
      if (frame?.header.type === FrameType.SAVED) this.saved = frame.json;
      if (frame?.header.type !== FrameType.SCENE) continue;
      const decoder = decoding.createDecoder(frame.payload);
      if (decoding.readVarUint(decoder) === 1) {
        applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
        continue;
      }
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, 0);
      readSyncMessage(decoder, encoder, this.doc, this);
      if (encoding.length(encoder) > 1) this.#write(encoder);
    }
  }
}

