/**
 * Voxels that are connected to a seed by faces and have its label, within a box. Rows of 64 voxels are two words of bits: a run along a row
 * is filled by a few operations on them, and from there its neighbours above, below, before and behind. Brick by brick, each as often as
 * something reaches into it anew.
 */

import type { VoxelBox } from '../../protocol/labels.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import { type BrickAccess, BRICK_VOXELS } from './brick.js';
import { type BrickMask, MASK_WORDS, setSpan } from './mask.js';

/** Bricks whose candidates are kept: they need not be looked at again when the fill comes back into them. */
const CANDIDATES_KEPT = 64;
const ROWS = BRICK_EDGE ** 2;
const LAST = BRICK_EDGE - 1;

type Triple = readonly [number, number, number];

interface Place {
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly filled: BrickMask;
  /** Bits that were reached and not looked at yet, and the rows that have such. Absent while nothing waits. */
  reached: BrickMask | undefined;
  rows: number[];
}

/** The run of `m` around each bit of `s`, towards the higher bits. */
function up(s: number, m: number): number {
  // Adding carries through the run; what the carry cleared, and where it ended, is the run.
  return (((m + s) ^ m) & m) | s;
}

export class FloodFill {
  /** Voxels filled so far. */
  voxels = 0;
  readonly #places = new Map<string, Place>();
  readonly #open: Place[] = [];
  readonly #candidates = new Map<Place, BrickMask>();
  readonly #label: number;

  /** @param box within the volume, with the seed inside; of one plane for a fill in 2D */
  constructor(
    readonly bricks: BrickAccess,
    seed: Triple,
    readonly box: VoxelBox,
  ) {
    const [bz, by, bx] = seed.map((v) => Math.floor(v / BRICK_EDGE)) as [number, number, number];
    const [z, y, x] = seed.map((v) => v % BRICK_EDGE) as [number, number, number];
    const brick = bricks.read(0, bz, by, bx);
    this.#label = typeof brick === 'number' ? brick : (brick[(z * BRICK_EDGE + y) * BRICK_EDGE + x] as number);
    const bit = (1 << (x % 32)) >>> 0;
    this.#reach(this.#place(bz, by, bx), z * BRICK_EDGE + y, x < 32 ? bit : 0, x < 32 ? 0 : bit);
  }

  /** Fills; gives way after each brick. */
  *run(): Generator<void> {
    for (let place = this.#open.pop(); place; place = this.#open.pop()) {
      this.#fill(place);
      yield;
    }
    this.#candidates.clear();
  }

  /** The bricks that it came to, with what it filled of each. */
  *bricksFilled(): Generator<{ z: number; y: number; x: number; filled: BrickMask }> {
    for (const place of this.#places.values()) yield place;
  }

  #place(z: number, y: number, x: number): Place {
    const key = `${z}/${y}/${x}`;
    let place = this.#places.get(key);
    if (!place) {
      place = { z, y, x, filled: new Uint32Array(MASK_WORDS), reached: undefined, rows: [] };
      this.#places.set(key, place);
    }
    return place;
  }

  /** Bits of a row of a brick are neighbours of what was filled. */
  #reach(place: Place, row: number, low: number, high: number): void {
    const { filled } = place;
    const new0 = low & ~(filled[2 * row] as number);
    const new1 = high & ~(filled[2 * row + 1] as number);
    if ((new0 | new1) === 0) return;
    if (!place.reached) {
      place.reached = new Uint32Array(MASK_WORDS);
      this.#open.push(place);
    }
    const { reached } = place;
    if (((reached[2 * row] as number) | (reached[2 * row + 1] as number)) === 0) place.rows.push(row);
    reached[2 * row] = (reached[2 * row] as number) | new0;
    reached[2 * row + 1] = (reached[2 * row + 1] as number) | new1;
  }

  #fill(place: Place): void {
    const { filled, rows, z, y, x } = place;
    const reached = place.reached as BrickMask;
    const candidates = this.#candidatesOf(place);
    for (let row = rows.pop(); row !== undefined; row = rows.pop()) {
      const [at, bt] = [2 * row, 2 * row + 1];
      const [m0, m1] = [((candidates[at] as number) & ~(filled[at] as number)) >>> 0, ((candidates[bt] as number) & ~(filled[bt] as number)) >>> 0];
      let [s0, s1] = [((reached[at] as number) & m0) >>> 0, ((reached[bt] as number) & m1) >>> 0];
      reached[at] = 0;
      reached[bt] = 0;
      if ((s0 | s1) === 0) continue;
      // Up through both words, then down through both: a run may cross the middle.
      s0 = run(s0, m0);
      if (s0 >>> 31 && m1 & 1) s1 |= 1;
      s1 = run(s1 >>> 0, m1);
      if (s1 & 1 && m0 >>> 31) s0 = run((s0 | 0x80000000) >>> 0, m0);
      filled[at] = (filled[at] as number) | s0;
      filled[bt] = (filled[bt] as number) | s1;
      this.voxels += ones(s0) + ones(s1);
      const [k, j] = [row >>> 6, row & LAST];
      this.#spread(place, candidates, k > 0, row - BRICK_EDGE, z - 1, y, x, row + ROWS - BRICK_EDGE, s0, s1);
      this.#spread(place, candidates, k < LAST, row + BRICK_EDGE, z + 1, y, x, row - ROWS + BRICK_EDGE, s0, s1);
      this.#spread(place, candidates, j > 0, row - 1, z, y - 1, x, row + LAST, s0, s1);
      this.#spread(place, candidates, j < LAST, row + 1, z, y + 1, x, row - LAST, s0, s1);
      if (s0 & 1 && this.#within(z, y, x - 1)) this.#reach(this.#place(z, y, x - 1), row, 0, 0x80000000);
      if (s1 >>> 31 && this.#within(z, y, x + 1)) this.#reach(this.#place(z, y, x + 1), row, 1, 0);
    }
    place.reached = undefined;
  }

  /** What was filled of a row reaches the row beside it: of the same brick, or of the next. */
  #spread(
    place: Place, candidates: BrickMask, same: boolean, row: number, z: number, y: number, x: number, other: number, s0: number, s1: number,
  ): void {
    if (same) this.#reach(place, row, s0 & (candidates[2 * row] as number), s1 & (candidates[2 * row + 1] as number));
    else if (this.#within(z, y, x)) this.#reach(this.#place(z, y, x), other, s0, s1);
  }

  /** Whether the box reaches into a brick. */
  #within(z: number, y: number, x: number): boolean {
    const [low, high] = this.box;
    return [z, y, x].every((b, axis) => b * BRICK_EDGE < (high[axis] as number) && (b + 1) * BRICK_EDGE > (low[axis] as number));
  }

  /** The voxels of a brick that are in the box and have the label. */
  #candidatesOf(place: Place): BrickMask {
    const known = this.#candidates.get(place);
    if (known) return known;
    const { z, y, x } = place;
    const mask = new Uint32Array(MASK_WORDS);
    const [low, high] = this.box;
    const begin = [z * BRICK_EDGE, y * BRICK_EDGE, x * BRICK_EDGE] as const;
    const from = (axis: 0 | 1 | 2) => Math.max(low[axis] - begin[axis], 0);
    const to = (axis: 0 | 1 | 2) => Math.min(high[axis] - begin[axis], BRICK_EDGE);
    for (let k = from(0); k < to(0); k += 1) for (let j = from(1); j < to(1); j += 1) setSpan(mask, k * BRICK_EDGE + j, from(2), to(2));
    const brick = this.bricks.read(0, z, y, x);
    if (typeof brick !== 'number') keepEqual(mask, brick, this.#label);
    else if (brick !== this.#label) mask.fill(0);
    if (this.#candidates.size >= CANDIDATES_KEPT) this.#candidates.delete(this.#candidates.keys().next().value as Place);
    this.#candidates.set(place, mask);
    return mask;
  }
}

/** The runs of `m` that the bits of `s` are in. */
function run(s: number, m: number): number {
  if (s === m) return s;
  const above = up(s, m) >>> 0;
  // Downwards is upwards of the reversed word: smeared by doubling, which needs five steps.
  let below = s;
  let free = m;
  for (let step = 1; step < 32; step *= 2) {
    below |= free & (below >>> step);
    free &= free >>> step;
  }
  return (above | below) >>> 0;
}

/** How many bits are set. */
function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Leaves of a mask the voxels that have a label. */
function keepEqual(mask: BrickMask, voxels: ArrayLike<number>, label: number): void {
  for (let at = 0, word = 0; at < BRICK_VOXELS; word += 1) {
    if (mask[word] === 0) {
      at += 32;
      continue;
    }
    let equal = 0;
    for (let bit = 0; bit < 32; bit += 1, at += 1) if (voxels[at] === label) equal |= 1 << bit;
    mask[word] = (mask[word] as number) & equal;
  }
}
