/** What a session is made with, and what it tells. */

import type * as Y from 'yjs';
import type { Way } from '../protocol/codec.js';
import type { BrickBox } from './brick_cache.js';
import type { KeptState } from './kept_messages.js';
import type { StartLink } from './link.js';
import type { TileTest } from './tile_desk.js';
import type { Candidate } from './transports.js';
import type { Brick, ConnectionState, SessionError, Tile } from './types.js';

export interface SessionOptions {
  /** Name of this client, for logs. */
  client: string;
  candidates: readonly Candidate[];
  maxBrowserBytes?: number;
  /** Bytes that may be kept in the browser's storage, of all pages of this origin together; 0 keeps nothing. */
  maxCacheBytes?: number;
  creditBytes?: number;
  /** What bricks and tiles are wanted in, whatever the link is like; where it is absent or '' the link decides. */
  codec?: Way | '';
  /** The scene document to keep equal; one of its own otherwise. */
  doc?: Y.Doc;
  /** Where sockets live and frames are checked: a worker, where nothing else is said. */
  startLink?: StartLink;
}

export interface SessionEvents {
  state: ConnectionState;
  /** Volumes came or went, or a description or status was replaced. */
  volumes: undefined;
  /** Handle of the volume whose ranges became better known. */
  ranges: number;
  /** A wanted brick; `consumed` must be called once for each. */
  brick: Brick;
  /** A wanted tile; `tiles.consumed` must be called once for each. */
  tile: Tile;
  /** Tiles of a volume that `test` picks are out of date. */
  tilesChanged: { volume: number; test: TileTest };
  changed: { volume: number; time: number; generation: number; boxes: readonly BrickBox[] };
  error: SessionError;
  /** The scene document holds what the instance's holds. */
  synced: undefined;
  /** What is kept in the browser's storage has changed. */
  kept: KeptState;
}
