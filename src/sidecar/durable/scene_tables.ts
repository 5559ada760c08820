/**
 * The tables of a scene file. All are alike: a number, a head (text that says what the row is), bytes, and an XXH32 of both, because SQLite has no
 * checksums of its own and a flipped bit in a Yjs update is mostly taken for another update.
 */

import { xxh32 } from '../../protocol/index.js';
import type { DatabaseSync } from './sqlite.js';

/** `VXBS`, in the file's header: what tells a scene from any other database. */
export const APPLICATION_ID = 0x56584253;
export const SCHEMA_VERSION = 1;

/** In the order in which they are made: with it their root pages are the same in every file, which salvage relies on. */
export const TABLES = ['updates', 'snapshots', 'points', 'label_volumes', 'label_bricks', 'label_ops'] as const;
export type TableName = (typeof TABLES)[number];

/** Tables whose rows are found, and replaced, by their heads. The others are found by number. */
const BY_HEAD: ReadonlySet<TableName> = new Set(['label_volumes', 'label_bricks', 'label_ops']);

export const SCHEMA = TABLES.map((table) => {
  const index = BY_HEAD.has(table) ? `CREATE UNIQUE INDEX ${table}_head ON ${table}(head);` : '';
  return `CREATE TABLE ${table}(id INTEGER PRIMARY KEY, head TEXT NOT NULL, bytes BLOB NOT NULL, hash INTEGER NOT NULL);${index}`;
}).join('');

export interface Row {
  readonly id: number;
  readonly head: string;
  readonly bytes: Uint8Array;
  readonly hash: number;
}

/** Comes after every character of a head. */
const LAST = '\u{10ffff}';

const utf8 = new TextEncoder();

/** The checksum of a row; its number counts where that is what it is found by. */
export function rowHash(table: TableName, id: number, head: string, bytes: Uint8Array): number {
  return xxh32(bytes, xxh32(utf8.encode(head), BY_HEAD.has(table) ? 0 : id));
}

/** Whether a row is what was written. */
export function isWhole(table: TableName, row: Row): boolean {
  return typeof row.head === 'string' && row.bytes instanceof Uint8Array && row.hash === rowHash(table, row.id, row.head, row.bytes);
}

/** Statements of one table. */
export class SceneTable {
  readonly #put;
  readonly #find;

  constructor(
    readonly db: DatabaseSync,
    readonly name: TableName,
  ) {
    const found = BY_HEAD.has(name) ? 'head' : 'id';
    this.#put = db.prepare(
      BY_HEAD.has(name)
        ? `INSERT INTO ${name}(head, bytes, hash) VALUES(?, ?, ?) ON CONFLICT(head) DO UPDATE SET bytes = excluded.bytes, hash = excluded.hash`
        : `INSERT INTO ${name}(head, bytes, hash, id) VALUES(?, ?, ?, ?)`,
    );
    this.#find = db.prepare(`SELECT id, head, bytes, hash FROM ${name} WHERE ${found} = ?`);
  }

  /** Writes a row: a new one with the number `id`, or in place of the one with this head. */
  put(id: number, head: string, bytes: Uint8Array): void {
    const hash = rowHash(this.name, id, head, bytes);
    if (BY_HEAD.has(this.name)) this.#put.run(head, bytes, hash);
    else this.#put.run(head, bytes, hash, id);
  }

  get isEmpty(): boolean {
    return this.db.prepare(`SELECT 1 FROM ${this.name} LIMIT 1`).get() === undefined;
  }

  find(key: number | string): Row | undefined {
    return this.#find.get(key) as Row | undefined;
  }

  /** Rows whose heads begin with `prefix` and come after `after`, in the order of their heads. */
  *under(prefix: string, after = prefix): Generator<Row> {
    const statement = this.db.prepare(`SELECT id, head, bytes, hash FROM ${this.name} WHERE head > ? AND head < ? ORDER BY head`);
    yield* statement.iterate(after, prefix + LAST) as Iterable<Row>;
  }

  /** The heads of these. */
  heads(prefix: string): string[] {
    const rows = this.db.prepare(`SELECT head FROM ${this.name} WHERE head > ? AND head < ? ORDER BY head`).all(prefix, prefix + LAST);
    return (rows as { head: string }[]).map(({ head }) => head);
  }

  removeHead(head: string): void {
    this.db.prepare(`DELETE FROM ${this.name} WHERE head = ?`).run(head);
  }

  /** Removes the rows whose heads begin with `prefix` and come before `before`. */
  removeUnder(prefix: string, before = prefix + LAST): void {
    this.db.prepare(`DELETE FROM ${this.name} WHERE head > ? AND head < ?`).run(prefix, before);
  }

  /** Removes the rows with numbers up to `id`. */
  removeUpTo(id: number): void {
    this.db.prepare(`DELETE FROM ${this.name} WHERE id <= ?`).run(id);
  }

  remove(id: number): void {
    this.db.prepare(`DELETE FROM ${this.name} WHERE id = ?`).run(id);
  }
}

/**
 * All rows of a table in the order of their numbers, as far as they can be read: where a page is damaged, those before it and then those after it.
 *
 * @returns whether none was left out
 */
export function readRows(db: DatabaseSync, table: TableName, take: (row: Row) => void): boolean {
  const columns = `SELECT id, head, bytes, hash FROM ${table}`;
  let last = Number.MIN_SAFE_INTEGER;
  try {
    for (const row of db.prepare(`${columns} ORDER BY id`).iterate() as Iterable<Row>) {
      last = row.id;
      take(row);
    }
    return true;
  } catch {
    const behind: Row[] = [];
    try {
      for (const row of db.prepare(`${columns} ORDER BY id DESC`).iterate() as Iterable<Row>) {
        if (row.id <= last) break;
        behind.push(row);
      }
    } catch {} // the damaged page, from its other side
    for (const row of behind.reverse()) take(row);
    return false;
  }
}
