/**
 * The slices that stand in a perspective view, as slices of their own: which part of each is to be had, and how finely. They are planned,
 * asked for and uploaded as any slice is, and drawn into the picture that they are in. Pure.
 */

import type { Vec3 } from '../volume/geometry.js';
import { cameraBasis } from './camera.js';
import { type SliceFrame, sliceAxes, sliceFrame } from './slice_view.js';
import type { PlaneInView, SliceView, VolumeView } from './views.js';

/** Most planes that cut: the slices across three axes. */
export const CUT_PLANES = 3;
/** A plane has at most this many times the pixels, along each side, of the view that it is in. */
const MOST = 1.5;
/** Up to this size it is had as a whole, whatever of it is in view: it then stays the same while the camera goes around it. */
const WHOLE = 2;
/** The part that is had moves in steps of so many pixels. */
const STEP = 64;
/** Sizes of pixels are powers of two, and so many between them: a camera that comes closer asks for another one only now and then. */
const SIZES = 4;

export interface WorldBox {
  readonly min: Vec3;
  readonly max: Vec3;
}

/** A place of a plane: world lengths to the right and up from the plane's own middle. */
type Place = readonly [number, number];

const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** Where a plane lies in the world. */
export const planeFrame = (plane: PlaneInView): SliceFrame => sliceFrame(plane as unknown as SliceView);

/** The planes of a view that cut, their normals turned away from the eye: what lies on the eye's side of all of them is not drawn. */
export function cutsOf({ camera, planes = [] }: Pick<VolumeView, 'camera' | 'planes'>): { normal: Vec3; offset: number }[] {
  const { eye } = cameraBasis(camera);
  return planes.filter(({ cut }) => cut).slice(0, CUT_PLANES).map((plane) => {
    const { middle, normal } = planeFrame(plane);
    const sign = dot(normal, minus(middle, eye)) < 0 ? -1 : 1;
    const away = normal.map((n) => sign * n + 0) as unknown as Vec3;
    return { normal: away, offset: dot(away, middle) };
  });
}

/** The slice that a plane of a view is; undefined where nothing of it is in `box` and in view. */
export function planeView(view: VolumeView, plane: PlaneInView, box: WorldBox): SliceView | undefined {
  const frame = planeFrame(plane);
  const whole = extentIn(frame, box);
  if (!whole) return undefined;
  const { fovY } = view.camera;
  const seen = inView(view, frame, whole);
  if (seen.places.length === 0) return undefined;
  const { width, height } = view.rect;
  const range = (i: 0 | 1, of: readonly Place[]): [number, number] => [Math.min(...of.map((p) => p[i])), Math.max(...of.map((p) => p[i]))];
  const [across, along] = [range(0, seen.places), range(1, seen.places)];
  const finest = (2 * Math.tan(fovY / 2) * seen.nearest) / height;
  const coarse = Math.max((across[1] - across[0]) / (MOST * width), (along[1] - along[0]) / (MOST * height));
  const size = 2 ** (Math.round(SIZES * Math.log2(Math.max(finest, coarse))) / SIZES);
  const fits = whole.every(([low, high], i) => high - low <= WHOLE * (i === 0 ? width : height) * size);
  const snap = ([low, high]: readonly [number, number]): [number, number] => [Math.floor(low / (STEP * size)) * STEP * size, Math.ceil(high / (STEP * size)) * STEP * size];
  const [r, u] = fits ? whole : ([snap(across), snap(along)] as const);
  const middle = [0, 1, 2].map((i) => frame.middle[i]! + ((r[0] + r[1]) / 2) * frame.right[i]! + ((u[0] + u[1]) / 2) * frame.up[i]!) as unknown as Vec3;
  const axes = sliceAxes(plane.axis);
  const { cut: _, ...slice } = plane;
  return {
    ...slice,
    id: `${view.id}/${plane.id}`,
    kind: 'slice',
    within: view.id,
    rect: { x: 0, y: 0, width: Math.max(Math.ceil((r[1] - r[0]) / size), 1), height: Math.max(Math.ceil((u[1] - u[0]) / size), 1) },
    position: middle[axes.normal],
    center: [middle[axes.u], middle[axes.v]],
    pixelSize: size,
    ...(view.time !== undefined && { time: view.time }),
  };
}

/** How far a box reaches along a plane, to the right and up; undefined where the plane does not go through it. */
function extentIn({ middle, right, up, normal }: SliceFrame, { min, max }: WorldBox): readonly [readonly [number, number], readonly [number, number]] | undefined {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => minus([0, 1, 2].map((i) => ((c >> i) & 1 ? max[i]! : min[i]!)) as unknown as Vec3, middle));
  const range = (d: Vec3): readonly [number, number] => [Math.min(...corners.map((c) => dot(c, d))), Math.max(...corners.map((c) => dot(c, d)))];
  const depth = range(normal);
  return depth[0] <= 0 && depth[1] >= 0 ? [range(right), range(up)] : undefined;
}

/** The part of a rectangle of a plane that a view's pyramid holds, and how near the nearest of it is along the view. */
function inView({ camera, rect }: VolumeView, { middle, right, up }: SliceFrame, [r, u]: readonly (readonly [number, number])[]): { places: Place[]; nearest: number } {
  const basis = cameraBasis(camera);
  const tan = Math.tan(camera.fovY / 2);
  const wide = (tan * rect.width) / rect.height;
  const from = minus(middle, basis.eye);
  // A place is kept by a side where dot(direction, place seen from the eye) >= least.
  const sides: readonly (readonly [Vec3, number])[] = [
    [basis.forward, camera.distance * 1e-3],
    ...([[basis.right, wide], [basis.up, tan]] as const).flatMap(([d, reach]) =>
      [1, -1].map((sign) => [basis.forward.map((f, i) => reach * f + sign * d[i]!) as unknown as Vec3, 0] as const)),
  ];
  let places: Place[] = [[r![0], u![0]], [r![1], u![0]], [r![1], u![1]], [r![0], u![1]]];
  for (const [d, least] of sides) {
    const [c, a, b] = [dot(d, from) - least, dot(d, right), dot(d, up)];
    const over = (p: Place): number => c + a * p[0] + b * p[1];
    places = places.flatMap((p, i) => {
      const q = places[(i + 1) % places.length] as Place;
      const [op, oq] = [over(p), over(q)];
      const kept: Place[] = op >= 0 ? [p] : [];
      if (op >= 0 !== oq >= 0) kept.push([p[0] + ((q[0] - p[0]) * op) / (op - oq), p[1] + ((q[1] - p[1]) * op) / (op - oq)]);
      return kept;
    });
  }
  const [f, a, b] = [dot(basis.forward, from), dot(basis.forward, right), dot(basis.forward, up)];
  return { places, nearest: Math.min(...places.map((p) => f + a * p[0] + b * p[1])) };
}

/** Where a ray (of unit direction) meets a plane; undefined where it goes the other way. */
export function planeDistance(plane: PlaneInView, origin: Vec3, direction: Vec3): number | undefined {
  const { middle, normal } = planeFrame(plane);
  const at = dot(normal, minus(middle, origin)) / dot(normal, direction);
  return at > 0 && Number.isFinite(at) ? at : undefined;
}
