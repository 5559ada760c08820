/** The plane of a volume that a slice shows: what is asked for of the volume, and where on the screen it lies. Pure. */

import type { Plane } from '../protocol/tiles.js';
import { slabLevel } from '../protocol/tiles.js';
import { type Vec3, type VolumeGeometry, voxelToWorld, worldToVoxel } from '../volume/geometry.js';
import { type Placement, times, toLayer, toWorld } from '../volume/placement.js';
import type { PlaneWindow } from '../volume/tile_plan.js';
import { type SliceFrame, sliceFrame } from './slice_view.js';
import type { SliceView } from './views.js';

/** What a view shows of a volume. */
export interface SlicePlane {
  readonly frame: Plane;
  /** Texels of level 0 that the volume fills. */
  readonly extent: PlaneWindow;
  /** Texel (column, row) of level 0 in the middle of the view, and texels for a world length to the right and up. */
  readonly a: number;
  readonly b: number;
  readonly right: number;
  readonly up: number;
  /** The finest level that a thick slab allows. */
  readonly finestLevel: number;
}

/** A direction's voxels (z, y, x) for a world length. */
function directionIn(geometry: VolumeGeometry, placement: Placement, world: Vec3): Vec3 {
  const [x, y, z] = times(placement.back, world);
  const [sz, sy, sx] = geometry.voxelSize;
  return [z / sz, y / sy, x / sx];
}

/** The only axis that a direction has, to rounding; -1 where it has several. */
function axisOf(v: Vec3): number {
  const most = Math.max(...v.map(Math.abs));
  const axes = [0, 1, 2].filter((i) => Math.abs(v[i] as number) > 1e-9 * most);
  return axes.length === 1 ? (axes[0] as number) : -1;
}

/** Rounds so that equal planes are equal in spite of how they were computed. */
const rounded = (v: Vec3, parts: number): [number, number, number] => v.map((n) => Math.round(n * parts) / parts + 0) as [number, number, number];

/** The plane of a volume that `view` shows; undefined where it does not cut the volume. */
export function slicePlane(view: SliceView, geometry: VolumeGeometry, placement: Placement, labels = false): SlicePlane | undefined {
  const frame = sliceFrame(view);
  const middle = worldToVoxel(geometry, toLayer(placement, frame.middle));
  const [right, up, normal] = [frame.right, frame.up, frame.normal].map((d) => directionIn(geometry, placement, d)) as [Vec3, Vec3, Vec3];
  const [u, v] = [axisOf(right), axisOf(up)];
  const slab = labels || !view.slab ? undefined : view.slab;
  const plane =
    u >= 0 && v >= 0 && u !== v && (!slab || axisOf(normal) >= 0)
      ? alignedPlane(geometry, middle, right, up, u, v)
      : obliquePlane(geometry, placement, frame);
  if (!plane) return undefined;
  // No thicker than what holds all of the volume wherever the plane stands: what is beyond adds nothing.
  const thickness = slab ? Math.min(slab.thickness * Math.hypot(...normal), 2 * Math.hypot(...geometry.shape) + 2) : 0;
  // A slab no thicker than a voxel is the plane.
  if (!slab || thickness <= 1) return plane;
  const along = rounded(normal.map((n) => n / Math.hypot(...normal)) as unknown as Vec3, 1e9);
  return {
    ...plane,
    frame: { ...plane.frame, slab: { along, thickness: Math.round(thickness * 1024) / 1024, mode: slab.mode } },
    finestLevel: slabLevel(thickness),
  };
}

function alignedPlane(geometry: VolumeGeometry, middle: Vec3, right: Vec3, up: Vec3, u: number, v: number): SlicePlane | undefined {
  const normal = 3 - u - v;
  const position = Math.round((middle[normal] as number) * 4096) / 4096;
  if (position < -0.5 || position > (geometry.shape[normal] as number) - 0.5) return undefined;
  const origin: [number, number, number] = [-0.5, -0.5, -0.5];
  origin[normal] = position;
  const unit = (axis: number): [number, number, number] => [Number(axis === 0), Number(axis === 1), Number(axis === 2)];
  return {
    frame: { origin, u: unit(u), v: unit(v) },
    extent: { a0: 0, a1: geometry.shape[u] as number, b0: 0, b1: geometry.shape[v] as number },
    a: (middle[u] as number) + 0.5,
    b: (middle[v] as number) + 0.5,
    right: right[u] as number,
    up: up[v] as number,
    finestLevel: 0,
  };
}

/** Texels as large as the shortest edge of a voxel, along the view's own axes, from a corner that does not move with the view. */
function obliquePlane(geometry: VolumeGeometry, placement: Placement, frame: SliceFrame): SlicePlane | undefined {
  const { right, up, normal } = frame;
  const dot = (p: Vec3, q: Vec3): number => p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  const minus = (p: Vec3, q: Vec3): Vec3 => [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
  const step = 1 / Math.max(...[0, 1, 2].map((axis) => edgeScale(geometry, placement, axis)));
  const center = toWorld(placement, voxelToWorld(geometry, geometry.shape.map((n) => (n - 1) / 2) as unknown as Vec3));
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const corner = geometry.shape.map((n, axis) => ((i >> axis) & 1 ? n - 0.5 : -0.5)) as unknown as Vec3;
    return minus(toWorld(placement, voxelToWorld(geometry, corner)), center);
  });
  const depth = dot(minus(frame.middle, center), normal);
  const depths = corners.map((corner) => dot(corner, normal));
  if (depth < Math.min(...depths) || depth > Math.max(...depths)) return undefined;
  const [rights, ups] = [corners.map((corner) => dot(corner, right)), corners.map((corner) => dot(corner, up))];
  const [r0, u0] = [Math.min(...rights), Math.min(...ups)];
  const at = center.map((n, i) => n + r0 * right[i]! + u0 * up[i]! + depth * normal[i]!) as unknown as Vec3;
  const per = (d: Vec3): [number, number, number] => rounded(directionIn(geometry, placement, d).map((n) => n * step) as unknown as Vec3, 1e9);
  const inPlane = minus(frame.middle, at);
  const [a, b] = [dot(inPlane, right) / step, dot(inPlane, up) / step];
  const [du, dv] = [per(right), per(up)];
  const origin = rounded(worldToVoxel(geometry, toLayer(placement, at)), 4096);
  return {
    frame: { origin, u: du, v: dv },
    extent: { a0: 0, a1: (Math.max(...rights) - r0) / step, b0: 0, b1: (Math.max(...ups) - u0) / step },
    a,
    b,
    right: 1 / step,
    up: 1 / step,
    finestLevel: 0,
  };
}

/** Voxels along an axis for a world length. */
function edgeScale({ voxelSize }: VolumeGeometry, { scale }: Placement, axis: number): number {
  return 1 / ((voxelSize[axis] as number) * (scale[2 - axis] as number));
}

/** The part of the plane in view, in texels of level 0. */
export function visibleWindow(plane: SlicePlane, view: SliceView): PlaneWindow {
  const w = (Math.abs(plane.right) * view.rect.width * view.pixelSize) / 2;
  const h = (Math.abs(plane.up) * view.rect.height * view.pixelSize) / 2;
  return { a0: plane.a - w, a1: plane.a + w, b0: plane.b - h, b1: plane.b + h };
}
