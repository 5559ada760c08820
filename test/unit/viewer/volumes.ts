import type { VolumeDescription } from '../../../src/protocol/messages.js';
import { STORED_EDGE, STORED_VOXELS } from '../../../src/protocol/limits.js';
import type { Brick, SessionVolume } from '../../../src/session/types.js';
import { levelCount } from '../../../src/volume/geometry.js';
import { BrickRanges } from '../../../src/volume/ranges.js';

export function description(changes: Partial<VolumeDescription> = {}): VolumeDescription {
  return {
    name: 'brain', kind: 'image', dtype: 'uint16', stored: 'u16', scale: 1, offset: 0, shape: [40, 50, 60], voxel_size: [1, 1, 1],
    unit: 'mm', origin: [0, 0, 0], fingerprint: 'f', display: {}, ...changes,
  };
}

export function volume(handle: number, changes: Partial<VolumeDescription> = {}, status: Partial<SessionVolume['status']> = {}): SessionVolume {
  return {
    handle,
    description: description(changes),
    status: { volume: handle, producer: 'alive', resident: 1, total: 1, filling: false, complete: true, ...status },
  };
}

/** A brick of the coarsest level with `value` at each voxel (z, y, x); the padding is noise that nothing should read. */
export function coarseBrick(of: SessionVolume, value: (z: number, y: number, x: number) => number): Brick {
  const { shape, stored } = of.description;
  const voxels = stored === 'f32' ? new Float32Array(STORED_VOXELS) : new Uint16Array(STORED_VOXELS);
  voxels.fill(60000);
  const level = levelCount(shape) - 1;
  const [nz, ny, nx] = shape.map((n) => Math.ceil(n / 2 ** level)) as [number, number, number];
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1) voxels[((z + 1) * STORED_EDGE + y + 1) * STORED_EDGE + x + 1] = value(z, y, x);
    }
  }
  return { volume: of.handle, level, z: 0, y: 0, x: 0, generation: 1, preview: false, dtype: stored, voxels };
}

/** Volumes as a session offers them. */
export function source(...volumes: SessionVolume[]) {
  const ranges = new Map(volumes.map((v) => [v.handle, new BrickRanges(v.description.shape)]));
  return {
    volumes: new Map(volumes.map((v) => [v.handle, v])),
    ranges: (handle: number) => ranges.get(handle) as BrickRanges,
  };
}
