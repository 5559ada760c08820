/** The brick that a checked frame carries. */

import { ConstantVoxels } from '../protocol/constant.js';
import { Flag, type FrameHeader } from '../protocol/frame.js';
import { STORED_VOXELS } from '../protocol/limits.js';
import type { CheckedFrame } from './frame_check.js';
import type { Brick } from './types.js';

/** Voxels of the values seen last, one array a value: what is looked at of constant bricks is mostly one and the same. */
const EXPANDED = new ConstantVoxels(8);

/** The brick of a BRICK frame, of the volume that it is for here. */
export function brickOf({ header, body }: CheckedFrame, volume: number): Brick | undefined {
  if (body.kind !== 'brick') return undefined;
  const { level, z, y, x, time, flags } = header;
  const { lossy } = body;
  // Between the generations: the true voxels are newer than their preview, and what was before is older.
  const generation = lossy ? header.generation - 0.5 : header.generation;
  const checksum = lossy ? undefined : header.checksum;
  const { kind: _kind, constant, ...content } = body;
  const brick = { volume, level, z, y, x, ...(time ? { time } : {}), generation, preview: (flags & Flag.PREVIEW) !== 0, ...(checksum !== undefined && { checksum }) };
  if (!constant) return { ...brick, ...content };
  // Kept as the one voxel it came as, until somebody looks at it.
  const { dtype, voxels: voxel } = content;
  return { ...brick, dtype, constant: true, get voxels() { return EXPANDED.expand(voxel, STORED_VOXELS); } };
}

/** The same content as `held` in the generation that `header` says. */
export function sameBrick(held: Brick, { generation, flags }: FrameHeader): Brick {
  const change = (value: unknown): PropertyDescriptor => ({ value, enumerable: true });
  // Descriptors, so that the voxels of a constant brick stay unmade.
  const facts = { ...Object.getOwnPropertyDescriptors(held), generation: change(generation), preview: change((flags & Flag.PREVIEW) !== 0) };
  return Object.defineProperties({}, facts) as unknown as Brick;
}
