/**
 * The Arrow payloads: voxels of a brick or tile, and the min/max table of a volume's bricks. Not part of `index.ts`, so that
 * the sidecar, which parses none of them, does not carry Arrow. Call these only on payloads whose checksum held: a
 * flipped bit in Arrow's metadata can hang its reader.
 */

import { RecordBatchReader } from 'apache-arrow';
import type { StoredDtype, VoxelArray } from './dtype.js';
import { FrameError } from './frame.js';
import { STORED_TILE_TEXELS, STORED_VOXELS } from './limits.js';

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;

/** The one record batch of an Arrow IPC stream. */
function onlyBatch(payload: Uint8Array) {
  const reader = RecordBatchReader.from(payload);
  const { value } = reader.next();
  if (!value) throw new FrameError(4400, 'Arrow stream without a record batch');
  return value;
}

/** The values of a column that is `array`'s primitive type and holds no nulls. */
function column<T extends VoxelArray>(
  batch: ReturnType<typeof onlyBatch>,
  name: string,
  array: new (length: number) => T,
): T {
  const index = batch.schema.fields.findIndex((field: { name: string }) => field.name === name);
  const values = index < 0 ? undefined : batch.data.children[index]?.values;
  if (!(values instanceof array)) throw new FrameError(4400, `Arrow column "${name}" is missing or not ${array.name}`);
  return values.length === batch.numRows ? values : (values.subarray(0, batch.numRows) as T);
}

/**
 * The voxels of a BRICK payload: 66³ in z, y, x order, a view of `payload`.
 *
 * @throws FrameError 4400 where the batch is not one `voxels` column of 66³ rows of `dtype`
 */
export function parseBrick(payload: Uint8Array, dtype: StoredDtype): VoxelArray {
  return parseVoxels(payload, dtype, 'brick', STORED_VOXELS);
}

/**
 * The texels of a TILE payload: 130², row by row, a view of `payload`.
 *
 * @throws FrameError 4400 where the batch is not one `voxels` column of 130² rows of `dtype`
 */
export function parseTile(payload: Uint8Array, dtype: StoredDtype): VoxelArray {
  return parseVoxels(payload, dtype, 'tile', STORED_TILE_TEXELS);
}

function parseVoxels(payload: Uint8Array, dtype: StoredDtype, what: string, count: number): VoxelArray {
  const voxels = column<VoxelArray>(onlyBatch(payload), 'voxels', ARRAY_OF[dtype]);
  if (voxels.length !== count) throw new FrameError(4400, `${what} of ${voxels.length} voxels; expected ${count}`);
  return voxels;
}

/** Rows of a RANGES payload: the range of values, halo included, of brick (level, z, y, x). */
export interface RangeRows {
  level: Uint8Array;
  z: Uint32Array;
  y: Uint32Array;
  x: Uint32Array;
  min: Float32Array;
  max: Float32Array;
}

/** The rows of a RANGES payload. A brick without any finite value has min > max. */
export function parseRanges(payload: Uint8Array): RangeRows {
  const batch = onlyBatch(payload);
  return {
    level: column(batch, 'level', Uint8Array),
    z: column(batch, 'z', Uint32Array),
    y: column(batch, 'y', Uint32Array),
    x: column(batch, 'x', Uint32Array),
    min: column(batch, 'min', Float32Array),
    max: column(batch, 'max', Float32Array),
  };
}
