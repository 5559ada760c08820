/** The brick that a checked frame carries. */

import { Flag } from '../protocol/frame.js';
import type { CheckedFrame } from './frame_check.js';
import type { Brick } from './types.js';

/** The brick of a BRICK frame, of the volume that it is for here. */
export function brickOf({ header, body }: CheckedFrame, volume: number): Brick | undefined {
  if (body.kind !== 'brick') return undefined;
  const { level, z, y, x, time, generation, flags } = header;
  const { kind: _kind, ...content } = body;
  return { volume, level, z, y, x, ...(time ? { time } : {}), generation, preview: (flags & Flag.PREVIEW) !== 0, ...content };
}
