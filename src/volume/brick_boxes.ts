/**
 * Where the bricks of a point cloud are: its tree halves the points, not the space, so that every brick of the pyramid exists and holds
 * about as many points as any other, however the points lie.
 */

import type { RangeRows } from '../protocol/arrow.js';
import { POINT_STEPS } from '../protocol/limits.js';
import { type BrickKey, keyText, type Vec3, type VolumeGeometry, worldBounds } from './geometry.js';

/** Boxes by key, in steps of the cloud's box. */
export class BrickBoxes {
  readonly #boxes = new Map<string, readonly number[]>();

  /** Takes over the boxes of one RANGES message. */
  apply(rows: RangeRows): void {
    for (let i = 0; rows.boxes && i < rows.level.length; i += 1) {
      const key = { level: rows.level[i] as number, z: rows.z[i] as number, y: rows.y[i] as number, x: rows.x[i] as number };
      this.#boxes.set(keyText(key), rows.boxes.map((column) => column[i] as number));
    }
  }

  /** World corners (x, y, z) of what a brick and all finer ones under it hold, or undefined while that is not known. */
  get(geometry: VolumeGeometry, key: BrickKey): { min: Vec3; max: Vec3 } | undefined {
    const box = this.#boxes.get(keyText(key));
    if (!box) return undefined;
    const [z0, y0, x0, z1, y1, x1] = box as [number, number, number, number, number, number];
    const toWorld = pointToWorld(geometry);
    return { min: toWorld(x0, y0, z0), max: toWorld(x1, y1, z1) };
  }
}

/** Takes a point's place (x, y, z in steps of the cloud's box) to the world. */
export function pointToWorld(geometry: VolumeGeometry): (x: number, y: number, z: number) => Vec3 {
  const { min, max } = worldBounds(geometry);
  const step = min.map((low, i) => ((max[i] as number) - low) / POINT_STEPS) as unknown as Vec3;
  return (x, y, z) => [min[0] + x * step[0], min[1] + y * step[1], min[2] + z * step[2]];
}
