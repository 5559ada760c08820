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

/** The voxels of a brick whose value is from `low` to `high`; without its halo of one voxel on each side. */
export function maskOfRange(voxels: ArrayLike<number>, low: number, high: number): BrickMask {
  const mask: BrickMask = new Uint32Array(MASK_WORDS);
  const edge = BRICK_EDGE + 2;
  for (let row = 0; row < BRICK_EDGE ** 2; row += 1) {
    const begin = (((row >>> 6) + 1) * edge + (row & 63) + 1) * edge + 1;
    for (let half = 0; half < 2; half += 1) {
      let word = 0;
      for (let i = 31, at = begin + 32 * half + 31; i >= 0; i -= 1, at -= 1) {
        const value = voxels[at] as number;
        word = (word << 1) | (value >= low && value <= high ? 1 : 0);
      }
      mask[2 * row + half] = word;
    }
  }
  return mask;
}
