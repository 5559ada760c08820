/** What the session hands to the viewer, and what the viewer asks of it. */

import type { PointRows } from '../protocol/arrow.js';
import type { StoredDtype, VoxelArray } from '../protocol/dtype.js';
import type { VolumeDescription, VolumeStatus } from '../protocol/messages.js';
import type { Plane } from '../protocol/tiles.js';
import type { BrickKey } from '../volume/geometry.js';
import type { TileKey } from '../volume/plane.js';

/** How frames reach the sidecar. */
export type TransportKind = 'direct' | 'proxy' | 'comm';

/** A volume of the instance. `description` and `status` are replaced, never changed in place. */
export interface SessionVolume {
  readonly handle: number;
  readonly description: VolumeDescription;
  readonly status: VolumeStatus;
}

/** A checked brick: 66³ voxels with their halo, in z, y, x order; of a point cloud its points, whose values stand as voxels. */
export interface Brick extends BrickKey {
  readonly volume: number;
  readonly generation: number;
  readonly preview: boolean;
  /** Of its payload as it came. */
  readonly checksum?: number;
  readonly dtype: StoredDtype;
  readonly voxels: VoxelArray;
  /** All voxels are the same: they are kept as one, and `voxels` is shared with other such bricks. */
  readonly constant?: true;
  /** Voxels of 8 bits, to be looked at until the true ones are here; its generation is half a one less. Not for values. */
  readonly lossy?: true;
  readonly points?: PointRows;
}

/** A brick a view wants. Small priorities come first. */
export interface WantedBrick extends BrickKey {
  readonly priority: number;
}

/** A plane through a volume; its number is of this session, and stands for no other frame or time point. */
export interface WantedPlane {
  readonly number: number;
  readonly frame: Plane;
  readonly time: number;
}

/** A tile a view wants. Small priorities come first. */
export interface WantedTile extends TileKey {
  readonly plane: WantedPlane;
  readonly priority: number;
}

/** A checked tile: 130² texels with their border, row by row. */
export interface Tile extends TileKey {
  readonly volume: number;
  /** Number of its plane. */
  readonly plane: number;
  readonly generation: number;
  readonly preview: boolean;
  readonly dtype: StoredDtype;
  readonly voxels: VoxelArray;
  /** As of a brick. */
  readonly lossy?: true;
}

/** Something to tell the user. */
export interface SessionError {
  readonly code: number;
  readonly message: string;
  readonly remedy?: string;
  readonly volume?: number;
  /** The brick it is about. */
  readonly key?: BrickKey;
  readonly fatal: boolean;
}

/** State of the connection, for the footer. */
export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'closed';

/** Counters since the session began; exact. */
export interface SessionCounters {
  bytesReceived: number;
  bricksReceived: number;
  /** Bricks of which this side had the voxels already: their headers came. */
  bricksSame: number;
  tilesReceived: number;
  /** Bricks asked for and not yet here. */
  bricksPending: number;
  /** Bricks and tiles that were asked for and taken back before they came. */
  cancelled: number;
  /** Frames that failed their checks. */
  framesRefused: number;
  /** Bricks served from browser memory. */
  cacheHits: number;
  /** Bytes of bricks kept in browser memory. */
  cacheBytes: number;
  /** The most so far, under the bound of now. */
  cachePeak: number;
  /** Last round trip to the sidecar. */
  roundTripMs: number;
}
