/** Reads values from the bricks in browser memory. */

import type { Brick } from '../session/types.js';
import type { Vec3 } from '../volume/geometry.js';
import { brickAt, linearIn, nearestIn } from '../volume/sample.js';
import type { BrickLookup } from './pick.js';
import type { VolumeState } from './volume_state.js';

interface Found {
  readonly brick: Brick;
  readonly level: number;
}

/** Reads values of one volume, remembering the brick it read last. */
export class ValueReader {
  #last: Found | undefined;

  constructor(
    readonly volume: VolumeState,
    readonly lookup: BrickLookup,
  ) {}

  /** The finest brick at a voxel position that is in memory. */
  find(voxel: Vec3): Found | undefined {
    const last = this.#last;
    if (last) {
      const key = brickAt(last.level, voxel);
      if (key.z === last.brick.z && key.y === last.brick.y && key.x === last.brick.x) return last;
    }
    this.#last = undefined;
    for (let level = 0; level < this.volume.numbering.levels; level += 1) {
      const brick = this.lookup(this.volume.handle, { ...brickAt(level, voxel), time: this.volume.time });
      if (!brick) continue;
      this.#last = { brick, level };
      break;
    }
    return this.#last;
  }

  /** The value there, with its scale and offset; NaN where there is none. */
  read(voxel: Vec3, linear: boolean): { value: number; level: number } {
    const found = this.find(voxel);
    if (!found) return { value: Number.NaN, level: 0 };
    const { scale, offset } = this.volume.volume.description;
    const stored = (linear ? linearIn : nearestIn)(found.brick.voxels, found.brick, voxel);
    return { value: stored * scale + offset, level: found.level };
  }
}
