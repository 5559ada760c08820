/**
 * Who is here: what each client says of itself, passed on to the others and kept nowhere. A client speaks for the ids that it used first; its
 * role is what this server knows of it, whatever it says. Changes of all are gathered, so that many who move at once cost each other little.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { encodeFrame, ErrorCode, FrameType, MAX_PRESENCE_BYTES, MAX_PRESENCE_IDS, PRESENCE_EXPIRY_MS } from '../protocol/index.js';
import type { Connection } from './connection.js';

/** Kind of SCENE message. */
export const AWARENESS = 1;
/** Between two messages of what others say. */
const GATHER_MS = 50;
/** How often those who fell silent are looked for. */
const LOOK_MS = 3_000;
/** Ids that one message may speak of. */
const MAX_ENTRIES = 1024;

interface Said {
  clock: number;
  /** JSON. */
  text: string;
  readonly owner: Connection;
  heard: number;
}

/** What is told of an id; its state is `null` once it is gone. */
interface Told {
  readonly clock: number;
  readonly text: string;
  readonly from: Connection | undefined;
}

export class Presence {
  readonly #said = new Map<number, Said>();
  readonly #listeners = new Set<Connection>();
  #pending = new Map<number, Told>();
  #timer: NodeJS.Timeout | undefined;
  readonly #look: NodeJS.Timeout;

  /** @param expiryMs who says nothing for so long is gone */
  constructor(
    readonly expiryMs = PRESENCE_EXPIRY_MS,
    lookMs = LOOK_MS,
  ) {
    this.#look = setInterval(() => this.#forgetSilent(), lookMs);
    this.#look.unref();
  }

  /** Tells a new client who is here. */
  greet(connection: Connection): void {
    this.#listeners.add(connection);
    if (this.#said.size > 0) connection.send(awarenessFrame([...this.#said]));
  }

  /** A client is gone, and with it what it said of itself. */
  left(connection: Connection): void {
    this.#listeners.delete(connection);
    for (const [id, said] of this.#said) if (said.owner === connection) this.#gone(id, said);
  }

  /**
   * An awareness update of a client. What it says of another client's ids is left out.
   *
   * @throws Error where it is none
   */
  receive(connection: Connection, update: Uint8Array): void {
    for (const [id, clock, text] of entriesOf(update)) {
      const known = this.#said.get(id);
      if (known && known.owner !== connection) continue;
      if (known && (clock < known.clock || (clock === known.clock && text !== 'null'))) continue;
      if (text === 'null') {
        if (known) this.#gone(id, { ...known, clock });
      } else if (text.length > MAX_PRESENCE_BYTES || (!known && this.#idsOf(connection) >= MAX_PRESENCE_IDS)) {
        connection.error({
          code: ErrorCode.TOO_LARGE,
          message: `presence of ${text.length} characters; the limit is ${MAX_PRESENCE_BYTES}, and ${MAX_PRESENCE_IDS} ids a client`,
        });
      } else {
        const stamped = withRole(text, connection.grant.role);
        this.#said.set(id, { clock, text: stamped, owner: connection, heard: Date.now() });
        this.#tell(id, { clock, text: stamped, from: connection });
      }
    }
  }

  /** Ends the timers. */
  close(): void {
    clearInterval(this.#look);
    clearTimeout(this.#timer);
  }

  #idsOf(connection: Connection): number {
    let count = 0;
    for (const { owner } of this.#said.values()) count += Number(owner === connection);
    return count;
  }

  #gone(id: number, { clock }: Pick<Said, 'clock'>): void {
    this.#said.delete(id);
    this.#tell(id, { clock, text: 'null', from: undefined });
  }

  #forgetSilent(): void {
    const late = Date.now() - this.expiryMs;
    for (const [id, said] of this.#said) if (said.heard <= late) this.#gone(id, said);
  }

  /** The first change is told at once, those that follow together. */
  #tell(id: number, told: Told): void {
    this.#pending.set(id, told);
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending.size > 0) this.#flush();
    }, GATHER_MS);
    this.#timer.unref();
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const pending = [...this.#pending];
    this.#pending = new Map();
    if (pending.length === 0) return;
    const speakers = new Set(pending.map(([, { from }]) => from));
    let all: Uint8Array | undefined;
    for (const listener of this.#listeners) {
      if (!speakers.has(listener)) {
        all ??= awarenessFrame(pending);
        listener.send(all);
        continue;
      }
      const others = pending.filter(([, { from }]) => from !== listener);
      if (others.length > 0) listener.send(awarenessFrame(others));
    }
  }
}

function awarenessFrame(entries: readonly (readonly [number, Pick<Told, 'clock' | 'text'>])[]): Uint8Array {
  const update = encoding.createEncoder();
  encoding.writeVarUint(update, entries.length);
  for (const [id, { clock, text }] of entries) {
    encoding.writeVarUint(update, id);
    encoding.writeVarUint(update, clock);
    encoding.writeVarString(update, text);
  }
  const message = encoding.createEncoder();
  encoding.writeVarUint(message, AWARENESS);
  encoding.writeVarUint8Array(message, encoding.toUint8Array(update));
  return encodeFrame(FrameType.SCENE, encoding.toUint8Array(message));
}

/** Id, clock and JSON of each client that an update speaks of; all of it is read before any is believed. */
function entriesOf(update: Uint8Array): [number, number, string][] {
  const decoder = decoding.createDecoder(update);
  const entries: [number, number, string][] = [];
  const count = decoding.readVarUint(decoder);
  if (count > MAX_ENTRIES) throw new Error(`presence of ${count} ids; the limit is ${MAX_ENTRIES}`);
  while (entries.length < count) {
    entries.push([decoding.readVarUint(decoder), decoding.readVarUint(decoder), decoding.readVarString(decoder)]);
  }
  return entries;
}

function withRole(text: string, role: string): string {
  const state: unknown = JSON.parse(text);
  if (typeof state !== 'object' || state === null || Array.isArray(state)) throw new Error('presence that is no JSON object');
  return JSON.stringify({ ...state, role });
}
