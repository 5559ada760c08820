/**
 * The scene document: one Yjs document that everybody sees and that those with the role `edit` change, and what each client says of
 * itself (awareness). The sidecar adds and removes layers with their volumes, and knows nothing else of what stands in it.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate, writeSyncStep1, writeSyncStep2, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { ensureLayer, removeLayer } from '../annotation/layers.js';
import { encodeFrame, ErrorCode, FrameError, FrameType, type VolumeDescription } from '../protocol/index.js';
import type { Connection } from './connection.js';
import { atLeast } from './permissions.js';
import { AWARENESS, Presence } from './presence.js';

const SYNC = 0;

/** A SCENE frame whose payload `write` writes. */
function syncFrame(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  write(encoder);
  return encodeFrame(FrameType.SCENE, encoding.toUint8Array(encoder));
}

export class Scene {
  readonly doc = new Y.Doc();
  readonly #presence = new Presence();
  readonly #clients = new Set<Connection>();

  constructor() {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      this.#tell(syncFrame((encoder) => writeUpdate(encoder, update)), origin);
    });
  }

  /** Tells a new client who is here, and asks what it has that the document lacks. */
  greet(connection: Connection): void {
    this.#clients.add(connection);
    connection.send(syncFrame((encoder) => writeSyncStep1(encoder, this.doc)));
    this.#presence.greet(connection);
  }

  /** A client is gone, and with it what it said of itself. */
  left(connection: Connection): void {
    this.#clients.delete(connection);
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

  /** Takes up the document of an instance whose process died. What it lacks, those who come back have. */
  restore(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update);
  }

  volumeAdded(description: VolumeDescription): void {
    ensureLayer(this.doc, description);
  }

  volumeRemoved(description: VolumeDescription): void {
    removeLayer(this.doc, description.name);
  }

  /** Ends the timers. */
  close(): void {
    this.#presence.close();
    this.doc.destroy();
  }

  #sync(connection: Connection, decoder: decoding.Decoder): void {
    const type = decoding.readVarUint(decoder);
    const content = decoding.readVarUint8Array(decoder);
    const answer = (known?: Uint8Array) => connection.send(syncFrame((encoder) => writeSyncStep2(encoder, this.doc, known)));
    if (type === messageYjsSyncStep1) {
      answer(content);
    } else if (type !== messageYjsSyncStep2 && type !== messageYjsUpdate) {
      throw new Error(`sync type ${type}`);
    } else if (atLeast(connection.grant.role, 'edit')) {
      Y.decodeUpdate(content); // as a whole, before any of it is applied
      Y.applyUpdate(this.doc, content, connection);
    } else if (type === messageYjsUpdate) {
      connection.error({
        code: ErrorCode.FORBIDDEN,
        message: `the role ${connection.grant.role} may not change the scene`,
        remedy: 'ask the owner for a link with the role edit; reload to drop the change',
      });
      answer();
    }
    // Step 2 of a client that may not change anything is its answer to our greeting: nothing of it is taken.
  }

  #tell(frame: Uint8Array, origin: unknown): void {
    for (const connection of this.#clients) if (connection !== origin) connection.send(frame);
  }
}
