/**
 * When the operating system puts what was written onto the disk. Process and disk fail differently: what a process has written is there after it was
 * killed, whatever the disk does; after a power cut only what was synced is. Syncing takes a hundred milliseconds and more on a busy disk, and
 * SQLite would do it in the middle of everything else. So SQLite is told not to (`synchronous = OFF`), and the same order of syncs is
 * kept here on another thread: the log within a second of a write, log before checkpoint, and file before the log is used anew.
 */

import fs from 'node:fs';

/** After a write the log is synced within this time: what a power cut can take. */
export const SYNC_WITHIN_MS = 1_000;

export class DiskSync {
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #file: number | undefined;

  /** @param path of the database; its log lies beside it */
  constructor(readonly path: string) {}

  /** Something was written to the log. */
  written(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#log(() => {});
    }, SYNC_WITHIN_MS).unref();
  }

  /**
   * Moves the log into the file: nothing may be written before `done` is called.
   *
   * @param move SQLite's checkpoint
   * @returns false where one is under way
   */
  checkpoint(move: () => void, done: (error?: Error) => void): boolean {
    if (this.#busy) return false;
    this.#busy = true;
    const finish = (error?: Error | null) => {
      this.#busy = false;
      done(error ?? undefined);
    };
    this.#log((error) => {
      if (error) return finish(error);
      try {
        move();
        // Kept open: closing any descriptor of this file would give up SQLite's lock on it.
        this.#file ??= fs.openSync(this.path, 'r');
      } catch (failure) {
        return finish(failure as Error);
      }
      fs.fsync(this.#file, finish);
    });
    return true;
  }

  /** After the database is closed, or just before. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#file !== undefined) fs.closeSync(this.#file);
    this.#file = undefined;
  }

  #log(done: (error?: Error | null) => void): void {
    fs.open(`${this.path}-wal`, 'r', (error, log) => {
      if (error) return done(error.code === 'ENOENT' ? null : error);
      fs.fdatasync(log, (failure) => fs.close(log, () => done(failure)));
    });
  }
}
