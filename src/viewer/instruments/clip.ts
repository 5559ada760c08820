/** What clips the 3D view, as geometry: boxes kept within the volumes, planes with their outlines and handles. x, y, z. Pure. */

import { BOX_EDGES, boxCorners } from '../../annotation/box.js';
import type { BoxCoords } from '../../annotation/model.js';
import { along, type Ray } from '../../annotation/ray.js';
import { cameraBasis, type OrbitCamera } from '../../renderer/camera.js';
import { sliceDistance, worldToSlice } from '../../renderer/slice_view.js';
import type { Clip, ClipPlane, Pixel, SliceView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { Bounds } from '../view_state.js';

/** More planes than this tell nobody anything, and each is a test for every ray. */
export const MAX_PLANES = 4;

const axes = [0, 1, 2] as const;
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const plus = (a: Vec3, b: Vec3, s = 1): Vec3 => [a[0] + b[0] * s, a[1] + b[1] * s, a[2] + b[2] * s];
export const unitVector = (v: Vec3): Vec3 | undefined => {
  const length = Math.hypot(...v);
  return length > 1e-12 && Number.isFinite(length) ? [v[0] / length, v[1] / length, v[2] / length] : undefined;
};

/** A box as one list of six. */
export const coordsOf = ({ min, max }: Bounds): BoxCoords => [...min, ...max];
/** The clip's box from a list of six. */
export const boxOf = (c: BoxCoords): Bounds => ({ min: [c[0], c[1], c[2]], max: [c[3], c[4], c[5]] });

/** A clip with other parts; undefined where nothing is left that clips. */
export function clipOf(box: Bounds | undefined, planes: readonly ClipPlane[] | undefined): Clip | undefined {
  const some = planes && planes.length > 0 ? planes : undefined;
  if (!box && !some) return undefined;
  return { ...(box && { box }), ...(some && { planes: some }) };
}

/** The box moved into `bounds`, no edge shorter than `least`: a box without a volume shows nothing and cannot be grabbed. */
export function keptWithin(box: BoxCoords, bounds: Bounds, least: Vec3): BoxCoords {
  const kept = [...box];
  for (const axis of axes) {
    const [low, high] = [bounds.min[axis], bounds.max[axis]];
    const edge = Math.min(least[axis], high - low);
    const from = Math.min(Math.max(box[axis], low), high - edge);
    kept[axis] = from;
    kept[axis + 3] = Math.max(from + edge, Math.min(box[(axis + 3) as 3], high));
  }
  return kept as unknown as BoxCoords;
}

/** The plane that faces the viewer and goes through a place: what lies before it is cut away. */
export function facingPlane(camera: OrbitCamera, through: Vec3): ClipPlane {
  const { forward } = cameraBasis(camera);
  return { normal: forward, offset: dot(forward, through) };
}

/** The place of a plane nearest to the middle of the bounds: its handle stands there. */
export function planeCentre({ normal, offset }: ClipPlane, { min, max }: Bounds): Vec3 {
  const middle: Vec3 = [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, (min[2] + max[2]) / 2];
  return plus(middle, normal, offset - dot(normal, middle));
}

/** The tip of a plane's handle, on the side that is shown. */
export function planeTip(plane: ClipPlane, bounds: Bounds): Vec3 {
  return plus(planeCentre(plane, bounds), plane.normal, tipLength(bounds));
}

/** How far a plane's tip stands out. */
export function tipLength({ min, max }: Bounds): number {
  return 0.2 * Math.max(max[0] - min[0], max[1] - min[1], max[2] - min[2]);
}

/** Corners of the polygon in which a plane cuts the bounds, in order around it; empty where it misses them. */
export function planeOutline({ normal, offset }: ClipPlane, bounds: Bounds): Vec3[] {
  const corners = boxCorners(coordsOf(bounds));
  const cuts: Vec3[] = [];
  for (const [a, b] of BOX_EDGES) {
    const [from, to] = [corners[a] as Vec3, corners[b] as Vec3];
    const [da, db] = [dot(normal, from) - offset, dot(normal, to) - offset];
    if (da >= 0 === db >= 0) continue;
    cuts.push(plus(from, plus(to, from, -1), da / (da - db)));
  }
  if (cuts.length < 3) return [];
  const middle = cuts.reduce((sum, p) => plus(sum, p, 1 / cuts.length), [0, 0, 0] as Vec3);
  const u = unitVector(plus(cuts[0] as Vec3, middle, -1));
  if (!u) return [];
  const v: Vec3 = [normal[1] * u[2] - normal[2] * u[1], normal[2] * u[0] - normal[0] * u[2], normal[0] * u[1] - normal[1] * u[0]];
  const angle = (p: Vec3) => Math.atan2(dot(plus(p, middle, -1), v), dot(plus(p, middle, -1), u));
  return cuts.sort((a, b) => angle(a) - angle(b));
}

/** Where a plane shows in a slice, as a line of pixels within the bounds. */
export function planeInSlice(plane: ClipPlane, view: SliceView, bounds: Bounds): readonly [Pixel, Pixel] | undefined {
  const outline = planeOutline(plane, bounds);
  const ends: Pixel[] = [];
  outline.forEach((from, i) => {
    const to = outline[(i + 1) % outline.length] as Vec3;
    const [a, b] = [sliceDistance(view, from), sliceDistance(view, to)];
    if (a >= 0 === b >= 0) return;
    ends.push(worldToSlice(view, plus(from, plus(to, from, -1), a / (a - b))));
  });
  return ends.length === 2 ? [ends[0] as Pixel, ends[1] as Pixel] : undefined;
}

/** The plane turned about its handle's foot so that the tip lies under a ray; `near` says which side of the ball it is on. */
export function turnedPlane(plane: ClipPlane, bounds: Bounds, ray: Ray, near: boolean): ClipPlane {
  const centre = planeCentre(plane, bounds);
  const radius = tipLength(bounds);
  const back = plus(ray.origin, centre, -1);
  const b = dot(back, ray.direction);
  const inside = b * b - dot(back, back) + radius * radius;
  // Beside the ball the tip goes to its rim.
  const t = -b + (inside > 0 ? Math.sqrt(inside) * (near ? -1 : 1) : 0);
  const normal = unitVector(plus(along(ray, t), centre, -1));
  return normal ? { normal, offset: dot(normal, centre) } : plane;
}
