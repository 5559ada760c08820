/**
 * Keeps the scene document and everyone's presence equal on both sides of a connection. An edit that is refused is in this client's document alone, and nothing
 * is ever taken out of one: the document is made anew of what the sidecar has, and edits that nobody refused are made in it once more.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate, readSyncMessage, writeSyncStep1 } from 'y-protocols/sync';
import { Doc, decodeStateVector, encodeStateVector, getState, type Transaction } from 'yjs';
import { MAX_FRAME_BYTES, MAX_SCENE_VALUE_BYTES, PRESENCE_MS } from '../protocol/limits.js';
import { ErrorCode, type ErrorMessage, type Saved } from '../protocol/messages.js';
import { replaceDocument } from '../protocol/replaced_document.js';
import { documentParts } from '../protocol/scene_parts.js';
import { oversized } from '../protocol/scene_values.js';
import { type PendingEdit, PendingEdits, type Refusal } from './pending_edits.js';
import { wordsOf } from './refused_words.js';
import { SavedEdits } from './saved_edits.js';
import { changesOf, makeAgain, type SceneChange } from './scene_changes.js';

const SYNC = 0;
const AWARENESS = 1;
/** Who looks from where is news, not truth: of what others are said to be, more than this is not kept. */
const MAX_OTHERS = 4096;

/** Room in a frame for what stands around an update. */
const AROUND = 4096;
const LOOKS_ONLY: Refusal = { code: ErrorCode.FORBIDDEN, message: 'the role view may not change the scene', remedy: 'ask the owner for a link with the role edit' };
const LEFT_OVER: Refusal = { code: ErrorCode.CANCELLED, message: 'what it changes was refused itself' };

/** The document is being made anew. */
interface RollBack {
  fresh: Doc;
  /** The first frame that the sidecar did not take. */
  from: number;
  /** Its state vector, where the sidecar asked meanwhile what it lacks. */
  asked?: Uint8Array;
}

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
    saved: (saved: Saved) => {
      // Of what was refused it is said too that the sidecar is done with it.
      this.#pending.taken(Math.min(Math.max(saved.edits, saved.taken ?? 0), (this.#back?.from ?? Number.POSITIVE_INFINITY) - 1));
      this.saved.receive(saved);
    },
  };
  doc: Doc;
  readonly #pending = new PendingEdits();
  #back: RollBack | undefined;
  /** Questions for the document that are not answered yet. */
  #questions = 0;
  #open = false;
  #mayEdit = false;
  /** While it runs, presence was said a moment ago. */
  #pause: ReturnType<typeof setTimeout> | undefined;
  #unsaid = false;
  #hears = false;
  /** Origin of edits that are made once more. */
  readonly #again = {};

  /**
   * @param send sends the payload of a SCENE frame
   * @param synced told when the sidecar's document has been taken over, after each connection
   * @param refused told what of this client's edits is not taken, once it is out of the document
   * @param mostValueBytes how large a value may be
   */
  constructor(
    doc: Doc,
    private readonly send: (payload: Uint8Array) => void,
    private readonly synced: () => void,
    private readonly refused: (why: Refusal) => void,
    private readonly mostValueBytes = MAX_SCENE_VALUE_BYTES,
  ) {
    this.doc = doc;
    this.awareness = new Awareness(doc);
    this.awareness.setLocalState(null); // who has nothing to say of himself is not here
    this.#attach();
    // Not 'change': what is only said again, before it expires, counts too.
    this.awareness.on('update', this.#onAwareness);
  }

  /** A connection stands: each side asks the other for what it lacks, so edits made in between are not lost. */
  start(mayEdit: boolean): void {
    this.#open = true;
    this.#mayEdit = mayEdit;
    this.saved.opened();
    this.#pending.opened();
    this.#questions = 0;
    if (!mayEdit) this.#pending.refuseAll(LOOKS_ONLY);
    if (this.#back || (!mayEdit && this.#pending.length > 0)) this.#rollBack();
    else this.#ask();
    // Said anew, under a new clock: the others have seen us go.
    const own = this.awareness.getLocalState();
    if (own) this.awareness.setLocalState(own);
  }

  /** The connection broke: the others are out of sight. */
  stop(): void {
    this.#open = false;
    const others = [...this.awareness.meta.keys()].filter((id) => id !== this.awareness.clientID);
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
    } else if (readSyncMessage(decoder, encoding.createEncoder(), this.#back?.fresh ?? this.doc, this) === messageYjsSyncStep2) {
      this.#questions -= 1;
      if (this.#back && this.#questions <= 0) this.#replace(this.#back);
      if (!this.#back) this.synced();
    }
  }

  /**
   * An ERROR of the sidecar.
   *
   * @returns false where it is about something else
   */
  notTaken({ edit, code, message, remedy }: ErrorMessage): boolean {
    if (edit === undefined) return false;
    const [first, ...others] = this.#pending.in(edit);
    if (code === ErrorCode.FORBIDDEN) this.#pending.refuseAll({ code, message, remedy });
    // Of several in one frame nobody knows which: each is sent once more, by itself.
    else if (code !== ErrorCode.CANCELLED && first && others.length === 0) first.refused ??= { code, message, remedy };
    if (this.#back) this.#back.from = Math.min(edit, this.#back.from);
    else this.#rollBack(edit);
    return true;
  }

  /** Asks for the whole document, to begin anew with it. */
  #rollBack(from = Number.POSITIVE_INFINITY): void {
    this.#back = { fresh: new Doc(), from };
    if (this.#open) this.#ask();
  }

  /** Asks for what is missing here. */
  #ask(): void {
    this.#questions += 1;
    this.#write(SYNC, (encoder) => writeSyncStep1(encoder, this.#back?.fresh ?? this.doc));
  }

  /** What the sidecar has is here: it takes the document's place, and what was not refused is done again. */
  #replace({ fresh, from, asked }: RollBack): void {
    const old = this.doc;
    const pending = this.#pending.drain(Math.min(from, this.saved.count + 1));
    this.#back = undefined;
    this.#detach();
    this.doc = fresh;
    this.awareness.doc = fresh;
    this.#attach();
    replaceDocument(old, fresh);
    if (asked) this.#answer(asked);
    const out = new Map<string, { why: Refusal; changes: SceneChange[] }>();
    const leave = (why: Refusal, changes: readonly SceneChange[]) => {
      const known = out.get(why.message) ?? { why, changes: [] };
      known.changes.push(...changes);
      out.set(why.message, known);
    };
    for (const { refused, changes } of pending) {
      const lost = refused ? changes : makeAgain(fresh, changes, this.#again);
      if (lost.length > 0) leave(refused ?? LEFT_OVER, lost);
    }
    for (const { why, changes } of out.values()) this.refused({ ...why, message: `not kept: ${wordsOf(old, changes)}: ${why.message}` });
  }

  /** What the sidecar lacks: all of it where it is a new one. It carries our edits, which a viewer that only looks has none of. */
  #answer(known: Uint8Array): void {
    if (this.#back) {
      this.#back.asked = known;
      return;
    }
    if (!this.#mayEdit) {
      // Drawn while this client might, or thought that it might, and never heard of by anybody.
      if (!hasOwn(this.doc, known)) return;
      this.refused({ ...LOOKS_ONLY, message: `not kept, what was drawn here before: ${LOOKS_ONLY.message}` });
      this.#rollBack();
      return;
    }
    const frames = this.#sendParts(documentParts(this.doc, known), messageYjsSyncStep2);
    this.#pending.given(frames);
  }

  /** Sends updates that are one; the numbers of the first and the last. */
  #sendParts(parts: readonly Uint8Array[], last: number): readonly [number, number] {
    const first = this.saved.count + 1;
    parts.forEach((part, i) => {
      this.saved.sent();
      this.#write(SYNC, (encoder) => {
        encoding.writeVarUint(encoder, i < parts.length - 1 ? messageYjsUpdate : last);
        encoding.writeVarUint8Array(encoder, part);
      });
    });
    return [first, this.saved.count];
  }

  /** Says goodbye to the others and lets go of the document, which belongs to whoever gave it. */
  close(): void {
    this.#detach();
    clearTimeout(this.#pause);
    this.#pause = undefined;
    if (this.awareness.getLocalState()) this.awareness.setLocalState(null);
    this.#open = false;
    clearTimeout(this.#pause);
    this.awareness.destroy();
  }

  #attach(): void {
    this.doc.on('beforeTransaction', this.#onTransaction);
    this.#hears = false;
    this.#hear(true);
  }

  #detach(): void {
    this.doc.off('beforeTransaction', this.#onTransaction);
    this.#hear(false);
  }

  /** For who listens to them updates are encoded: of what comes from the sidecar that would be half of the time a large scene takes. */
  readonly #onTransaction = ({ origin }: Transaction) => this.#hear(origin !== this);

  #hear(updates: boolean): void {
    if (updates === this.#hears) return;
    this.#hears = updates;
    if (updates) this.doc.on('update', this.#onUpdate);
    else this.doc.off('update', this.#onUpdate);
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, _doc: Doc, transaction: Transaction) => {
    if (origin === this) return;
    const edit = this.#pending.add(changesOf(transaction));
    const refusal = this.#refusal(update);
    if (refusal) {
      edit.refused = refusal;
      if (!this.#back) this.#rollBack();
    } else if (this.#open && !this.#back) this.#sendEdit(edit, update, transaction);
  };

  /** Why an edit cannot be taken, as far as that is known here. */
  #refusal(update: Uint8Array): Refusal | undefined {
    if (this.#open && !this.#mayEdit) return LOOKS_ONLY;
    const bytes = oversized(update, this.mostValueBytes);
    const message = `it is ${bytes} bytes large, and the limit is ${this.mostValueBytes}`;
    return bytes === undefined ? undefined : { code: ErrorCode.TOO_LARGE, message, remedy: 'draw it in several' };
  }

  #sendEdit(edit: PendingEdit, update: Uint8Array, { beforeState }: Transaction): void {
    const fits = update.byteLength <= MAX_FRAME_BYTES - AROUND;
    edit.frames = this.#sendParts(fits ? [update] : documentParts(this.doc, encodeStateVector(beforeState)), messageYjsUpdate);
  }

  readonly #onAwareness = ({ added, updated, removed }: AwarenessChange, origin: unknown) => {
    if (origin === this || !this.#open || ![...added, ...updated, ...removed].includes(this.awareness.clientID)) return;
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
    for (const id of [...this.awareness.meta.keys()]) if (!this.awareness.states.has(id) && id !== this.awareness.clientID) this.awareness.meta.delete(id);
  }

  #sendPresence(): void {
    this.#write(AWARENESS, (encoder) => {
      encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]));
    });
  }

  #write(kind: number, body: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, kind);
    body(encoder);
    this.send(encoding.toUint8Array(encoder));
  }
}
