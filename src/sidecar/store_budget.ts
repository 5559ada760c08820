/** How large the store may be, and the sizes of its slots. */

import { statfsSync } from 'node:fs';
import os from 'node:os';
import { UNIT_BYTES } from '../protocol/index.js';

/** Units handed to one stored class at a time: four u8, two u16, or one u32 or f32. */
export const GROUP_UNITS = 4;
export const GROUP_BYTES = UNIT_BYTES * GROUP_UNITS;
/** Below this nothing sensible can be shown: 16 bricks of f32. */
export const MIN_STORE_BYTES = 16 * GROUP_BYTES;

/** Share of the machine's memory that a store takes unless told otherwise. */
export const MEMORY_SHARE = 0.25;
/** Share of the file system's free space that it takes at most. */
export const SPACE_SHARE = 0.8;

/** Memory this process may count on: the machine's, or its container's where that is less. */
function totalMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

/** Bytes free for files in `folder`. */
export function freeSpace(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** The budget when none is given: a quarter of memory, at most four fifths of the free space in `folder`. */
export function defaultBudget(folder: string): number {
  return Math.floor(Math.min(totalMemory() * MEMORY_SHARE, freeSpace(folder) * SPACE_SHARE));
}
