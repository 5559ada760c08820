import { expect, test } from '@jest/globals';
import { makeTable, tableToIPC } from 'apache-arrow';
import { DTYPE_CODE, encodeFrame, FrameType, MAX_POINT_ROWS, POINT_STEPS } from '../../../src/protocol/index.js';
import { checkFrame } from '../../../src/session/frame_check.js';
import { VolumeTable } from '../../../src/session/volume_table.js';
import { announcement } from './frames.js';

/** A frame of points of which each has its number in every column. */
function pointsFrame(rows: number, properties = 0, drop?: string): Uint8Array<ArrayBuffer> {
  const numbers = Array.from({ length: rows }, (_, i) => i);
  const columns: Record<string, Uint32Array | Float32Array | Float64Array> = {};
  for (const name of ['x', 'y', 'z']) columns[name] = Uint32Array.from(numbers);
  columns.value = Float32Array.from(numbers);
  columns.index = Uint32Array.from(numbers);
  for (let i = 0; i < properties; i += 1) columns[`p${i}`] = Float64Array.from(numbers, (n) => n + i / 2);
  if (drop) delete columns[drop];
  return encodeFrame(FrameType.BRICK, tableToIPC(makeTable(columns), 'stream'), { dtype: DTYPE_CODE.points, volume: 1, level: 1, generation: 1 });
}

test('a brick of points comes without a copy, with all its columns', () => {
  const message = pointsFrame(1000, 2).buffer;
  const { frame } = checkFrame(message);
  if (frame?.body.kind !== 'brick' || !frame.body.points) throw new Error('not points');
  const { points, voxels } = frame.body;
  expect(voxels).toBe(points.value);
  expect([points.x, points.y, points.z, points.index, ...points.properties].every((column) => column.length === 1000)).toBe(true);
  expect(points.z.buffer).toBe(message);
  expect([points.x[7], points.value[999], points.index[3], points.properties[0]?.[5], points.properties[1]?.[5]]).toEqual([7, 999, 3, 5, 5.5]);
});

test('points without a column, or more than a brick may have, are refused', () => {
  expect(checkFrame(pointsFrame(10, 0, 'index').buffer).refused?.message).toMatch(/"index" is missing/);
  expect(checkFrame(pointsFrame(MAX_POINT_ROWS + 1).buffer).refused?.message).toMatch(/14337 points; the limit is 14336/);
  expect(checkFrame(pointsFrame(MAX_POINT_ROWS).buffer).refused).toBeUndefined();
});

test('ranges of points say where the bricks are', () => {
  const u32 = (...n: number[]) => Uint32Array.from(n);
  const columns = {
    level: Uint8Array.from([1, 0]), z: u32(0, 1), y: u32(0, 0), x: u32(0, 0), min: Float32Array.from([0, 2]), max: Float32Array.from([9, 3]),
    z0: u32(0, POINT_STEPS / 2), y0: u32(0, 0), x0: u32(0, 0), z1: u32(POINT_STEPS, POINT_STEPS), y1: u32(POINT_STEPS, POINT_STEPS / 4),
    x1: u32(POINT_STEPS, POINT_STEPS),
  };
  const { frame } = checkFrame(encodeFrame(FrameType.RANGES, tableToIPC(makeTable(columns), 'stream'), { volume: 1 }).buffer);
  if (frame?.body.kind !== 'ranges') throw new Error('not ranges');
  const table = new VolumeTable();
  table.announce(announcement(1, 'f', [128, 64, 64]));
  table.applyRanges(1, 0, frame.body.rows);
  const ranges = table.ranges(1);
  // The box of the volume: 128 voxels of 2, 64 of 1 and of 0.5, from the face of voxel 0.
  const geometry = { shape: [128, 64, 64], voxelSize: [2, 1, 0.5], origin: [10, 0, -1] } as const;
  expect(ranges.boxes.get(geometry, { level: 0, z: 1, y: 0, x: 0 })).toEqual({ min: [-1.25, -0.5, 137], max: [30.75, 15.5, 265] });
  expect(ranges.boxes.get(geometry, { level: 0, z: 0, y: 0, x: 0 })).toBeUndefined();
  expect(ranges.get({ level: 0, z: 1, y: 0, x: 0 })).toEqual({ min: 2, max: 3 });
});
