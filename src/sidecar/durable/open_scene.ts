/** Opens a scene file and finds what it holds; a damaged one is set aside, and what of it is whole goes on in a new one. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as Y from 'yjs';
import { log } from '../log.js';
import { inspect, rebuild, setAside } from './salvage.js';
import { DamagedError, refuseForeign, SceneDatabase } from './scene_database.js';
import { isWhole, type Row, readRows } from './scene_tables.js';
import { type DatabaseSync, SqliteCode, sqliteCode } from './sqlite.js';
import { walDamage } from './wal_check.js';

/** What SQLite says of damaged files; a statement of ours has no fault of its own. */
const DAMAGED: ReadonlySet<number | undefined> = new Set([SqliteCode.ERROR, SqliteCode.CORRUPT, SqliteCode.NOT_A_DATABASE]);

/** Missing updates are counted up to this. */
const MAX_MISSING = 100_000;

/** A scene file as it was found. */
export interface OpenedScene {
  readonly database: SceneDatabase;
  /** What was damaged, and where it lies; undefined where nothing was. */
  readonly damage: string | undefined;
}

/**
 * Opens `file`, or makes it.
 *
 * @throws SceneFileError where it is another program's or another process has it; others where it cannot be opened now
 */
export function openScene(opener: (file: string) => DatabaseSync, file: string): OpenedScene {
  refuseForeign(file);
  const found: string[] = [];
  let database: SceneDatabase | undefined;
  const wal = fs.existsSync(`${file}-wal`) ? walDamage(fs.readFileSync(`${file}-wal`)) : undefined;
  const bytes = fs.existsSync(file) ? fs.statSync(file).size : 0;
  // As it was found: opening and closing may change it.
  let aside: string | undefined;
  if (wal) {
    aside = setAside(file);
    found.push(wal);
  }
  try {
    database = SceneDatabase.open(opener, file);
    if (bytes > 0) found.push(...inspect(database.db, bytes));
  } catch (error) {
    if (!(error instanceof DamagedError) && !DAMAGED.has(sqliteCode(error))) throw error;
    found.push((error as Error).message);
  }
  if (database && found.length === 0) return { database, damage: undefined };
  aside ??= setAside(file); // before it is closed: closing moves the log into it
  try {
    database?.close(false);
  } catch {} // damaged as it is
  rebuild(opener, aside, file);
  const damage = `the scene file was damaged (${found.join(', ')}); what could be read is here, and the file as it was found is kept as ${path.basename(aside)}`;
  log(`${file}: ${damage}`);
  return { database: SceneDatabase.open(opener, file), damage };
}

/**
 * Brings into `doc` what a file holds that can be read and not written: of a copy, since even reading wants to write beside it.
 *
 * @throws what kept it from being read
 */
export function peekScene(opener: (file: string) => DatabaseSync, file: string, doc: Y.Doc, origin: unknown): void {
  if (!fs.existsSync(file)) return;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'voxbeam-scene-'));
  try {
    const copy = path.join(folder, path.basename(file));
    for (const suffix of ['', '-wal']) if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, copy + suffix);
    fs.chmodSync(copy, 0o600);
    const { database } = openScene(opener, copy);
    loadDocument(database, doc, origin);
    database.close(false);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What a file tells of the document. */
export interface LoadedDocument {
  /** Numbers of the last row and of the newest snapshot. */
  readonly seq: number;
  readonly snapshot: number;
  readonly snapshotBytes: number;
  /** Updates since the newest snapshot. */
  readonly updates: number;
  readonly updateBytes: number;
  /** Updates that are missing between others. */
  readonly missing: number;
}

/** Brings what the file holds into `doc`. */
export function loadDocument(database: SceneDatabase, doc: Y.Doc, origin: unknown): LoadedDocument {
  let base: Row | undefined;
  const numbers = new Set<number>();
  readRows(database.db, 'snapshots', (row) => {
    numbers.add(row.id);
    if (isWhole('snapshots', row)) base = row;
  });
  return loadFrom(base, numbers, database, doc, origin);
}

function loadFrom(base: Row | undefined, snapshots: ReadonlySet<number>, database: SceneDatabase, doc: Y.Doc, origin: unknown): LoadedDocument {
  const from = base?.id ?? 0;
  let seq = from;
  let [updates, updateBytes, missing] = [0, 0, 0];
  doc.transact(() => {
    if (base) Y.applyUpdate(doc, base.bytes, origin);
    readRows(database.db, 'updates', (row) => {
      if (row.id <= from || !isWhole('updates', row)) return;
      for (let id = seq + 1; id < row.id && missing < MAX_MISSING; id += 1) if (!snapshots.has(id)) missing += 1;
      seq = row.id;
      updates += 1;
      updateBytes += row.bytes.length;
      Y.applyUpdate(doc, row.bytes, origin);
    });
  }, origin);
  seq = Math.max(seq, ...snapshots);
  return { seq, snapshot: from, snapshotBytes: base?.bytes.length ?? 0, updates, updateBytes, missing };
}
