/** Clouds of points cut into bricks, for tests that need no server. */

import { POINT_STEPS } from '../../src/protocol/limits.js';
import type { Brick, SessionVolume } from '../../src/session/types.js';
import { type BrickKey, brickGrid, keyText, levelCount, type Vec3 } from '../../src/volume/geometry.js';
import { BrickRanges } from '../../src/volume/ranges.js';

/** A point: world x, y, z, and value. */
export type TestPoint = readonly [number, number, number, number];

/** A cloud in the box 0..size along each axis; its points are dealt out to the bricks by turns. */
export class TestCloud {
  readonly kind = 'points';
  readonly stored = 'points';
  readonly ranges: BrickRanges;
  readonly session: SessionVolume;
  readonly #bricks = new Map<string, Brick>();

  constructor(
    readonly handle: number,
    points: readonly TestPoint[],
    readonly options: { size?: number; radius?: [number, number]; shape?: Vec3; properties?: Record<string, number[]>; low?: number } = {},
  ) {
    const { size = 1, radius = [0.1, 0.1], shape = [64, 64, 64], properties = {}, low = 0 } = options;
    this.ranges = new BrickRanges(shape);
    const voxel = shape.map((n) => size / n) as unknown as [number, number, number];
    const keys: BrickKey[] = [];
    for (let level = levelCount(shape) - 1; level >= 0; level -= 1) {
      const [nz, ny, nx] = brickGrid(shape, level);
      for (let i = 0; i < nz * ny * nx; i += 1) keys.push({ level, z: Math.floor(i / (ny * nx)), y: Math.floor(i / nx) % ny, x: i % nx });
    }
    const rows = Math.ceil(points.length / keys.length);
    this.session = {
      handle,
      description: {
        name: `cloud ${handle}`, kind: 'points', dtype: 'float32', stored: 'points', scale: 1, offset: 0, shape: [...shape], voxel_size: voxel,
        unit: 'mm', origin: voxel.map((edge) => low + edge / 2) as [number, number, number], fingerprint: `cloud ${handle}`, display: {},
        points: { count: points.length, rows, radius, properties: Object.keys(properties) },
      },
      status: { volume: handle, producer: 'alive', resident: keys.length, total: keys.length, filling: false, complete: true },
    };
    const steps = (n: number) => Math.round(((n - low) / size) * POINT_STEPS);
    const whole = Uint32Array.from({ length: keys.length }, () => POINT_STEPS);
    const zero = new Uint32Array(keys.length);
    const [min, max] = [new Float32Array(keys.length), new Float32Array(keys.length)];
    keys.forEach((key, k) => {
      const own = points.map((point, index) => ({ point, index })).filter(({ index }) => index % keys.length === k);
      const column = (i: number) => Uint32Array.from(own, ({ point }) => steps(point[i] as number));
      const value = Float32Array.from(own, ({ point }) => point[3]);
      min[k] = Math.min(...value);
      max[k] = Math.max(...value);
      const extra = Object.values(properties).map((list) => Float64Array.from(own, ({ index }) => list[index] as number));
      this.#bricks.set(keyText(key), {
        volume: handle, ...key, generation: 1, preview: false, dtype: 'points', voxels: value,
        points: { x: column(0), y: column(1), z: column(2), value, index: Uint32Array.from(own, ({ index }) => index), properties: extra },
      });
    });
    const of = (name: 'level' | 'z' | 'y' | 'x') => Uint32Array.from(keys, (key) => key[name]);
    this.ranges.apply({
      level: Uint8Array.from(keys, ({ level }) => level), z: of('z'), y: of('y'), x: of('x'), min, max,
      boxes: [zero, zero, zero, whole, whole, whole],
    });
  }

  brick(key: BrickKey): Brick {
    return this.#bricks.get(keyText(key)) as Brick;
  }
}
