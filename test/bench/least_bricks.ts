/**
 * The least that a perspective view can be shown with, found without our planner: rays through the picture, and at each place along them the brick
 * whose voxels are just not larger than a pixel there, where it shows anything.
 */

import { cameraBasis, type OrbitCamera } from '../../src/renderer/camera.js';
import { levelCount, type Vec3 } from '../../src/volume/geometry.js';

/** Pixels between two rays. */
const APART = 4;
/** Voxels of level 0 between two places on a ray. */
const PACE = 8;

/** Number of bricks, with voxels of edge 1 and voxel (0, 0, 0) centred at the origin. */
export function leastBricks(
  shape: Vec3,
  camera: OrbitCamera,
  [width, height]: readonly [number, number],
  showsNothing: (level: number, z: number, y: number, x: number) => boolean,
): number {
  const { eye, forward, right, up } = cameraBasis(camera);
  const tan = Math.tan(camera.fovY / 2);
  const pixelsPerUnit = height / (2 * tan);
  const top = levelCount(shape) - 1;
  const size = [shape[2], shape[1], shape[0]];
  const seen = new Map<string, boolean>();
  const reach = camera.distance + Math.hypot(...shape);
  for (let py = 0; py < height; py += APART) {
    for (let px = 0; px < width; px += APART) {
      const a = ((2 * (px + 0.5)) / width - 1) * tan * (width / height);
      const b = ((2 * (py + 0.5)) / height - 1) * tan;
      const d = [0, 1, 2].map((i) => (forward[i] as number) + a * (right[i] as number) + b * (up[i] as number));
      const length = Math.hypot(...d);
      for (let s = 0.5; s < reach; s += PACE) {
        const p = [0, 1, 2].map((i) => (eye[i] as number) + ((d[i] as number) / length) * s + 0.5);
        if (p.some((n, i) => n < 0 || n >= (size[i] as number))) continue;
        const level = Math.min(Math.max(Math.floor(Math.log2(s / pixelsPerUnit)), 0), top);
        const [x, y, z] = p.map((n) => Math.floor(n / (64 * 2 ** level))) as [number, number, number];
        const key = `${level}/${z}/${y}/${x}`;
        if (!seen.has(key)) seen.set(key, !showsNothing(level, z, y, x));
      }
    }
  }
  return [...seen.values()].filter(Boolean).length;
}
