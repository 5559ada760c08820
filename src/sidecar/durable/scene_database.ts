/** One scene file, open: rows are written in transactions of the caller's, and one process has it at a time. */

import fs from 'node:fs';
import { DiskSync } from './disk_sync.js';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION, SceneTable, TABLES, type TableName } from './scene_tables.js';
import { type DatabaseSync, SqliteCode, sqliteCode } from './sqlite.js';

/** Pages in the log beyond which it is moved into the file. */
const CHECKPOINT_BYTES = 4 * 2 ** 20;
const PAGE_BYTES = 4096;
/** Pages that a transaction writes besides its rows. */
const PAGES_BESIDE = 3;

/** Where our mark stands in SQLite's header. */
const MARK_AT = 68;

/** Why a file is not to be opened at all, now or later. */
export class SceneFileError extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
    this.name = 'SceneFileError';
  }
}

/**
 * Refuses what somebody else's program has written: it is neither read nor set aside. A damaged scene is one still.
 */
export function refuseForeign(file: string): void {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const header = Buffer.alloc(100);
  const length = fs.readSync(fd, header, 0, 100, 0);
  fs.closeSync(fd);
  // A bit or two of the mark may be wrong.
  const others = (header.readUInt32BE(MARK_AT) ^ APPLICATION_ID) >>> 0;
  if (length === 0 || others.toString(2).replaceAll('0', '').length <= 2) return;
  throw new SceneFileError(`scene_file: ${file} is no scene of voxbeam`, 'give the path of a scene file, or of one that does not exist yet');
}

/** What SQLite does not take for damage, and cannot be anything else. */
export class DamagedError extends Error {}

/** Whether nothing was ever written: there is no file, or one that was killed while it was made. */
function isFresh(file: string): boolean {
  const bytes = (name: string) => fs.statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  return bytes(file) <= PAGE_BYTES && bytes(`${file}-wal`) === 0;
}

export class SceneDatabase {
  readonly #tables: Readonly<Record<TableName, SceneTable>>;
  readonly #sync: DiskSync;
  #logBytes = 0;
  #rowBytes = 0;
  #held = false;
  #open = true;

  private constructor(
    readonly db: DatabaseSync,
    readonly file: string,
  ) {
    this.#tables = Object.fromEntries(TABLES.map((name) => [name, new SceneTable(db, name)])) as Record<TableName, SceneTable>;
    this.#sync = new DiskSync(file);
  }

  /**
   * Opens a file, or makes it, for this process alone.
   *
   * @throws SceneFileError where another process has it, or a newer version wrote it; SQLite's error where it is damaged or cannot be written
   */
  static open(opener: (file: string) => DatabaseSync, file: string): SceneDatabase {
    const fresh = isFresh(file);
    fs.closeSync(fs.openSync(file, 'a', 0o600)); // readable for its owner alone, and its log after it
    let db: DatabaseSync | undefined;
    try {
      db = opener(file);
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF');
      const version = (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
      if (version > SCHEMA_VERSION) {
        throw new SceneFileError(`scene_file: ${file} was written by a newer voxbeam (version ${version} of the file)`, 'install that version');
      }
      if (version === 0 && !fresh) throw new DamagedError('its version is lost');
      // The mark first, and in the file itself: what is killed from here on is known as ours.
      if (version === 0) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; BEGIN IMMEDIATE');
      if (version === 0) db.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}`);
      db.exec('COMMIT');
      return new SceneDatabase(db, file);
    } catch (error) {
      try {
        db?.close();
      } catch {} // it said already what is wrong
      if (sqliteCode(error) === SqliteCode.BUSY) {
        throw new SceneFileError(`scene_file: ${file} is in use by another instance`, 'give another path, or connect to that instance');
      }
      throw error;
    }
  }

  table(name: TableName): SceneTable {
    return this.#tables[name];
  }

  /** True while nothing may be written: the log is being moved into the file. */
  get held(): boolean {
    return this.#held;
  }

  /** Counts bytes that the transaction under way writes. */
  wrote(bytes: number): void {
    this.#rowBytes += bytes;
  }

  /**
   * All of `work`, or nothing of it.
   *
   * @throws what SQLite or `work` threw
   */
  transaction(work: () => void): void {
    this.#rowBytes = 0;
    this.db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
    this.#logBytes += this.#rowBytes + PAGES_BESIDE * PAGE_BYTES;
    this.#sync.written();
  }

  /** Moves a long log into the file. Until `released` is called nothing may be written; what is read is right all the time. */
  tidy(released: (error?: Error) => void): void {
    if (this.#logBytes < CHECKPOINT_BYTES || this.#held) return;
    this.#held = this.#sync.checkpoint(
      () => {
        if (this.#open) this.db.exec('PRAGMA wal_checkpoint(PASSIVE)');
      },
      (error) => {
        this.#held = false;
        this.#logBytes = 0;
        if (this.#open) released(error);
      },
    );
  }

  /**
   * Closes the file; its log is moved into it, and is gone.
   *
   * @param synced so that a power cut right after takes nothing
   */
  close(synced: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    this.db.exec(`PRAGMA synchronous = ${synced ? 'NORMAL' : 'OFF'}`);
    this.db.close();
    this.#sync.close();
  }
}
