/** What gestures do to the slices. All three share one cross, one centre and one scale. Pure. */

import { sliceAxes, sliceFrame, sliceToWorld } from '../renderer/slice_view.js';
import type { Pixel, SliceView } from '../renderer/views.js';
import { type Vec3, type VolumeGeometry, voxelToWorld, worldToVoxel } from '../volume/geometry.js';
import { type Bounds, type ViewState, withAxis } from './view_state.js';

/** Wheel distance of one slice: a notch of most mice is 100 or 120. */
const WHEEL_SLICE = 100;

/** The cross moved to the voxel under the pixel; in a turned slice to the place itself, so that the slice stays where it is. */
export function crossTo(view: SliceView, px: Pixel, volume: VolumeGeometry): Pick<ViewState, 'cross'> {
  const world = sliceToWorld(view, px);
  return { cross: view.turn ? inside(world, volume) : snapped(world, volume) };
}

/** The centre of the volume's voxel that is nearest to a world point: a slice through it shows voxels as they are. */
export function snapped(world: Vec3, volume: VolumeGeometry): Vec3 {
  const voxel = worldToVoxel(volume, world).map((v, axis) => Math.min(volume.shape[axis]! - 1, Math.max(0, Math.round(v))));
  return voxelToWorld(volume, voxel as unknown as Vec3);
}

/** The place nearest to a world point within the volume. */
function inside(world: Vec3, volume: VolumeGeometry): Vec3 {
  const voxel = worldToVoxel(volume, world).map((v, axis) => Math.min(volume.shape[axis]! - 1, Math.max(0, v)));
  return voxelToWorld(volume, voxel as unknown as Vec3);
}

/** The slices' centre moved so that the picture follows the pointer. */
export function panSlices(state: ViewState, view: SliceView, dx: number, dy: number): Pick<ViewState, 'center'> {
  const { right, up } = sliceFrame(view);
  const [x, y] = [-dx * view.pixelSize, dy * view.pixelSize];
  return { center: state.center.map((n, i) => n + x * right[i]! + y * up[i]!) as unknown as Vec3 };
}

/** Closer or farther by `factor` of the pixel size, keeping what is under the pixel where it is. */
export function zoomSlices(state: ViewState, view: SliceView, factor: number, px: Pixel): Pick<ViewState, 'center' | 'pixelSize'> {
  const { middle } = sliceFrame(view);
  const pixelSize = Math.min(1e12, Math.max(1e-12, state.pixelSize * factor));
  const under = sliceToWorld(view, px);
  const kept = pixelSize / state.pixelSize;
  return { center: state.center.map((n, i) => n + (under[i]! - middle[i]!) * (1 - kept)) as unknown as Vec3, pixelSize };
}

/** The cross moved by whole slices along a slice's normal, within the volume. */
export function stepSlice(state: ViewState, view: SliceView, steps: number, volume: VolumeGeometry): Pick<ViewState, 'cross'> {
  if (view.turn) {
    const { normal } = sliceFrame(view);
    const step = steps * Math.min(...volume.voxelSize);
    return { cross: inside(state.cross.map((n, i) => n + step * normal[i]!) as unknown as Vec3, volume) };
  }
  const { normal } = sliceAxes(view.axis);
  const moved = state.cross[normal] + steps * volume.voxelSize[view.axis];
  return { cross: snapped(withAxis(state.cross, normal, moved), volume) };
}

/** Adds up wheel distances until they make whole slices: trackpads send many small ones. */
export class WheelSteps {
  #rest = 0;

  /** Whole slices in `delta` and what came before it; turning back drops the rest. */
  take(delta: number): number {
    if (delta * this.#rest < 0) this.#rest = 0;
    this.#rest += delta / WHEEL_SLICE;
    // A notch of 53 or 90, as some systems send, is still meant as one slice.
    const steps = Math.abs(delta) >= 50 ? Math.sign(delta) * Math.max(1, Math.round(Math.abs(this.#rest))) : Math.trunc(this.#rest);
    this.#rest = Math.abs(delta) >= 50 ? 0 : this.#rest - steps;
    return steps;
  }
}

/** The point nearest to `point` within the bounds. */
export function clampTo(bounds: Bounds, point: Vec3): Vec3 {
  return point.map((value, i) => Math.min(bounds.max[i]!, Math.max(bounds.min[i]!, value))) as unknown as Vec3;
}
