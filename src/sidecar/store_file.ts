/**
 * The file behind the store: sparse, of fixed size, readable by its user alone. On Linux it is unlinked as soon as it is
 * open and reached through /proc, so that no way of ending this process leaves it behind. It is never truncated: a reader
 * that has mapped it would die of SIGBUS.
 */

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StartError } from './config.js';
import { defaultBudget, freeSpace, GROUP_BYTES, MIN_STORE_BYTES } from './store_budget.js';

const SHARED_MEMORY = '/dev/shm';

/** Shared memory where the system has it and it has room, else the folder for temporary files. */
function storeFolder(): string {
  if (process.platform !== 'linux' || !fs.existsSync(SHARED_MEMORY)) return os.tmpdir();
  return defaultBudget(SHARED_MEMORY) >= MIN_STORE_BYTES ? SHARED_MEMORY : os.tmpdir();
}

export class StoreFile {
  /** Where a producer of the same user opens the file. */
  readonly path: string;
  /** A name that no other file has: by it a producer knows that what it opens at `path` is this file, and not one of another host. */
  readonly name: string;
  readonly #fd: number;
  readonly #unlinked: boolean;

  private constructor(
    name: string,
    fd: number,
    readonly bytes: number,
  ) {
    this.#fd = fd;
    this.name = path.basename(name);
    this.#unlinked = process.platform === 'linux';
    if (this.#unlinked) fs.unlinkSync(name);
    this.path = this.#unlinked ? `/proc/${process.pid}/fd/${fd}` : name;
  }

  /**
   * Makes the file.
   *
   * @param budget bytes, or null for the default; rounded down to whole groups
   * @param atMost bound of the default
   * @param field what the budget is called
   * @throws StartError when there is no room
   */
  static create(budget: number | null, atMost = Number.POSITIVE_INFINITY, folder = storeFolder(), field = 'store_bytes'): StoreFile {
    const chosen = budget ?? Math.min(defaultBudget(folder), Math.max(atMost, MIN_STORE_BYTES));
    const bytes = Math.floor(chosen / GROUP_BYTES) * GROUP_BYTES;
    if (bytes < MIN_STORE_BYTES) {
      throw new StartError(
        `${folder} has room for a store of ${bytes} bytes; the least is ${MIN_STORE_BYTES}`,
        `free space in ${folder} (containers: give them more shared memory, such as --shm-size=1g)`,
      );
    }
    const free = freeSpace(folder);
    if (bytes > free) {
      throw new StartError(
        `${field} ${bytes} is more than the ${free} bytes free in ${folder}`,
        `ask for at most ${free} bytes, or free space in ${folder}`,
      );
    }
    const name = path.join(folder, `voxbeam-${process.pid}-${randomBytes(8).toString('hex')}`);
    const fd = fs.openSync(name, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW, 0o600);
    fs.ftruncateSync(fd, bytes);
    return new StoreFile(name, fd, bytes);
  }

  /**
   * Reads `length` bytes at `offset` to the start of `into`. At once, not through the thread pool: it is a copy from
   * memory of a tenth of a millisecond, and an answer that is there already cannot be overtaken by an eviction.
   */
  read(offset: number, length: number, into: Uint8Array): void {
    for (let done = 0; done < length; ) {
      const count = fs.readSync(this.#fd, into, done, length - done, offset + done);
      if (count === 0) throw new Error(`the store ends at ${offset + done}, ${length - done} bytes early`);
      done += count;
    }
  }

  /** Writes `bytes` at `offset`. Throws with code ENOSPC when shared memory is full. */
  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; ) {
      done += fs.writeSync(this.#fd, bytes, done, bytes.byteLength - done, offset + done);
    }
  }

  /** Writes `bytes` at `offset` by another thread, and tells when that is done or why it is not. */
  writeLater(offset: number, bytes: Uint8Array, done: (error: NodeJS.ErrnoException | undefined) => void): void {
    const step = (at: number) => fs.write(this.#fd, bytes, at, bytes.byteLength - at, offset + at, (error, count) => {
      if (error || at + count === bytes.byteLength) done(error ?? undefined);
      else step(at + count);
    });
    step(0);
  }

  /** Its descriptor, for threads of this process. */
  get fd(): number {
    return this.#fd;
  }

  /** Closes the file, which frees its memory once every producer has closed it too. */
  close(): void {
    fs.closeSync(this.#fd);
    if (!this.#unlinked) fs.rmSync(this.path, { force: true });
  }
}
