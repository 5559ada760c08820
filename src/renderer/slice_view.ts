/** Pixels ↔ world on a slice. Radiological left/right conventions are the viewer's business: here the axes simply grow. */

import type { Vec3 } from '../volume/geometry.js';
import type { Pixel, SliceView } from './views.js';

/** In-plane axes of a slice as indices into x, y, z: u grows to the right, v grows upwards. */
export interface SliceAxes {
  readonly u: 0 | 1 | 2;
  readonly v: 0 | 1 | 2;
  readonly normal: 0 | 1 | 2;
}

const AXES: readonly [SliceAxes, SliceAxes, SliceAxes] = [
  { u: 0, v: 1, normal: 2 }, // axial: x right, y up
  { u: 0, v: 2, normal: 1 }, // coronal: x right, z up
  { u: 1, v: 2, normal: 0 }, // sagittal: y right, z up
];

/** The axes of a slice normal to z (0), y (1) or x (2). */
export function sliceAxes(axis: 0 | 1 | 2): SliceAxes {
  return AXES[axis];
}

/** The world point under a pixel of the canvas. */
export function sliceToWorld(view: SliceView, px: Pixel): Vec3 {
  const { u, v, normal } = AXES[view.axis];
  const { rect, center, pixelSize } = view;
  const world: [number, number, number] = [0, 0, 0];
  world[u] = center[0] + (px[0] - rect.x - rect.width / 2) * pixelSize;
  world[v] = center[1] - (px[1] - rect.y - rect.height / 2) * pixelSize;
  world[normal] = view.position;
  return world;
}

/** The pixel of the canvas under which a world point, dropped onto the slice, lies. */
export function worldToSlice(view: SliceView, world: Vec3): Pixel {
  const { u, v } = AXES[view.axis];
  const { rect, center, pixelSize } = view;
  return [
    rect.x + rect.width / 2 + (world[u] - center[0]) / pixelSize,
    rect.y + rect.height / 2 - (world[v] - center[1]) / pixelSize,
  ];
}

/** A slice's centre and pixel size that show all of a box. */
export function fitSlice(
  axis: 0 | 1 | 2,
  bounds: { readonly min: Vec3; readonly max: Vec3 },
  size: { readonly width: number; readonly height: number },
): Pick<SliceView, 'center' | 'pixelSize'> {
  const { u, v } = AXES[axis];
  const [width, height] = [bounds.max[u] - bounds.min[u], bounds.max[v] - bounds.min[v]];
  return {
    center: [(bounds.max[u] + bounds.min[u]) / 2, (bounds.max[v] + bounds.min[v]) / 2],
    pixelSize: Math.max(width / Math.max(size.width * 0.94, 1), height / Math.max(size.height * 0.94, 1), 1e-12),
  };
}
