/** Bricks of labels as viewers get them: with a halo of one voxel from the bricks around. */

import { BRICK_EDGE, STORED_EDGE } from '../../protocol/limits.js';
import { type BrickKey, levelShape, type Vec3 } from '../geometry.js';
import { type BrickAccess, BRICK_PLANE, type LabelArray, type LabelBrick, wordOf, wordsOf } from './brick.js';

/** Ranges of whole bricks, which are looked at as often as one of their neighbours changes. */
const ranges = new WeakMap<LabelArray, { min: number; max: number }>();

function rangeOf(brick: LabelArray): { min: number; max: number } {
  const known = ranges.get(brick);
  if (known) return known;
  const { words, each } = wordsOf(brick);
  let min = brick[0] as number;
  let max = min;
  let word = wordOf(min, each);
  for (let at = 0; at < words.length; at += 1) {
    if (words[at] === word) continue;
    word = words[at] as number;
    for (let i = at * each; i < (at + 1) * each; i += 1) {
      const label = brick[i] as number;
      if (label < min) min = label;
      if (label > max) max = label;
    }
  }
  ranges.set(brick, { min, max });
  return { min, max };
}

/** A brick and its 26 neighbours, those outside the volume too. */
export class BrickHalo {
  readonly #bricks: LabelBrick[] = [];
  /** Voxels from the brick's first one to the end of the volume. */
  readonly #left: Vec3;

  constructor(
    bricks: BrickAccess,
    readonly key: BrickKey,
  ) {
    const { level, z, y, x } = key;
    const shape = levelShape(bricks.shape, level);
    this.#left = [shape[0] - z * BRICK_EDGE, shape[1] - y * BRICK_EDGE, shape[2] - x * BRICK_EDGE];
    const own = bricks.read(level, z, y, x);
    for (let k = -1; k <= 1; k += 1) {
      for (let j = -1; j <= 1; j += 1) {
        for (let i = -1; i <= 1; i += 1) {
          const [nz, ny, nx] = [z + k, y + j, x + i];
          const there =
            nz >= 0 && ny >= 0 && nx >= 0 && nz * BRICK_EDGE < shape[0] && ny * BRICK_EDGE < shape[1] && nx * BRICK_EDGE < shape[2];
          // Beyond the volume stands the edge voxel again, which is one of the brick's own.
          this.#bricks.push(there && (k || j || i) ? bricks.read(level, nz, ny, nx) : own);
        }
      }
    }
  }

  /** The one label of all 66³ voxels, where there is only one. */
  get constant(): number | undefined {
    const [first] = this.#bricks;
    if (typeof first === 'number' && this.#bricks.every((brick) => brick === first)) return first;
    const { min, max } = this.range();
    return min === max ? min : undefined;
  }

  /** Lowest and highest label, halo included. */
  range(): { min: number; max: number } {
    let [min, max] = [0xffffffff, 0];
    for (let k = 0; k < 3; k += 1) {
      for (let j = 0; j < 3; j += 1) {
        for (let i = 0; i < 3; i += 1) {
          const brick = this.#bricks[(k * 3 + j) * 3 + i] as LabelBrick;
          if (typeof brick === 'number') {
            if (brick < min) min = brick;
            if (brick > max) max = brick;
            continue;
          }
          if (k === 1 && j === 1 && i === 1 && this.#left.every((left) => left >= BRICK_EDGE)) {
            const own = rangeOf(brick);
            [min, max] = [Math.min(min, own.min), Math.max(max, own.max)];
            continue;
          }
          const [z, y, x] = [this.#part(k, 0), this.#part(j, 1), this.#part(i, 2)];
          for (let c = z[0]; c < z[1]; c += 1) {
            for (let b = y[0]; b < y[1]; b += 1) {
              const row = c * BRICK_PLANE + b * BRICK_EDGE;
              for (let a = row + x[0]; a < row + x[1]; a += 1) {
                const label = brick[a] as number;
                if (label < min) min = label;
                if (label > max) max = label;
              }
            }
          }
        }
      }
    }
    return { min, max };
  }

  /** Which voxels of a neighbour (0 before, 1 the brick's own, 2 behind) along an axis are looked at. */
  #part(at: number, axis: 0 | 1 | 2): readonly [number, number] {
    const end = Math.min(this.#left[axis], BRICK_EDGE);
    if (at === 1) return [0, end];
    const beyond = at === 0 ? this.key[AXES[axis]] === 0 : this.#left[axis] <= BRICK_EDGE;
    if (beyond) return at === 0 ? [0, 1] : [end - 1, end]; // the brick's own edge
    return at === 0 ? [BRICK_EDGE - 1, BRICK_EDGE] : [0, 1];
  }

  /** All 66³ voxels in z, y, x order. */
  copy(into: { [index: number]: number }): void {
    const places = ([0, 1, 2] as const).map((axis) => this.#places(axis)) as [Place[], Place[], Place[]];
    const [before, , behind] = [places[2][0] as Place, 0, places[2][STORED_EDGE - 1] as Place];
    let at = 0;
    for (const z of places[0]) {
      for (const y of places[1]) {
        const row = z.at * BRICK_PLANE + y.at * BRICK_EDGE;
        const bricks = (z.brick * 3 + y.brick) * 3;
        into[at] = labelOf(this.#bricks[bricks + before.brick] as LabelBrick, row + before.at);
        const own = this.#bricks[bricks + 1] as LabelBrick;
        const count = Math.min(this.#left[2], BRICK_EDGE);
        if (typeof own === 'number') for (let i = 1; i <= count; i += 1) into[at + i] = own;
        else for (let i = 0; i < count; i += 1) into[at + 1 + i] = own[row + i] as number;
        for (let i = count + 1; i < STORED_EDGE; i += 1) into[at + i] = labelOf(this.#bricks[bricks + behind.brick] as LabelBrick, row + behind.at);
        at += STORED_EDGE;
      }
    }
  }

  /** Where each of 66 voxels along an axis comes from. */
  #places(axis: 0 | 1 | 2): Place[] {
    const left = this.#left[axis];
    const first = this.key[AXES[axis]] === 0;
    return Array.from({ length: STORED_EDGE }, (_, i) => {
      const at = Math.min(Math.max(i - 1, first ? 0 : -1), left - 1);
      return at < 0 ? { brick: 0, at: BRICK_EDGE - 1 } : at < BRICK_EDGE ? { brick: 1, at } : { brick: 2, at: at - BRICK_EDGE };
    });
  }
}

const AXES = ['z', 'y', 'x'] as const;

interface Place {
  /** Of the three along the axis. */
  readonly brick: number;
  /** Voxel within it. */
  readonly at: number;
}

function labelOf(brick: LabelBrick, at: number): number {
  return typeof brick === 'number' ? brick : (brick[at] as number);
}
