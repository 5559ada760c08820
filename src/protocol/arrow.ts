/**
 * The Arrow payloads: voxels or points of a brick, voxels of a tile, and the min/max table of a volume's bricks. Not part of `index.ts`:
 * the sidecar parses none of them.
 */

import { type Batch, type ColumnArray, readBatch } from './arrow_stream.js';
import type { VoxelArray, VoxelDtype } from './dtype.js';
import { FrameError } from './frame.js';
import { MAX_POINT_ROWS, STORED_TILE_TEXELS, STORED_VOXELS } from './limits.js';

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;

/** The values of a column that is `array`'s primitive type. */
function column<T extends ColumnArray>({ columns }: Batch, name: string, array: new (length: number) => T): T {
  const values = columns.get(name);
  if (!(values instanceof array)) throw new FrameError(4400, `Arrow column "${name}" is missing or not ${array.name}`);
  return values;
}

/**
 * The voxels of a BRICK payload: 66³ in z, y, x order, a view of `payload`.
 *
 * @throws FrameError 4400 where the batch is not one `voxels` column of 66³ rows of `dtype`
 */
export function parseBrick(payload: Uint8Array, dtype: VoxelDtype): VoxelArray {
  return parseVoxels(payload, dtype, 'brick', STORED_VOXELS);
}

/**
 * The texels of a TILE payload: 130², row by row, a view of `payload`.
 *
 * @throws FrameError 4400 where the batch is not one `voxels` column of 130² rows of `dtype`
 */
export function parseTile(payload: Uint8Array, dtype: VoxelDtype): VoxelArray {
  return parseVoxels(payload, dtype, 'tile', STORED_TILE_TEXELS);
}

function parseVoxels(payload: Uint8Array, dtype: VoxelDtype, what: string, count: number): VoxelArray {
  const voxels = column<VoxelArray>(readBatch(payload), 'voxels', ARRAY_OF[dtype]);
  if (voxels.length !== count) throw new FrameError(4400, `${what} of ${voxels.length} voxels; expected ${count}`);
  return voxels;
}

/** The points of a brick. Places are in units of 2^-30 of the cloud's box, from its low corner. */
export interface PointRows {
  readonly x: Uint32Array;
  readonly y: Uint32Array;
  readonly z: Uint32Array;
  readonly value: Float32Array;
  /** Number of the point in the source. */
  readonly index: Uint32Array;
  /** One column for each property, in the order of the description. */
  readonly properties: readonly Float64Array[];
}

/**
 * The points of a BRICK payload, views of `payload`.
 *
 * @throws FrameError 4400 where a column is missing or of another type, or there are more rows than a brick may have
 */
export function parsePoints(payload: Uint8Array): PointRows {
  const batch = readBatch(payload);
  if (batch.rows > MAX_POINT_ROWS) {
    throw new FrameError(4400, `brick of ${batch.rows} points; the limit is ${MAX_POINT_ROWS}`);
  }
  const properties = batch.columns.size - 5;
  return {
    x: column(batch, 'x', Uint32Array),
    y: column(batch, 'y', Uint32Array),
    z: column(batch, 'z', Uint32Array),
    value: column(batch, 'value', Float32Array),
    index: column(batch, 'index', Uint32Array),
    properties: Array.from({ length: Math.max(properties, 0) }, (_, i) => column(batch, `p${i}`, Float64Array)),
  };
}

/** Rows of a RANGES payload: the range of values, halo included, of brick (level, z, y, x). */
export interface RangeRows {
  level: Uint8Array;
  z: Uint32Array;
  y: Uint32Array;
  x: Uint32Array;
  min: Float32Array;
  max: Float32Array;
  /** Points only: low z, y, x and high z, y, x of the boxes of bricks with all finer ones under them, in units of 2^-30 of the cloud's box. */
  boxes?: readonly Uint32Array[];
}

const BOX_COLUMNS = ['z0', 'y0', 'x0', 'z1', 'y1', 'x1'];

/** The rows of a RANGES payload. A brick without any finite value has min > max. */
export function parseRanges(payload: Uint8Array): RangeRows {
  const batch = readBatch(payload);
  const boxed = batch.columns.size > 6;
  return {
    ...(boxed && { boxes: BOX_COLUMNS.map((name) => column(batch, name, Uint32Array)) }),
    level: column(batch, 'level', Uint8Array),
    z: column(batch, 'z', Uint32Array),
    y: column(batch, 'y', Uint32Array),
    x: column(batch, 'x', Uint32Array),
    min: column(batch, 'min', Float32Array),
    max: column(batch, 'max', Float32Array),
  };
}
