/**
 * The tiles one viewer needs: the most urgent are begun first, a few at a time; their bricks are asked for as if the viewer needed these,
 * cut as they come, and a finished tile is sent where credit covers it. The work is done in short turns, so that it delays nobody.
 */

import {
  type CancelTile, encodeConstant, encodeTile, ErrorCode, Flag, FrameError, FrameType, isConstant, MAX_SLAB_SAMPLES, MAX_TILE_NEEDS, type NeedTile,
  type Plane, tileFrameBytes, type VoxelDtype,
} from '../protocol/index.js';
import { type BrickKey, keyText } from '../volume/geometry.js';
import { hasTile, type TileKey, tileText } from '../volume/plane.js';
import type { StoredBrick } from './brick_store.js';
import type { BrickFailure } from './broker.js';
import { smaller } from './codec/encode.js';
import type { LinkCodec } from './codec/link_codec.js';
import type { Connection } from './connection.js';
import type { BrickWaiter } from './demand.js';
import { log } from './log.js';
import { PriorityQueue } from './priority_queue.js';
import type { SendWindow } from './send_window.js';
import { TileSampler } from './tile_sampler.js';
import type { VolumeRecord } from './volume_record.js';

/** Bricks that tiles under way may still lack: no more tiles are begun then. What a small store can hold at once is more. */
export const MAX_OPEN_BRICKS = 24;
/** Whole tiles that wait for credit; no more are begun then. */
const MAX_WHOLE = 16;
/** Times a brick whose stored frame is damaged is made anew. */
const MAX_DAMAGES = 3;
/** How long a turn of cutting may take before others get theirs. */
const TURN_MS = 4;

interface Tile {
  readonly id: string;
  readonly record: VolumeRecord;
  readonly plane: number;
  readonly time: number;
  readonly frame: Plane;
  readonly key: TileKey;
  priority: number;
  /** No preview of 8 bits will do. */
  exact: boolean;
  /** Present once begun. */
  work?: { readonly sampler: TileSampler; readonly missing: Set<string>; generation: number; preview: boolean };
}

const tileId = (record: VolumeRecord, plane: number, key: TileKey): string => `${record.handle}:${tileText(plane, key)}`;
const brickId = (record: VolumeRecord, id: string): string => `${record.handle}:${id}`;

export class TileDesk implements BrickWaiter {
  readonly #tiles = new Map<string, Tile>();
  readonly #queue = new PriorityQueue<Tile>();
  /** Tiles under way by the bricks that they lack. */
  readonly #lacking = new Map<string, Set<Tile>>();
  /** Bricks to be cut from, and whole tiles that wait for credit. */
  readonly #arrived = new Map<string, { record: VolumeRecord; brick: StoredBrick }>();
  readonly #whole = new PriorityQueue<Tile>();
  readonly #damages = new Map<string, number>();
  #scheduled = false;

  constructor(
    readonly connection: Connection,
    readonly window: SendWindow,
    readonly codec: LinkCodec,
  ) {
    window.onRoom(() => this.#schedule());
  }

  need(record: VolumeRecord, { plane, frame, keys, time = 0, exact = false }: NeedTile): void {
    for (const [level, row, column, priority] of keys) {
      const key = { level, row, column };
      const problem = this.#problem(record, frame, key, time);
      if (problem) {
        this.connection.error({ code: ErrorCode.NOT_FOUND, message: problem, volume: record.handle, tile: [level, plane, row, column] });
        continue;
      }
      const id = tileId(record, plane, key);
      const known = this.#tiles.get(id);
      if (known) {
        known.priority = priority;
        known.exact ||= exact;
        if (this.#queue.has(id)) this.#queue.set(id, priority, known);
        continue;
      }
      if (this.#tiles.size >= MAX_TILE_NEEDS) throw new FrameError(ErrorCode.TOO_LARGE, `more than ${MAX_TILE_NEEDS} tiles needed at once`);
      const tile: Tile = { id, record, plane, time, frame, key, priority, exact };
      this.#tiles.set(id, tile);
      this.#queue.set(id, priority, tile);
    }
    this.#schedule();
  }

  cancel(record: VolumeRecord, { plane, keys }: CancelTile): void {
    if (keys && plane !== undefined) {
      for (const [level, row, column] of keys) this.#drop(this.#tiles.get(tileId(record, plane, { level, row, column })));
    } else {
      for (const tile of [...this.#tiles.values()]) {
        if (tile.record === record && (plane === undefined || tile.plane === plane)) this.#drop(tile);
      }
    }
    this.#schedule();
  }

  /** Nothing of a volume is needed any more. */
  forget(record: VolumeRecord): void {
    this.cancel(record, { volume: record.handle });
  }

  closed(): void {
    for (const tile of [...this.#tiles.values()]) this.#drop(tile);
  }

  /** A brick that tiles lack is in the store. */
  ready(record: VolumeRecord, id: string): void {
    const text = brickId(record, id);
    if (!this.#lacking.has(text) || this.#arrived.has(text)) return;
    // Held until it is cut: with a small store the next brick would take its slot before its turn comes.
    const brick = this.connection.services.broker.store.hold(record.handle, id);
    if (brick) this.#arrived.set(text, { record, brick });
    this.#schedule();
  }

  /** A brick cannot be had: nor can the tiles that lack it. */
  failed(record: VolumeRecord, key: BrickKey, failure: BrickFailure): void {
    const tiles = [...(this.#lacking.get(brickId(record, keyText(key))) ?? [])];
    for (const tile of tiles) {
      this.#drop(tile);
      const { level, row, column } = tile.key;
      this.connection.error({ ...failure, volume: record.handle, tile: [level, tile.plane, row, column] });
    }
    this.#schedule();
  }

  /** Bricks have new content: tiles that were cut from the old one begin again. */
  outdated(record: VolumeRecord, has: (key: BrickKey) => boolean): void {
    for (const tile of this.#tiles.values()) {
      const { work } = tile;
      if (!work || tile.record !== record) continue;
      const old = [...work.sampler.bricks].some(([id, key]) => !work.missing.has(id) && has(key));
      if (!old) continue;
      this.#whole.delete(tile.id);
      this.#unwant(tile);
      this.#begin(tile);
    }
  }

  #problem(record: VolumeRecord, frame: Plane, key: TileKey, time: number): string | undefined {
    const { shape, times, stored } = record.description;
    if (stored === 'points') return `volume ${record.handle} is a cloud of points, which has no tiles`;
    if (time >= (times?.count ?? 1)) return `volume ${record.handle} has no time point ${time}`;
    const name = `tile ${key.level}/${key.row}/${key.column}`;
    if (key.level >= record.levels || !hasTile(shape, frame, key)) return `volume ${record.handle} of shape ${shape.join(' × ')} has no ${name} in this plane`;
    const samples = frame.slab ? frame.slab.thickness / 2 ** key.level : 1;
    return samples > MAX_SLAB_SAMPLES ? `${name} would take ${Math.ceil(samples)} samples through its slab; the limit is ${MAX_SLAB_SAMPLES}` : undefined;
  }

  #begin(tile: Tile): void {
    const { record } = tile;
    const { shape, kind } = record.description;
    const sampler = tile.work?.sampler ?? new TileSampler({ shape, kind: kind === 'labels' ? kind : 'image', stored: voxelsOf(record), time: tile.time }, tile.frame, tile.key);
    sampler.restart();
    tile.work = { sampler, missing: new Set(sampler.bricks.keys()), generation: 0xffffffff, preview: false };
    for (const [id, key] of sampler.bricks) {
      const text = brickId(record, id);
      const tiles = this.#lacking.get(text);
      if (tiles) tiles.add(tile);
      else this.#lacking.set(text, new Set([tile]));
      this.connection.services.broker.want(this, record, key, tile.priority);
      if (!this.#tiles.has(tile.id)) return; // it cannot be had
    }
  }

  #drop(tile: Tile | undefined): void {
    if (!tile) return;
    this.#tiles.delete(tile.id);
    this.#queue.delete(tile.id);
    this.#whole.delete(tile.id);
    this.#unwant(tile);
  }

  #unwant(tile: Tile): void {
    const unused: string[] = [];
    for (const id of tile.work?.missing ?? []) {
      const text = brickId(tile.record, id);
      const tiles = this.#lacking.get(text);
      tiles?.delete(tile);
      if (!tiles || tiles.size > 0) continue;
      this.#lacking.delete(text);
      this.#letGo(text);
      unused.push(id);
    }
    this.connection.services.broker.unwant(this, tile.record, unused);
  }

  #letGo(text: string): void {
    const brick = this.#arrived.get(text)?.brick;
    if (!brick) return;
    this.#arrived.delete(text);
    const { broker } = this.connection.services;
    broker.store.letGo(brick);
    broker.slotFreed();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      try {
        this.#turn();
      } catch (error) {
        this.connection.broken(error);
      }
    });
  }

  #turn(): void {
    const end = performance.now() + TURN_MS;
    while (this.connection.open && performance.now() < end) {
      if (this.#send() || this.#cutNext()) continue;
      const next = this.#lacking.size < MAX_OPEN_BRICKS && this.#whole.size < MAX_WHOLE ? this.#queue.pop() : undefined;
      if (!next) return;
      this.#begin(next);
    }
    this.#schedule();
  }

  /** Cuts from one brick that has come; false where none has. */
  #cutNext(): boolean {
    const entry = this.#arrived.entries().next().value;
    if (!entry) return false;
    const [text, { record, brick: held }] = entry;
    const { id } = held;
    const tiles = this.#lacking.get(text) as Set<Tile>;
    const { broker, voxels } = this.connection.services;
    const brick = broker.store.use(record.handle, id);
    this.#letGo(text);
    if (brick) {
      try {
        voxels.read(brick, voxelsOf(record), (values) => {
          for (const tile of tiles) tile.work?.sampler.add(brick.key, values);
        });
        this.#lacking.delete(text);
        this.#damages.delete(text);
        for (const tile of tiles) this.#advance(tile, brick);
        return true;
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        log(`brick ${id} of volume ${record.handle} is damaged in the store: ${error.message}; it is made anew`);
        broker.outdated(record, [brick]);
        const damages = (this.#damages.get(text) ?? 0) + 1;
        this.#damages.set(text, damages);
        if (damages >= MAX_DAMAGES) {
          this.#damages.delete(text);
          this.failed(record, brick.key, { code: ErrorCode.INTERNAL, message: `brick ${id} is damaged again and again: ${error.message}` });
          return true;
        }
      }
    }
    // Out of date since, or damaged.
    const [tile] = tiles;
    const key = tile?.work?.sampler.bricks.get(id);
    if (key && tile) broker.want(this, record, key, tile.priority);
    return true;
  }

  #advance(tile: Tile, brick: StoredBrick): void {
    const { work } = tile;
    if (!work) return;
    work.missing.delete(brick.id);
    work.generation = Math.min(work.generation, brick.generation);
    work.preview ||= brick.preview;
    if (work.missing.size === 0) this.#whole.set(tile.id, tile.priority, tile);
  }

  /** Sends the most urgent whole tile; false where there is none, or no room. */
  #send(): boolean {
    const tile = this.#whole.peek();
    if (!tile?.work) return false;
    const { record, plane, time, key, work } = tile;
    const stored = voxelsOf(record);
    const bytes = tileFrameBytes(stored);
    if (!this.window.take(bytes)) return false;
    this.#drop(tile);
    const texels = work.sampler.result();
    const fields = {
      flags: work.preview ? Flag.PREVIEW : 0, volume: record.handle, level: key.level, dtype: record.dtypeCode,
      z: plane, y: key.row, x: key.column, generation: work.generation, time,
    };
    const frame = isConstant(texels) ? encodeConstant(FrameType.TILE, texels, fields) : this.#smaller(tile, encodeTile(stored, texels, fields));
    this.window.add(bytes - frame.byteLength);
    const { counters } = this.connection.services;
    counters.sentTiles += 1;
    counters.sentTileBytes += frame.byteLength;
    this.connection.send(frame, () => this.window.sent());
    return true;
  }

  /** A tile's frame as it is to travel. It is small: that takes no longer than cutting it, in the same turn. */
  #smaller({ record, exact }: Tile, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { codecs, counters } = this.connection.services;
    const before = frame.byteLength;
    const manner = this.codec.choose(record, before, this.#tiles.size * before, exact);
    if (!manner) return frame;
    const began = performance.now();
    const made = smaller(frame, manner);
    codecs.saw(record, manner, before, made?.byteLength ?? before, performance.now() - began);
    if (!made) return frame;
    counters.sentCoded += 1;
    counters.codedFrom += before;
    counters.sentPreviews += Number(manner.lossy);
    return made;
  }
}

/** How voxels are stored; tiles of a cloud of points, which has none, are refused when they are asked for. */
const voxelsOf = (record: VolumeRecord): VoxelDtype => record.description.stored as VoxelDtype;
