/** What lies under a pixel, found on the CPU from the bricks in browser memory. */

import type { Brick } from '../session/types.js';
import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { worldToVoxel } from '../volume/geometry.js';
import { windowShare } from '../volume/opacity.js';
import { toLayer } from '../volume/placement.js';
import { rayThrough } from './camera.js';
import { planeDistance } from './plane_views.js';
import { clipped, type RayHit, rayHit } from './ray_hit.js';
import { sliceToWorld } from './slice_view.js';
import { ValueReader } from './value_reader.js';
import type { Picked, Pixel, View, VolumeView } from './views.js';
import type { Shown } from './view_plans.js';
import type { SliceTiles } from './slice_tiles.js';

/** Finds a brick in browser memory. */
export type BrickLookup = (volume: number, key: BrickKey) => Brick | undefined;

/** What is under a pixel of a view: of the images where one is shown, else of the labels. On a slice the highest that is there counts. */
export function pickAt(view: View, px: Pixel, shown: Shown, lookup: BrickLookup, tiles: SliceTiles): Picked | undefined {
  const layers = shown.layers.filter(({ isImage }) => isImage === (shown.image !== undefined));
  const readers = layers.reverse().map((volume) => new ValueReader(volume, lookup));
  if (view.kind === 'slice') {
    const world = sliceToWorld(view, px);
    for (const reader of readers) {
      const picked = pickedAt(reader, world, (voxel) => tiles.valueAt(view.id, reader.volume, voxel));
      if (picked) return picked;
    }
    return undefined;
  }
  const plane = planeAt(view, px, readers);
  let nearest: { hit: RayHit; reader: ValueReader } | undefined;
  for (const reader of readers) {
    const hit = rayHit(view, px, reader, plane?.at);
    // What has depth lies before what has none; of those the highest is seen.
    if (hit && (!nearest || (nearest.hit.flat && !hit.flat) || (!hit.flat && hit.at < nearest.hit.at))) nearest = { hit, reader };
  }
  return plane && (!nearest || nearest.hit.flat) ? plane.picked : nearest && pickedAt(nearest.reader, nearest.hit.world);
}

/** The nearest plane that stands in a view under a pixel, where it shows something. */
function planeAt(view: VolumeView, px: Pixel, readers: readonly ValueReader[]): { at: number; picked: Picked } | undefined {
  if (!view.planes?.length) return undefined;
  const { origin, direction } = rayThrough(view.camera, view.rect, px);
  const [from, to] = clipped({ ...view, planes: [] }, origin, direction, Number.POSITIVE_INFINITY);
  const distances = view.planes.flatMap((plane) => planeDistance(plane, origin, direction) ?? []).filter((at) => at >= from && at <= to);
  for (const at of distances.sort((a, b) => a - b)) {
    const world = origin.map((n, i) => n + at * (direction[i] as number)) as unknown as Vec3;
    for (const reader of readers) {
      const picked = pickedAt(reader, world);
      const { isImage, settings } = reader.volume;
      // What is at the window's low end or below is not drawn.
      if (picked && (isImage ? windowShare(settings.window, picked.value ?? Number.NaN) > 0 : picked.value)) return { at, picked };
    }
  }
  return undefined;
}

/** A volume's voxel at a place of the world. @param inTiles what tiles hold of a place */
function pickedAt(
  reader: ValueReader,
  world: Vec3,
  inTiles?: (voxel: Vec3) => { stored: number; level: number } | undefined,
): Picked | undefined {
  const { volume } = reader;
  const exact = worldToVoxel(volume.geometry, toLayer(volume.placement, world));
  const voxel = exact.map((n) => Math.round(n)) as unknown as Vec3;
  if (voxel.some((n, i) => n < 0 || n >= (volume.geometry.shape[i] as number))) return undefined;
  const found = reader.read(voxel, false);
  const tile = inTiles?.(exact);
  const { scale, offset } = volume.volume.description;
  const finer = tile && (tile.level <= found.level || Number.isNaN(found.value));
  const { value, level } = finer ? { value: tile.stored * scale + offset, level: tile.level } : found;
  const picked = { volume: volume.handle, world, voxel, level };
  return Number.isNaN(value) ? picked : { ...picked, value };
}
