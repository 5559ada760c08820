/** Everything that is checked about a received message before anyone sees what is in it. Pure. */

import { type PointRows, parseBrick, parsePoints, parseRanges, parseTile, type RangeRows } from '../protocol/arrow.js';
import { constantVoxel, voxelArray } from '../protocol/constant.js';
import { dtypeFromCode, type StoredDtype, type VoxelArray } from '../protocol/dtype.js';
import { Flag, FrameError, type FrameHeader, FrameType, readHeader, readPayload } from '../protocol/frame.js';
import { STORED_TILE_TEXELS } from '../protocol/limits.js';

/** What a checked frame carries. The arrays are views of the message. `constant`: one voxel stands for all of a brick. */
export type FrameBody =
  | { kind: 'brick'; dtype: StoredDtype; voxels: VoxelArray; points?: PointRows; constant?: true }
  /** What this side holds of the brick is its content still. */
  | { kind: 'same' }
  | { kind: 'tile'; dtype: StoredDtype; voxels: VoxelArray }
  | { kind: 'ranges'; rows: RangeRows }
  | { kind: 'bytes'; payload: Uint8Array };

export interface CheckedFrame {
  header: FrameHeader;
  /** Length of the whole message. */
  bytes: number;
  body: FrameBody;
}

/** Why a message was refused, with its header where that much could be read. */
export interface RefusedFrame {
  bytes: number;
  code: number;
  message: string;
  header?: FrameHeader;
}

export type CheckResult = { frame: CheckedFrame; refused?: never } | { frame?: never; refused: RefusedFrame };

/**
 * Checks and parses a message: header, length, payload checksum, and only then Arrow.
 * Nothing is copied: voxels and ranges are views of `message`, but for the one voxel of a constant brick; a constant tile is filled here.
 */
export function checkFrame(message: ArrayBuffer): CheckResult {
  let header: FrameHeader | undefined;
  try {
    const bytes = new Uint8Array(message);
    header = readHeader(bytes);
    const payload = readPayload(bytes, header);
    return { frame: { header, bytes: message.byteLength, body: parseBody(header, payload, message) } };
  } catch (error) {
    const code = error instanceof FrameError ? error.code : 4400;
    return { refused: { bytes: message.byteLength, code, message: (error as Error).message, header } };
  }
}

function parseBody(header: FrameHeader, payload: Uint8Array, message: ArrayBuffer): FrameBody {
  if (header.type === FrameType.RANGES) return { kind: 'ranges', rows: parseRanges(payload) };
  if (header.type !== FrameType.BRICK && header.type !== FrameType.TILE) return { kind: 'bytes', payload };
  const kind = header.type === FrameType.BRICK ? 'brick' : 'tile';
  const dtype = dtypeFromCode(header.dtype);
  if (!dtype) throw new FrameError(4400, `${kind} of stored dtype ${header.dtype}`);
  if ((header.flags & Flag.SAME) !== 0) {
    if (kind === 'tile' || payload.byteLength > 0) throw new FrameError(4400, `${kind} that is the same as before, of ${payload.byteLength} payload bytes`);
    return { kind: 'same' };
  }
  if (kind === 'tile' && dtype === 'points') throw new FrameError(4400, 'tile of stored dtype points');
  if ((header.flags & Flag.CONSTANT) !== 0) {
    if (dtype === 'points') throw new FrameError(4400, 'constant brick of stored dtype points');
    const voxels = constantVoxel(payload, dtype);
    return kind === 'brick' ? { kind, dtype, voxels, constant: true } : { kind, dtype, voxels: voxelArray(dtype, STORED_TILE_TEXELS).fill(voxels[0] as number) };
  }
  const points = dtype === 'points' ? parsePoints(payload) : undefined;
  const voxels = dtype === 'points' ? (points as PointRows).value : (kind === 'brick' ? parseBrick : parseTile)(payload, dtype);
  // Arrow copies a body that is not aligned, without a word; the frame's layout promises that it is.
  if (voxels.buffer !== message) throw new FrameError(4400, `${kind} whose voxels do not begin at an aligned byte`);
  return kind === 'brick' ? { kind, dtype, voxels, ...(points && { points }) } : { kind, dtype, voxels };
}
