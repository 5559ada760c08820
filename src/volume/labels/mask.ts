/** Which voxels of a brick something touches: one bit for each, two words for a row along x. */

import { BRICK_EDGE } from '../../protocol/limits.js';

/** Word 2·(64·z + y) holds x = 0 … 31, the lowest bit first, the next word the rest. */
export type BrickMask = Uint32Array<ArrayBuffer>;
export const MASK_WORDS = 2 * BRICK_EDGE ** 2;

/** Bits from `low` to before `high` of a word, 0 … 32. */
function bits(low: number, high: number): number {
  if (low >= high) return 0;
  return ((high >= 32 ? -1 : (1 << high) - 1) & (-1 << low)) >>> 0;
}

/** Sets voxels x0 … before x1 of row 64·z + y; what lies outside the row is left out. */
export function setSpan(mask: BrickMask, row: number, x0: number, x1: number): void {
  const [low, high] = [Math.max(x0, 0), Math.min(x1, BRICK_EDGE)];
  if (low >= high) return;
  if (low < 32) mask[2 * row] = (mask[2 * row] as number) | bits(low, Math.min(high, 32));
  if (high > 32) mask[2 * row + 1] = (mask[2 * row + 1] as number) | bits(Math.max(low - 32, 0), high - 32);
}
