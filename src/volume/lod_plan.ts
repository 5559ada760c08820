/**
 * Which bricks a perspective view should show: best-first refinement by screen-space error until the slots are spent.
 * With a planned brick its parent is planned, or that one's, so that something coarser always stands in for what is missing.
 */

import { BRICK_EDGE } from '../protocol/limits.js';
import { MaxHeap } from './binary_heap.js';
import type { BrickNumbering } from './brick_key.js';
import { CandidateMeasure } from './candidate.js';
import type { Frustum } from './frustum.js';
import { type BrickKey, type VolumeGeometry, type Vec3, voxelToWorld } from './geometry.js';

/** A brick that a plan asks for; small priorities come first. */
export interface PlannedBrick extends BrickKey {
  /** From 0, the coarsest brick, up to 1: how little the picture gains by it. Siblings have the same. */
  readonly priority: number;
  /** Without it voxels would cover several pixels. */
  readonly coarse?: boolean;
  /** Its parent is left out, or shows nothing: what stands in for it is two levels coarser at best. */
  readonly orphan?: boolean;
}

/** The outcome of planning. Bricks are named by their numbers. */
export interface BrickPlan {
  /** Bricks to be resident, by rising priority; the coarsest is the first. */
  readonly bricks: readonly PlannedBrick[];
  /** The same, by number. */
  readonly numbers: ReadonlySet<number>;
  /** Bricks whose children are to be seen instead of them; those that stand in for few are in no other list. */
  readonly split: ReadonlySet<number>;
  /** Slots the plan would take if there were enough, as far as `slots` let it look. */
  readonly demand: number;
  /** Slots it took at once while it was made, before bricks were left out: with as many it is made again, with fewer it may be another. */
  readonly peak: number;
  /** Finest and coarsest level that is to be seen. */
  readonly finest: number;
  readonly coarsest: number;
}

type BrickTest = (level: number, z: number, y: number, x: number) => boolean;

/** What a plan depends on. */
export interface LodInput {
  readonly geometry: VolumeGeometry;
  readonly numbering: BrickNumbering;
  readonly frustum: Frustum;
  /** Most bricks in the plan. */
  readonly slots: number;
  /** Whether a brick shows nothing: it takes no slot. */
  readonly isEmpty: BrickTest;
  /** Whether nothing in a brick shows anything at any level: it is not looked into. What is empty, where nothing is said. */
  readonly isBare?: BrickTest;
  /** Whether a brick and everything finer inside it have one value: finer bricks would show the same, so it is not refined. */
  readonly isEven?: BrickTest;
  /** How much of what can be told apart lies between a brick's values, up to 1: what refining it may be worth. */
  readonly contrast?: (level: number, z: number, y: number, x: number) => number;
  /** Whether the page table can address a brick: else its parent is not refined. */
  readonly inReach?: BrickTest;
  /** The plan before: what it split is split until its error is clearly small. */
  readonly previous?: BrickPlan | undefined;
  /** Pixels that a voxel may cover. */
  readonly pixelsPerVoxel?: number;
  /** How much more counts what lies along `towards` (a unit direction, the middle of the picture unless said otherwise). */
  readonly focus?: number;
  readonly towards?: Vec3 | undefined;
  /** Bytes of a brick beside those of others that priorities are compared with. */
  readonly cost?: number;
}

/** A brick is refined where a voxel covers more pixels than this, and stays refined down to the second number. */
export const SPLIT_PIXELS = 1.0;
export const MERGE_PIXELS = 0.7;
/** Refining what was refined before counts this much more, so that equals do not take turns. */
const LOYALTY = 1.2;
/** A brick is coarse where without it a voxel would cover more pixels than this. */
export const COARSE_PIXELS = 4;
/**
 * A brick that would stand in for so few is left out: it would cost half of their bytes at least, to be seen for the moment between its
 * coming and theirs. They come when it would have come. Never two levels in a row, never the coarsest.
 */
const FEW = 2;

/** Low and high corner (x, y, z) of a brick in the world, cut off at the volume's faces. */
export function brickBounds(geometry: VolumeGeometry, key: BrickKey): { min: Vec3; max: Vec3 } {
  const edge = BRICK_EDGE * 2 ** key.level;
  const low: Vec3 = [key.z * edge - 0.5, key.y * edge - 0.5, key.x * edge - 0.5];
  const high = low.map((n, i) => Math.min(n + edge, (geometry.shape[i] as number) - 0.5)) as unknown as Vec3;
  return { min: voxelToWorld(geometry, low), max: voxelToWorld(geometry, high) };
}

/** The children of a brick that exist. */
export function childrenOf(numbering: BrickNumbering, key: BrickKey): BrickKey[] {
  if (key.level === 0) return [];
  const level = key.level - 1;
  const [nz, ny, nx] = numbering.grid(level);
  const children: BrickKey[] = [];
  for (let z = 2 * key.z; z < Math.min(2 * key.z + 2, nz); z += 1) {
    for (let y = 2 * key.y; y < Math.min(2 * key.y + 2, ny); y += 1) {
      for (let x = 2 * key.x; x < Math.min(2 * key.x + 2, nx); x += 1) children.push({ level, z, y, x });
    }
  }
  return children;
}

/** Bricks that are refined between two pauses of planning in parts: half a tenth of a millisecond or so, twenty times that before the code is compiled. */
export const PART = 8;
/** Bricks that are looked through between two pauses. */
const LOOKED_THROUGH = 512;

/** Counts refinements of one plan after the other, so that a pause is due every `PART` of them. */
export class Pace {
  #left = PART;

  /** Counts one; whether a pause is due. */
  step(): boolean {
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = PART;
    return true;
  }
}

/** Goes through all parts at once. */
export function atOnce<T>(parts: Generator<void, T>): T {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

interface Node extends PlannedBrick {
  readonly coarse: boolean;
  readonly number: number;
  leftOut: boolean;
  /** What refining it is expected to gain for a brick's bytes: pixels of error, nearness and contrast, never more than its parent's. */
  readonly gain: number;
  readonly error: number;
  readonly empty: boolean;
}

/** Plans the bricks of one volume for one perspective view. */
export const planLod = (input: LodInput): BrickPlan => atOnce(planLodInParts(input));

/** The same in parts, each of `PART` refinements at most, so that a page can do something else between them. */
export function* planLodInParts(input: LodInput, pace = new Pace()): Generator<void, BrickPlan> {
  const { numbering, slots, isEmpty, isBare = isEmpty, isEven, contrast, inReach, previous, pixelsPerVoxel = 1, cost = 1 } = input;
  const top = numbering.levels - 1;
  const measure = new CandidateMeasure(input.geometry, input.frustum, input.focus ?? 6, input.towards);
  const nodes: Node[] = [];
  const numbers = new Set<number>();
  const split = new Set<number>();
  const heap = new MaxHeap();

  const visit = (level: number, z: number, y: number, x: number, error: number, weight: number, empty: boolean, parent?: Node): void => {
    const number = numbering.pack(level, z, y, x);
    const again = previous?.split.has(number) ?? false;
    const worth = error * weight * (again ? LOYALTY : 1) * (contrast?.(level, z, y, x) ?? 1);
    const gain = Math.min(worth / cost, parent?.gain ?? Number.POSITIVE_INFINITY);
    const priority = parent ? 1 / (1 + parent.gain) : 0;
    const coarse = !parent || parent.error > COARSE_PIXELS || (parent.leftOut && parent.coarse);
    const orphan = parent !== undefined && (parent.leftOut || parent.empty);
    nodes.push({ level, z, y, x, number, priority, coarse, orphan, gain, error, empty, leftOut: false });
    if (!empty) numbers.add(number);
    if (level > 0 && error > (again ? MERGE_PIXELS : SPLIT_PIXELS) * pixelsPerVoxel && !isEven?.(level, z, y, x)) heap.push(nodes.length - 1, gain);
  };

  measure.look(top, 0, 0, 0);
  measure.gauge(top);
  visit(top, 0, 0, 0, measure.error, measure.weight, false);
  let demand = 1;
  let peak = 1;
  /** Place, error, weight and emptiness of the children in view. */
  const found = new Float64Array(8 * 6);
  for (let at = heap.pop(); at !== undefined; at = heap.pop()) {
    if (pace.step()) yield;
    const node = nodes[at] as Node;
    const level = node.level - 1;
    const [nz, ny, nx] = numbering.grid(level);
    let count = 0;
    let taken = 0;
    let reached = true;
    for (let z = 2 * node.z; z < 2 * node.z + 2 && z < nz; z += 1) {
      for (let y = 2 * node.y; y < 2 * node.y + 2 && y < ny; y += 1) {
        for (let x = 2 * node.x; x < 2 * node.x + 2 && x < nx; x += 1) {
          if (isBare(level, z, y, x) || !measure.inView(level, z, y, x)) continue;
          if (inReach && !inReach(level, z, y, x)) reached = false;
          const empty = isEmpty(level, z, y, x);
          if (!empty) taken += 1;
          measure.gauge(level);
          found[count] = z;
          found[count + 1] = y;
          found[count + 2] = x;
          found[count + 3] = measure.error;
          found[count + 4] = measure.weight;
          found[count + 5] = Number(empty);
          count += 6;
        }
      }
    }
    if (!reached) continue;
    const leftOut = taken <= FEW && at > 0 && !node.empty && !node.orphan;
    demand += taken - Number(leftOut);
    if (numbers.size + taken - Number(leftOut) > slots) {
      if (numbers.size < slots) continue;
      demand += heap.size; // each would take one at least
      break;
    }
    split.add(node.number);
    if (leftOut) {
      node.leftOut = true;
      numbers.delete(node.number);
    }
    for (let i = 0; i < count; i += 6) {
      visit(level, found[i]!, found[i + 1]!, found[i + 2]!, found[i + 3]!, found[i + 4]!, found[i + 5] === 1, node);
    }
    peak = Math.max(peak, numbers.size);
  }

  let finest = top;
  let coarsest = 0;
  const bricks: PlannedBrick[] = [];
  for (let at = 0; at < nodes.length; at += 1) {
    if (at % LOOKED_THROUGH === LOOKED_THROUGH - 1) yield;
    const node = nodes[at] as Node;
    const { level, number, empty, leftOut } = node;
    if (empty || leftOut) continue;
    bricks.push(node);
    if (split.has(number)) continue;
    finest = Math.min(finest, level);
    coarsest = Math.max(coarsest, level);
  }
  return { bricks, numbers, split, demand, peak, finest, coarsest: Math.max(coarsest, finest) };
}
