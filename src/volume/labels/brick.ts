/** Bricks of labels: 64³ voxels without a halo, in z, y, x order, or one label for all of them. What lies beyond the volume is 0. */

import type { LabelDtype } from '../../protocol/labels.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';

export type LabelArray = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
/** Nobody writes to the array of a brick that others have: it is copied first. */
export type LabelBrick = LabelArray | number;

export const BRICK_VOXELS = BRICK_EDGE ** 3;
export const BRICK_PLANE = BRICK_EDGE ** 2;

/** Highest label of each dtype. */
export const MAX_LABEL: Readonly<Record<LabelDtype, number>> = { u8: 0xff, u16: 0xffff, u32: 0xffffffff };

/** Where the bricks of one volume are, of all its levels. A brick that nobody wrote is 0. */
export interface BrickAccess {
  readonly shape: Vec3;
  readonly dtype: LabelDtype;
  read(level: number, z: number, y: number, x: number): LabelBrick;
  /** The array is the receiver's from then on. */
  write(level: number, z: number, y: number, x: number, brick: LabelBrick): void;
}

export function labelArray(dtype: LabelDtype, count: number): LabelArray {
  return dtype === 'u8' ? new Uint8Array(count) : dtype === 'u16' ? new Uint16Array(count) : new Uint32Array(count);
}

/** An array like `brick` that may be written to. */
export function writable(brick: LabelBrick, dtype: LabelDtype): LabelArray {
  if (typeof brick !== 'number') return brick.slice();
  const array = labelArray(dtype, BRICK_VOXELS);
  if (brick !== 0) array.fill(brick);
  return array;
}

/** The voxels of a brick by fours, twos or one: most neighbours are alike, and are looked at together. */
export function wordsOf(brick: LabelArray): { words: Uint32Array; each: number } {
  return { words: new Uint32Array(brick.buffer, brick.byteOffset, brick.byteLength / 4), each: 4 / brick.BYTES_PER_ELEMENT };
}

/** A word whose voxels all have one label. */
export function wordOf(label: number, each: number): number {
  return (each === 1 ? label : each === 2 ? label * 0x10001 : label * 0x1010101) >>> 0;
}

/** The one label of a brick whose voxels are all alike, else the brick. */
export function tidy(brick: LabelBrick): LabelBrick {
  if (typeof brick === 'number') return brick;
  const first = brick[0] as number;
  const { words, each } = wordsOf(brick);
  const word = wordOf(first, each);
  for (let i = words.length - 1; i >= 0; i -= 1) if (words[i] !== word) return brick;
  return first;
}
