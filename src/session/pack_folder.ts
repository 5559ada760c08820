/**
 * The folder of packs in the origin's private file system, shared by all tabs of the origin. What changes the set of files
 * happens under one lock, so that the files together never exceed the bound.
 */

import { decodeHead, HEAD_BYTES, PACK_BYTES, type PackEntry } from './pack_format.js';
import { PackWriter, type SyncFile } from './pack_writer.js';

const FOLDER = 'voxbeam-bricks';
const LOCK = 'voxbeam/bricks';
/** A part of the bound that one pack may take: small bounds need small packs to have something to let go of. */
const SHARE = 8;

type AnyFile = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncFile> };

export interface Pack {
  readonly name: string;
  readonly entries: readonly PackEntry[];
}
interface Listed {
  readonly name: string;
  readonly handle: AnyFile;
  readonly size: number;
  used: number;
}

export class PackFolder {
  readonly #snapshots = new Map<string, File>();
  readonly #marked = new Set<string>();
  /** Bytes of all packs, as last counted. */
  bytes = 0;

  private constructor(private readonly folder: FileSystemDirectoryHandle) {}

  /** @throws Error with a sentence for people where the browser gives no storage here */
  static async open(): Promise<PackFolder> {
    const storage = globalThis.navigator?.storage;
    if (!storage?.getDirectory || !navigator.locks) throw new Error('this page is not allowed to keep files (it needs https or localhost)');
    const root = await storage.getDirectory();
    const made = new PackFolder(await root.getDirectoryHandle(FOLDER, { create: true }));
    if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) throw new Error('this browser cannot write files from a worker');
    return made;
  }

  /** All packs with what their heads say, oldest first. */
  async packs(): Promise<Pack[]> {
    const listed = await this.#list();
    return Promise.all(listed.map(async ({ name }) => {
      const head = await this.read(name, 0, HEAD_BYTES).catch(() => undefined);
      return { name, entries: head ? decodeHead(new Uint8Array(head)).entries : [] };
    }));
  }

  /**
   * Part of a pack.
   *
   * @throws DOMException NotFoundError where it is gone
   */
  async read(name: string, offset: number, bytes: number): Promise<ArrayBuffer> {
    const known = this.#snapshots.get(name);
    const part = (file: File) => file.slice(offset, offset + bytes).arrayBuffer();
    if (known) {
      try {
        return await part(known);
      } catch {
        this.#snapshots.delete(name); // another tab has appended to it since
      }
    }
    const file = await (await this.folder.getFileHandle(name)).getFile();
    this.#snapshots.set(name, file);
    return part(file);
  }

  /** Notes, once for each pack, that something in it was of use: what was not is removed first. */
  async mark(name: string): Promise<void> {
    if (this.#marked.has(name)) return;
    this.#marked.add(name);
    await navigator.locks.request(LOCK, async () => {
      const handle: AnyFile = await this.folder.getFileHandle(`${name}.used`, { create: true });
      const file = await handle.createSyncAccessHandle?.();
      file?.write(new Uint8Array(1), { at: 0 });
      file?.close();
    });
  }

  /**
   * A pack to append `bytes` to: the newest where it has room and nobody writes to it, else a new one. Older packs go as far as
   * the bound wants it; undefined where even that makes no room.
   */
  async writer(bytes: number, maxBytes: number): Promise<PackWriter | undefined> {
    const capacity = Math.min(PACK_BYTES, Math.max(Math.floor(maxBytes / SHARE), HEAD_BYTES + bytes));
    if (capacity > maxBytes) return undefined;
    return navigator.locks.request(LOCK, async () => {
      const packs = await this.#list();
      const newest = packs.at(-1);
      if (newest && newest.size + bytes <= capacity && (await this.#makeRoom(packs, capacity - newest.size, maxBytes, newest.name))) {
        const writer = await this.#claim(newest.handle, capacity);
        if (writer?.fits(bytes)) return this.#counted(writer, capacity - newest.size);
        writer?.close();
      }
      if (!(await this.#makeRoom(packs, capacity, maxBytes))) return undefined;
      const last = Number.parseInt(newest?.name ?? '0', 10);
      const handle = await this.folder.getFileHandle(`${String(last + 1).padStart(8, '0')}.pack`, { create: true });
      const writer = await this.#claim(handle, capacity);
      return writer && this.#counted(writer, capacity);
    });
  }

  /** Removes old packs until all together stay within `maxBytes`, or only packs that somebody writes to are left. */
  async shrink(maxBytes: number): Promise<void> {
    await navigator.locks.request(LOCK, async () => this.#makeRoom(await this.#list(), 0, maxBytes));
  }

  async #claim(handle: AnyFile, capacity: number): Promise<PackWriter | undefined> {
    let file: SyncFile | undefined;
    try {
      file = await handle.createSyncAccessHandle?.();
      return file && PackWriter.open(handle.name, file, capacity);
    } catch (error) {
      file?.close();
      if ((error as Error).name === 'NoModificationAllowedError') return undefined; // another tab writes to it
      throw error;
    }
  }

  #counted(writer: PackWriter, added: number): PackWriter {
    this.#snapshots.delete(writer.name);
    this.bytes += added;
    return writer;
  }

  /** Least recently used first. False where what is left and `bytes` more exceed the bound. */
  async #makeRoom(packs: readonly Listed[], bytes: number, maxBytes: number, keep?: string): Promise<boolean> {
    let total = this.bytes;
    for (const { name, size } of [...packs].sort((a, b) => a.used - b.used || (a.name < b.name ? -1 : 1))) {
      if (total + bytes <= maxBytes) break;
      if (name === keep) continue;
      if (await this.#remove(name)) total -= size;
    }
    this.bytes = total;
    return total + bytes <= maxBytes;
  }

  /** False where another tab writes to it. */
  async #remove(name: string): Promise<boolean> {
    try {
      await this.folder.removeEntry(name);
    } catch (error) {
      if ((error as Error).name !== 'NotFoundError') return false;
    }
    this.#snapshots.delete(name);
    await this.folder.removeEntry(`${name}.used`).catch(() => undefined);
    return true;
  }

  /** Packs by rising number. */
  async #list(): Promise<Listed[]> {
    const files = new Map<string, AnyFile>();
    for await (const [name, handle] of this.folder.entries()) if (handle.kind === 'file') files.set(name, handle as AnyFile);
    const found = await Promise.all([...files].map(async ([name, handle]) => {
      const file = await handle.getFile().catch(() => undefined); // another tab may have removed it meanwhile
      return file && { name, handle, size: file.size, used: file.lastModified };
    }));
    const listed = found.filter((file) => file !== undefined);
    const packs = listed.filter(({ name }) => name.endsWith('.pack')).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const pack of packs) {
      const mark = listed.find(({ name }) => name === `${pack.name}.used`);
      pack.used = Math.max(pack.used, mark?.used ?? 0);
    }
    this.bytes = packs.reduce((n, { size }) => n + size, 0);
    return packs;
  }
}
