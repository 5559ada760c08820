/** Which part of a view its volumes can cover: outside of it a picture is clear, and the backdrop of the last one stands. Pure. */

import { type VolumeGeometry, worldBounds } from '../volume/geometry.js';
import { cornersOf, type Placement } from '../volume/placement.js';
import { type OrbitCamera, project } from './camera.js';
import type { DeviceRect } from './fullscreen.js';

/** A volume where it stands. */
export interface Placed {
  readonly geometry: VolumeGeometry;
  readonly placement: Placement;
}

/**
 * The least rectangle of whole pixels around the boxes of volumes as a camera sees them in `rect`, and around what of them spills over their edges.
 *
 * @param margin device pixels that are added on all sides
 * @returns a part of `rect`, of no pixels where none is in view; all of it where a volume reaches behind the eye
 */
export function coveredPart(volumes: readonly Placed[], camera: OrbitCamera, rect: DeviceRect, margin: number): DeviceRect {
  const low: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high: [number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { geometry, placement } of volumes) {
    for (const corner of cornersOf(placement, worldBounds(geometry))) {
      const seen = project(camera, { x: 0, y: 0, width: rect.width, height: rect.height }, corner);
      if (!seen) return rect;
      const [x, y] = [seen.px[0], rect.height - seen.px[1]]; // canvases count from below
      [low[0], low[1], high[0], high[1]] = [Math.min(low[0], x), Math.min(low[1], y), Math.max(high[0], x), Math.max(high[1], y)];
    }
  }
  const within = (n: number, most: number): number => Math.min(Math.max(n, 0), most);
  const [x0, x1] = [within(Math.floor(low[0] - margin), rect.width), within(Math.ceil(high[0] + margin), rect.width)];
  const [y0, y1] = [within(Math.floor(low[1] - margin), rect.height), within(Math.ceil(high[1] + margin), rect.height)];
  return { x: rect.x + x0, y: rect.y + y0, width: Math.max(x1 - x0, 0), height: Math.max(y1 - y0, 0) };
}

/** The least rectangle around two; one without pixels takes no place. */
export function around(a: DeviceRect, b: DeviceRect): DeviceRect {
  if (a.width === 0 || a.height === 0) return b;
  if (b.width === 0 || b.height === 0) return a;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}
