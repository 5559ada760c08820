/** Keeps the scene document and everyone's presence equal on both sides of a connection. */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate, readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import { decodeStateVector, type Doc, getState, type Transaction } from 'yjs';
import { PRESENCE_MS } from '../protocol/limits.js';
import type { Saved } from '../protocol/messages.js';
import { documentParts } from '../protocol/scene_parts.js';
import { SavedEdits } from './saved_edits.js';

const SYNC = 0;
const AWARENESS = 1;
/** Who looks from where is news, not truth: of what others are said to be, more than this is not kept. */
const MAX_OTHERS = 4096;

interface AwarenessChange {
  added: number[];
  updated: number[];
  removed: number[];
}

/** Whether this client has made changes that the state vector `known` lacks. */
function hasOwn(doc: Doc, known: Uint8Array): boolean {
  return getState(doc.store, doc.clientID) > (decodeStateVector(known).get(doc.clientID) ?? 0);
}

export class SceneSync {
  readonly awareness: Awareness;
  readonly saved = new SavedEdits();
  /** Of frames that are the scene's. */
  readonly handlers = {
    scene: (payload: Uint8Array) => this.receive(payload),
    saved: (saved: Saved) => this.saved.receive(saved),
  };
  #open = false;
  #mayEdit = false;
  /** While it runs, presence was said a moment ago. */
  #pause: ReturnType<typeof setTimeout> | undefined;
  #unsaid = false;
  #hears = true;

  /**
   * @param send sends the payload of a SCENE frame
   * @param synced told when the sidecar's document has been taken over, after each connection
   * @param refused told of each edit of somebody who may only look: none of it is sent
   */
  constructor(
    readonly doc: Doc,
    private readonly send: (payload: Uint8Array) => void,
    private readonly synced: () => void,
    private readonly refused: () => void,
  ) {
    this.awareness = new Awareness(doc);
    this.awareness.setLocalState(null); // who has nothing to say of himself is not here
    doc.on('beforeTransaction', this.#onTransaction);
    doc.on('update', this.#onUpdate);
    // Not 'change': what is only said again, before it expires, counts too.
    this.awareness.on('update', this.#onAwareness);
  }

  /** A connection stands: each side asks the other for what it lacks, so edits made in between are not lost. */
  start(mayEdit: boolean): void {
    this.#open = true;
    this.#mayEdit = mayEdit;
    this.saved.opened();
    this.#write(SYNC, (encoder) => writeSyncStep1(encoder, this.doc));
    // Said anew, under a new clock: the others have seen us go.
    const own = this.awareness.getLocalState();
    if (own) this.awareness.setLocalState(own);
  }

  /** The connection broke: the others are out of sight. */
  stop(): void {
    this.#open = false;
    const others = [...this.awareness.meta.keys()].filter((id) => id !== this.doc.clientID);
    removeAwarenessStates(this.awareness, others, this);
    // With their clocks, or who said nothing new meanwhile would not be seen again.
    for (const id of others) this.awareness.meta.delete(id);
  }

  /** The payload of a SCENE frame from the sidecar. */
  receive(payload: Uint8Array): void {
    const decoder = decoding.createDecoder(payload);
    const kind = decoding.readVarUint(decoder);
    if (kind === AWARENESS) {
      if (this.awareness.meta.size > MAX_OTHERS) this.#forgetGone();
      applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
      return;
    }
    if (kind !== SYNC) throw new Error(`scene message of kind ${kind}`);
    if (decoding.peekVarUint(decoder) === messageYjsSyncStep1) {
      decoding.readVarUint(decoder);
      this.#answer(decoding.readVarUint8Array(decoder));
    } else if (readSyncMessage(decoder, encoding.createEncoder(), this.doc, this) === messageYjsSyncStep2) this.synced();
  }

  /** What the sidecar lacks: all of it where it is a new one. It carries our edits, which a viewer that only looks has none of. */
  #answer(known: Uint8Array): void {
    if (!this.#mayEdit) {
      // Drawn while this client might, or thought that it might, and never heard of by anybody.
      if (hasOwn(this.doc, known)) this.refused();
      return;
    }
    const parts = documentParts(this.doc, known);
    parts.forEach((part, i) => {
      this.saved.sent();
      this.#write(SYNC, (encoder) => {
        encoding.writeVarUint(encoder, i < parts.length - 1 ? messageYjsUpdate : messageYjsSyncStep2);
        encoding.writeVarUint8Array(encoder, part);
      });
    });
  }

  /** Says goodbye to the others and lets go of the document, which belongs to whoever gave it. */
  close(): void {
    this.doc.off('beforeTransaction', this.#onTransaction);
    this.#hear(false);
    clearTimeout(this.#pause);
    this.#pause = undefined;
    if (this.awareness.getLocalState()) this.awareness.setLocalState(null);
    this.#open = false;
    clearTimeout(this.#pause);
    this.awareness.destroy();
  }

  /** For who listens to them updates are encoded: of what comes from the sidecar that would be half of the time a large scene takes. */
  readonly #onTransaction = ({ origin }: Transaction) => this.#hear(origin !== this);

  #hear(updates: boolean): void {
    if (updates === this.#hears) return;
    this.#hears = updates;
    if (updates) this.doc.on('update', this.#onUpdate);
    else this.doc.off('update', this.#onUpdate);
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown) => {
    if (origin === this || !this.#open) return;
    if (!this.#mayEdit) {
      this.refused();
      return;
    }
    this.saved.sent();
    this.#write(SYNC, (encoder) => writeUpdate(encoder, update));
  };

  readonly #onAwareness = ({ added, updated, removed }: AwarenessChange, origin: unknown) => {
    if (origin === this || !this.#open || ![...added, ...updated, ...removed].includes(this.doc.clientID)) return;
    this.#unsaid = true;
    if (this.#pause === undefined) this.#sayPresence();
  };

  /** At once, and then not again for a moment: cameras move with every frame, and others need not see each. */
  #sayPresence(): void {
    this.#pause = undefined;
    if (!this.#unsaid || !this.#open) return;
    this.#unsaid = false;
    this.#sendPresence();
    this.#pause = setTimeout(() => this.#sayPresence(), PRESENCE_MS);
  }

  #forgetGone(): void {
    for (const id of [...this.awareness.meta.keys()]) if (!this.awareness.states.has(id) && id !== this.doc.clientID) this.awareness.meta.delete(id);
  }

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
