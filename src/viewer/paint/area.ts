/** Lasso and box: from what is drawn in a straight slice to the voxels of an edit. Pure. */

import type { EditOp } from '../../protocol/labels.js';
import { type Vec3, type VolumeGeometry, worldToVoxel } from '../../volume/geometry.js';

type Triple = [number, number, number];
type Axis = 0 | 1 | 2;

/** Points of one edit at most, as the wire has it. */
const MOST_POINTS = 16_384;
/** Slices before and behind the one that is looked at in which painted ones are looked for. */
const REACH = 64;
/** Voxels of one edit, as the wire has it. */
const MOST_VOXELS = 2 ** 28;

/** First and last of so many planes about one, within the volume; an even number has one more behind it. Undefined where it lies outside. */
export function planesAbout(plane: number, count: number, planes: number): [number, number] | undefined {
  if (plane < 0 || plane >= planes) return undefined;
  const first = plane - Math.floor((count - 1) / 2);
  return [Math.max(first, 0), Math.min(first + count - 1, planes - 1)];
}

const planeOf = (volume: VolumeGeometry, at: Vec3, across: Axis): number => Math.round(worldToVoxel(volume, at)[across]);

/** The edit of a lasso: its inside, in so many planes. Undefined where it lies beside the volume or is no area. */
export function lassoOp(volume: VolumeGeometry, points: readonly Vec3[], across: Axis, count: number): EditOp | undefined {
  const index = points[0] && planesAbout(planeOf(volume, points[0], across), count, volume.shape[across]);
  if (!index || points.length < 3) return undefined;
  const step = Math.ceil(points.length / MOST_POINTS);
  const outline = points
    .filter((_, i) => i % step === 0)
    .map((point) => worldToVoxel(volume, point).filter((_, axis) => axis !== across) as unknown as [number, number]);
  return { kind: 'polygon', axis: across, index, points: outline };
}

/** The edit of a rectangle from corner to corner: voxels whose centres lie in it. Undefined where there are none. */
export function boxOp(volume: VolumeGeometry, from: Vec3, to: Vec3, across: Axis, count: number): EditOp | undefined {
  const index = planesAbout(planeOf(volume, from, across), count, volume.shape[across]);
  if (!index) return undefined;
  const [a, b] = [worldToVoxel(volume, from), worldToVoxel(volume, to)];
  const start = a.map((v, axis) => (axis === across ? index[0] : Math.max(Math.ceil(Math.min(v, b[axis] as number)), 0))) as Triple;
  const stop = a.map((v, axis) => (axis === across ? index[1] + 1 : Math.min(Math.floor(Math.max(v, b[axis] as number)) + 1, volume.shape[axis] as number))) as Triple;
  return start.some((v, axis) => v >= (stop[axis] as number)) ? undefined : { kind: 'box', start, stop };
}

/** The edit that fills between the painted slices that lie about a place; undefined where it is beside the volume. */
export function betweenOp(volume: VolumeGeometry, at: Vec3, across: Axis): EditOp | undefined {
  const { shape } = volume;
  const texels = shape.reduce((product, n, axis) => (axis === across ? product : product * n), 1);
  const count = Math.min(2 * REACH + 1, Math.floor(MOST_VOXELS / texels));
  const index = planesAbout(planeOf(volume, at, across), count, shape[across]);
  if (!index || count < 3) return undefined;
  const [low, high]: [Triple, Triple] = [[0, 0, 0], [...shape]];
  [low[across], high[across]] = [index[0], index[1] + 1];
  return { kind: 'interpolate', axis: across, box: [low, high] };
}
