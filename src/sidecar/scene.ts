/**
 * The scene document: one Yjs document that everybody sees and that those with the role `edit` change, and what each client says of
 * itself (awareness). The sidecar adds and removes layers with their volumes, and knows nothing else of what stands in it. Nobody hears of a change before it
 * is on disk (`durable/`), and everybody in the order in which it was written.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate, writeSyncStep1 } from 'y-protocols/sync';
import * as Y from 'yjs';
import { ensureLayer, removeLayer } from '../annotation/layers.js';
import {
  decodeControl, encodeFrame, ErrorCode, type ErrorMessage, FrameError, FrameType, HistoryAsk, MAX_SCENE_VALUE_BYTES, type Saved, type VolumeDescription,
} from '../protocol/index.js';
import { oversized } from '../protocol/scene_values.js';
import type { Connection } from './connection.js';
import { EarlyEdits } from './early_edits.js';
import { FROM_FILE, type SavedStatus, SceneKeeper, type ScenePlace } from './durable/scene_keeper.js';
import { atLeast } from './permissions.js';
import { AWARENESS, Presence } from './presence.js';
import { KeptDocument } from './kept_document.js';
import { answerHistory } from './scene_history.js';

const SYNC = 0;

/** A SCENE frame whose payload `write` writes. */
function syncFrame(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  write(encoder);
  return encodeFrame(FrameType.SCENE, encoding.toUint8Array(encoder));
}

const updateFrame = (update: Uint8Array, kind: number = messageYjsUpdate): Uint8Array =>
  syncFrame((encoder) => {
    encoding.writeVarUint(encoder, kind);
    encoding.writeVarUint8Array(encoder, update);
  });

/** Changes that came from a client: how many, how many of them are on disk, and which one was refused. */
interface Edits {
  taken: number;
  saved: number;
  /** What comes after it may build on it, and is not taken before the client has asked for the document anew. */
  refused?: number | undefined;
}

const NOTHING = { structs: [], ds: { clients: new Map() } };

export class Scene {
  readonly doc = new Y.Doc();
  readonly keeper: SceneKeeper;
  readonly #presence = new Presence();
  readonly #whole = new KeptDocument(this.doc, (update) => updateFrame(update));
  readonly #clients = new Map<Connection, Edits>();
  /** Editors who were asked what the document lacks, and have not given all of it yet. */
  readonly #giving = new Set<Connection>();
  readonly #early = new EarlyEdits<Connection>(this.doc);
  /** Those who are to hear that edits of theirs are on disk. */
  readonly #saved = new Set<Connection>();

  /**
   * @param place where it is kept; nowhere beyond the process, where there is none
   * @param mostValueBytes how large a value may be
   * @throws SceneFileError where the file is not to be opened
   */
  constructor(
    place?: ScenePlace,
    readonly mostValueBytes = MAX_SCENE_VALUE_BYTES,
  ) {
    const changed = ({ state }: SavedStatus): void => {
      // What was shared and not written is written now.
      if (state === 'saved') for (const edits of this.#clients.values()) edits.saved = edits.taken;
      for (const connection of this.#clients.keys()) this.#tellSaved(connection);
    };
    this.keeper = new SceneKeeper(this.doc, place, changed, () => this.#giving.size === 0);
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      const tell = () => this.#tell(updateFrame(update), origin);
      if (origin === FROM_FILE) tell();
      else this.keeper.keep(update, origin === null, tell);
    });
    this.keeper.start();
  }

  /** Tells a new client who is here, and asks what it has that the document lacks. */
  greet(connection: Connection): void {
    this.#clients.set(connection, { taken: 0, saved: 0 });
    if (atLeast(connection.grant.role, 'edit')) this.#giving.add(connection);
    this.#tellSaved(connection);
    connection.send(syncFrame((encoder) => writeSyncStep1(encoder, this.doc)));
    this.#presence.greet(connection);
  }

  /** A client is gone, and with it what it said of itself. */
  left(connection: Connection): void {
    this.#clients.delete(connection);
    this.#saved.delete(connection);
    this.#giving.delete(connection);
    this.#early.left(connection);
    this.#presence.left(connection);
  }

  /**
   * A SCENE frame of a client.
   *
   * @throws FrameError 4400 where it is no message of y-protocols
   */
  frame(connection: Connection, payload: Uint8Array): void {
    try {
      const decoder = decoding.createDecoder(payload);
      const kind = decoding.readVarUint(decoder);
      if (kind === SYNC) this.#sync(connection, decoder);
      else if (kind === AWARENESS) this.#presence.receive(connection, decoding.readVarUint8Array(decoder));
      else throw new Error(`kind ${kind}`);
    } catch (error) {
      throw new FrameError(ErrorCode.BAD_FRAME, `scene message: ${(error as Error).message}`);
    }
  }

  /**
   * A HISTORY frame of a client.
   *
   * @throws FrameError 4400 where it is none
   */
  history(connection: Connection, payload: Uint8Array): void {
    answerHistory(this.keeper, connection, decodeControl(HistoryAsk, payload));
  }

  /** Takes up the document of an instance whose process died. What it lacks, those who come back have. */
  restore(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, 'restored');
  }

  volumeAdded(description: VolumeDescription): void {
    ensureLayer(this.doc, description);
  }

  volumeRemoved(description: VolumeDescription): void {
    removeLayer(this.doc, description.name);
  }

  /** Writes what is not written yet, and ends the timers. */
  close(): void {
    this.keeper.close();
    this.#presence.close();
    this.doc.destroy();
  }

  #sync(connection: Connection, decoder: decoding.Decoder): void {
    const type = decoding.readVarUint(decoder);
    const content = decoding.readVarUint8Array(decoder);
    const answer = (known: Uint8Array) => this.#answer(connection, known);
    const edits: Edits = this.#clients.get(connection) ?? { taken: 0, saved: 0 };
    if (type === messageYjsSyncStep1) {
      edits.refused = undefined;
      this.keeper.after(() => answer(content));
    } else if (type !== messageYjsSyncStep2 && type !== messageYjsUpdate) {
      throw new Error(`sync type ${type}`);
    } else if (atLeast(connection.grant.role, 'edit') || type === messageYjsUpdate) {
      const update = Y.decodeUpdate(content); // as a whole, before any of it is applied
      edits.taken += 1;
      const mine = edits.taken;
      const refusal = this.#refusal(connection, edits, content);
      if (refusal) {
        edits.refused ??= mine;
        connection.error({ ...refusal, edit: mine });
      } else Y.applyUpdate(this.doc, content, connection);
      if (type === messageYjsSyncStep2) this.#giving.delete(connection);
      for (const [one, count] of this.#early.applied(connection, mine, refusal ? NOTHING : update)) this.#savedUpTo(one, count);
      if (this.keeper.status.state !== 'saved') this.#tellSoon(connection);
    }
    // Step 2 of a client that may not change anything is its answer to our greeting: nothing of it is taken.
  }

  /** Why a change is not taken; undefined where it is. */
  #refusal(connection: Connection, { refused }: Edits, content: Uint8Array): Pick<ErrorMessage, 'code' | 'message' | 'remedy'> | undefined {
    const { role } = connection.grant;
    if (!atLeast(role, 'edit')) {
      return { code: ErrorCode.FORBIDDEN, message: `the role ${role} may not change the scene`, remedy: 'ask the owner for a link with the role edit' };
    }
    if (refused !== undefined) return { code: ErrorCode.CANCELLED, message: `not taken: it may build on change ${refused}, which was refused` };
    const bytes = oversized(content, this.mostValueBytes);
    return bytes === undefined
      ? undefined
      : { code: ErrorCode.TOO_LARGE, message: `a value of ${bytes} bytes; the limit is ${this.mostValueBytes}`, remedy: 'draw it in several' };
  }

  /** All that a client lacks; in several updates, of which the last one is the answer, where it is more than a frame holds. */
  #answer(connection: Connection, known: Uint8Array): void {
    const { frames, rest } = this.#whole.answer(known);
    for (const frame of frames) connection.send(frame);
    rest.forEach((part, i) => {
      connection.send(updateFrame(part, i < rest.length - 1 ? messageYjsUpdate : messageYjsSyncStep2));
    });
  }

  #savedUpTo(connection: Connection, count: number): void {
    const edits = this.#clients.get(connection);
    if (!edits) return;
    this.keeper.after((kept) => {
      if (kept) this.#isSaved(connection, edits, count);
    });
  }

  #isSaved(connection: Connection, edits: Edits, count: number): void {
    edits.saved = Math.max(edits.saved, count);
    this.#tellSoon(connection);
  }

  /** Says how what a client changed stands: once for all that is taken or written at once. */
  #tellSoon(connection: Connection): void {
    if (this.#saved.size === 0) {
      queueMicrotask(() => {
        for (const one of this.#saved) this.#tellSaved(one);
        this.#saved.clear();
      });
    }
    this.#saved.add(connection);
  }

  #tellSaved(connection: Connection): void {
    const { saved: edits = 0, taken = 0 } = this.#clients.get(connection) ?? {};
    const message: Saved = { ...this.keeper.status, edits, ...(taken > edits && { taken }) };
    connection.sendControl(FrameType.SAVED, message);
  }

  #tell(frame: Uint8Array, origin: unknown): void {
    for (const connection of this.#clients.keys()) if (connection !== origin) connection.send(frame);
  }
}
