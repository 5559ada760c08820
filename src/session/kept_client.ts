/**
 * Bricks kept in the browser's storage, on the page's side: which ones there are, and reading those that are wanted instead of
 * asking the sidecar. As many are under way or in the viewer's hands as credit allows over the network.
 */

import type { VolumeDescription } from '../protocol/messages.js';
import type { BrickKey } from '../volume/geometry.js';
import { keyText } from '../volume/geometry.js';
import { bytesOf } from './brick_cache.js';
import type { CheckedFrame } from './frame_check.js';
import { KeptHints } from './kept_hints.js';
import type { KeptCommand, KeptEvent, KeptState } from './kept_messages.js';
import type { Brick, WantedBrick } from './types.js';

/** The bound on what is kept, where nothing else is said. */
export const DEFAULT_CACHE_BYTES = 2 ** 30;
/** Without a list of what is kept after this long, the sidecar is asked: the list takes milliseconds, unless the machine is busy. */
const PATIENCE_MS = 3000;

/** What the bytes of a volume's bricks depend on. Equal fingerprints mean equal voxels; how they are stored depends on the rest. */
export function scopeOf({ fingerprint, kind, dtype, stored, scale, offset, shape }: VolumeDescription): string {
  return JSON.stringify([fingerprint, kind, dtype, stored, scale, offset, shape]);
}

interface KeptVolume {
  /** Undefined while it is not known what is kept. */
  keys: Set<string> | undefined;
  /** Nobody is asked before it is known. */
  waits: boolean;
  queue: WantedBrick[];
  reading: Set<string>;
}

export interface KeptClientOptions {
  maxBytes: number;
  /** Bytes of bricks that may be under way or in the viewer's hands. */
  creditBytes: number;
  send(command: KeptCommand): void;
  /** What is kept of a volume is known now: what is asked for may be asked again. */
  listed(volume: number): void;
  read(volume: number, frame: CheckedFrame, key: BrickKey): void;
  /** It could not be read: the sidecar is to be asked. */
  missed(volume: number, key: BrickKey): void;
  state(state: KeptState): void;
  hints?: KeptHints;
}

export class KeptClient {
  readonly #volumes = new Map<number, KeptVolume>();
  readonly #held = new WeakMap<Brick, number>();
  readonly #cleared = new Map<number, () => void>();
  readonly #patience = new Set<ReturnType<typeof setTimeout>>();
  readonly #hints: KeptHints;
  #scopes = new Map<number, string | undefined>();
  #maxBytes: number;
  #reading = 0;
  #heldBytes = 0;
  #brickBytes = 2 ** 20;
  #lastClear = 0;
  #off = false;

  constructor(private readonly o: KeptClientOptions) {
    this.#hints = o.hints ?? new KeptHints();
    this.#maxBytes = o.maxBytes;
    this.#off = o.maxBytes === 0;
    o.send({ t: 'keep', maxBytes: o.maxBytes });
  }

  /** A volume came or was replaced. `edited`: its voxels are no longer those of its fingerprint. */
  volume(handle: number, description: VolumeDescription, edited: boolean): void {
    const scope = edited ? undefined : scopeOf(description);
    if (this.#volumes.has(handle) && this.#scopes.get(handle) === scope) return;
    this.#scopes.set(handle, scope);
    this.#ask(handle, scope);
  }

  /** Its voxels have changed: nothing that is kept is true. */
  edited(handle: number): void {
    if (this.#scopes.get(handle) === undefined) return;
    this.#scopes.set(handle, undefined);
    this.o.send({ t: 'keep-void', volume: handle });
    const before = this.#volumes.get(handle);
    this.#reading -= before?.reading.size ?? 0; // their answers count no more
    this.#volumes.set(handle, { keys: new Set(), waits: false, queue: [], reading: new Set() });
    if (before && lacks(before)) this.o.listed(handle);
  }

  gone(handle: number): void {
    this.#scopes.delete(handle);
    this.#reading -= this.#volumes.get(handle)?.reading.size ?? 0;
    if (this.#volumes.delete(handle)) this.o.send({ t: 'keep-volume', volume: handle, scope: undefined });
  }

  /** Reads what is kept of `bricks`; gives those that the sidecar is to be asked for: none while it is not known what is kept, and something is likely to be. */
  take(handle: number, bricks: readonly WantedBrick[]): readonly WantedBrick[] {
    const volume = this.#volumes.get(handle);
    if (this.#off || !volume) return bricks;
    const { keys, reading, queue } = volume;
    if (!keys) return volume.waits ? [] : bricks;
    if (keys.size === 0) return bricks;
    const here = bricks.filter((brick) => keys.has(keyText(brick)));
    if (here.length === 0) return bricks;
    const again = new Set(here.map(keyText));
    volume.queue = [...queue.filter((brick) => !again.has(keyText(brick))), ...here.filter((brick) => !reading.has(keyText(brick)))];
    volume.queue.sort((a, b) => a.priority - b.priority);
    this.#pump();
    return bricks.filter((brick) => !keys.has(keyText(brick)));
  }

  /** Forgets what is no longer wanted; gives what the sidecar was asked for. */
  cancel(handle: number, bricks: readonly BrickKey[]): readonly BrickKey[] {
    const volume = this.#volumes.get(handle);
    if (!volume?.keys || (volume.queue.length === 0 && volume.reading.size === 0)) return bricks;
    const gone = new Set(bricks.map(keyText));
    const mine = new Set([...volume.queue.map(keyText), ...volume.reading]);
    volume.queue = volume.queue.filter((brick) => !gone.has(keyText(brick)));
    return bricks.filter((brick) => !mine.has(keyText(brick)));
  }

  /** A brick that was read is in the viewer's hands. */
  hold(brick: Brick): void {
    const bytes = bytesOf(brick);
    if (!brick.constant) this.#brickBytes = bytes;
    this.#held.set(brick, bytes);
    this.#heldBytes += bytes;
  }

  /** The viewer is done with a brick, wherever it came from. */
  consumed(brick: Brick): void {
    this.#heldBytes -= this.#held.get(brick) ?? 0;
    if (this.#held.delete(brick)) this.#pump();
  }

  receive(event: KeptEvent): void {
    if (event.t === 'kept-state') {
      this.o.state(event.state);
      if (event.state.state === 'off') this.#giveUp();
      else if (event.state.waiting > 0 || event.state.bricksWritten + event.state.tilesWritten > 0) this.#hint();
    } else if (event.t === 'kept-list') this.#listed(event.volume, new Set(event.keys.map(keyText)));
    else if (event.t === 'kept-brick') this.#read(event.volume, event.key, event.frame);
    else this.#cleared.get(event.id)?.();
  }

  /** Another worker took over: what was being read is asked for anew. */
  restarted(): void {
    this.o.send({ t: 'keep', maxBytes: this.#maxBytes });
    this.#reading = 0;
    for (const done of this.#cleared.values()) done();
    for (const [handle, scope] of this.#scopes) if (scope !== undefined) this.#ask(handle, scope);
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Another bound; what is over it goes at once. 0 keeps nothing. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.o.send({ t: 'keep', maxBytes });
    this.#off = maxBytes === 0;
    if (this.#off) this.#giveUp();
    else for (const [handle, scope] of this.#scopes) if (scope !== undefined) this.#ask(handle, scope);
  }

  /** Removes everything that is kept for this origin. */
  clear(): Promise<void> {
    for (const volume of this.#volumes.values()) volume.keys?.clear();
    this.#hints.clear();
    this.#lastClear += 1;
    const id = this.#lastClear;
    return new Promise((resolve) => {
      this.#cleared.set(id, () => {
        this.#cleared.delete(id);
        resolve();
      });
      this.o.send({ t: 'keep-clear', id });
    });
  }

  close(): void {
    for (const timer of this.#patience) clearTimeout(timer);
    for (const done of this.#cleared.values()) done();
    this.o.send({ t: 'keep-close' });
  }

  #ask(handle: number, scope: string | undefined): void {
    const none = this.#off || scope === undefined;
    const waits = !none && this.#hints.has(scope);
    this.#volumes.set(handle, { keys: none ? new Set() : undefined, waits, queue: [], reading: new Set() });
    this.o.send({ t: 'keep-volume', volume: handle, scope });
    if (!waits) return;
    const timer = setTimeout(() => {
      this.#patience.delete(timer);
      this.#known(handle, new Set());
    }, PATIENCE_MS);
    this.#patience.add(timer);
  }

  #listed(handle: number, keys: Set<string>): void {
    const scope = this.#scopes.get(handle);
    if (scope !== undefined && keys.size > 0) this.#hints.add(scope);
    else if (scope !== undefined) this.#hints.remove(scope);
    this.#known(handle, keys);
  }

  #known(handle: number, keys: Set<string>): void {
    const volume = this.#volumes.get(handle);
    if (!volume || volume.keys) return;
    volume.keys = keys;
    if (volume.waits) this.o.listed(handle);
  }

  /** Something is being kept: the next visit is to wait for the list. */
  #hint(): void {
    for (const scope of this.#scopes.values()) if (scope !== undefined) this.#hints.add(scope);
  }

  #read(handle: number, key: BrickKey, frame: CheckedFrame | undefined): void {
    const volume = this.#volumes.get(handle);
    if (!volume?.reading.delete(keyText(key))) return;
    this.#reading -= 1;
    if (frame) this.o.read(handle, frame, key);
    else {
      volume.keys?.delete(keyText(key));
      this.o.missed(handle, key);
    }
    this.#pump();
  }

  #giveUp(): void {
    this.#off = true;
    this.#reading = 0;
    for (const [handle, volume] of this.#volumes) {
      const held = lacks(volume);
      volume.keys = new Set();
      volume.queue = [];
      volume.reading.clear();
      if (held) this.o.listed(handle);
    }
  }

  /** One at least, else as much as credit allows. */
  #mayRead(): boolean {
    const bytes = this.#heldBytes + this.#reading * this.#brickBytes;
    return bytes === 0 || bytes + this.#brickBytes <= this.o.creditBytes;
  }

  #pump(): void {
    for (const [handle, volume] of this.#volumes) {
      while (volume.queue.length > 0 && this.#mayRead()) {
        const { priority: _, ...key } = volume.queue.shift() as WantedBrick;
        volume.reading.add(keyText(key));
        this.#reading += 1;
        this.o.send({ t: 'keep-read', volume: handle, key });
      }
    }
  }
}

/** Whether something was asked for that neither the storage has given nor the sidecar been asked for. */
const lacks = ({ keys, waits, queue, reading }: KeptVolume): boolean => (keys ? queue.length + reading.size > 0 : waits);
