/** Keeps the scene document and everyone's presence equal on both sides of a connection. */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { messageYjsSyncStep2, readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import type * as Y from 'yjs';

const SYNC = 0;
const AWARENESS = 1;
/** Cameras move with every frame; others need not see each. */
const AWARENESS_MS = 50;

interface AwarenessChange {
  added: number[];
  updated: number[];
  removed: number[];
}

export class SceneSync {
  readonly awareness: Awareness;
  #open = false;
  #mayEdit = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param send sends the payload of a SCENE frame
   * @param synced told when the sidecar's document has been taken over, after each connection
   */
  constructor(
    readonly doc: Y.Doc,
    private readonly send: (payload: Uint8Array) => void,
    private readonly synced: () => void,
  ) {
    this.awareness = new Awareness(doc);
    doc.on('update', this.#onUpdate);
    this.awareness.on('change', this.#onAwareness);
  }

  /** A connection stands: each side asks the other for what it lacks, so edits made in between are not lost. */
  start(mayEdit: boolean): void {
    this.#open = true;
    this.#mayEdit = mayEdit;
    this.#write(SYNC, (encoder) => writeSyncStep1(encoder, this.doc));
    if (this.awareness.getLocalState()) this.#sendPresence();
  }

  /** The connection broke: the others are out of sight. */
  stop(): void {
    this.#open = false;
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.doc.clientID);
    removeAwarenessStates(this.awareness, others, this);
  }

  /** The payload of a SCENE frame from the sidecar. */
  receive(payload: Uint8Array): void {
    const decoder = decoding.createDecoder(payload);
    const kind = decoding.readVarUint(decoder);
    if (kind === AWARENESS) {
      applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
      return;
    }
    if (kind !== SYNC) throw new Error(`scene message of kind ${kind}`);
    const reply = encoding.createEncoder();
    encoding.writeVarUint(reply, SYNC);
    const step = readSyncMessage(decoder, reply, this.doc, this);
    // An answer to step 1 carries our edits, which a viewer that only looks has none of.
    if (encoding.length(reply) > 1 && this.#mayEdit) this.send(encoding.toUint8Array(reply));
    if (step === messageYjsSyncStep2) this.synced();
  }

  /** Says goodbye to the others and lets go of the document, which belongs to whoever gave it. */
  close(): void {
    clearTimeout(this.#timer);
    this.doc.off('update', this.#onUpdate);
    this.awareness.setLocalState(null);
    if (this.#open) this.#sendPresence();
    this.#open = false;
    this.awareness.destroy();
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown) => {
    if (origin !== this && this.#open && this.#mayEdit) this.#write(SYNC, (encoder) => writeUpdate(encoder, update));
  };

  readonly #onAwareness = ({ added, updated, removed }: AwarenessChange, origin: unknown) => {
    if (origin === this || ![...added, ...updated, ...removed].includes(this.doc.clientID)) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#open) this.#sendPresence();
    }, AWARENESS_MS);
  };

  #sendPresence(): void {
    this.#write(AWARENESS, (encoder) => {
      encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(this.awareness, [this.doc.clientID]));
    });
  }

  #write(kind: number, body: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, kind);
    body(encoder);
    this.send(encoding.toUint8Array(encoder));
  }
}
