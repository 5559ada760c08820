/** Everything that is checked about a received message before anyone sees what is in it. Pure. */

import { type PointRows, parseBrick, parsePoints, parseRanges, parseTile, type RangeRows } from '../protocol/arrow.js';
import { constantVoxel, voxelArray } from '../protocol/constant.js';
import { dtypeFromCode, type StoredDtype, type VoxelArray } from '../protocol/dtype.js';
import { Flag, FrameError, type FrameHeader, FrameType, HEADER_BYTES, readHeader, readPayload } from '../protocol/frame.js';
import { STORED_TILE_TEXELS } from '../protocol/limits.js';
import { type Travelled, uncoded } from './decode.js';

/**
 * What a checked frame carries. The arrays are views of the message. `constant`: one voxel stands for all of a brick. `lossy`: voxels of 8 bits
 * for the time being.
 */
export type FrameBody =
  | { kind: 'brick'; dtype: StoredDtype; voxels: VoxelArray; points?: PointRows; constant?: true; lossy?: true }
  /** What this side holds of the brick is its content still. */
  | { kind: 'same' }
  | { kind: 'tile'; dtype: StoredDtype; voxels: VoxelArray; lossy?: true }
  | { kind: 'ranges'; rows: RangeRows }
  | { kind: 'bytes'; payload: Uint8Array };

export interface CheckedFrame {
  header: FrameHeader;
  /** Length of the whole message, as it came. */
  bytes: number;
  body: FrameBody;
  /** Of a frame that came coded. */
  travelled?: Travelled;
}

/** Why a message was refused, with its header where that much could be read. */
export interface RefusedFrame {
  bytes: number;
  code: number;
  message: string;
  header?: FrameHeader;
}

/** `message` is the frame's own, without a coding; there is none of a preview. */
export type CheckResult = { frame: CheckedFrame; message?: ArrayBuffer; refused?: never } | { frame?: never; refused: RefusedFrame };

/**
 * Checks and parses a message: header, length, payload checksum, and only then Arrow.
 * Nothing is copied: voxels and ranges are views of `message`, but for the one voxel of a constant brick; a constant tile is filled here, and a coded
 * frame is first made what it stands for.
 */
export function checkFrame(message: ArrayBuffer): CheckResult {
  let header: FrameHeader | undefined;
  try {
    const bytes = new Uint8Array(message);
    header = readHeader(bytes);
    const payload = readPayload(bytes, header);
    if (!header.coding) {
      if ((header.flags & Flag.LOSSY) !== 0) throw new FrameError(4400, 'preview of 8 bits that is not coded');
      return { message, frame: { header, bytes: message.byteLength, body: parseBody(header, payload, message) } };
    }
    const made = uncoded(header, payload);
    const { travelled } = made;
    if (made.body) return { frame: { header, bytes: message.byteLength, body: made.body, travelled } };
    const whole = made.message;
    const body = parseBody(made.header, new Uint8Array(whole, HEADER_BYTES), whole);
    return { message: whole, frame: { header: made.header, bytes: message.byteLength, body, travelled } };
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
