/** Where a ray through a pixel meets a layer, as the layer is drawn. */

import type { Vec3 } from '../volume/geometry.js';
import { worldBounds, worldToVoxel } from '../volume/geometry.js';
import { opacityAt, opacityOfStep, placeOfShare, steepnessOf, windowShare } from '../volume/opacity.js';
import { times, toLayer } from '../volume/placement.js';
import { rayThrough } from './camera.js';
import { planesOf } from './clip_planes.js';
import { closeness } from './closeness.js';
import { cutsOf } from './plane_views.js';
import { along, type LayerRay, piecesOf } from './ray_walk.js';
import { stepFraction } from './source.js';
import type { ValueReader } from './value_reader.js';
import type { Pixel, VolumeView } from './views.js';

/** Opacity gathered along a ray at which something is said to be hit. */
const HIT_OPACITY = 0.5;
/** A ray that gathers less in all has hit nothing. */
const LEAST_OPACITY = 0.03;
/** A piece of a whole number of steps, but for rounding, has no step more. */
const ROUNDING = 1e-6;
/** A surface, and the middle of a peak, is found to a 256th of a step. */
const BISECTIONS = 8;
/** A peak's middle lies between two values that are equal, this many steps before and behind it: a voxel and its neighbours. */
const PEAK_REACH = 1.5;
/** No farther from its highest sample than this many steps. */
const PEAK_SHIFT = 0.75;

/** A place that is seen. */
export interface RayHit {
  readonly world: Vec3;
  /** Its distance from the eye. */
  readonly at: number;
  /** The layer is one value of each ray: it lies behind what has depth. */
  readonly flat: boolean;
}

/**
 * DVR: where half of the light is gone, or most of what little there is. A surface: where it is crossed. Projections: the middle
 * of the peak whose value is shown, for the mean the highest. Each brick on the way is read in steps of its own level.
 *
 * @param reach where on the ray something solid ends it: what leaves more than half of the light through is not hit then
 */
export function rayHit(view: VolumeView, px: Pixel, reader: ValueReader, reach = Number.POSITIVE_INFINITY): RayHit | undefined {
  const { settings, isImage, geometry, placement, shader } = reader.volume;
  const { origin, direction } = rayThrough(view.camera, view.rect, px);
  const [start, way] = [toLayer(placement, origin), times(placement.back, direction)];
  const [from, to] = inside(worldBounds(geometry), start, way, clipped(view, origin, direction, reach));
  if (!(from < to)) return undefined;
  const ray: LayerRay = { start, way, from, to };
  const { scale } = placement;
  const [z, y, x] = geometry.voxelSize;
  const own = Math.min(x * scale[0], y * scale[1], z * scale[2]);
  const perLength = (stepFraction(geometry) * closeness(geometry, placement, view.camera)) / own;
  const mode = isImage && !shader ? settings.mode : 'dvr';
  const flat = mode === 'mip' || mode === 'mean' || mode === 'minip';
  const steepness = steepnessOf(settings);
  const only = settings.isolate && settings.selected.length > 0 ? new Set(settings.selected.map(Number)) : undefined;
  const shareAt = (at: number): number =>
    windowShare(settings.window, reader.read(worldToVoxel(geometry, along(ray, at)), isImage).value);
  const hit = (at: number): RayHit => ({ world: direction.map((d, i) => (origin[i] as number) + at * d) as unknown as Vec3, at, flat });
  let light = 1;
  const sign = mode === 'minip' ? -1 : 1;
  let best = { at: from, step: 0, weight: flat ? Number.NEGATIVE_INFINITY : 0 };
  for (const piece of piecesOf(ray, reader, own)) {
    const count = Math.max(Math.ceil((piece.to - piece.from) / (own * 2 ** piece.level) - ROUNDING), 1);
    const step = (piece.to - piece.from) / count;
    for (let i = 0; i < count; i += 1) {
      const at = piece.from + (i + 0.5) * step;
      const { value } = reader.read(worldToVoxel(geometry, along(ray, at)), isImage);
      if (Number.isNaN(value)) continue;
      const share = windowShare(settings.window, value);
      if (flat) {
        if (sign * share > best.weight) best = { at, step, weight: sign * share };
        continue;
      }
      const place = placeOfShare(share, steepness);
      if (mode === 'iso') {
        if (place < settings.iso) continue;
        return hit(surfaceBetween(Math.max(at - step, from), at, (p) => placeOfShare(shareAt(p), steepness) >= settings.iso));
      }
      const seen = isImage ? opacityAt(settings.points, place) : Number(value > 0 && (only?.has(value) ?? true));
      const gathered = light * opacityOfStep(seen * settings.opacity, perLength * step);
      light -= gathered;
      if (gathered > best.weight) best = { at, step, weight: gathered };
      if (1 - light >= HIT_OPACITY) return hit(at);
    }
  }
  const missed = flat ? best.weight <= (mode === 'minip' ? Number.NEGATIVE_INFINITY : 0) : 1 - light < (Number.isFinite(reach) ? HIT_OPACITY : LEAST_OPACITY);
  if (missed) return undefined;
  if (!flat) return hit(best.at);
  const peak = peakNear(best.at, best.step, (at) => sign * shareAt(at));
  return hit(Math.min(Math.max(peak, from), to));
}

/**
 * The middle of a peak: of a voxel of a coarse level it is known to a part of one, not to the nearest sample.
 *
 * @param at where its highest sample is; `step` is the distance of samples
 */
export function peakNear(at: number, step: number, weightAt: (at: number) => number): number {
  let [low, high] = [at - PEAK_SHIFT * step, at + PEAK_SHIFT * step];
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (low + high) / 2;
    const rise = weightAt(middle + PEAK_REACH * step) - weightAt(middle - PEAK_REACH * step);
    if (rise > 0) low = middle;
    else if (rise < 0) high = middle;
    // What is flat has no other middle, and at the volume's edge there is no telling.
    else return middle;
  }
  return (low + high) / 2;
}

/** Where a surface is crossed between a place before it and one behind it. */
function surfaceBetween(before: number, behind: number, isBehind: (at: number) => boolean): number {
  let [low, high] = [before, behind];
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (low + high) / 2;
    if (isBehind(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The piece of a ray that a clip and planes that cut leave. */
export function clipped(view: VolumeView, origin: Vec3, direction: Vec3, reach: number): [number, number] {
  let [from, to] = [0, reach];
  const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cuts = cutsOf(view).map(({ normal, offset }) => {
    const at = (offset - dot(normal, origin)) / dot(normal, direction);
    return at >= 0 ? at : Number.POSITIVE_INFINITY;
  });
  if (cuts.length > 0) from = Math.min(...cuts);
  for (const { normal, offset } of planesOf(view.clip)) {
    const [slope, behind] = [dot(normal, direction), offset - dot(normal, origin)];
    if (slope > 0) from = Math.max(from, behind / slope);
    else if (slope < 0) to = Math.min(to, behind / slope);
    else if (behind > 0) to = Number.NEGATIVE_INFINITY;
  }
  return [from, to];
}

/** The part of a piece of a ray that lies in a box. */
function inside({ min, max }: { readonly min: Vec3; readonly max: Vec3 }, start: Vec3, way: Vec3, piece: [number, number]): [number, number] {
  let [from, to] = piece;
  for (let i = 0; i < 3; i += 1) {
    const d = (way[i] as number) || 1e-12;
    const [a, b] = [((min[i] as number) - (start[i] as number)) / d, ((max[i] as number) - (start[i] as number)) / d];
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  return [from, to];
}
