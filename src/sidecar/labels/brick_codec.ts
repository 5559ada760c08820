/** Bricks of labels as they are stored: runs, deflated where that is worth it. */

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { LabelDtype } from '../../protocol/index.js';
import { BRICK_VOXELS, type LabelBrick, labelArray, MAX_LABEL } from '../../volume/labels/brick.js';
import { decodeValues, encodeBrickValues, expandRuns, ValueRunWriter } from '../../volume/labels/runs.js';

const [PLAIN, DEFLATED] = [0, 1];
/** Runs of fewer bytes are stored as they are. */
const WORTH_BYTES = 512;
/** What runs of a brick can be at most: five bytes of label and one of length for every voxel. */
const MOST_BYTES = 6 * BRICK_VOXELS;

/** A brick as bytes; undefined where all of it is 0. */
export function encodeBrick(brick: LabelBrick): Uint8Array | undefined {
  if (brick === 0) return undefined;
  let runs: Uint8Array;
  if (typeof brick === 'number') {
    const writer = new ValueRunWriter();
    writer.add(brick, BRICK_VOXELS);
    runs = writer.bytes();
  } else {
    runs = encodeBrickValues(brick);
  }
  const deflated = runs.byteLength > WORTH_BYTES;
  const body = deflated ? deflateRawSync(runs, { level: 1 }) : runs;
  const bytes = new Uint8Array(1 + body.byteLength);
  bytes[0] = deflated ? DEFLATED : PLAIN;
  bytes.set(body, 1);
  return bytes;
}

/** @throws RangeError or zlib's error where the bytes are not those of a brick */
export function decodeBrick(bytes: Uint8Array, dtype: LabelDtype): LabelBrick {
  const body = bytes.subarray(1);
  if (bytes[0] !== PLAIN && bytes[0] !== DEFLATED) throw new RangeError(`a stored brick of form ${bytes[0]}`);
  const runs = decodeValues(bytes[0] === DEFLATED ? inflateRawSync(body, { maxOutputLength: MOST_BYTES }) : body, BRICK_VOXELS, MAX_LABEL[dtype]);
  if (runs.ends.length === 1) return runs.values[0] as number;
  const voxels = labelArray(dtype, BRICK_VOXELS);
  expandRuns(runs, voxels);
  return voxels;
}
