/**
 * The one form of Arrow IPC stream that crosses the wire: a schema and one record batch of primitive columns without nulls. Arrow's own
 * reader takes much more, and can spin for ever on a flipped bit of its metadata; here every offset is checked before it is followed,
 * nothing is followed twice, and the work is bounded by the number of columns. Values are views of the payload.
 */

import { FrameError } from './frame.js';

export type ColumnArray = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

export interface Batch {
  readonly rows: number;
  /** By name, in the order of the schema. */
  readonly columns: ReadonlyMap<string, ColumnArray>;
}

const MAX_COLUMNS = 64;
const MAX_METADATA_BYTES = 2 ** 16;
const [SCHEMA, RECORD_BATCH] = [1, 3];
const [INT, FLOAT] = [2, 3];

function bad(what: string): never {
  throw new FrameError(4400, `Arrow stream: ${what}`);
}

/** A flatbuffer's table. */
class Table {
  constructor(
    readonly view: DataView,
    readonly at: number,
  ) {}

  static root(view: DataView): Table {
    return new Table(view, inside(view, u32(view, 0), 4));
  }

  /** Where field `index` is, or undefined where it is left out. */
  #field(index: number, bytes: number): number | undefined {
    const { view, at } = this;
    const vtable = inside(view, at - view.getInt32(inside(view, at, 4), true), 4);
    const size = view.getUint16(vtable, true);
    inside(view, vtable, size);
    const slot = 4 + 2 * index;
    const offset = slot + 2 <= size ? view.getUint16(vtable + slot, true) : 0;
    return offset === 0 ? undefined : inside(view, at + offset, bytes);
  }

  u8(index: number): number {
    const at = this.#field(index, 1);
    return at === undefined ? 0 : this.view.getUint8(at);
  }

  i16(index: number): number {
    const at = this.#field(index, 2);
    return at === undefined ? 0 : this.view.getInt16(at, true);
  }

  i32(index: number): number {
    const at = this.#field(index, 4);
    return at === undefined ? 0 : this.view.getInt32(at, true);
  }

  /** A 64-bit count. */
  count(index: number): number {
    const at = this.#field(index, 8);
    return at === undefined ? 0 : count64(this.view, at);
  }

  has(index: number): boolean {
    return this.#field(index, 1) !== undefined;
  }

  table(index: number): Table {
    const at = this.#field(index, 4) ?? bad(`field ${index} is missing`);
    return new Table(this.view, inside(this.view, at + u32(this.view, at), 4));
  }

  /** Start and length of a vector whose items take `bytes` each. */
  vector(index: number, bytes: number): { at: number; length: number } {
    const field = this.#field(index, 4);
    if (field === undefined) return { at: 0, length: 0 };
    const at = inside(this.view, field + u32(this.view, field), 4);
    const length = u32(this.view, at);
    if (length > MAX_METADATA_BYTES) bad(`vector of ${length}`);
    return { at: inside(this.view, at + 4, length * bytes), length };
  }
}

/** `at`, if so many bytes from there on are in the view. */
function inside(view: DataView, at: number, bytes: number): number {
  if (at < 0 || bytes < 0 || at + bytes > view.byteLength) bad(`${bytes} bytes at ${at} of ${view.byteLength}`);
  return at;
}

function u32(view: DataView, at: number): number {
  return view.getUint32(inside(view, at, 4), true);
}

function count64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  if (high > 0x1fffff) bad('a count beyond 2^53, or below 0');
  return high * 2 ** 32 + view.getUint32(at, true);
}

/** The message at `at`, and where its body begins and ends. */
function message(payload: Uint8Array, at: number): { type: number; header: Table; body: number; end: number } {
  const whole = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (at + 8 > payload.byteLength || u32(whole, at) !== 0xffffffff) bad(`no message at ${at}`);
  const bytes = u32(whole, at + 4);
  if (bytes === 0) bad('ends before its record batch');
  if (bytes > MAX_METADATA_BYTES) bad(`metadata of ${bytes} bytes`);
  inside(whole, at + 8, bytes);
  const root = Table.root(new DataView(payload.buffer, payload.byteOffset + at + 8, bytes));
  const body = at + 8 + bytes;
  return { type: root.u8(1), header: root.table(2), body, end: inside(whole, body, root.count(3)) + root.count(3) };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

type Maker = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBufferLike, at: number, length: number): ColumnArray };
const UNSIGNED: Readonly<Record<number, Maker>> = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array };
const SIGNED: Readonly<Record<number, Maker>> = { 8: Int8Array, 16: Int16Array, 32: Int32Array };
const FLOATS: Readonly<Record<number, Maker>> = { 1: Float32Array, 2: Float64Array };

/** Name of a schema's field, and the array its values come as. */
function field(table: Table): [string, Maker] {
  const { at, length } = table.vector(0, 1);
  let name: string;
  try {
    name = decoder.decode(new Uint8Array(table.view.buffer, table.view.byteOffset + at, length));
  } catch {
    return bad('a name that is no UTF-8');
  }
  const [kind, type] = [table.u8(2), table.table(3)];
  const maker = kind === INT ? (type.u8(1) ? SIGNED : UNSIGNED)[type.i32(0)] : kind === FLOAT ? FLOATS[type.i16(0)] : undefined;
  if (!maker || table.has(4) || table.vector(5, 4).length > 0) return bad(`column "${name}" is not of numbers`);
  return [name, maker];
}

/**
 * The record batch of a stream.
 *
 * @throws FrameError 4400 where the stream is not of the one form, or anything lies outside it
 */
export function readBatch(payload: Uint8Array): Batch {
  const schema = message(payload, 0);
  if (schema.type !== SCHEMA || schema.header.i16(0) !== 0) bad('does not begin with a little-endian schema');
  const listed = schema.header.vector(1, 4);
  if (listed.length > MAX_COLUMNS) bad(`${listed.length} columns`);
  const { view } = schema.header;
  const fields = Array.from({ length: listed.length }, (_, i) => {
    const at = listed.at + 4 * i;
    return field(new Table(view, inside(view, at + u32(view, at), 4)));
  });
  const batch = message(payload, schema.end);
  if (batch.type !== RECORD_BATCH || batch.header.has(3)) bad('has no plain record batch after its schema');
  const rows = batch.header.count(0);
  const [nodes, buffers] = [batch.header.vector(1, 16), batch.header.vector(2, 16)];
  if (nodes.length !== fields.length || buffers.length !== 2 * fields.length) bad(`${nodes.length} nodes, ${buffers.length} buffers`);
  const facts = batch.header.view;
  const columns = new Map<string, ColumnArray>();
  fields.forEach(([name, maker], i) => {
    const node = nodes.at + 16 * i;
    if (count64(facts, node) !== rows || count64(facts, node + 8) !== 0) bad(`column "${name}" has nulls or other rows than the batch`);
    const values = buffers.at + 16 * (2 * i + 1); // behind that of validity, which says nothing where there are no nulls
    const [offset, length] = [count64(facts, values), count64(facts, values + 8)];
    const at = batch.body + offset;
    if (length < rows * maker.BYTES_PER_ELEMENT || at + length > batch.end) bad(`column "${name}" is cut short`);
    if ((payload.byteOffset + at) % maker.BYTES_PER_ELEMENT !== 0) bad(`column "${name}" does not begin at an aligned byte`);
    if (columns.has(name)) bad(`column "${name}" twice`);
    columns.set(name, new maker(payload.buffer, payload.byteOffset + at, rows));
  });
  return { rows, columns };
}
