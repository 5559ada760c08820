/** The pack that this worker appends to. Its handle is exclusive: no other tab writes to the file or removes it meanwhile. */

import {
  decodeHead, encodeEntry, entryOffset, HEAD_BYTES, PACK_ENTRIES, type PackEntry, packEnd, packMagic,
} from './pack_format.js';

/** The part of FileSystemSyncAccessHandle that is used. */
export interface SyncFile {
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(bytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export class PackWriter {
  #end: number;
  #next: number;

  private constructor(
    readonly name: string,
    private readonly file: SyncFile,
    readonly capacity: number,
    entries: readonly PackEntry[],
    next: number,
  ) {
    this.#end = packEnd(entries);
    this.#next = next;
  }

  /** Takes over an open file, new or begun by an earlier visit, and claims its full size on the disk. */
  static open(name: string, file: SyncFile, capacity: number): PackWriter {
    const head = new Uint8Array(HEAD_BYTES);
    const isNew = file.getSize() < HEAD_BYTES;
    if (!isNew) file.read(head, { at: 0 });
    const { entries, next } = isNew ? { entries: [], next: 0 } : decodeHead(head);
    file.truncate(capacity);
    if (isNew && file.write(packMagic(), { at: 0 }) === 0) throw new DOMException('nothing could be written', 'QuotaExceededError');
    return new PackWriter(name, file, capacity, entries, next);
  }

  /** Whether another record of `bytes` fits. */
  fits(bytes: number): boolean {
    return this.#next < PACK_ENTRIES && this.#end + bytes <= this.capacity;
  }

  /**
   * Appends a record: first its bytes, then the entry that makes it one.
   *
   * @throws DOMException QuotaExceededError where the disk has no room
   */
  append(record: Pick<PackEntry, 'scope' | 'key' | 'written'>, frame: Uint8Array): PackEntry {
    const entry = { ...record, offset: this.#end, bytes: frame.byteLength };
    for (const [bytes, at] of [[frame, entry.offset], [encodeEntry(entry), entryOffset(this.#next)]] as const) {
      const written = this.file.write(bytes, { at });
      if (written < bytes.byteLength) throw new DOMException(`${written} of ${bytes.byteLength} bytes could be written`, 'QuotaExceededError');
    }
    this.#end += frame.byteLength;
    this.#next += 1;
    return entry;
  }

  /** A record's bytes, as far as they are there. */
  read(offset: number, bytes: number): ArrayBuffer {
    const out = new Uint8Array(bytes);
    this.file.read(out, { at: offset });
    return out.buffer;
  }

  /** Gives back the space that was claimed and not used, and lets the file go. Returns its size. */
  close(): number {
    try {
      this.file.truncate(this.#end);
      this.file.flush();
    } finally {
      this.file.close();
    }
    return this.#end;
  }
}
