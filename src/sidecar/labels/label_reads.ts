/** READ: the labels of a box in parts, what changed since an edit, how many voxels each label has, or what one supervoxel has. */

import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { encodeHeadTail, ErrorCode, FrameType, MAX_COUNTED_LABELS, MAX_READ_VOXELS, type ReadLabels, type VoxelBox } from '../../protocol/index.js';
import { levelCount, levelShape } from '../../volume/geometry.js';
import { readRegion, regionParts } from '../../volume/labels/region.js';
import type { Connection } from '../connection.js';
import { ImageRefused } from './image_bricks.js';
import { nextTurn } from './in_turns.js';
import type { LabelVolume } from './label_volume.js';
import type { Supervoxels } from './supervoxel_masks.js';

const deflate = promisify(deflateRaw);

/** Answers, one part at a time: the next is made when the one before has left. */
export async function readLabels(connection: Connection, volume: LabelVolume, read: ReadLabels, supervoxels: Supervoxels): Promise<void> {
  const { record, bricks } = volume;
  const { shape } = record.description;
  const { id } = read;
  const names = { id, volume: record.handle };
  if ('since' in read) {
    const head = { ...names, since: read.since, seq: volume.seq, boxes: volume.history.changedSince(read.since, volume.seq, shape) };
    connection.send(encodeHeadTail(FrameType.REGION, head));
    return;
  }
  if ('counts' in read) {
    const { seq } = volume;
    const all = [...(await volume.counts.all())];
    const largest = all.length > MAX_COUNTED_LABELS ? all.sort((a, b) => b[1] - a[1]).slice(0, MAX_COUNTED_LABELS) : all;
    connection.send(encodeHeadTail(FrameType.REGION, { ...names, seq, counts: largest.sort((a, b) => a[0] - b[0]), labels: all.length }));
    return;
  }
  if ('supervoxel' in read) {
    const { seed, ...division } = read.supervoxel;
    try {
      connection.send(encodeHeadTail(FrameType.REGION, { ...names, ...(await supervoxels.shown(record, seed, division)) }));
    } catch (error) {
      if (!(error instanceof ImageRefused)) throw error;
      const { code, message, remedy } = error;
      connection.error({ code, message, remedy, ...names });
    }
    return;
  }
  const { start, stop, level = 0 } = read;
  const refuse = (code: number, message: string, remedy: string): void => connection.error({ code, message, remedy, ...names });
  if (level >= levelCount(shape)) {
    refuse(ErrorCode.UNSUPPORTED, `level ${level}; the coarsest of this volume is ${levelCount(shape) - 1}`, 'take a finer level');
    return;
  }
  const ends = levelShape(shape, level);
  if (start.some((v, axis) => v >= (stop[axis] as number) || (stop[axis] as number) > (ends[axis] as number))) {
    const box = `(${start.join(', ')}) to (${stop.join(', ')})`;
    refuse(ErrorCode.UNSUPPORTED, `the box ${box} is not in level ${level} of ${ends.join(' × ')} voxels, or empty`, 'give a box within it, its low corner first');
    return;
  }
  const voxels = start.reduce((product, v, axis) => product * ((stop[axis] as number) - v), 1);
  if (voxels > MAX_READ_VOXELS) {
    refuse(ErrorCode.TOO_LARGE, `a box of ${voxels} voxels; the limit of one READ is ${MAX_READ_VOXELS}`, 'divide it');
    return;
  }
  const parts = regionParts([start, stop] as VoxelBox);
  for (const [at, [low, high]] of parts.entries()) {
    if (!connection.open || !record.live) return;
    const { seq } = volume;
    const runs = readRegion(bricks, level, [low, high]);
    const small = runs.byteLength < 4096;
    const head = { ...names, start: low, stop: high, level, seq, dtype: bricks.dtype, more: at + 1 < parts.length };
    const frame = encodeHeadTail(FrameType.REGION, head, await deflate(runs, { level: small ? 6 : 1 }));
    await new Promise<void>((sent) => connection.send(frame, sent));
    await nextTurn();
  }
}
