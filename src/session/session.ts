/** The browser's side of an instance: its volumes, their bricks, and the scene, over whatever connection works. */

import * as Y from 'yjs';
import type { Way } from '../protocol/codec.js';
import { encodeFrame, FrameType } from '../protocol/frame.js';
import { DEFAULT_CREDIT_BYTES, MAX_FRAME_BYTES } from '../protocol/limits.js';
import { encodeControl, ErrorCode, type ErrorMessage, type Role } from '../protocol/messages.js';
import type { BrickKey } from '../volume/geometry.js';
import type { BrickRanges } from '../volume/ranges.js';
import { BrickDesk, type BrickStage } from './brick_desk.js';
import { CodecBook } from './codec_book.js';
import { brickOf } from './brick_of.js';
import { startBrowserLink } from './browser_link.js';
import { ConnectionLoop } from './connection_loop.js';
import { Emitter } from './emitter.js';
import type { CheckedFrame, RefusedFrame } from './frame_check.js';
import { Heartbeat } from './heartbeat.js';
import { helloOf } from './hello.js';
import { DEFAULT_CACHE_BYTES, KeptClient } from './kept_client.js';
import { isTileKey, KeptTiles } from './kept_tiles.js';
import { type KeptState, NOTHING_KEPT } from './kept_messages.js';
import type { Outdated } from './inexact.js';
import { LabelEdits } from './label_edits.js';
import { dispatchMessage, type MessageHandlers } from './messages.js';
import { SceneSync } from './scene_sync.js';
import type { SessionEvents, SessionOptions } from './session_options.js';
import { TileDesk } from './tile_desk.js';
import type { Connection } from './transports.js';
import type { Brick, ConnectionState, SessionCounters, SessionError, SessionVolume, TransportKind, WantedBrick } from './types.js';
import { VolumeTable } from './volume_table.js';
import { Wires } from './wires.js';

export type { Candidate } from './transports.js';
export type { CommTunnel } from './wires.js';

/** Browser memory for bricks, where nothing else is said. */
export const DEFAULT_BROWSER_BYTES = 256 * 2 ** 20;

/** Tiles take at most this part of browser memory. */
const TILE_PART = 4;

/** So many bricks on their way are worth a stream of their own. */
const MANY_BRICKS = 16;

export type { SessionEvents, SessionOptions } from './session_options.js';

export class Session {
  readonly counters: SessionCounters = {
    bytesReceived: 0, bricksReceived: 0, bricksSame: 0, tilesReceived: 0, bricksPending: 0, cancelled: 0, framesRefused: 0, cacheHits: 0, cacheBytes: 0, cachePeak: 0, roundTripMs: 0,
  };
  readonly #events = new Emitter<SessionEvents>();
  readonly #table = new VolumeTable();
  readonly #wires: Wires;
  readonly #loop: ConnectionLoop;
  readonly #desk: BrickDesk;
  /** Tiles of planes: what is wanted of them, and what is given back. */
  readonly tiles: TileDesk;
  readonly labels = new LabelEdits((frame) => this.#sendFrame(frame), (type, message) => this.#send(type, message));
  readonly #codecs = new CodecBook();
  readonly #kept: KeptClient;
  readonly #keptTiles = new KeptTiles(() => this.#kept, (plane, hash) => this.#wires.keep({ t: 'keep-plane', plane, hash }));
  #keptState: KeptState = NOTHING_KEPT;
  readonly #scene: SceneSync;
  readonly #heartbeat: Heartbeat;
  readonly #handlers: MessageHandlers;
  #instance: string | undefined;
  #maxBrowserBytes: number;
  #role: Role | undefined;

  /** Starts connecting at once. */
  constructor(options: SessionOptions) {
    const creditBytes = options.creditBytes ?? DEFAULT_CREDIT_BYTES;
    this.#maxBrowserBytes = options.maxBrowserBytes ?? DEFAULT_BROWSER_BYTES;
    this.#wires = new Wires(options.startLink ?? startBrowserLink, () => {
      this.#kept.restarted();
      this.#keptTiles.restarted();
      this.#tell({ code: ErrorCode.INTERNAL, message: 'a frame kept the worker busy for 2 s; it was restarted', fatal: false });
    }, (event) => this.#kept.receive(event));
    this.#kept = new KeptClient({
      maxBytes: options.maxCacheBytes ?? DEFAULT_CACHE_BYTES,
      creditBytes,
      send: (command) => this.#wires.keep(command),
      listed: (volume) => {
        this.#desk.again(volume);
        this.tiles.again(volume);
      },
      missed: (volume, key) => (isTileKey(key) ? this.tiles : this.#desk).again(volume, key),
      read: (volume, frame, key) => {
        if (isTileKey(key)) this.tiles.read(volume, frame, key);
        const brick = brickOf(frame, volume);
        if (brick && this.#table.volumes.has(volume)) this.#desk.read(brick);
      },
      state: (state) => {
        this.#keptState = state;
        this.#events.emit('kept', state);
      },
    });
    this.#scene = new SceneSync(
      options.doc ?? new Y.Doc(),
      (payload) => this.#sendFrame(encodeFrame(FrameType.SCENE, payload)),
      () => this.#events.emit('synced', undefined),
      ({ remedy, ...why }) => this.#tell({ ...why, ...(remedy !== undefined && { remedy }), fatal: false }),
    );
    this.tiles = new TileDesk({
      maxBytes: this.#maxBrowserBytes / TILE_PART,
      creditBytes,
      send: (type, message) => this.#send(type, message),
      announce: (tile) => this.#events.emit('tile', tile),
      kept: this.#keptTiles,
      makeRoom: (bytes) => this.#desk.trim(bytes),
      cancelled: (tiles) => {
        this.counters.cancelled += tiles;
      },
      shape: (volume) => this.#table.volumes.get(volume)?.description.shape,
      outdated: (volume, test) => this.#events.emit('tilesChanged', { volume, test }),
    });
    this.#desk = new BrickDesk({
      maxBytes: this.#maxBrowserBytes,
      reserved: () => this.tiles.bytes,
      creditBytes,
      counters: this.counters,
      kept: () => this.#kept,
      send: (type, message) => this.#send(type, message),
      announce: (brick) => this.#events.emit('brick', brick),
      rested: (outdated) => this.#outdated(outdated),
    });
    this.#heartbeat = new Heartbeat((t) => this.#send(FrameType.PING, { t }), () => this.#loop.lose());
    this.#handlers = this.#messageHandlers();
    this.#loop = new ConnectionLoop(this.#wires, options.candidates, helloOf(options.client, creditBytes, options.codec), {
      state: (state) => this.#events.emit('state', state),
      opened: (connection) => this.#opened(connection),
      received: (event) => (event.t === 'frame' ? this.#received(event.frame) : this.#refused(event.refused)),
      lost: () => {
        this.#heartbeat.stop();
        this.#scene.stop();
      },
      error: (error) => this.#tell(error),
    });
    void this.#loop.start();
  }

  /** The scene document. One of which something was refused is replaced: `onReplaced` tells. */
  get doc(): Y.Doc { return this.#scene.doc; }
  get awareness() { return this.#scene.awareness; }
  get state(): ConnectionState { return this.#loop.state; }
  get saved() { return this.#scene.saved; }
  /** How the sidecar is reached, while it is. */
  get transport(): TransportKind | undefined {
    return this.#loop.connection?.kind;
  }
  /** Whether what comes down comes by a streamed fetch beside the WebSocket. */
  get streamed(): boolean {
    return this.#loop.streamed;
  }
  /** How the last brick or tile came: as it is, compressed, or as voxels of 8 bits for the time being. */
  get codec(): Way {
    return this.#codecs.way;
  }
  /** Bricks and tiles that are here as voxels of 8 bits alone, and whose true ones are not asked for yet. */
  get inexact(): number {
    return this.#desk.inexact + this.tiles.inexact;
  }
  get role(): Role | undefined {
    return this.#role;
  }
  get instance(): string | undefined {
    return this.#instance;
  }
  get volumes(): ReadonlyMap<number, SessionVolume> {
    return this.#table.volumes;
  }

  /** Ranges of the bricks of a volume at a time point, as far as they are known. */
  ranges(volume: number, time = 0): BrickRanges {
    return this.#table.ranges(volume, time);
  }

  /** Replaces what is wanted of a volume. Bricks in browser memory come as events too, soon after this returns. */
  want(volume: number, bricks: readonly WantedBrick[]): void {
    if (!this.#table.volumes.has(volume)) return;
    this.#desk.want(volume, bricks);
    if (this.counters.bricksPending >= MANY_BRICKS) this.#loop.stream();
  }

  /** Gives back what a 'brick' event brought, once it is uploaded or dropped. */
  consumed(brick: Brick): void {
    this.#desk.consumed(brick);
  }

  /** What browser memory holds of a brick, out of date or not. */
  peek(volume: number, key: BrickKey): Brick | undefined {
    return this.#desk.peek(volume, key);
  }

  /** Where a brick is that is not on the GPU: on its way, refused, or in browser memory. */
  stage(volume: number, key: BrickKey): BrickStage | undefined {
    return this.#desk.stage(volume, key);
  }

  /** Adds a listener; the function returned removes it. */
  on<K extends keyof SessionEvents>(event: K, listener: (e: SessionEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** What is kept in the browser's storage, and what was read from there instead of being fetched. */
  get kept(): KeptState {
    return this.#keptState;
  }

  /** The bound on bricks in browser memory, in bytes; a lower one holds at once. */
  get maxBrowserBytes(): number {
    return this.#maxBrowserBytes;
  }
  set maxBrowserBytes(bytes: number) {
    this.#maxBrowserBytes = bytes;
    this.tiles.limit(bytes / TILE_PART);
    this.#desk.limit(bytes);
  }

  /** The bound on what is kept in the browser's storage, in bytes; what is over a lower one goes at once, and 0 keeps nothing. */
  get maxCacheBytes(): number {
    return this.#kept.maxBytes;
  }
  set maxCacheBytes(bytes: number) {
    this.#kept.limit(bytes);
  }

  /** Removes what is kept in the browser's storage, of all volumes and pages of this origin. */
  clearKept(): Promise<void> {
    return this.#kept.clear();
  }

  close(): void {
    this.#kept.close();
    this.#heartbeat.stop();
    this.#scene.close();
    this.#desk.close();
    this.tiles.close();
    this.labels.close();
    this.#loop.close();
    this.#wires.dispose();
    this.#events.clear();
  }

  #opened({ welcome, kind }: Connection): void {
    const sameInstance = this.#instance === undefined || this.#instance === welcome.instance;
    this.#instance = welcome.instance;
    this.#role = welcome.role;
    for (const handle of this.#table.replaceAll(welcome.volumes, sameInstance)) {
      this.#drop(handle);
      this.#kept.gone(handle);
    }
    this.#keepVolumes();
    this.#heartbeat.start(welcome.heartbeat_ms, kind === 'comm');
    this.#scene.start(welcome.role !== 'view');
    this.labels.again();
    const outdated = this.#desk.reconnected();
    this.tiles.reconnected();
    this.#events.emit('volumes', undefined);
    this.#outdated(outdated);
  }

  #outdated(outdated: readonly Outdated[]): void {
    for (const one of outdated) this.#events.emit('changed', { ...one, generation: 1 });
  }

  /** Says which volumes there are to what is kept: before anything of them is asked for. */
  #keepVolumes(): void {
    for (const { handle, description, status } of this.#table.volumes.values()) this.#kept.volume(handle, description, status.edited === true);
  }

  #received(frame: CheckedFrame): void {
    const { header, body, bytes } = frame;
    this.counters.bytesReceived += bytes;
    this.#codecs.came(frame);
    this.#heartbeat.alive();
    if (body.kind === 'ranges') {
      if (this.#table.applyRanges(header.volume, header.time, body.rows)) this.#events.emit('ranges', header.volume);
    } else if (body.kind === 'tile') {
      this.counters.tilesReceived += 1;
      this.tiles.receive(header, body, bytes, this.#table.volumes.has(header.volume));
    } else if (body.kind === 'brick' || body.kind === 'same') {
      this.counters.bricksReceived += 1;
      if (!this.#table.volumes.has(header.volume)) {
        this.#desk.discard(bytes);
        return;
      }
      const brick = brickOf(frame, header.volume);
      if (brick) this.#desk.receive(brick, bytes);
      else this.#desk.same(header.volume, header, bytes);
    } else {
      try {
        dispatchMessage(header.type, body.payload, this.#handlers);
      } catch (error) {
        this.#refused({ bytes, code: ErrorCode.BAD_FRAME, message: (error as Error).message, header });
      }
    }
  }

  /** A damaged brick is asked for again; any other damage means that the stream itself cannot be trusted. */
  #refused({ bytes, code, message, header }: RefusedFrame): void {
    this.counters.framesRefused += 1;
    if (header?.type === FrameType.TILE && this.tiles.refused(header, bytes)) return;
    if (header?.type !== FrameType.BRICK) {
      this.#tell({ code, message, fatal: false });
      this.#loop.lose();
      return;
    }
    const { volume, level, z, y, x, time } = header;
    const at = time ? { time } : {};
    this.#send(FrameType.ERROR, { code: ErrorCode.BAD_FRAME, message, volume, key: [level, z, y, x], ...at, fatal: false });
    if (this.#desk.refused(volume, header, bytes)) return;
    this.#tell({
      code, volume, fatal: false, message: `brick ${level}/${z}/${y}/${x} arrived damaged again and again: ${message}`,
      remedy: 'render the volume again',
    });
  }

  #messageHandlers(): MessageHandlers {
    return {
      volume: (announcement) => {
        if (this.#table.announce(announcement)) this.#drop(announcement.volume);
        this.labels.made(announcement.description.name);
        this.#keepVolumes();
        this.#events.emit('volumes', undefined);
      },
      volumeGone: ({ volume }) => {
        this.#table.remove(volume);
        this.#drop(volume);
        this.#kept.gone(volume);
        this.#events.emit('volumes', undefined);
      },
      status: (status) => {
        if (this.#table.status(status)) {
          this.#desk.retry(status.volume);
          this.tiles.retry(status.volume);
        }
        this.#events.emit('volumes', undefined);
      },
      changed: ({ volume, time = 0, generation, boxes }) => {
        if (!this.#table.volumes.has(volume)) return;
        if (generation > 1) this.#kept.edited(volume);
        this.#desk.changed(volume, boxes, time);
        this.tiles.changed(volume, boxes, time);
        this.#events.emit('changed', { volume, time, generation, boxes });
      },
      ...this.#scene.handlers,
      ping: (t) => this.#send(FrameType.PONG, { t }),
      pong: (t) => {
        this.counters.roundTripMs = this.#heartbeat.pong(t);
      },
      error: (error) => this.labels.refused(error) || this.#scene.notTaken(error) || this.#errorMessage(error),
      ...this.labels.handlers,
    };
  }

  #drop(volume: number): void {
    this.#desk.drop(volume);
    this.tiles.drop(volume);
  }

  #errorMessage({ code, message, remedy, volume, key, tile, time = 0, fatal }: ErrorMessage): void {
    const at = key && { level: key[0], z: key[1], y: key[2], x: key[3], time };
    if (volume !== undefined && tile && this.#table.volumes.has(volume)) this.tiles.failed(volume, tile);
    if (volume !== undefined && at && this.#table.volumes.has(volume)) this.#desk.failed(volume, at);
    this.#tell({
      code, message, fatal, ...(remedy !== undefined && { remedy }), ...(volume !== undefined && { volume }), ...(at && { key: at }),
    });
  }

  #send(type: FrameType, message: object): void {
    this.#sendFrame(encodeControl(type, type === FrameType.CREDIT ? { ...message, ...this.#codecs.told() } : message));
  }

  #sendFrame(frame: Uint8Array): void {
    if (frame.byteLength <= MAX_FRAME_BYTES) {
      this.#loop.send(frame);
      return;
    }
    // Larger ones end the connection, and a Jupyter server drops the kernel's whole connection for one of 10 MiB.
    const message = `an edit of ${frame.byteLength} bytes was not sent; the limit is ${MAX_FRAME_BYTES}`;
    this.#tell({ code: ErrorCode.TOO_LARGE, message, remedy: 'edit in smaller steps', fatal: false });
  }

  #tell(error: SessionError): void {
    this.#events.emit('error', error);
  }
}
