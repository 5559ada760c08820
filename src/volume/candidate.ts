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
  /** Corners of the brick looked at: lowest x, y, z, then highest. */
  readonly #box = new Float64Array(6);
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

  /** Whether some of the brick may be in view; it is the one looked at then. */
  inView(level: number, z: number, y: number, x: number): boolean {
    this.look(level, z, y, x);
    const p = this.#planes;
    const box = this.#box;
    for (let i = 0; i < p.length; i += 4) {
      const a = p[i] as number;
      const b = p[i + 1] as number;
      const c = p[i + 2] as number;
      const far = a * (box[a > 0 ? 3 : 0] as number) + b * (box[b > 0 ? 4 : 1] as number) + c * (box[c > 0 ? 5 : 2] as number);
      if (far + (p[i + 3] as number) < 0) return false;
    }
    return true;
  }

  /** Looks at a brick. */
  look(level: number, z: number, y: number, x: number): void {
    const edge = BRICK_EDGE * 2 ** level;
    const box = this.#box;
    for (let i = 0; i < 3; i += 1) {
      const length = edge * (this.#voxel[i] as number);
      const low = (this.#from[i] as number) + (i === 0 ? x : i === 1 ? y : z) * length;
      box[i] = low;
      box[i + 3] = Math.min(low + length, this.#to[i] as number);
    }
  }

  /** Fills in `error` and `weight` of the brick looked at. */
  gauge(level: number): void {
    const { eye } = this.frustum;
    const box = this.#box;
    let nearest = 0;
    let length = 0;
    let along = 0;
    for (let i = 0; i < 3; i += 1) {
      const low = box[i] as number;
      const high = box[i + 3] as number;
      const e = eye[i] as number;
      const gap = low > e ? low - e : e > high ? e - high : 0;
      nearest += gap * gap;
      const d = (low + high) / 2 - e;
      length += d * d;
      along += d * (this.towards[i] as number);
    }
    const size = this.#longest * 2 ** level;
    this.error = (size * this.frustum.pixelsPerUnit) / Math.max(Math.sqrt(nearest), size);
    // The chord stands for the angle: they are the same where it matters.
    const chord = length === 0 ? 0 : Math.sqrt(Math.max(2 - (2 * along) / Math.sqrt(length), 0));
    this.weight = 1 / (1 + this.focus * chord);
  }
}
