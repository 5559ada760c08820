/**
 * A damaged scene file: it is set aside as it was found, and what of it can be read goes into a new one. Each row has a checksum, so what is taken over is
 * what was written.
 */

import fs from 'node:fs';
import { SceneDatabase } from './scene_database.js';
import { isWhole, type Row, readRows, TABLES } from './scene_tables.js';
import type { DatabaseSync } from './sqlite.js';

/** Files up to this size are read as a whole when they are opened; of larger ones label bricks are checked when they are read. */
const CHECK_ALL_BYTES = 256 * 2 ** 20;
const DB_PAGES_AT = 28;
const FREELIST_AT = 32;

/** Reads a file through, and says what is wrong with it. */
export function inspect(db: DatabaseSync, bytes: number): string[] {
  const damage: string[] = [];
  if (bytes <= CHECK_ALL_BYTES) {
    try {
      const [verdict] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
      if (verdict?.quick_check !== 'ok') damage.push('its structure');
    } catch {
      damage.push('its structure');
    }
  }
  for (const table of TABLES) {
    if (bytes > CHECK_ALL_BYTES && table === 'label_bricks') continue;
    let bad = 0;
    const all = readRows(db, table, (row) => {
      if (!isWhole(table, row)) bad += 1;
    });
    if (bad > 0) damage.push(`${bad} of its ${table.replace('_', ' ')}`);
    else if (!all) damage.push(`some of its ${table.replace('_', ' ')}`);
  }
  return damage;
}

/** Name of what is set aside: nothing is ever written over. */
function asideName(file: string, now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace(/\.\d+Z/, 'Z');
  for (let n = 0; ; n += 1) {
    const name = `${file}.damaged-${time}${n === 0 ? '' : `-${n}`}`;
    if (!fs.existsSync(name)) return name;
  }
}

/** Copies file and log, as they are, to a name of their own; returns it. */
export function setAside(file: string): string {
  const aside = asideName(file);
  for (const suffix of ['', '-wal']) {
    if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, aside + suffix, fs.constants.COPYFILE_EXCL);
  }
  return aside;
}

/** Removes a scene file with its log. */
export function removeScene(file: string): void {
  for (const suffix of ['-wal', '-shm', '']) fs.rmSync(file + suffix, { force: true });
}

/** Makes `file` anew from what can be read of `aside`. */
export function rebuild(opener: (file: string) => DatabaseSync, aside: string, file: string): void {
  const work = `${file}.salvage`;
  removeScene(work);
  removeScene(file);
  for (const suffix of ['', '-wal']) if (fs.existsSync(aside + suffix)) fs.copyFileSync(aside + suffix, work + suffix);
  const whole = SceneDatabase.open(opener, file);
  let from: DatabaseSync | undefined;
  try {
    from = readable(opener, work) ?? (mendFirstPage(work, file) ? readable(opener, work) : undefined);
    if (!from) return;
    const source = from;
    whole.transaction(() => {
      for (const table of TABLES) {
        readRows(source, table, (row: Row) => {
          if (isWhole(table, row)) whole.table(table).put(row.id, row.head, row.bytes);
        });
      }
    });
  } finally {
    try {
      from?.close();
    } catch {} // damaged as it is
    whole.close(true);
    removeScene(work);
  }
}

function readable(opener: (file: string) => DatabaseSync, file: string): DatabaseSync | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = opener(file);
    for (const table of TABLES) db.prepare(`SELECT count(*) FROM ${table} WHERE id < 0`).get();
    return db;
  } catch {
    try {
      db?.close();
    } catch {}
    return undefined;
  }
}

/**
 * The first page says where all tables begin: without it nothing of a file can be found. In all scene files it is the same but for a few counts, so that of
 * another file is put in its place.
 */
function mendFirstPage(damaged: string, fresh: string): boolean {
  const log = `${fresh}-wal`;
  const fd = fs.openSync(damaged, 'r+');
  try {
    const pageBytes = 4096;
    const page = firstPage(log, pageBytes) ?? fs.readFileSync(fresh).subarray(0, pageBytes);
    if (page.length < pageBytes) return false;
    page.writeUInt32BE(Math.floor(fs.fstatSync(fd).size / pageBytes), DB_PAGES_AT);
    page.fill(0, FREELIST_AT, FREELIST_AT + 8);
    fs.writeSync(fd, page, 0, pageBytes, 0);
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

/** The newest first page in a log. */
function firstPage(log: string, pageBytes: number): Buffer | undefined {
  if (!fs.existsSync(log)) return undefined;
  const wal = fs.readFileSync(log);
  let found: Buffer | undefined;
  for (let at = 32; at + 24 + pageBytes <= wal.length; at += 24 + pageBytes) {
    if (wal.readUInt32BE(at) === 1) found = Buffer.from(wal.subarray(at + 24, at + 24 + pageBytes));
  }
  return found;
}
