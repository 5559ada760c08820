/** A volume of any size whose bricks are computed when they are asked for, for tests of what no memory holds. */

import { BRICK_EDGE, STORED_EDGE, STORED_VOXELS } from '../../src/protocol/limits.js';
import type { Brick, SessionVolume } from '../../src/session/types.js';
import { type BrickKey, keyText, levelShape, levelToVoxel, type Vec3 } from '../../src/volume/geometry.js';
import { BrickRanges } from '../../src/volume/ranges.js';

/** Value at a position of level 0; `plain` where a whole box of positions, faces included, has that value. */
export interface Field {
  at(z: number, y: number, x: number): number;
  plain?(from: Vec3, to: Vec3): number | undefined;
}

/** Bricks that were made of fields, so many of each: volumes of one field share them. */
const known = new WeakMap<Field, Map<string, Uint16Array>>();
const KNOWN_MOST = 100;

/** A uint16 image made from a field: a voxel has the field's value at its centre, at every level. */
export class LazyVolume {
  readonly stored = 'u16';
  readonly kind = 'image';
  readonly ranges: BrickRanges;
  readonly session: SessionVolume;
  made = 0;
  readonly #plain = new Map<number, Uint16Array>();

  constructor(
    readonly handle: number,
    readonly shape: Vec3,
    readonly field: Field,
  ) {
    this.ranges = new BrickRanges(shape);
    this.session = {
      handle,
      description: {
        name: `lazy ${handle}`, kind: 'image', dtype: 'uint16', stored: 'u16', scale: 1, offset: 0, shape: [...shape],
        voxel_size: [1, 1, 1], unit: 'um', origin: [0, 0, 0], fingerprint: `lazy ${handle}`, display: {},
      },
      status: { volume: handle, producer: 'alive', resident: 0, total: 0, filling: false, complete: false },
    };
  }

  brick(key: BrickKey, generation = 1): Brick {
    this.made += 1;
    return { ...key, volume: this.handle, generation, preview: false, dtype: 'u16', voxels: this.#known(key) };
  }

  #known(key: BrickKey): Uint16Array {
    const own = known.get(this.field) ?? new Map<string, Uint16Array>();
    known.set(this.field, own);
    const name = `${this.shape}/${keyText(key)}`;
    const voxels = own.get(name) ?? this.#voxels(key);
    if (own.size < KNOWN_MOST) own.set(name, voxels);
    return voxels;
  }

  #voxels(key: BrickKey): Uint16Array {
    const shape = levelShape(this.shape, key.level);
    const places = [key.z, key.y, key.x].map((index, axis) =>
      Array.from({ length: STORED_EDGE }, (_, i) =>
        levelToVoxel(Math.min(Math.max(index * BRICK_EDGE + i - 1, 0), (shape[axis] as number) - 1), key.level),
      ),
    ) as [number[], number[], number[]];
    const [zs, ys, xs] = places;
    const plain = this.field.plain?.([zs[0], ys[0], xs[0]] as Vec3, [zs.at(-1), ys.at(-1), xs.at(-1)] as unknown as Vec3);
    if (plain !== undefined) {
      const known = this.#plain.get(plain) ?? new Uint16Array(STORED_VOXELS).fill(plain);
      this.#plain.set(plain, known);
      return known;
    }
    const voxels = new Uint16Array(STORED_VOXELS);
    let at = 0;
    for (const z of zs) for (const y of ys) for (const x of xs) voxels[at++] = this.field.at(z, y, x);
    return voxels;
  }
}
