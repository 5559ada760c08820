/** A document that is larger than a frame, as updates that are not: a hundred thousand annotations are forty megabytes. */

import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { MAX_FRAME_BYTES } from './limits.js';

/** Room in a frame for what stands around an update. */
const AROUND = 4096;
/** A part is closed when it has so many bytes; one more change may follow. */
const PART_BYTES = MAX_FRAME_BYTES / 2;
/** A document of so many changes is not written as a whole first, to see whether that fits: it would take half a second. */
const MANY = 30_000;

/** All of a document that someone with the state vector `known` lacks: one update, or several where one would not fit a frame. */
export function documentParts(doc: Y.Doc, known?: Uint8Array, mostBytes = MAX_FRAME_BYTES - AROUND, partBytes = Math.min(PART_BYTES, mostBytes)): Uint8Array[] {
  let structs = 0;
  for (const each of doc.store.clients.values()) structs += each.length;
  if (structs < MANY) {
    const whole = Y.encodeStateAsUpdate(doc, known);
    if (whole.byteLength <= mostBytes) return [whole];
  }
  const have = known ? Y.decodeStateVector(known) : new Map<number, number>();
  const parts: Uint8Array[] = [];
  for (const [client, structs] of doc.store.clients) {
    const from = have.get(client) ?? 0;
    const last = structs[structs.length - 1];
    if (!last || last.id.clock + last.length <= from) continue;
    let at = from === 0 ? 0 : Y.findIndexSS(structs, from);
    while (at < structs.length) {
      // The structs are written first, for their number stands before them.
      const body = new Y.UpdateEncoderV1();
      const begin = at;
      const clock = Math.max(from, structs[begin]!.id.clock);
      for (; at < structs.length && encoding.length(body.restEncoder) < partBytes; at += 1) {
        const struct = structs[at]!;
        struct.write(body, Math.max(0, clock - struct.id.clock));
      }
      const part = encoding.createEncoder();
      for (const number of [1, at - begin, client, clock]) encoding.writeVarUint(part, number);
      encoding.writeUint8Array(part, body.toUint8Array());
      encoding.writeVarUint(part, 0); // nothing is deleted here
      parts.push(encoding.toUint8Array(part));
    }
  }
  return [...parts, deletions(doc)];
}

/** An update that says only what is deleted. */
function deletions(doc: Y.Doc): Uint8Array {
  const { clients } = Y.createDeleteSetFromStructStore(doc.store);
  const update = encoding.createEncoder();
  encoding.writeVarUint(update, 0);
  encoding.writeVarUint(update, clients.size);
  for (const [client, ranges] of clients) {
    encoding.writeVarUint(update, client);
    encoding.writeVarUint(update, ranges.length);
    for (const { clock, len } of ranges) {
      encoding.writeVarUint(update, clock);
      encoding.writeVarUint(update, len);
    }
  }
  return encoding.toUint8Array(update);
}
