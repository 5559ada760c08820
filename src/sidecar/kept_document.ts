/** What a newcomer is sent of a large document: kept as frames, for encoding a hundred thousand annotations holds up everyone for a quarter of a second. */

import { decodeStateVector, type Doc, encodeStateVector } from 'yjs';
import { MAX_FRAME_BYTES } from '../protocol/limits.js';
import { documentParts } from '../protocol/scene_parts.js';

/** With more than this to say besides, the document is encoded anew. */
const MOST_NEW_BYTES = MAX_FRAME_BYTES / 8;

interface Answer {
  /** Frames to be sent first, as they are. */
  readonly frames: readonly Uint8Array[];
  /** Updates that follow, of which the last one is the answer. */
  readonly rest: readonly Uint8Array[];
}

export class KeptDocument {
  #frames: readonly Uint8Array[] = [];
  /** The state vector of a document of which all stands in the frames. */
  #told: Uint8Array | undefined;

  /** @param frameOf makes the frame of an update */
  constructor(
    readonly doc: Doc,
    readonly frameOf: (update: Uint8Array) => Uint8Array,
  ) {}

  /** All that someone lacks who has what the state vector `known` says. */
  answer(known: Uint8Array): Answer {
    if (decodeStateVector(known).size > 0) return { frames: [], rest: documentParts(this.doc, known) };
    if (this.#told) {
      // What was deleted since is among it, whoever made it.
      const rest = documentParts(this.doc, this.#told);
      if (rest.reduce((sum, part) => sum + part.byteLength, 0) <= MOST_NEW_BYTES) return { frames: this.#frames, rest };
    }
    const parts = documentParts(this.doc, known);
    const large = parts.length > 1;
    this.#told = large ? encodeStateVector(this.doc) : undefined;
    this.#frames = large ? parts.slice(0, -1).map(this.frameOf) : [];
    return { frames: this.#frames, rest: parts.slice(-1) };
  }
}
