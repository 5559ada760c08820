/** The slices as planes of the world: turned together about the cross, at right angles to each other, thick or thin. Pure. */

import { sliceAxes, turned } from '../../renderer/slice_view.js';
import type { ClipPlane, PlaneInView, Quaternion, SliceView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { SLICE_AXIS, type ViewId } from '../layout.js';
import type { Bounds, ViewState } from '../view_state.js';
import { dot, plus, unitVector } from './clip.js';
import { PLANE_IDS } from './instrument_state.js';

/** One slice in 3D, with its handles. */
export interface SlicePlaneHandles {
  readonly id: Exclude<ViewId, 'volume'>;
  /** World axis that it is across while nothing is turned. */
  readonly axis: 0 | 1 | 2;
  readonly plane: ClipPlane;
  /** Where it is taken hold of to be moved along its normal, and to be turned. */
  readonly move: Vec3;
  readonly turn: Vec3;
  /** The line through the cross about which `turn` turns it. */
  readonly hinge: Vec3;
}

/** A turn of `angle` (radians) about a direction of length 1. */
export function turnAbout([x, y, z]: Vec3, angle: number): Quaternion {
  const s = Math.sin(angle / 2);
  return [x * s, y * s, z * s, Math.cos(angle / 2)];
}

/** A turn after another, of length 1; undefined where nothing is turned any more. */
export function combined([x, y, z, w]: Quaternion, before: Quaternion | undefined): Quaternion | undefined {
  const [a, b, c, d] = before ?? [0, 0, 0, 1];
  const q = [w * a + x * d + y * c - z * b, w * b - x * c + y * d + z * a, w * c + x * b - y * a + z * d, w * d - x * a - y * b - z * c];
  const length = Math.hypot(...q);
  return unitTurn(q.map((n) => n / length) as unknown as Quaternion);
}

const unitAxis = (axis: number): Vec3 => [Number(axis === 0), Number(axis === 1), Number(axis === 2)];

/** A turn of length 1 as it is given, to the last digit where it has that length; undefined where it turns nothing. */
export function unitTurn(q: Quaternion): Quaternion | undefined {
  const length = Math.hypot(...q);
  const unit = Math.abs(length - 1) < 1e-9 ? q : (q.map((n) => n / length) as unknown as Quaternion);
  return Math.abs(unit[3]) > 1 - 1e-9 ? undefined : unit;
}

/** What a slice view shows of the state: through the cross, its middle as near to the slices' centre as it gets. */
export function sliceOf({ cross, center, pixelSize, turn, slab }: ViewState, axis: 0 | 1 | 2): Omit<SliceView, 'id' | 'kind' | 'rect' | 'time'> {
  const { u, v, normal } = sliceAxes(axis);
  const n = turned(turn, unitAxis(normal));
  const middle = turn ? plus(center, n, dot(plus(cross, center, -1), n)) : center;
  return {
    axis,
    position: turn ? middle[normal] : cross[normal],
    center: [middle[u], middle[v]],
    pixelSize,
    ...(turn && { turn }),
    ...(slab && { slab }),
  };
}

/** The slices that stand in the 3D picture with their values. They stay the same while the cross moves within them. */
export function texturedPlanes({ cross, turn, slab, planes }: Pick<ViewState, 'cross' | 'turn' | 'slab' | 'planes'>): PlaneInView[] {
  return PLANE_IDS.filter((id) => planes[id] === 'textured').map((id) => {
    const axis = SLICE_AXIS[id];
    const { u, v, normal } = sliceAxes(axis);
    const n = turned(turn, unitAxis(normal));
    const middle: Vec3 = turn ? plus([0, 0, 0], n, dot(cross, n)) : cross;
    return {
      id, axis, position: middle[normal], center: turn ? [middle[u], middle[v]] : [0, 0],
      ...(turn && { turn }), ...(slab && { slab }), ...(planes.cut && { cut: true }),
    };
  });
}

/** The slices with their handles, which stand where no two of them meet. */
export function slicePlanes({ cross, turn }: Pick<ViewState, 'cross' | 'turn'>, { min, max }: Bounds): SlicePlaneHandles[] {
  const reach = 0.3 * Math.min(max[0] - min[0], max[1] - min[1], max[2] - min[2]);
  return (Object.entries(SLICE_AXIS) as [Exclude<ViewId, 'volume'>, 0 | 1 | 2][]).map(([id, axis]) => {
    const { u, v, normal } = sliceAxes(axis);
    const [right, up, n] = [u, v, normal].map((a) => turned(turn, unitAxis(a))) as [Vec3, Vec3, Vec3];
    const diagonal = (sign: number): Vec3 => unitVector(plus(right, up, sign)) as Vec3;
    return {
      id,
      axis: normal,
      plane: { normal: n, offset: dot(n, cross) },
      move: plus(cross, diagonal(1), reach),
      turn: plus(cross, diagonal(-1), reach),
      hinge: diagonal(1),
    };
  });
}
