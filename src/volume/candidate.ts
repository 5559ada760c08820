/** What a camera makes of a brick: its error on the screen, how near to what is looked at it lies, and whether it is in view. */

import { BRICK_EDGE } from '../protocol/limits.js';
import type { Frustum } from './frustum.js';
import type { Vec3, VolumeGeometry } from './geometry.js';

/**
 * Measures bricks of one volume against one frustum. It allocates nothing for a brick, for there are tens of thousands in a plan: the
 * results of the last look stand in its fields.
 */
export class CandidateMeasure {
  /** Pixels that a voxel of the brick covers at most. */
  error = 0;
  /** 1 along the direction that counts, falling away from it. */
  weight = 1;
  readonly #planes: Float64Array;
  readonly #low = new Float64Array(3);
  readonly #high = new Float64Array(3);
  /** World length of a voxel, faces of the volume; all x, y, z. */
  readonly #voxel: Float64Array;
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  readonly #longest: number;

  constructor(
    geometry: VolumeGeometry,
    readonly frustum: Frustum,
    readonly focus: number,
    readonly towards: Vec3 = frustum.forward,
  ) {
    this.#planes = Float64Array.from(frustum.planes.flat());
    const axes = [2, 1, 0] as const;
    this.#voxel = Float64Array.from(axes, (i) => geometry.voxelSize[i]);
    this.#from = Float64Array.from(axes, (i) => geometry.origin[i] - 0.5 * geometry.voxelSize[i]);
    this.#to = Float64Array.from(axes, (i) => geometry.origin[i] + (geometry.shape[i] - 0.5) * geometry.voxelSize[i]);
    this.#longest = Math.max(...geometry.voxelSize);
  }

  /** Whether some of the brick may be in view. */
  inView(level: number, z: number, y: number, x: number): boolean {
    this.#bound(level, z, y, x);
    const p = this.#planes;
    const [low, high] = [this.#low, this.#high];
    for (let i = 0; i < p.length; i += 4) {
      const [a, b, c] = [p[i] as number, p[i + 1] as number, p[i + 2] as number];
      const far = a * (a > 0 ? high[0]! : low[0]!) + b * (b > 0 ? high[1]! : low[1]!) + c * (c > 0 ? high[2]! : low[2]!);
      if (far + (p[i + 3] as number) < 0) return false;
    }
    return true;
  }

  /** Fills in `error` and `weight`. */
  look(level: number, z: number, y: number, x: number): void {
    this.#bound(level, z, y, x);
    const { eye } = this.frustum;
    let nearest = 0;
    let length = 0;
    let along = 0;
    for (let i = 0; i < 3; i += 1) {
      const [low, high, e] = [this.#low[i] as number, this.#high[i] as number, eye[i] as number];
      const gap = low > e ? low - e : e > high ? e - high : 0;
      nearest += gap * gap;
      const d = (low + high) / 2 - e;
      length += d * d;
      along += d * (this.towards[i] as number);
    }
    const size = this.#longest * 2 ** level;
    this.error = (size * this.frustum.pixelsPerUnit) / Math.max(Math.sqrt(nearest), size);
    const cosine = length === 0 ? 1 : Math.min(Math.max(along / Math.sqrt(length), -1), 1);
    this.weight = 1 / (1 + this.focus * Math.acos(cosine));
  }

  #bound(level: number, z: number, y: number, x: number): void {
    const edge = BRICK_EDGE * 2 ** level;
    for (let i = 0; i < 3; i += 1) {
      const low = (this.#from[i] as number) + (i === 0 ? x : i === 1 ? y : z) * edge * (this.#voxel[i] as number);
      this.#low[i] = low;
      this.#high[i] = Math.min(low + edge * (this.#voxel[i] as number), this.#to[i] as number);
    }
  }
}
