/**
 * Bricks and tiles kept in the browser's storage, on the worker's side: writes what came over the network behind everything else, and
 * reads what the page asks for. Storage that is refused, full or damaged costs nothing but the bricks it would have saved.
 */

import { type BrickKey, keyText } from '../volume/geometry.js';
import { Flag, type FrameHeader, FrameType } from '../protocol/frame.js';
import { EarlyBricks } from './early_bricks.js';
import { type CheckedFrame, checkFrame } from './frame_check.js';
import type { KeptCommand, KeptEvent, KeptState } from './kept_messages.js';
import { isTileKey, keptTileKey, type PlaneHash, TILE_LEVEL } from './kept_tiles.js';
import type { PackEntry } from './pack_format.js';
import { PackFolder } from './pack_folder.js';
import type { PackWriter } from './pack_writer.js';
import { WriteBehind, type WriteJob } from './write_behind.js';

type Place = { readonly pack: string; readonly entry: PackEntry };
interface Scope {
  readonly places: Map<string, Place>;
  /** Of the tabs that show these voxels one writes them. */
  writes: boolean;
  release: () => void;
}

export class KeptBricks {
  readonly #byScope = new Map<string, Map<string, Place>>();
  readonly #volumes = new Map<number, { id: string; scope: Scope }>();
  readonly #queue = new WriteBehind((job) => this.#write(job), () => this.#tell());
  readonly #early = new EarlyBricks();
  readonly #opened: Promise<void>;
  #folder: PackFolder | undefined;
  #writer: PackWriter | undefined;
  #state: KeptState['state'] = 'starting';
  #reason: string | undefined;
  #maxBytes = 0;
  #peak = 0;
  readonly #counts = { bricksRead: 0, bytesRead: 0, bricksWritten: 0, bytesWritten: 0, tilesRead: 0, tilesWritten: 0, damaged: 0 };
  readonly #planes = new Map<number, PlaneHash>();
  #channel: BroadcastChannel | undefined;

  constructor(private readonly report: (event: KeptEvent, transfer: ArrayBuffer[]) => void) {
    this.#opened = this.#open();
  }

  do(command: KeptCommand): void {
    if (command.t === 'keep') void this.#limit(command.maxBytes);
    else if (command.t === 'keep-volume') void this.#volume(command.volume, command.scope).then(() => this.#decided(command.volume));
    else if (command.t === 'keep-void') this.#void(command.volume);
    else if (command.t === 'keep-plane') this.#planes.set(command.plane, command.hash);
    else if (command.t === 'keep-read') void this.#read(command.volume, command.key);
    else if (command.t === 'keep-clear') void this.#clear().then(() => this.report({ t: 'kept-cleared', id: command.id }, []));
    else void this.#close();
  }

  /** A checked brick or tile came over the network. `message` is copied: it is about to change hands. */
  received(header: FrameHeader, message: ArrayBuffer): void {
    if (!this.#early.hold(header, message)) this.#received(header, message, false);
  }

  #received(header: FrameHeader, message: ArrayBuffer, given: boolean): void {
    const volume = this.#volumes.get(header.volume);
    if (this.#state !== 'on' || !volume?.scope.writes || (header.flags & Flag.PREVIEW) !== 0 || header.generation !== 1) return;
    const { level, z, y, x } = header;
    const plane = header.type === FrameType.TILE ? this.#planes.get(z) : undefined;
    if (header.type === FrameType.TILE && !plane) return;
    const key: BrickKey = plane ? keptTileKey(plane, level, y, x) : { level, z, y, x, ...(header.time && { time: header.time }) };
    if (volume.scope.places.has(keyText(key))) return;
    this.#queue.add({ scope: volume.id, key, written: Date.now() }, message, given);
  }

  async #open(): Promise<void> {
    try {
      const folder = await PackFolder.open();
      const entries = (await folder.packs()).flatMap(({ name, entries }) => entries.map((entry) => ({ pack: name, entry })));
      for (const place of entries.sort((a, b) => a.entry.written - b.entry.written)) this.#place(place);
      this.#folder = folder;
      this.#channel = new BroadcastChannel('voxbeam/bricks');
      this.#channel.onmessage = () => this.#forget();
      if (this.#state === 'starting') this.#state = 'on';
    } catch (error) {
      this.#off((error as Error).message);
    }
    this.#tell();
  }

  async #limit(maxBytes: number): Promise<void> {
    await this.#opened;
    this.#maxBytes = maxBytes;
    if (!this.#folder) return;
    if (maxBytes < this.#folder.bytes) this.#letGo();
    try {
      await this.#folder.shrink(maxBytes);
    } catch (error) {
      this.#off((error as Error).message);
    }
    this.#tell();
  }

  /** Tells what is kept of a volume. Fulfilled once it is known whether what comes of it is to be kept. */
  async #volume(handle: number, scope: string | undefined): Promise<void> {
    if (scope !== undefined) this.#early.begin(handle);
    await this.#opened;
    this.#volumes.get(handle)?.scope.release();
    this.#volumes.delete(handle);
    if (scope === undefined || !this.#folder || this.#state === 'off' || this.#maxBytes === 0) {
      this.report({ t: 'kept-list', volume: handle, keys: [] }, []);
      return;
    }
    const id = await scopeId(scope);
    const places = this.#byScope.get(id) ?? new Map<string, Place>();
    this.#byScope.set(id, places);
    const known: Scope = { places, writes: false, release: () => undefined };
    this.#volumes.set(handle, { id, scope: known });
    this.report({ t: 'kept-list', volume: handle, keys: [...places.values()].map(({ entry }) => entry.key) }, []);
    await claim(`voxbeam/bricks/${id}`, known);
  }

  #decided(handle: number): void {
    for (const { header, message } of this.#early.end(handle)) this.#received(header, message, true);
  }

  /** An entry without bytes, written after the others, says so to later visits. */
  #void(handle: number): void {
    const volume = this.#volumes.get(handle);
    if (!volume) return;
    volume.scope.places.clear();
    volume.scope.release();
    this.#volumes.delete(handle);
    this.#queue.drop(volume.id);
    if (this.#state === 'on') this.#queue.add({ scope: volume.id, key: { level: 0, z: 0, y: 0, x: 0 }, written: Date.now() }, new ArrayBuffer(0));
  }

  async #read(handle: number, key: BrickKey): Promise<void> {
    const volume = this.#volumes.get(handle);
    const text = keyText(key);
    const place = volume?.scope.places.get(text);
    const message = place && (await this.#bytes(place).catch(() => undefined));
    const frame = message && checkFrame(message).frame;
    if (message && place && frame && isOf(frame, key)) {
      this.#counts[isTileKey(key) ? 'tilesRead' : 'bricksRead'] += 1;
      this.#counts.bytesRead += message.byteLength;
      this.report({ t: 'kept-brick', volume: handle, key, frame }, [message]);
      if (place.pack !== this.#writer?.name) void this.#folder?.mark(place.pack).catch(() => undefined);
    } else {
      if (message) this.#counts.damaged += 1;
      volume?.scope.places.delete(text);
      this.report({ t: 'kept-brick', volume: handle, key, frame: undefined }, []);
    }
    this.#queue.soon();
  }

  async #bytes({ pack, entry }: Place): Promise<ArrayBuffer | undefined> {
    if (pack === this.#writer?.name) return this.#writer.read(entry.offset, entry.bytes);
    return this.#folder?.read(pack, entry.offset, entry.bytes);
  }

  /** False: nothing more is to be written. */
  async #write({ frame, ...record }: WriteJob): Promise<boolean> {
    const folder = this.#folder;
    if (!folder || this.#state !== 'on') return false;
    if (frame.byteLength > 0 && this.#byScope.get(record.scope)?.has(keyText(record.key))) return true; // it came twice
    try {
      if (this.#writer && !this.#writer.fits(frame.byteLength)) this.#letGo();
      this.#writer ??= await folder.writer(frame.byteLength, this.#maxBytes);
      this.#peak = Math.max(this.#peak, folder.bytes);
      if (!this.#writer) return true; // the bound is too small for this brick
      const entry = this.#writer.append(record, frame);
      this.#place({ pack: this.#writer.name, entry });
      if (frame.byteLength > 0) this.#counts[isTileKey(record.key) ? 'tilesWritten' : 'bricksWritten'] += 1;
      this.#counts.bytesWritten += frame.byteLength;
      return true;
    } catch (error) {
      this.#letGo();
      this.#state = 'full';
      this.#reason = (error as Error).name === 'QuotaExceededError' ? 'the browser has no more room for this page' : (error as Error).message;
      return false;
    }
  }

  #place({ pack, entry }: Place): void {
    let places = this.#byScope.get(entry.scope);
    if (!places) {
      places = new Map();
      this.#byScope.set(entry.scope, places);
    }
    if (entry.bytes === 0) places.clear();
    else places.set(keyText(entry.key), { pack, entry });
  }

  #letGo(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    if (!writer || !this.#folder) return;
    this.#folder.bytes -= writer.capacity - writer.close();
  }

  /** Removes everything of this origin, also what other tabs hold open. */
  async #clear(): Promise<void> {
    await this.#opened;
    if (!this.#folder) return;
    this.#forget();
    this.#channel?.postMessage('clear');
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await this.#folder.shrink(0).catch(() => undefined);
      if (this.#folder.bytes === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (this.#state === 'full') this.#state = 'on';
    this.#tell();
  }

  #forget(): void {
    this.#queue.clear();
    this.#letGo();
    for (const places of this.#byScope.values()) places.clear();
  }

  async #close(): Promise<void> {
    await this.#queue.finish();
    this.#letGo();
    for (const { scope } of this.#volumes.values()) scope.release();
    this.#volumes.clear();
    this.#channel?.close();
    this.#state = 'off';
  }

  #off(reason: string): void {
    this.#state = 'off';
    this.#reason = reason;
    this.#letGo();
  }

  #tell(): void {
    const { waiting, waitingPeak, skipped } = this.#queue;
    this.report({
      t: 'kept-state',
      state: {
        state: this.#state, ...(this.#reason !== undefined && { reason: this.#reason }),
        bytes: this.#folder?.bytes ?? 0, peak: this.#peak, maxBytes: this.#maxBytes, waiting, waitingPeak, skipped, ...this.#counts,
      },
    }, []);
  }
}

/** Has `scope` written by this tab, at once where no other does, else when that one is gone. Fulfilled once it is known which. */
async function claim(lock: string, scope: Scope): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  const released = new Promise<void>((resolve) => {
    scope.release = () => {
      scope.writes = false;
      ended.abort();
      resolve();
    };
  });
  const hold = (): Promise<void> => {
    scope.writes = !signal.aborted;
    return released;
  };
  await new Promise<void>((decided) => {
    navigator.locks.request(lock, { ifAvailable: true }, (free) => {
      decided();
      return free ? hold() : navigator.locks.request(lock, { signal }, hold);
    }).catch(() => decided());
  });
}

/** Whether a record is what it was kept as. Which plane a tile is of only the record's entry tells, which has a checksum of its own. */
function isOf({ header, body }: CheckedFrame, key: BrickKey): boolean {
  const { level, z, y, x } = header;
  if (isTileKey(key)) return body.kind === 'tile' && TILE_LEVEL + level === key.level && y === key.y && x === key.x;
  if (body.kind !== 'brick') return false;
  return keyText({ level, z, y, x, ...(header.time && { time: header.time }) }) === keyText(key);
}

/** 16 bytes of a scope's SHA-256, in hexadecimal. */
async function scopeId(scope: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(scope)));
  return [...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
