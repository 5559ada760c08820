/** A ray's way through the bricks of a layer that are in browser memory, brick by brick, each with steps of its own level. */

import { BRICK_EDGE } from '../protocol/limits.js';
import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { worldToVoxel } from '../volume/geometry.js';
import { brickAt } from '../volume/sample.js';
import type { ValueReader } from './value_reader.js';

/** A ray as a layer sees it: place = start + at * way, at in world lengths. */
export interface LayerRay {
  readonly start: Vec3;
  readonly way: Vec3;
  readonly from: number;
  readonly to: number;
}

/** A piece of a ray in one brick. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** Level of the brick that is read there. */
  readonly level: number;
}

/** So little of a voxel is a place moved along its ray before its brick is looked up: a place on a face belongs to the brick behind it. */
const NUDGE = 1e-3;
/** More pieces than any ray has through all that memory can hold. */
const MAX_PIECES = 1 << 15;

export const along = ({ start, way }: LayerRay, at: number): Vec3 => start.map((n, i) => n + at * (way[i] as number)) as unknown as Vec3;

/**
 * The pieces of a ray in bricks that show something. Everything is in doubles, and sizes are those of the bricks that are there: at any size
 * of a volume a ray meets single voxels where the finest bricks are here, and costs as many steps as these have voxels.
 *
 * @param voxel world length of a voxel of level 0 of the layer
 */
export function* piecesOf(ray: LayerRay, reader: ValueReader, voxel: number): Generator<Piece> {
  const { geometry, numbering, isEmpty } = reader.volume;
  const [origin, next] = [worldToVoxel(geometry, ray.start), worldToVoxel(geometry, along(ray, 1))];
  const slope = next.map((n, i) => n - (origin[i] as number));
  const least = NUDGE * voxel;
  for (let at = ray.from, n = 0; at < ray.to && n < MAX_PIECES; n += 1) {
    const place = origin.map((o, i) => o + (at + least) * (slope[i] as number)) as unknown as Vec3;
    const found = reader.find(place);
    const level = found?.level ?? numbering.levels - 1;
    const key: BrickKey = found?.brick ?? brickAt(level, place);
    const end = Math.min(Math.max(exitOf(key, level, origin, slope), at + least), ray.to);
    if (found && !isEmpty(level, key.z, key.y, key.x)) yield { from: at, to: end, level };
    at = end;
  }
}

/** Where a ray leaves a brick. */
function exitOf({ z, y, x }: BrickKey, level: number, origin: Vec3, slope: readonly number[]): number {
  const edge = BRICK_EDGE * 2 ** level;
  let exit = Number.POSITIVE_INFINITY;
  [z, y, x].forEach((index, i) => {
    const s = slope[i] as number;
    if (s === 0) return;
    const face = (s > 0 ? index + 1 : index) * edge - 0.5;
    exit = Math.min(exit, (face - (origin[i] as number)) / s);
  });
  return exit;
}
