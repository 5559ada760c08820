/** How much store a volume needs to be resident: every brick of every level, each with its halo, and a margin for a second, smaller volume. */

import os from 'node:os';
import { STORE_UNITS, type StoredDtype, UNIT_BYTES } from '../protocol/index.js';
import { brickCount, type Vec3 } from '../volume/geometry.js';
import { SchedulerError } from './backend.js';

/** NumPy dtypes that can be shown, with what they are stored as at most. */
const STORED_AS: Readonly<Record<string, StoredDtype>> = {
  bool: 'u8', uint8: 'u8', int8: 'u8', uint16: 'u16', int16: 'u16', float16: 'f32', uint32: 'f32', int32: 'f32', float32: 'f32',
  uint64: 'f32', int64: 'f32', float64: 'f32',
};

/** Besides the volume asked for: its labels, or another volume a quarter its size. */
const MARGIN = 1.25;

/** Whether a dtype can be shown. */
export function knownDtype(dtype: string): boolean {
  return Object.hasOwn(STORED_AS, dtype);
}

/** Names of the dtypes that can be shown. */
export const DTYPES: readonly string[] = Object.keys(STORED_AS);

/**
 * Bytes of store for a volume of `shape` and `dtype` to be resident.
 *
 * @throws SchedulerError where the volume has more bricks than can be counted
 */
export function storeEstimate(shape: Vec3, dtype: string): number {
  const bytes = brickCount(shape) * STORE_UNITS[STORED_AS[dtype] as StoredDtype] * UNIT_BYTES * MARGIN;
  if (Number.isSafeInteger(Math.ceil(bytes))) return Math.ceil(bytes);
  throw new SchedulerError(`shape [${shape.join(', ')}] of ${dtype} is more than any store can be`, 'ask for a smaller shape');
}

/** @throws SchedulerError where a store of `bytes` is larger than this machine's memory */
export function checkFits(bytes: number): void {
  const total = os.totalmem();
  if (bytes <= total) return;
  throw new SchedulerError(
    `store_bytes ${bytes} is more than this machine's memory of ${total} bytes`,
    `ask for at most ${Math.floor(total / 2)}, or leave store_bytes out: a volume that does not fit is shown brick by brick`,
  );
}
