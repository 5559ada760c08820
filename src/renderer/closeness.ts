/** How near a camera is to a layer, which decides for which length the opacities are that its points give. */

import type { VolumeGeometry } from '../volume/geometry.js';
import type { Placement } from '../volume/placement.js';
import type { OrbitCamera } from './camera.js';

/** So many heights of the picture at the camera's target must fit into a volume before what is seen of it counts as a part. */
const HEIGHTS = 4;

/**
 * How often the height of the picture at the camera's target, four times, fits into a layer's longest edge: 1 wherever a layer is seen
 * as a whole or a good part of it. Opacities are for 1/128 of the edge divided by this. Without it a few voxels of a very large volume
 * would be as good as clear, for each is next to nothing of the whole.
 *
 * @example closeness(geometry, placement, { ...camera, distance: camera.distance / 100 }) // about 17, from where all was seen
 */
export function closeness({ shape, voxelSize }: VolumeGeometry, { scale }: Placement, { distance, fovY }: OrbitCamera): number {
  const [z, y, x] = shape.map((n, i) => n * (voxelSize[i] as number)) as [number, number, number];
  const longest = Math.max(x * scale[0], y * scale[1], z * scale[2]);
  return Math.max(longest / (HEIGHTS * 2 * distance * Math.tan(fovY / 2)), 1);
}

/** The same in steps of a 32nd of a doubling: a texture follows it, and the picture moves by a step of 8 bits at most. */
export const steppedCloseness = (exact: number): number => 2 ** (Math.round(32 * Math.log2(exact)) / 32);
