/** Voxel labels that people edit: who asks for what, and what everybody is told. README.md, "Voxel labels". */

import * as z from 'zod';
import { FrameError } from './frame.js';
import {
  MAX_AXIS, MAX_CELL_EDGE, MAX_CELL_VOXELS, MAX_CONTROL_BYTES, MAX_COUNTED_LABELS, MAX_LEVELS, MAX_NAME_CHARS, MAX_POLYGON_POINTS, MAX_REGION_BOXES, MAX_SHOWN_RUNS,
  MAX_STROKE_POINTS, MAX_STROKE_RADIUS, MAX_SUPERVOXEL_SEEDS, MAX_TIMES,
} from './limits.js';
import { decodeControl } from './messages.js';

const u32 = z.int().min(0).max(0xffffffff);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(MAX_NAME_CHARS);
const author = z.string().max(MAX_NAME_CHARS);
const axis = z.int().min(1).max(MAX_AXIS);
const voxel = z.int().min(-MAX_AXIS).max(MAX_AXIS);
const place = z.number().min(-MAX_AXIS).max(MAX_AXIS);
const triple = <T extends z.ZodType>(item: T) => z.tuple([item, item, item]);
/** A half-open box of voxels of level 0. */
const box = z.tuple([triple(voxel), triple(voxel)]);
export type VoxelBox = z.infer<typeof box>;

/** How an editable volume stores its labels. */
export const LABEL_DTYPES = ['u8', 'u16', 'u32'] as const;
export type LabelDtype = (typeof LABEL_DTYPES)[number];

/** LABELS: makes an editable volume, or finds the equal one. */
export const LabelsRequest = z.strictObject({
  name,
  shape: triple(axis),
  voxel_size: triple(z.number().positive()),
  /** World position of the centre of voxel (0, 0, 0), z, y, x. */
  origin: triple(z.number()),
  unit: z.string().max(MAX_NAME_CHARS).optional(),
  dtype: z.enum(LABEL_DTYPES),
});
export type LabelsRequest = z.infer<typeof LabelsRequest>;

/** Which voxels an edit may write; asked of each voxel when the edit is applied. */
export const EditMode = z.discriminatedUnion('write', [
  z.strictObject({ write: z.literal('all') }),
  z.strictObject({ write: z.literal('empty') }),
  z.strictObject({ write: z.literal('only'), label: u32 }),
]);
export type EditMode = z.infer<typeof EditMode>;

/** Only voxels are written whose value in an image of the same grid, at level 0, is from `low` to `high`, both included. */
export const ValueRange = z.strictObject({
  volume: u32,
  low: z.number(),
  high: z.number(),
  time: z.int().min(0).max(MAX_TIMES - 1).optional(),
});
export type ValueRange = z.infer<typeof ValueRange>;

/** How an image of the same grid is divided into supervoxels, at level 0. */
const pieces = {
  image: u32,
  time: z.int().min(0).max(MAX_TIMES - 1).optional(),
  /** Edges of a cell, about as large as a piece; 1 along an axis: pieces lie in a plane across it. */
  cell: triple(z.int().min(1).max(MAX_CELL_EDGE)).refine((edges) => edges.reduce((a, b) => a * b) <= MAX_CELL_VOXELS, `a cell has at most ${MAX_CELL_VOXELS} voxels`),
  /** Difference of values that weighs as much as a cell's edge. */
  contrast: z.number().positive(),
};

/** What an edit does; README.md says exactly which voxels each touches. */
export const EditOp = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('stroke'),
    points: z.array(triple(place)).min(1).max(MAX_STROKE_POINTS),
    radius: triple(z.number().min(0).max(MAX_STROKE_RADIUS)),
    /** Of each point, the part of the radius that the brush has there: how hard a pen is pressed. */
    scales: z.array(z.number().positive().max(1)).max(MAX_STROKE_POINTS).optional(),
  }).refine(({ points, scales }) => !scales || scales.length === points.length, 'a stroke has as many scales as points'),
  z.strictObject({ kind: z.literal('box'), start: triple(voxel), stop: triple(voxel) }),
  z.strictObject({
    kind: z.literal('polygon'),
    axis: z.int().min(0).max(2),
    /** First and last plane across the axis. */
    index: z.tuple([voxel, voxel]),
    points: z.array(z.tuple([place, place])).min(3).max(MAX_POLYGON_POINTS),
  }),
  z.strictObject({
    kind: z.literal('fill'),
    seed: triple(voxel),
    box,
    dims: z.union([z.literal(2), z.literal(3)]),
    /** Of 2 dimensions: the plane through the seed is across this axis. */
    axis: z.int().min(0).max(2).optional(),
  }),
  /** Between each two planes across the axis, of those of the box that have the label, that follow each other: by the distance to the outlines. */
  z.strictObject({ kind: z.literal('interpolate'), axis: z.int().min(0).max(2), box }),
  /** The pieces of the image under the seeds. */
  z.strictObject({ kind: z.literal('supervoxel'), seeds: z.array(triple(voxel)).min(1).max(MAX_SUPERVOXEL_SEEDS), ...pieces }),
  /** The tail has the lengths of runs of a mask. */
  z.strictObject({ kind: z.literal('runs'), start: triple(voxel), stop: triple(voxel) }),
  /** The tail has the labels of all voxels of the box. */
  z.strictObject({ kind: z.literal('values'), start: triple(voxel), stop: triple(voxel) }),
]);
export type EditOp = z.infer<typeof EditOp>;

/** Head of EDIT. */
export const EditHead = z.strictObject({
  /** The client's own: the same id is applied once. */
  id: name,
  volume: u32,
  author,
  op: EditOp,
  /** 0 erases. Of `values` it says nothing. */
  label: u32,
  mode: EditMode,
  within: ValueRange.optional(),
});
export type EditHead = z.infer<typeof EditHead>;

/** EDITED: an edit is applied and durable. */
export const Edited = z.strictObject({
  volume: u32,
  /** Rises by 1 a volume. */
  seq: count,
  id: name,
  author,
  /** It takes an edit back, or does it again. */
  undo: z.enum(['undo', 'redo']).optional(),
  /** Voxels whose label is another one now. */
  voxels: count,
  /** Around these; null where there are none. */
  box: box.nullable(),
  generation: u32,
  label: u32,
});
export type Edited = z.infer<typeof Edited>;

/** UNDO: takes back an author's last edit of a volume that is not taken back yet; with `redo` does the last one of those again. */
export const Undo = z.strictObject({ volume: u32, id: name, author, redo: z.boolean().optional() });
export type Undo = z.infer<typeof Undo>;

/** The supervoxel of an image under a voxel. */
export const SupervoxelAsk = z.strictObject({ seed: triple(u32), ...pieces });
export type SupervoxelAsk = z.infer<typeof SupervoxelAsk>;

/** READ: the labels of a box, which boxes have changed after an edit, how many voxels each label has, or the supervoxel of an image under a voxel. */
export const ReadLabels = z.union([
  z.strictObject({ volume: u32, id: name, start: triple(u32), stop: triple(u32), level: z.int().min(0).max(MAX_LEVELS - 1).optional() }),
  z.strictObject({ volume: u32, id: name, since: count }),
  z.strictObject({ volume: u32, id: name, counts: z.literal(true) }),
  z.strictObject({ volume: u32, id: name, supervoxel: SupervoxelAsk }),
]);
export type ReadLabels = z.infer<typeof ReadLabels>;

/** Head of REGION. With `more`, further parts of the box follow. */
export const RegionHead = z.union([
  z.strictObject({
    id: name,
    volume: u32,
    start: triple(u32),
    stop: triple(u32),
    level: z.int().min(0).max(MAX_LEVELS - 1),
    seq: count,
    dtype: z.enum(LABEL_DTYPES),
    more: z.boolean(),
  }),
  z.strictObject({ id: name, volume: u32, since: count, seq: count, boxes: z.array(box).max(MAX_REGION_BOXES) }),
  /** Labels above 0 and their voxels at level 0, by rising label; `labels` is how many there are, where not all are told. */
  z.strictObject({ id: name, volume: u32, seq: count, counts: z.array(z.tuple([u32, count])).max(MAX_COUNTED_LABELS), labels: count }),
  /** Lengths of runs of the box around it, off first, then on and off in turn. */
  z.strictObject({ id: name, volume: u32, start: triple(u32), stop: triple(u32), runs: z.array(count).max(MAX_SHOWN_RUNS) }),
]);
export type RegionHead = z.infer<typeof RegionHead>;

/** CANCEL_EDIT: an edit that is not applied yet is not wanted any more. */
export const CancelEdit = z.strictObject({ volume: u32, id: name });
export type CancelEdit = z.infer<typeof CancelEdit>;

/** PROGRESS: how far an edit has come that takes its time. */
export const EditProgress = z.strictObject({ volume: u32, id: name, done: count, total: count });
export type EditProgress = z.infer<typeof EditProgress>;

export { encodeHeadTail } from './head_tail.js';

/**
 * Head and tail (a view) of the payload of an EDIT or REGION frame.
 *
 * @throws FrameError 4413 where the head is too large, 4400 where the payload is cut short or the head is not of the schema's form
 */
export function decodeHeadTail<T>(schema: z.ZodType<T>, payload: Uint8Array): { head: T; tail: Uint8Array } {
  if (payload.byteLength < 4) throw new FrameError(4400, `payload of ${payload.byteLength} bytes; a head's length alone has 4`);
  const bytes = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
  if (bytes > MAX_CONTROL_BYTES) throw new FrameError(4413, `head of ${bytes} bytes; the limit is ${MAX_CONTROL_BYTES}`);
  if (4 + bytes > payload.byteLength) throw new FrameError(4400, `head of ${bytes} bytes; the payload has ${payload.byteLength - 4} after its length`);
  return { head: decodeControl(schema, payload.subarray(4, 4 + bytes)), tail: payload.subarray(4 + bytes) };
}
