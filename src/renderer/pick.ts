/** What lies under a pixel, found on the CPU from the bricks in browser memory. */

import type { Brick } from '../session/types.js';
import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { worldBounds, worldToVoxel } from '../volume/geometry.js';
import { opacityAt, opacityOfStep, placeOfShare, steepnessOf, windowShare } from '../volume/opacity.js';
import { brickAt, linearIn, nearestIn } from '../volume/sample.js';
import { rayThrough } from './camera.js';
import { sliceToWorld } from './slice_view.js';
import { stepFraction, stepLength } from './source.js';
import type { Picked, Pixel, View } from './views.js';
import type { Shown } from './view_plans.js';
import type { VolumeState } from './volume_state.js';

/** Finds a brick in browser memory. */
export type BrickLookup = (volume: number, key: BrickKey) => Brick | undefined;

/** Opacity gathered along a ray at which something is said to be hit. */
const HIT_OPACITY = 0.5;
/** A ray that gathers less in all has hit nothing. */
const LEAST_OPACITY = 0.03;
/** Most samples along a ray. */
const MAX_SAMPLES = 4096;

interface Found {
  readonly brick: Brick;
  readonly level: number;
}

/** Reads values of one volume, remembering the brick it read last. */
class ValueReader {
  #last: Found | undefined;

  constructor(
    readonly volume: VolumeState,
    readonly lookup: BrickLookup,
  ) {}

  /** The finest brick at a voxel position that is in memory. */
  find(voxel: Vec3): Found | undefined {
    const last = this.#last;
    if (last) {
      const key = brickAt(last.level, voxel);
      if (key.z === last.brick.z && key.y === last.brick.y && key.x === last.brick.x) return last;
    }
    this.#last = undefined;
    for (let level = 0; level < this.volume.numbering.levels; level += 1) {
      const brick = this.lookup(this.volume.handle, { ...brickAt(level, voxel), time: this.volume.time });
      if (!brick) continue;
      this.#last = { brick, level };
      break;
    }
    return this.#last;
  }

  /** The value there, with its scale and offset; NaN where there is none. */
  read(voxel: Vec3, linear: boolean): { value: number; level: number } {
    const found = this.find(voxel);
    if (!found) return { value: Number.NaN, level: 0 };
    const { scale, offset } = this.volume.volume.description;
    const stored = (linear ? linearIn : nearestIn)(found.brick.voxels, found.brick, voxel);
    return { value: stored * scale + offset, level: found.level };
  }
}

/** What is under a pixel of a view. */
export function pickAt(view: View, px: Pixel, shown: Shown, lookup: BrickLookup): Picked | undefined {
  const volume = shown.image ?? shown.labels;
  if (!volume) return undefined;
  const reader = new ValueReader(volume, lookup);
  const world = view.kind === 'slice' ? sliceToWorld(view, px) : hitAlong(view, px, volume, reader);
  if (!world) return undefined;
  const exact = worldToVoxel(volume.geometry, world);
  const voxel = exact.map((n) => Math.round(n)) as unknown as Vec3;
  if (voxel.some((n, i) => n < 0 || n >= (volume.geometry.shape[i] as number))) return undefined;
  const { value, level } = reader.read(voxel, false);
  const picked = { volume: volume.handle, world, voxel, level };
  return Number.isNaN(value) ? picked : { ...picked, value };
}

/** Where a ray hits: DVR where half of the light is gone, or most of what little there is; MIP the maximum. */
function hitAlong(view: View & { kind: 'volume' }, px: Pixel, volume: VolumeState, reader: ValueReader): Vec3 | undefined {
  const { origin, direction } = rayThrough(view.camera, view.rect, px);
  const { min, max } = worldBounds(volume.geometry);
  let [from, to] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 3; i += 1) {
    const d = (direction[i] as number) || 1e-12;
    const [a, b] = [((min[i] as number) - (origin[i] as number)) / d, ((max[i] as number) - (origin[i] as number)) / d];
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  if (!(from < to)) return undefined;
  const step = Math.max(stepLength(volume.geometry), (to - from) / MAX_SAMPLES);
  const fraction = (stepFraction(volume.geometry) * step) / stepLength(volume.geometry);
  const { settings, isImage } = volume;
  const mip = isImage && settings.mode === 'mip';
  const steepness = steepnessOf(settings);
  const only = settings.isolate && settings.selected.length > 0 ? new Set(settings.selected.map(Number)) : undefined;
  let light = 1;
  let best = { at: from, weight: mip ? Number.NEGATIVE_INFINITY : 0 };
  for (let at = from + step / 2; at < to; at += step) {
    const p = [0, 1, 2].map((i) => (origin[i] as number) + at * (direction[i] as number)) as unknown as Vec3;
    const { value } = reader.read(worldToVoxel(volume.geometry, p), isImage);
    if (Number.isNaN(value)) continue;
    const share = windowShare(settings.window, value);
    if (mip) {
      if (share > best.weight) best = { at, weight: share };
      continue;
    }
    const opacity = isImage ? opacityAt(settings.points, placeOfShare(share, steepness)) * settings.opacity : value > 0 && (only?.has(value) ?? true) ? settings.opacity : 0;
    const gathered = light * opacityOfStep(opacity, fraction);
    light -= gathered;
    if (gathered > best.weight) best = { at, weight: gathered };
    if (1 - light >= HIT_OPACITY) {
      best = { at, weight: gathered };
      break;
    }
  }
  if (mip ? best.weight <= 0 : 1 - light < LEAST_OPACITY) return undefined;
  return [0, 1, 2].map((i) => (origin[i] as number) + best.at * (direction[i] as number)) as unknown as Vec3;
}

