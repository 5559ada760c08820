/** Volumes that are computed, cut into bricks with their pyramid, for tests and benchmarks that need no server. */

import type { VoxelArray } from '../../src/protocol/dtype.js';
import { BRICK_EDGE, STORED_EDGE, STORED_VOXELS } from '../../src/protocol/limits.js';
import type { Brick, SessionVolume } from '../../src/session/types.js';
import { type BrickKey, brickGrid, keyText, levelCount, type Vec3 } from '../../src/volume/geometry.js';
import { BrickRanges } from '../../src/volume/ranges.js';

export type Stored = 'u8' | 'u16' | 'u32' | 'f32';
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array };

/** One level: voxels in z, y, x order. */
export interface Level {
  readonly shape: Vec3;
  readonly data: VoxelArray;
}

/** Shells around a gyroid ball, with a little noise: thin parts, smooth parts and air. Values 0..1 at whole numbers below `n`. */
export function shellsAndGyroid(n: number): (z: number, y: number, x: number) => number {
  const k = 2 * Math.PI * 3;
  const place = Float64Array.from({ length: n }, (_, i) => ((i + 0.5) / n) * 2 - 1);
  const [sines, cosines] = [place.map((p) => Math.sin(k * p)), place.map((p) => Math.cos(k * p))] as [Float64Array, Float64Array];
  const of = (list: Float64Array, i: number) => list[i] as number;
  return (iz, iy, ix) => {
    const [z, y, x] = [of(place, iz), of(place, iy), of(place, ix)];
    const r = Math.sqrt(x * x + y * y + z * z);
    let v = 0;
    for (let j = 0; j < 4; j += 1) {
      const off = r - (0.35 + 0.2 * j);
      // Seven thicknesses away there is less than any number here can hold.
      if (off < 0.14 && off > -0.14) v += (0.4 + 0.2 * j) * Math.exp(-((off / 0.02) ** 2)) * 0.8;
    }
    if (r < 0.9) {
      const g = of(sines, ix) * of(cosines, iy) + of(sines, iy) * of(cosines, iz) + of(sines, iz) * of(cosines, ix);
      v += Math.exp(-((g / 0.35) ** 2)) * 0.45;
    }
    let h = Math.imul(ix * 73856093 ^ iy * 19349663 ^ iz * 83492791, 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return Math.min(Math.max(v + ((h >>> 8) / 2 ** 24) * 0.06, 0), 1);
  };
}

/** Level 0 from a function of z, y, x. */
export function makeLevel(shape: Vec3, stored: Stored, value: (z: number, y: number, x: number) => number): Level {
  const data = new ARRAYS[stored](shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (let z = 0; z < shape[0]; z += 1) {
    for (let y = 0; y < shape[1]; y += 1) {
      for (let x = 0; x < shape[2]; x += 1) data[at++] = value(z, y, x);
    }
  }
  return { shape, data };
}

/** The most frequent of the first `count` values; of several the first. */
function mostFrequent(values: Float64Array, count: number): number {
  let [best, most] = [values[0] as number, 0];
  for (let i = 0; i < count; i += 1) {
    let same = 0;
    for (let j = 0; j < count; j += 1) if (values[j] === values[i]) same += 1;
    if (same > most) [best, most] = [values[i] as number, same];
    if (2 * most >= count) break; // at best as many are others
  }
  return best;
}

/** The next coarser level: the mean of what exists of each 2x2x2, or its most frequent value for labels. */
export function halve({ shape, data }: Level, labels: boolean): Level {
  const half = shape.map((n) => Math.ceil(n / 2)) as unknown as Vec3;
  const out = new (data.constructor as new (n: number) => VoxelArray)(half[0] * half[1] * half[2]);
  const whole = !(data instanceof Float32Array);
  const values = new Float64Array(8);
  let at = 0;
  for (let z = 0; z < shape[0]; z += 2) {
    for (let y = 0; y < shape[1]; y += 2) {
      for (let x = 0; x < shape[2]; x += 2) {
        let [count, sum] = [0, 0];
        for (let a = z; a < Math.min(z + 2, shape[0]); a += 1) {
          for (let b = y; b < Math.min(y + 2, shape[1]); b += 1) {
            const row = (a * shape[1] + b) * shape[2];
            for (let c = x; c < Math.min(x + 2, shape[2]); c += 1) {
              const value = data[row + c] as number;
              values[count++] = value;
              sum += value;
            }
          }
        }
        if (labels) out[at++] = mostFrequent(values, count);
        else out[at++] = whole ? Math.floor(sum / count + 0.5) : sum / count;
      }
    }
  }
  return { shape: half, data: out };
}

/** A whole volume with its pyramid, and the bricks of it. */
export class TestVolume {
  readonly levels: Level[];
  readonly ranges: BrickRanges;
  readonly session: SessionVolume;
  readonly #bricks = new Map<string, Brick>();

  constructor(
    readonly handle: number,
    readonly stored: Stored,
    readonly kind: 'image' | 'labels',
    level0: Level,
    world: { voxelSize?: Vec3; origin?: Vec3; scale?: number; offset?: number } = {},
    levels?: Level[],
  ) {
    this.levels = levels ?? [level0];
    while (this.levels.length < levelCount(level0.shape)) this.levels.push(halve(this.levels[this.levels.length - 1] as Level, kind === 'labels'));
    this.ranges = new BrickRanges(level0.shape);
    this.session = {
      handle,
      description: {
        name: `volume ${handle}`,
        kind,
        dtype: stored,
        stored,
        scale: world.scale ?? 1,
        offset: world.offset ?? 0,
        shape: [...level0.shape],
        voxel_size: [...(world.voxelSize ?? [1, 1, 1])],
        unit: 'mm',
        origin: [...(world.origin ?? [0, 0, 0])],
        fingerprint: `test ${handle}`,
        display: {},
      },
      status: { volume: handle, producer: 'alive', resident: 0, total: 0, filling: false, complete: true },
    };
  }

  get shape(): Vec3 {
    return (this.levels[0] as Level).shape;
  }

  /** All keys, coarse ones first. */
  keys(): BrickKey[] {
    const keys: BrickKey[] = [];
    for (let level = this.levels.length - 1; level >= 0; level -= 1) {
      const [nz, ny, nx] = brickGrid(this.shape, level);
      for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) keys.push({ level, z, y, x });
    }
    return keys;
  }

  /** One brick, with its halo; edge voxels are repeated beyond the volume. */
  brick(key: BrickKey, generation = 1): Brick {
    const text = `${keyText(key)}/${generation}`;
    const known = this.#bricks.get(text);
    if (known) return known;
    const { shape, data } = this.levels[key.level] as Level;
    const voxels = new ARRAYS[this.stored](STORED_VOXELS);
    const clamp = (n: number, axis: number) => Math.min(Math.max(n, 0), (shape[axis] as number) - 1);
    const from = key.x * BRICK_EDGE - 1;
    const [first, last] = [clamp(from, 2), clamp(from + STORED_EDGE - 1, 2)];
    let at = 0;
    for (let z = 0; z < STORED_EDGE; z += 1) {
      const row = clamp(key.z * BRICK_EDGE + z - 1, 0) * shape[1];
      for (let y = 0; y < STORED_EDGE; y += 1) {
        const base = (row + clamp(key.y * BRICK_EDGE + y - 1, 1)) * shape[2];
        for (let x = from; x < first; x += 1) voxels[at++] = data[base + first] as number;
        for (let x = first; x <= last; x += 1) voxels[at++] = data[base + x] as number;
        for (let x = last + 1; x < from + STORED_EDGE; x += 1) voxels[at++] = data[base + last] as number;
      }
    }
    const brick: Brick = { ...key, volume: this.handle, generation, preview: generation === 0, dtype: this.stored, voxels };
    this.#bricks.set(text, brick);
    return brick;
  }

  /** Fills the table of ranges from the bricks. */
  fillRanges(): void {
    const keys = this.keys();
    const column = (pick: (k: BrickKey) => number) => Uint32Array.from(keys, pick);
    const { scale, offset } = this.session.description;
    const range = keys.map((key) => {
      let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const { voxels } = this.brick(key);
      for (let i = 0; i < voxels.length; i += 1) {
        const v = voxels[i] as number;
        if (v < min) min = v;
        if (v > max) max = v;
      }
      return [min * scale + offset, max * scale + offset] as const;
    });
    this.ranges.apply({
      level: Uint8Array.from(keys, (k) => k.level),
      z: column((k) => k.z),
      y: column((k) => k.y),
      x: column((k) => k.x),
      min: Float32Array.from(range, (r) => r[0]),
      max: Float32Array.from(range, (r) => r[1]),
    });
  }
}

const shells = new Map<string, TestVolume>();

/** A cube of shells and a gyroid ball with its ranges, made once a page: nothing of it may be changed. Labels are 0 to 3. */
export function shellsVolume(n: number, handle: number, stored: Stored, kind: 'image' | 'labels' = 'image'): TestVolume {
  const name = `${n}/${handle}/${stored}/${kind}`;
  const known = shells.get(name);
  if (known) return known;
  const f = shellsAndGyroid(n);
  const full = kind === 'labels' ? 3 : { u8: 255, u16: 65535, u32: 2 ** 32 - 1, f32: 1 }[stored];
  const value = stored === 'f32' ? f : (z: number, y: number, x: number) => Math.round(f(z, y, x) * full);
  const volume = new TestVolume(handle, stored, kind, makeLevel([n, n, n], stored, value));
  volume.fillRanges();
  shells.set(name, volume);
  return volume;
}
