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
  let part = new Part();
  inOrder(doc, have, (client, struct, from) => {
    part.add(client, struct, from);
    if (part.bytes < partBytes) return;
    parts.push(part.update());
    part = new Part();
  });
  if (part.bytes > 0) parts.push(part.update());
  return [...parts, deletions(doc)];
}

type Struct = Y.Item | Y.GC;

/** What one client made, and how far it has been handed out. */
interface Line {
  readonly client: number;
  readonly structs: readonly Struct[];
  at: number;
  /** It waits for another one. */
  waits: boolean;
}

/**
 * Hands out all that `have` lacks, what a change builds on before the change, whoever made it: one that came before what it builds on would be kept
 * aside by the reader, and written anew with each part that follows.
 */
function inOrder(doc: Y.Doc, have: ReadonlyMap<number, number>, take: (client: number, struct: Struct, from: number) => void): void {
  const lines = new Map<number, Line>();
  for (const [client, structs] of doc.store.clients) {
    const from = have.get(client) ?? 0;
    const last = structs[structs.length - 1];
    if (!last || last.id.clock + last.length <= from) continue;
    lines.set(client, { client, structs, at: from === 0 ? 0 : Y.findIndexSS(structs, from), waits: false });
  }
  const lacks = (id: Y.ID | null | undefined, client: number): id is Y.ID => {
    const line = id && id.client !== client ? lines.get(id.client) : undefined;
    return line !== undefined && !line.waits && (line.structs[line.at]?.id.clock ?? Number.POSITIVE_INFINITY) <= id!.clock;
  };
  for (const first of lines.values()) {
    const waiting = [{ line: first, until: Number.POSITIVE_INFINITY }];
    while (waiting.length > 0) {
      const { line, until } = waiting[waiting.length - 1]!;
      const struct = line.structs[line.at];
      line.waits = false;
      if (!struct || struct.id.clock > until) {
        waiting.pop();
        continue;
      }
      const before = buildsOn(struct).find((id) => lacks(id, line.client));
      if (before) {
        line.waits = true;
        waiting.push({ line: lines.get(before.client)!, until: before.clock });
        continue;
      }
      take(line.client, struct, Math.max(struct.id.clock, have.get(line.client) ?? 0));
      line.at += 1;
    }
  }
}

/** What is to be known before a change can be made: its neighbours, or where it has none what it is in. */
function buildsOn(struct: Struct): (Y.ID | null | undefined)[] {
  if (!(struct instanceof Y.Item)) return NOTHING;
  const { origin, rightOrigin } = struct;
  if (origin || rightOrigin) return [origin, rightOrigin];
  const parent = struct.parent as Y.AbstractType<unknown> | null;
  return [parent?._item?.id];
}
const NOTHING: Y.ID[] = [];

/** An update that is being written: of each client changes that follow each other. */
class Part {
  readonly #bodies = new Map<number, { readonly clock: number; readonly body: Y.UpdateEncoderV1; count: number }>();
  #before = 0;
  #last: Y.UpdateEncoderV1 | undefined;

  /** About. */
  get bytes(): number {
    return this.#before + (this.#last ? encoding.length(this.#last.restEncoder) : 0);
  }

  add(client: number, struct: Struct, clock: number): void {
    let run = this.#bodies.get(client);
    if (!run) {
      run = { clock, body: new Y.UpdateEncoderV1(), count: 0 };
      this.#bodies.set(client, run);
    }
    if (run.body !== this.#last) {
      this.#before = this.bytes - encoding.length(run.body.restEncoder);
      this.#last = run.body;
    }
    struct.write(run.body, clock - struct.id.clock);
    run.count += 1;
  }

  update(): Uint8Array {
    const update = encoding.createEncoder();
    encoding.writeVarUint(update, this.#bodies.size);
    for (const [client, { clock, body, count }] of this.#bodies) {
      // The changes are written first, for their number stands before them.
      for (const number of [count, client, clock]) encoding.writeVarUint(update, number);
      encoding.writeUint8Array(update, body.toUint8Array());
    }
    encoding.writeVarUint(update, 0); // nothing is deleted here
    return encoding.toUint8Array(update);
  }
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
