/**
 * One edit, applied to bricks: each op says which voxels of a brick it touches, and each of these is written where the mode allows it now.
 * Everything gives way after some milliseconds of work, so that whoever drives it can let others have their turn, or stop.
 */

import type { EditMode, EditOp, VoxelBox } from '../../protocol/labels.js';
import { BRICK_EDGE, MAX_EDIT_VOXELS, MAX_INTERPOLATED_TEXELS } from '../../protocol/limits.js';
import type { Vec3 } from '../geometry.js';
import { type BrickAccess, type LabelArray, MAX_LABEL, tidy, writable } from './brick.js';
import { type BrickChange, ChangedBricks } from './changed_bricks.js';
import { DisplacedWriter } from './displaced.js';
import { FloodFill } from './flood_fill.js';
import { Interpolation } from './interpolation.js';
import { type BrickMask, MASK_WORDS, setSpan } from './mask.js';
import { Polygon } from './polygon.js';
import { decodeMask, decodeValues, runAt, type Runs } from './runs.js';
import { Stroke } from './stroke.js';
import { seededBoxes } from './supervoxels.js';

type Triple = readonly [number, number, number];
const NOTHING: ReadonlyMap<string, BrickMask> = new Map();

/** Why an edit cannot be applied; `code` is one of the ERROR codes. */
export class EditError extends Error {
  constructor(
    readonly code: 4413 | 4422,
    message: string,
    readonly remedy: string,
  ) {
    super(message);
    this.name = 'EditError';
  }
}

export interface Edit {
  readonly op: EditOp;
  readonly label: number;
  readonly mode: EditMode;
  /** The tail, inflated. */
  readonly tail: Uint8Array;
  /** Voxels of each brick that may be written at all, by `z/y/x`; of a brick that is not there none. */
  readonly within?: ReadonlyMap<string, BrickMask> | undefined;
  /** Of supervoxels: the voxels of each brick that they have. */
  readonly pieces?: ReadonlyMap<string, BrickMask> | undefined;
  /** Edges of a voxel, z, y, x, for what goes by distance. */
  readonly voxelSize?: Vec3 | undefined;
}

export interface EditResult {
  readonly changed: ChangedBricks;
  /** What `restore` needs to take it back. */
  readonly displaced: Uint8Array;
}

/** Which voxels an op touches: in these bricks, those that `paint` sets. */
interface Painter {
  /** Voxels to look at, for progress. */
  readonly voxels: number;
  bricks(): Iterable<Triple>;
  paint(mask: BrickMask, z: number, y: number, x: number): Iterable<unknown>;
}

/**
 * Applies an edit. Yields the voxels looked at since the last time, at least once a brick.
 *
 * @throws EditError, before anything is written
 */
export function* applyEdit(bricks: BrickAccess, edit: Edit): Generator<number, EditResult> {
  const { op, label, mode, within } = edit;
  const most = MAX_LABEL[bricks.dtype];
  if (op.kind !== 'values' && label > most) throw unfit(`label ${label} in labels of ${bricks.dtype}, whose highest is ${most}`, 'take a lower label');
  const runs = op.kind === 'runs' || op.kind === 'values' ? tailRuns(bricks.shape, op, edit.tail, most) : undefined;
  const painter = yield* painterOf(bricks, edit, runs);
  const [changed, displaced, mask] = [new ChangedBricks(), new DisplacedWriter(), new Uint32Array(MASK_WORDS)];
  for (const [z, y, x] of painter.bricks()) {
    mask.fill(0);
    for (const _ of painter.paint(mask, z, y, x)) yield 0;
    if (within && !limited(mask, within.get(`${z}/${y}/${x}`))) {
      yield BRICK_EDGE ** 3;
      continue;
    }
    const brick = bricks.read(0, z, y, x);
    const voxels = writable(brick, bricks.dtype);
    const only = mode.write === 'all' ? undefined : mode.write === 'empty' ? 0 : mode.label;
    const change = changed.begin(z, y, x);
    if (op.kind === 'values') writeValues(voxels, mask, runs as Runs, { op, z, y, x }, only, displaced, change);
    else writeMasked(voxels, mask, label, only, displaced, change);
    if (change.voxels === 0) changed.bricks.pop();
    else {
      bricks.write(0, z, y, x, tidy(voxels));
      displaced.endBrick(z, y, x);
    }
    yield BRICK_EDGE ** 3;
  }
  return { changed, displaced: displaced.bytes() };
}

/** What `applyEdit` will yield in all, about: a fill looks at its voxels twice, to find and to write them. */
export function editWork(shape: Vec3, op: EditOp): number {
  if (op.kind !== 'fill') return editVoxels(shape, op);
  const plane = op.dims === 2 && op.axis !== undefined ? op.box[1][op.axis as 0 | 1 | 2] - op.box[0][op.axis as 0 | 1 | 2] : 1;
  return (2 * size(op.box)) / Math.max(plane, 1);
}

/** Voxels that an edit will look at, as far as that is known before. */
export function editVoxels(shape: Vec3, op: EditOp): number {
  if (op.kind === 'stroke') return new Stroke(shape, op.points, op.radius, op.scales).voxels;
  if (op.kind === 'polygon') return new Polygon(shape, op.axis, op.index, op.points).voxels;
  if (op.kind === 'fill') return op.dims === 2 ? 0 : size(op.box);
  if (op.kind === 'interpolate') return size(op.box);
  if (op.kind === 'supervoxel') return seededBoxes(shape, op).reduce((sum, { box }) => sum + size(box), 0);
  return size([op.start, op.stop]);
}

/** Takes what may not be written out of a mask; false where nothing is left. */
function limited(mask: BrickMask, within: BrickMask | undefined): boolean {
  let left = 0;
  if (within) for (let i = 0; i < MASK_WORDS; i += 1) left |= mask[i] = (mask[i] as number) & (within[i] as number);
  return left !== 0;
}

/**
 * The bricks that an edit may touch, as far as that is known before; of a fill and an interpolation those of its box.
 *
 * @throws EditError
 */
export function editBricks(shape: Vec3, op: EditOp): Iterable<Triple> {
  bounded(editVoxels(shape, op));
  if (op.kind === 'stroke') return strokeBricks(new Stroke(shape, op.points, op.radius, op.scales));
  if (op.kind === 'polygon') {
    const { low, high } = new Polygon(shape, op.axis, op.index, op.points);
    return bricksOf(low, high);
  }
  if (op.kind === 'supervoxel') return distinct(seededBoxes(shape, op).map(({ box }) => box));
  const box: VoxelBox = 'box' in op ? op.box : [op.start, op.stop];
  checkBox(shape, box);
  return bricksOf(...box);
}

function* painterOf(bricks: BrickAccess, { op, label, voxelSize, pieces = NOTHING }: Edit, runs: Runs | undefined): Generator<number, Painter> {
  const { shape } = bricks;
  if (op.kind === 'stroke') {
    const stroke = new Stroke(shape, op.points, op.radius, op.scales);
    bounded(stroke.voxels);
    return { voxels: stroke.voxels, bricks: () => strokeBricks(stroke), paint: (...args) => stroke.paint(...args) };
  }
  if (op.kind === 'polygon') {
    if (op.index[0] > op.index[1]) throw unfit(`polygon from plane ${op.index[0]} to ${op.index[1]}`, 'give the lower plane first');
    const polygon = new Polygon(shape, op.axis, op.index, op.points);
    bounded(polygon.voxels);
    return { voxels: polygon.voxels, bricks: () => bricksOf(polygon.low, polygon.high), paint: (...args) => polygon.paint(...args) };
  }
  if (op.kind === 'fill') return yield* fillPainter(bricks, op);
  if (op.kind === 'interpolate') return yield* interpolationPainter(bricks, op, label, voxelSize ?? [1, 1, 1]);
  if (op.kind === 'supervoxel') {
    return {
      voxels: editVoxels(shape, op),
      bricks: () => [...pieces.keys()].map((key) => key.split('/').map(Number) as [number, number, number]),
      paint: (mask, z, y, x) => {
        mask.set(pieces.get(`${z}/${y}/${x}`) as BrickMask);
        return [];
      },
    };
  }
  const box: VoxelBox = [op.start, op.stop];
  checkBox(shape, box);
  return {
    voxels: size(box),
    bricks: () => bricksOf(op.start, op.stop),
    paint: (mask, z, y, x) => (op.kind === 'runs' ? maskFromRuns(mask, runs as Runs, op, z, y, x) : maskFromBox(mask, box, z, y, x)),
  };
}

function* fillPainter(bricks: BrickAccess, op: Extract<EditOp, { kind: 'fill' }>): Generator<number, Painter> {
  const { shape } = bricks;
  checkBox(shape, op.box);
  const { seed } = op;
  const [low, high] = [[...op.box[0]], [...op.box[1]]] as [[number, number, number], [number, number, number]];
  if (op.dims === 2) {
    if (op.axis === undefined) throw unfit('a fill in 2D without its axis', 'say across which axis the plane lies');
    const axis = op.axis as 0 | 1 | 2;
    low[axis] = Math.max(low[axis], seed[axis]);
    high[axis] = Math.min(high[axis], seed[axis] + 1);
  }
  if (seed.some((v, axis) => v < (low[axis] as number) || v >= (high[axis] as number))) {
    throw unfit(`the seed (${seed.join(', ')}) is not in its box ${boxText(op.box)}`, 'give a box around the seed');
  }
  const fill = new FloodFill(bricks, seed, [low, high]);
  for (let before = 0, steps = fill.run(); !steps.next().done; before = fill.voxels) yield fill.voxels - before;
  const filled = new Map([...fill.bricksFilled()].filter((place) => place.filled.some((word) => word !== 0)).map((place) => [`${place.z}/${place.y}/${place.x}`, place]));
  return {
    voxels: fill.voxels,
    bricks: () => [...filled.values()].map(({ z, y, x }) => [z, y, x] as const),
    paint: (mask, z, y, x) => {
      mask.set(filled.get(`${z}/${y}/${x}`)?.filled as BrickMask);
      return [];
    },
  };
}

function* interpolationPainter(bricks: BrickAccess, { axis, box }: Extract<EditOp, { kind: 'interpolate' }>, label: number, voxelSize: Vec3): Generator<number, Painter> {
  checkBox(bricks.shape, box);
  if (label === 0) throw unfit('an interpolation of label 0', 'give the label that the planes have');
  const shapes = new Interpolation(bricks, axis as 0 | 1 | 2, box, label, voxelSize);
  const steps = shapes.run((texels) => {
    if (texels > MAX_INTERPOLATED_TEXELS) throw new EditError(4413, `planes of ${texels} texels to interpolate; the limit is ${MAX_INTERPOLATED_TEXELS}`, 'give a box around less');
  });
  for (const _ of steps) yield 0;
  return {
    voxels: size(box),
    bricks: () => [...shapes.filled.values()].map(({ brick }) => brick),
    paint: (mask, z, y, x) => {
      mask.set(shapes.filled.get(`${z}/${y}/${x}`)?.mask as BrickMask);
      return [];
    },
  };
}

/** Runs of the tail of an op, which are as many voxels as its box. */
function tailRuns(shape: Vec3, { kind, start, stop }: Extract<EditOp, { kind: 'runs' | 'values' }>, tail: Uint8Array, most: number): Runs {
  checkBox(shape, [start, stop]);
  try {
    return kind === 'runs' ? decodeMask(tail, size([start, stop])) : decodeValues(tail, size([start, stop]), most);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unfit(`the tail of ${kind}: ${error.message}`, 'give runs of exactly the voxels of the box');
  }
}

/** Writes a label where the mask is on; `only` where the voxel has that label. */
function writeMasked(voxels: LabelArray, mask: BrickMask, label: number, only: number | undefined, displaced: DisplacedWriter, change: BrickChange): void {
  for (let word = 0; word < MASK_WORDS; word += 1) {
    for (let rest = mask[word] as number; rest !== 0; rest &= rest - 1) {
      const at = 32 * word + 31 - Math.clz32(rest & -rest);
      const old = voxels[at] as number;
      if (old === label || (only !== undefined && old !== only)) continue;
      voxels[at] = label;
      displaced.add(at, old, label);
      change.add(at);
    }
  }
}

/** Writes to each voxel of the box, which the mask shows, its own label. */
function writeValues(
  voxels: LabelArray, mask: BrickMask, runs: Runs, { op, z, y, x }: { op: { start: Triple; stop: Triple }; z: number; y: number; x: number },
  only: number | undefined, displaced: DisplacedWriter, change: BrickChange,
): void {
  const { start, stop } = op;
  const [height, width] = [stop[1] - start[1], stop[2] - start[2]];
  for (let row = 0; row < BRICK_EDGE ** 2; row += 1) {
    if (((mask[2 * row] as number) | (mask[2 * row + 1] as number)) === 0) continue;
    const from = Math.max(start[2] - x * BRICK_EDGE, 0);
    const to = Math.min(stop[2] - x * BRICK_EDGE, BRICK_EDGE);
    const [k, j] = [z * BRICK_EDGE + (row >>> 6) - start[0], y * BRICK_EDGE + (row & 63) - start[1]];
    let at = (k * height + j) * width + x * BRICK_EDGE + from - start[2];
    let run = runAt(runs, at);
    for (let i = from; i < to; i += 1, at += 1) {
      while ((runs.ends[run] as number) <= at) run += 1;
      const label = runs.values[run] as number;
      const voxel = row * BRICK_EDGE + i;
      const old = voxels[voxel] as number;
      if (old === label || (only !== undefined && old !== only)) continue;
      voxels[voxel] = label;
      displaced.add(voxel, old, label);
      change.add(voxel);
    }
  }
}

function maskFromBox(mask: BrickMask, [low, high]: VoxelBox, z: number, y: number, x: number): Iterable<unknown> {
  const from = (at: number, axis: 0 | 1 | 2) => Math.max(low[axis] - at * BRICK_EDGE, 0);
  const to = (at: number, axis: 0 | 1 | 2) => Math.min(high[axis] - at * BRICK_EDGE, BRICK_EDGE);
  for (let k = from(z, 0); k < to(z, 0); k += 1) {
    for (let j = from(y, 1); j < to(y, 1); j += 1) setSpan(mask, k * BRICK_EDGE + j, from(x, 2), to(x, 2));
  }
  return [];
}

function maskFromRuns(mask: BrickMask, runs: Runs, { start, stop }: { start: Triple; stop: Triple }, z: number, y: number, x: number): Iterable<unknown> {
  const [height, width] = [stop[1] - start[1], stop[2] - start[2]];
  const from = Math.max(start[2] - x * BRICK_EDGE, 0);
  const to = Math.min(stop[2] - x * BRICK_EDGE, BRICK_EDGE);
  for (let k = Math.max(start[0] - z * BRICK_EDGE, 0); k < Math.min(stop[0] - z * BRICK_EDGE, BRICK_EDGE); k += 1) {
    for (let j = Math.max(start[1] - y * BRICK_EDGE, 0); j < Math.min(stop[1] - y * BRICK_EDGE, BRICK_EDGE); j += 1) {
      const first = ((z * BRICK_EDGE + k - start[0]) * height + y * BRICK_EDGE + j - start[1]) * width + x * BRICK_EDGE + from - start[2];
      const last = first + to - from;
      for (let run = runAt(runs, first), at = first; at < last; run += 1) {
        const end = Math.min(runs.ends[run] as number, last);
        if (runs.values[run]) setSpan(mask, k * BRICK_EDGE + j, from + at - first, from + end - first);
        at = end;
      }
    }
  }
  return [];
}

function* bricksOf(low: Triple, high: Triple): Generator<Triple> {
  if (low.some((v, axis) => v >= (high[axis] as number))) return;
  const first = low.map((v) => Math.floor(v / BRICK_EDGE)) as [number, number, number];
  const last = high.map((v) => Math.floor((v - 1) / BRICK_EDGE)) as [number, number, number];
  for (let z = first[0]; z <= last[0]; z += 1) {
    for (let y = first[1]; y <= last[1]; y += 1) for (let x = first[2]; x <= last[2]; x += 1) yield [z, y, x];
  }
}

const strokeBricks = (stroke: Stroke): Iterable<Triple> => distinct(stroke.segments.map(({ low, high }) => [low, high]));

/** The bricks of several boxes, each once. */
function distinct(boxes: readonly (readonly [Triple, Triple])[]): Iterable<Triple> {
  const found = new Map<string, Triple>();
  for (const [low, high] of boxes) for (const brick of bricksOf(low, high)) found.set(brick.join('/'), brick);
  return found.values();
}

function size([low, high]: VoxelBox): number {
  return (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]);
}

const boxText = ([low, high]: VoxelBox): string => `(${low.join(', ')}) to (${high.join(', ')})`;
const unfit = (message: string, remedy: string): EditError => new EditError(4422, message, remedy);

function bounded(voxels: number): void {
  if (voxels > MAX_EDIT_VOXELS) throw new EditError(4413, `an edit that touches ${voxels} voxels; the limit is ${MAX_EDIT_VOXELS}`, 'divide it');
}

/** A box has voxels, all of them in the volume, and not too many. */
function checkBox(shape: Vec3, box: VoxelBox): void {
  const [low, high] = box;
  const inside = low.every((v, axis) => v >= 0 && v < (high[axis] as number) && (high[axis] as number) <= (shape[axis] as number));
  if (!inside) throw unfit(`the box ${boxText(box)} is not in the volume of ${shape.join(' × ')} voxels, or empty`, 'give a box within the volume, its low corner first');
  bounded(size(box));
}
