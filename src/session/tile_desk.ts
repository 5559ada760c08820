/**
 * Where tiles of planes are asked for and handed out. The rules are those of bricks, and so is the desk: it knows a tile by its level and
 * three numbers, which are its plane, row and column. This one speaks of tiles on the wire and knows which bricks a tile is made of.
 */

import { type FrameHeader, Flag, FrameType } from '../protocol/frame.js';
import { BRICK_EDGE } from '../protocol/limits.js';
import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { type TileKey, tileBox } from '../volume/plane.js';
import type { BrickBox } from './brick_cache.js';
import { BrickDesk } from './brick_desk.js';
import type { Outdated } from './inexact.js';
import type { CheckedFrame, FrameBody } from './frame_check.js';
import type { KeptTiles } from './kept_tiles.js';
import type { Brick, Tile, WantedPlane, WantedTile } from './types.js';

/** Picks tiles by their plane's number and their key. */
export type TileTest = (plane: number, key: TileKey) => boolean;

/** Planes that are remembered although nothing of them is wanted, so that what is held of them is known to change. */
const MAX_PLANES = 512;

export interface TileDeskOptions {
  /** Most browser memory that tiles take. */
  readonly maxBytes: number;
  readonly creditBytes: number;
  send(type: FrameType, message: object): void;
  /** A wanted tile is here. */
  announce(tile: Tile): void;
  /** So many tiles were asked for and are not wanted any more. */
  cancelled?(tiles: number): void;
  /** Others are to let go of memory for `bytes` more. */
  makeRoom(bytes: number): void;
  /** Voxels of a volume. */
  shape(volume: number): Vec3 | undefined;
  /** Tiles kept in the browser's storage. */
  readonly kept?: KeptTiles;
  /** Tiles that count as out of date. */
  outdated(volume: number, test: TileTest): void;
}

const asBrick = (tile: Tile): Brick => ({ ...tile, z: tile.plane, y: tile.row, x: tile.column });
const asKey = (level: number, plane: number, row: number, column: number): BrickKey => ({ level, z: plane, y: row, x: column });

export class TileDesk {
  readonly #desk: BrickDesk;
  /** What was announced, by what is known of it here, and back. */
  readonly #tiles = new WeakMap<Brick, Tile>();
  readonly #bricks = new WeakMap<Tile, Brick>();
  /** By number, the least recently wanted first. */
  readonly #planes = new Map<number, WantedPlane>();
  readonly #counters = {
    bytesReceived: 0, bricksReceived: 0, bricksSame: 0, tilesReceived: 0, bricksPending: 0, cancelled: 0, framesRefused: 0, cacheHits: 0, cacheBytes: 0, cachePeak: 0, roundTripMs: 0,
  };

  constructor(readonly options: TileDeskOptions) {
    this.#desk = new BrickDesk({
      maxBytes: options.maxBytes,
      creditBytes: options.creditBytes,
      counters: this.#counters,
      send: (type, message) => this.#send(type, message),
      announce: (brick) => this.#announce(brick),
      rested: (outdated) => this.#outdated(outdated),
      ...(options.kept && { kept: () => options.kept as KeptTiles }),
    });
  }

  /** Another bound on browser memory for tiles, which holds at once. */
  limit(maxBytes: number): void {
    this.#desk.limit(maxBytes);
  }

  /** Browser memory that tiles take now. */
  get bytes(): number {
    return this.#counters.cacheBytes;
  }

  /** Replaces what is wanted of a volume. Tiles in browser memory come as events too, soon after this returns. */
  want(volume: number, tiles: readonly WantedTile[]): void {
    if (!this.options.shape(volume)) return;
    for (const plane of new Set(tiles.map((tile) => tile.plane))) {
      this.#planes.delete(plane.number);
      this.#planes.set(plane.number, plane);
      this.options.kept?.plane(plane);
    }
    this.#desk.want(volume, tiles.map(({ level, plane, row, column, priority }) => ({ ...asKey(level, plane.number, row, column), priority })));
    for (const oldest of this.#planes.keys()) {
      if (this.#planes.size <= MAX_PLANES) break;
      this.#planes.delete(oldest);
      this.options.kept?.forget(oldest);
    }
  }

  /** A checked frame came. */
  receive(header: FrameHeader, body: FrameBody & { kind: 'tile' }, bytes: number, known: boolean): void {
    const { volume, level, z: plane, y: row, x: column, flags } = header;
    const { lossy } = body;
    const generation = lossy ? header.generation - 0.5 : header.generation;
    if (!known || !this.#planes.has(plane)) {
      this.#desk.discard(bytes);
      return;
    }
    const preview = (flags & Flag.PREVIEW) !== 0;
    const tile: Tile = { volume, plane, level, row, column, generation, preview, dtype: body.dtype, voxels: body.voxels, ...(lossy && { lossy }) };
    this.options.makeRoom(bytes);
    this.#desk.receive(asBrick(tile), bytes);
  }

  /** A tile of the browser's storage: nothing is owed for it over the network. */
  read(volume: number, frame: CheckedFrame, key: BrickKey): void {
    const at = this.options.kept?.deskKey(key);
    const { header: { generation }, body, bytes } = frame;
    if (!at || body.kind !== 'tile') return;
    this.options.makeRoom(bytes);
    this.#desk.read({ volume, ...at, generation, preview: false, dtype: body.dtype, voxels: body.voxels });
  }

  /** Asks for what is on its way once more, of all of a volume or of what could not be read from the browser's storage. */
  again(volume: number, key?: BrickKey): void {
    const at = key && this.options.kept?.deskKey(key);
    if (!key || at) this.#desk.again(volume, at);
  }

  /** A tile's frame failed its checks: it is asked for again. False where it has failed too often. */
  refused({ volume, level, z, y, x }: FrameHeader, bytes: number): boolean {
    return this.#desk.refused(volume, asKey(level, z, y, x), bytes);
  }

  /** The sidecar could not get a tile. */
  failed(volume: number, [level, plane, row, column]: readonly [number, number, number, number]): void {
    this.#desk.failed(volume, asKey(level, plane, row, column));
  }

  /** Asks again for what the sidecar could not get. */
  retry(volume: number): void {
    this.#desk.retry(volume);
  }

  /** Bricks have new content, and so have the tiles that reach into them. */
  changed(volume: number, boxes: readonly BrickBox[], time: number): void {
    const shape = this.options.shape(volume);
    if (!shape) return;
    const test: TileTest = (number, key) => {
      const plane = this.#planes.get(number);
      return !plane || (plane.time === time && reachesInto(plane, key, boxes));
    };
    this.#desk.outdate(volume, ({ level, z, y, x }) => test(z, { level, row: y, column: x }));
    this.options.outdated(volume, test);
  }

  /** A new connection: what is wanted is asked for; what was made of previews is sure to have changed. */
  reconnected(): void {
    this.#outdated(this.#desk.reconnected());
  }

  /** Tiles that are here as texels of 8 bits alone, and whose true ones are not asked for yet. */
  get inexact(): number {
    return this.#desk.inexact;
  }

  #outdated(outdated: readonly Outdated[]): void {
    for (const { volume, boxes } of outdated) {
      const old = new Set(boxes.map(([level, plane, row, column]) => `${level}/${plane}/${row}/${column}`));
      this.options.outdated(volume, (plane, { level, row, column }) => old.has(`${level}/${plane}/${row}/${column}`));
    }
  }

  /** What browser memory holds of a tile. */
  peek(volume: number, plane: number, { level, row, column }: TileKey): Tile | undefined {
    const brick = this.#desk.peek(volume, asKey(level, plane, row, column));
    return brick && this.#tileOf(brick);
  }

  /** The viewer is done with an announced tile: it is uploaded or dropped. */
  consumed(tile: Tile): void {
    const brick = this.#bricks.get(tile);
    if (brick) this.#desk.consumed(brick);
  }

  drop(volume: number): void {
    this.#desk.drop(volume);
  }

  close(): void {
    this.#desk.close();
  }

  #announce(brick: Brick): void {
    this.options.announce(this.#tileOf(brick));
  }

  #tileOf(brick: Brick): Tile {
    const known = this.#tiles.get(brick);
    if (known) return known;
    const { volume, level, z: plane, y: row, x: column, generation, preview, dtype, voxels, lossy } = brick;
    const tile = { volume, plane, level, row, column, generation, preview, dtype, voxels, ...(lossy && { lossy }) };
    this.#tiles.set(brick, tile);
    this.#bricks.set(tile, brick);
    return tile;
  }

  /** What the desk says of bricks, said of tiles: a message for each plane. */
  #send(type: FrameType, message: object): void {
    if (type === FrameType.CREDIT) {
      this.options.send(type, message);
      return;
    }
    const { volume, keys, exact } = message as { volume: number; keys: readonly (readonly number[])[]; exact?: true };
    const planes = new Map<number, number[][]>();
    for (const [level, plane, ...rest] of keys as readonly (readonly [number, number, ...number[]])[]) {
      const list = planes.get(plane) ?? [];
      list.push([level, ...rest]);
      planes.set(plane, list);
    }
    for (const [number, list] of planes) {
      const plane = this.#planes.get(number);
      if (type === FrameType.CANCEL) {
        this.options.cancelled?.(list.length);
        this.options.send(FrameType.CANCEL_TILE, { volume, plane: number, keys: list });
      } else if (plane) {
        const { frame, time } = plane;
        this.options.send(FrameType.NEED_TILE, { volume, ...(time ? { time } : {}), plane: number, frame, ...(exact && { exact }), keys: list });
      }
    }
  }
}

/** Whether a tile may be made of bricks in these boxes; one too many is only asked for once more. */
function reachesInto({ frame }: WantedPlane, key: TileKey, boxes: readonly BrickBox[]): boolean {
  const { min, max } = tileBox(frame, key);
  return boxes.some(([level, ...box]) => {
    if (level !== key.level) return false;
    // A voxel more on each side: the border, and what is mixed at the edge.
    return [0, 1, 2].every(
      (axis) =>
        (max[axis] as number) + 2 >= (box[axis] as number) * BRICK_EDGE && (min[axis] as number) - 2 <= (box[axis + 3] as number) * BRICK_EDGE,
    );
  });
}
