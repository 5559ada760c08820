/** Tiles: square pieces of a plane through a volume, for those who look at slices. README.md has what they hold. */

import * as z from 'zod';
import { MAX_LEVELS, MAX_NEED_KEYS, MAX_PLANE_STEP, MAX_SLAB_SAMPLES, MAX_TIMES } from './limits.js';

const u32 = z.int().min(0).max(0xffffffff);
const level = z.int().min(0).max(MAX_LEVELS - 1);
const coordinate = z.number().min(-(2 ** 33)).max(2 ** 33);
const step = z.number().min(-MAX_PLANE_STEP).max(MAX_PLANE_STEP);
const direction = z
  .tuple([step, step, step])
  .refine((v) => Math.hypot(...v) >= 1 / 64, { message: 'is shorter than 1/64 of a voxel' });

/** How the values through a slab become one. */
export const SLAB_MODES = ['mean', 'max', 'min'] as const;
export type SlabMode = (typeof SLAB_MODES)[number];

/** Where a plane lies in its volume; vectors are z, y, x in voxels of level 0. */
export const Plane = z.strictObject({
  /** The outer corner of texel (0, 0). */
  origin: z.tuple([coordinate, coordinate, coordinate]),
  /** From a texel of level 0 to the next in its row, and to the next row. */
  u: direction,
  v: direction,
  /** A thick slice: `thickness` times `along`, half of it on each side of the plane. */
  slab: z
    .strictObject({ along: direction, thickness: z.number().positive().max(2 ** 33), mode: z.enum(SLAB_MODES) })
    .optional(),
});
export type Plane = z.infer<typeof Plane>;

/** `keys`: level, row, column, priority. `plane` is the viewer's own number for `frame` at this time point. */
export const NeedTile = z.strictObject({
  volume: u32,
  time: z.int().min(0).max(MAX_TIMES - 1).optional(),
  plane: u32,
  frame: Plane,
  /** No previews of 8 bits. */
  exact: z.boolean().optional(),
  keys: z.array(z.tuple([level, u32, u32, z.number()])).max(MAX_NEED_KEYS),
});
export type NeedTile = z.infer<typeof NeedTile>;

/** Without `keys`: all of the plane. Without `plane`: all of the volume. */
export const CancelTile = z.strictObject({
  volume: u32,
  plane: u32.optional(),
  keys: z.array(z.tuple([level, u32, u32])).max(MAX_NEED_KEYS).optional(),
});
export type CancelTile = z.infer<typeof CancelTile>;

/** The coarsest level at which a slab is not more than its samples thick: finer levels of it are not served. */
export function slabLevel(thickness: number): number {
  return Math.max(0, Math.ceil(Math.log2(thickness / MAX_SLAB_SAMPLES)));
}
