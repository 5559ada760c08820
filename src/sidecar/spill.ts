/**
 * Bricks that the store had no room for any more, on disk: they come back from there and need not be made again. A file of slots like
 * the store's, bounded like it, least recently used out. Nobody waits for the disk: what goes there is written by other threads, from a
 * copy that answers until it stands there; where too many are being written the brick is let go, or whoever fills the store waits.
 */

import type { StoredBrick } from './brick_store.js';
import { BufferPool } from './buffer_pool.js';
import { log } from './log.js';
import { type SlotUnits, SlotAllocator } from './slot_allocator.js';
import { GROUP_BYTES } from './store_budget.js';
import type { StoreFile } from './store_file.js';

/** Bricks that are being written at a time: at most 18 MiB of copies. */
export const MAX_SPILLING = 16;

interface Entry {
  readonly brick: StoredBrick;
  readonly offset: number;
  /** The frame, until it is written. */
  copy: Buffer | undefined;
  /** Nobody wants it any more; its slot is free once it is written. */
  dropped: boolean;
}

export class Spill {
  readonly #slots: SlotAllocator;
  /** Least recently used first. */
  readonly #lru = new Set<Entry>();
  readonly #volumes = new Map<number, Map<string, Entry>>();
  readonly #pool = new BufferPool();
  #writing = 0;
  #closed = false;
  /** Told of bricks that are gone from here too. */
  lost: (brick: StoredBrick) => void = () => {};
  /** Told when a brick has been written, or could not be. */
  settled: () => void = () => {};
  /** Whether a brick is about to be read, or should go last. */
  mayGo: (brick: StoredBrick, last: boolean) => boolean = () => true;
  /** What is wrong with the disk, for people. */
  message: string | undefined;
  /** Bytes written to it, and read from it. */
  writtenBytes = 0;
  readBytes = 0;

  constructor(
    readonly store: StoreFile,
    readonly file: StoreFile,
  ) {
    this.#slots = new SlotAllocator(Math.floor(file.bytes / GROUP_BYTES));
  }

  /** Bytes it can hold: its budget, or what was written before the disk was full. */
  get capacity(): number {
    return this.#slots.frozen ? this.#slots.writtenBytes : this.file.bytes;
  }

  get usedBytes(): number {
    return this.#slots.usedBytes;
  }

  get bricks(): number {
    return this.#lru.size;
  }

  /** Whether bricks are being written, so that there will be room for others. */
  get busy(): boolean {
    return this.#writing > 0;
  }

  /** For GET /v1/status. */
  get status(): object {
    return {
      bytes: this.file.bytes, used_bytes: this.usedBytes, bricks: this.bricks, written_bytes: this.writtenBytes, read_bytes: this.readBytes,
      ...(this.message && { message: this.message }),
    };
  }

  has(volume: number, id: string): boolean {
    return this.#volumes.get(volume)?.has(id) ?? false;
  }

  /** The brick, now the most recently used one here. */
  use(volume: number, id: string): StoredBrick | undefined {
    const entry = this.#volumes.get(volume)?.get(id);
    if (!entry) return undefined;
    this.#lru.delete(entry);
    this.#lru.add(entry);
    return entry.brick;
  }

  of(volume: number): StoredBrick[] {
    return [...(this.#volumes.get(volume)?.values() ?? [])].map((entry) => entry.brick);
  }

  /** Whether a brick can be taken now without one of `spare` being lost. */
  roomFor(units: SlotUnits, spare: number | undefined): boolean {
    if (this.#closed || this.#writing >= MAX_SPILLING) return false;
    const offset = this.#slots.allocate(units);
    if (offset !== undefined) this.#slots.free(offset);
    return offset !== undefined || this.#lru.size > (spare === undefined ? 0 : (this.#volumes.get(spare)?.size ?? 0));
  }

  /** Takes over a brick that the store lets go, whose frame still stands there; false where it cannot. */
  take(brick: StoredBrick, spare: number | undefined): boolean {
    if (this.#closed || this.#writing >= MAX_SPILLING || brick.constant) return false;
    let offset = this.#slots.allocate(brick.units);
    while (offset === undefined && this.#evict(spare)) offset = this.#slots.allocate(brick.units);
    if (offset === undefined) return false;
    const copy = this.#pool.take(brick.units);
    this.store.read(brick.offset, brick.bytes, copy);
    const entry: Entry = { brick: { ...brick, offset, spilled: (into) => this.#read(entry, into) }, offset, copy, dropped: false };
    let bricks = this.#volumes.get(brick.volume);
    if (!bricks) {
      bricks = new Map();
      this.#volumes.set(brick.volume, bricks);
    }
    bricks.set(brick.id, entry);
    this.#lru.add(entry);
    this.#writing += 1;
    this.file.writeLater(offset, copy.subarray(0, brick.bytes), (error) => this.#written(entry, copy, error));
    return true;
  }

  /** Forgets a brick; returns it if it was here. */
  drop(volume: number, id: string): StoredBrick | undefined {
    const entry = this.#volumes.get(volume)?.get(id);
    if (entry) this.#forget(entry);
    return entry?.brick;
  }

  /** The disk may have room again. */
  thaw(): void {
    this.#slots.thaw();
    this.message = undefined;
  }

  close(): void {
    this.#closed = true;
    if (!this.busy) this.file.close();
  }

  /** As it was taken over. Where the disk cannot be read all that is on it is lost: it is made anew. */
  #read(entry: Entry, into: Uint8Array): void {
    if (entry.copy) {
      into.set(entry.copy.subarray(0, entry.brick.bytes));
      return;
    }
    try {
      this.file.read(entry.offset, entry.brick.bytes, into);
      this.readBytes += entry.brick.bytes;
    } catch (error) {
      this.#fails(`cannot be read: ${(error as Error).message}`);
      for (const one of [...this.#lru]) this.#lose(one);
      throw error;
    }
  }

  #written(entry: Entry, copy: Buffer, error: NodeJS.ErrnoException | undefined): void {
    this.#writing -= 1;
    entry.copy = undefined;
    this.#pool.give(entry.brick.units, copy);
    if (this.#closed) {
      if (!this.busy) this.file.close();
      return;
    }
    if (!error) {
      this.writtenBytes += entry.brick.bytes;
      this.#slots.markWritten(entry.offset);
      if (entry.dropped) this.#slots.free(entry.offset);
    } else {
      this.#slots.freeze(entry.offset);
      const why = error.code === 'ENOSPC' ? 'is full' : `cannot be written: ${error.message}`;
      this.#fails(`${why}; it stays at ${this.capacity} of its ${this.file.bytes} bytes`);
      if (entry.dropped) this.#slots.free(entry.offset);
      else this.#lose(entry);
    }
    this.settled();
  }

  #fails(words: string): void {
    if (!this.message) log(`the disk that bricks are spilled to ${words}`);
    this.message = `the disk that bricks are spilled to ${words}`;
  }

  #lose(entry: Entry): void {
    this.#forget(entry);
    this.lost(entry.brick);
  }

  #forget(entry: Entry): void {
    const { volume, id } = entry.brick;
    const bricks = this.#volumes.get(volume);
    bricks?.delete(id);
    if (bricks?.size === 0) this.#volumes.delete(volume);
    this.#lru.delete(entry);
    if (entry.copy) entry.dropped = true;
    else this.#slots.free(entry.offset);
  }

  /** Lets the brick go that was not used for longest, none of `spare`; false where there is none that stands on disk. */
  #evict(spare: number | undefined): boolean {
    for (const last of [false, true]) {
      for (const entry of this.#lru) {
        if (entry.copy || entry.brick.volume === spare || !this.mayGo(entry.brick, last)) continue;
        this.#lose(entry);
        return true;
      }
    }
    return false;
  }
}
