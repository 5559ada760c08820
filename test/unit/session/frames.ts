/** Frames as a server sends them. */

import { makeTable, tableToIPC } from 'apache-arrow';
import { DTYPE_CODE, encodeFrame, FrameType, STORED_VOXELS, type VoxelArray } from '../../../src/protocol/index.js';
import type { VolumeAnnouncement } from '../../../src/protocol/messages.js';
import type { BrickKey } from '../../../src/volume/geometry.js';

export function announcement(volume = 1, fingerprint = 'f1', shape: [number, number, number] = [128, 128, 128]): VolumeAnnouncement {
  return {
    volume,
    description: {
      name: `volume ${volume}`, kind: 'image', dtype: 'uint16', stored: 'u16', scale: 1, offset: 0, shape,
      voxel_size: [1, 1, 1], unit: 'mm', origin: [0, 0, 0], fingerprint, display: {},
    },
    status: { volume, producer: 'alive', resident: 0, total: 9, filling: false, complete: false },
  };
}

export interface BrickFrameOptions {
  volume?: number;
  generation?: number;
  preview?: boolean;
  value?: number;
}

export function brickFrame(key: BrickKey, o: BrickFrameOptions = {}): Uint8Array<ArrayBuffer> {
  const voxels: VoxelArray = new Uint16Array(STORED_VOXELS).fill(o.value ?? 7);
  const payload = tableToIPC(makeTable({ voxels }), 'stream');
  return encodeFrame(FrameType.BRICK, payload, {
    ...key, volume: o.volume ?? 1, dtype: DTYPE_CODE.u16, generation: o.generation ?? 1, flags: o.preview ? 1 : 0,
  });
}

export function rangesFrame(volume: number, rows: [number, number, number, number, number, number][]): Uint8Array<ArrayBuffer> {
  const column = (i: number) => rows.map((row) => row[i] as number);
  const table = makeTable({
    level: Uint8Array.from(column(0)), z: Uint32Array.from(column(1)), y: Uint32Array.from(column(2)),
    x: Uint32Array.from(column(3)), min: Float32Array.from(column(4)), max: Float32Array.from(column(5)),
  });
  return encodeFrame(FrameType.RANGES, tableToIPC(table, 'stream'), { volume });
}
