/** Pixels ↔ world on a slice. Radiological left/right conventions are the viewer's business: here the axes simply grow. */

import type { Vec3 } from '../volume/geometry.js';
import type { Pixel, Quaternion, SliceView } from './views.js';

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

/** A slice in the world: the point in the middle of its picture, and directions of length 1. */
export interface SliceFrame {
  readonly middle: Vec3;
  readonly right: Vec3;
  readonly up: Vec3;
  /** The axis that the slice is across, turned with it; it need not complete a right-handed system. */
  readonly normal: Vec3;
}

/** Where a slice lies in the world. */
export function sliceFrame(view: SliceView): SliceFrame {
  const { u, v, normal } = AXES[view.axis];
  const middle: [number, number, number] = [0, 0, 0];
  middle[u] = view.center[0];
  middle[v] = view.center[1];
  middle[normal] = view.position;
  const unit = (axis: number): Vec3 => turned(view.turn, [Number(axis === 0), Number(axis === 1), Number(axis === 2)]);
  return { middle, right: unit(u), up: unit(v), normal: unit(normal) };
}

/** A vector turned by a quaternion x, y, z, w of length 1. */
export function turned(turn: Quaternion | undefined, v: Vec3): Vec3 {
  if (!turn) return v;
  const [x, y, z, w] = turn;
  const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const t = cross([x, y, z], v);
  const s = cross([x, y, z], t);
  return [v[0] + 2 * (w * t[0] + s[0]), v[1] + 2 * (w * t[1] + s[1]), v[2] + 2 * (w * t[2] + s[2])];
}

/** How far a world point is from a slice, on the side that its normal points to. */
export function sliceDistance(view: SliceView, world: Vec3): number {
  const { middle, normal } = sliceFrame(view);
  return [0, 1, 2].reduce((sum, i) => sum + (world[i]! - middle[i]!) * normal[i]!, 0);
}

/** The world point under a pixel of the canvas. */
export function sliceToWorld(view: SliceView, px: Pixel): Vec3 {
  const { middle, right, up } = sliceFrame(view);
  const { rect, pixelSize } = view;
  const a = (px[0] - rect.x - rect.width / 2) * pixelSize;
  const b = -(px[1] - rect.y - rect.height / 2) * pixelSize;
  return [0, 1, 2].map((i) => middle[i]! + a * right[i]! + b * up[i]!) as unknown as Vec3;
}

/** The pixel of the canvas under which a world point, dropped onto the slice, lies. */
export function worldToSlice(view: SliceView, world: Vec3): Pixel {
  const { middle, right, up } = sliceFrame(view);
  const { rect, pixelSize } = view;
  const along = (d: Vec3): number => [0, 1, 2].reduce((sum, i) => sum + (world[i]! - middle[i]!) * d[i]!, 0) / pixelSize;
  return [rect.x + rect.width / 2 + along(right), rect.y + rect.height / 2 - along(up)];
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
