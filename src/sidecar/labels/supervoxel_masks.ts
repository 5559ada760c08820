/** Supervoxels of an image where somebody points: their boxes are looked at when they are asked for, and the last ones kept. */

import { ErrorCode, MAX_SHOWN_RUNS, type VoxelBox } from '../../protocol/index.js';
import { BRICK_EDGE, BRICK_HALO, STORED_EDGE } from '../../protocol/limits.js';
import type { BrickKey, Vec3 } from '../../volume/geometry.js';
import { editBricks } from '../../volume/labels/edit.js';
import type { BrickMask } from '../../volume/labels/mask.js';
import { maskPieces, pieceRuns, seededBoxes, type SupervoxelOp, supervoxelBox, supervoxels } from '../../volume/labels/supervoxels.js';
import type { Services } from '../services.js';
import type { VolumeRecord } from '../volume_record.js';
import { ImageRefused, imageOf, lookInto } from './image_bricks.js';
import { inTurns } from './in_turns.js';
import { Lru } from './lru.js';
import { imageKeys, type Masks } from './range_masks.js';

/** Pieces of boxes that are kept at hand, of all volumes: about forty boxes of space. */
const KEPT_BYTES = 16 * 2 ** 20;

type Triple = readonly [number, number, number];
/** How an image is divided. */
type Division = Pick<SupervoxelOp, 'image' | 'time' | 'cell' | 'contrast'>;

export class Supervoxels {
  readonly #kept = new Lru<Int32Array>(KEPT_BYTES);

  constructor(readonly services: () => Services) {}

  /**
   * The voxels of the pieces under the seeds of an edit, by brick.
   *
   * @param told called with boxes looked at, and all of them
   * @throws ImageRefused, or the reason of `signal`
   */
  async masks(labels: VolumeRecord, op: SupervoxelOp, signal: AbortSignal, told: (done: number, total: number) => void): Promise<Masks> {
    const shape = labels.description.shape as Vec3;
    imageOf(this.services(), labels, op.image, op.time);
    imageKeys(editBricks(shape, op), op.time); // refuses what is too much, before anything is looked at
    const boxes = seededBoxes(shape, op);
    if (boxes.length === 0) throw new ImageRefused(ErrorCode.UNSUPPORTED, 'no seed lies in the volume', 'point at a voxel of it');
    const masks = new Map<string, BrickMask>();
    for (const [done, { box, seeds }] of boxes.entries()) {
      maskPieces(masks, await this.#pieces(labels, op, box, signal), box, seeds);
      told(done + 1, boxes.length);
    }
    return masks;
  }

  /**
   * The piece under a voxel, as it would be painted.
   *
   * @throws ImageRefused
   */
  async shown(labels: VolumeRecord, seed: Triple, division: Division): Promise<ReturnType<typeof pieceRuns>> {
    const shape = labels.description.shape as Vec3;
    if (seed.some((v, axis) => v >= (shape[axis] as number))) {
      throw new ImageRefused(ErrorCode.UNSUPPORTED, `(${seed.join(', ')}) is not in the volume of ${shape.join(' × ')} voxels`, 'point at a voxel of it');
    }
    const box = supervoxelBox(shape, division.cell, seed);
    const shown = pieceRuns(await this.#pieces(labels, division, box), box, seed);
    if (shown.runs.length > MAX_SHOWN_RUNS) throw new ImageRefused(ErrorCode.TOO_LARGE, `a piece of ${shown.runs.length} runs; the limit is ${MAX_SHOWN_RUNS}`, 'take smaller pieces, or more contrast');
    return shown;
  }

  async #pieces(labels: VolumeRecord, { image: handle, time, cell, contrast }: Division, box: VoxelBox, signal?: AbortSignal): Promise<Int32Array> {
    const image = imageOf(this.services(), labels, handle, time);
    // A volume that grows has other values after each of its generations.
    const { generation } = image;
    const key = [handle, generation, time ?? 0, cell, contrast, box[0]].join('/');
    const known = this.#kept.get(key);
    if (known) return known;
    const pieces = await inTurns(supervoxels(await valuesOf(this.services(), image, box, time, signal), box, cell, contrast), signal);
    if (image.generation === generation) this.#kept.set(key, pieces, pieces.byteLength);
    return pieces;
  }
}

/** The values of a box of level 0, z, y, x. */
async function valuesOf(services: Services, image: VolumeRecord, [low, high]: VoxelBox, time: number | undefined, signal: AbortSignal | undefined): Promise<Float64Array> {
  const [depth, height, width] = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
  const values = new Float64Array(depth * height * width);
  const keys = imageKeys(editBricks(image.description.shape as Vec3, { kind: 'box', start: low, stop: high }), time);
  const copy = ({ z: bz, y: by, x: bx }: BrickKey, brick: ArrayLike<number>): void => {
    const ends = ([bz, by, bx] as const).map((b, axis) => [Math.max(low[axis] as number, b * BRICK_EDGE), Math.min(high[axis] as number, (b + 1) * BRICK_EDGE)] as const);
    const [[z0, z1], [y0, y1], [x0, x1]] = ends as unknown as [Pair, Pair, Pair];
    for (let z = z0; z < z1; z += 1) {
      for (let y = y0; y < y1; y += 1) {
        let from = ((z - bz * BRICK_EDGE + BRICK_HALO) * STORED_EDGE + y - by * BRICK_EDGE + BRICK_HALO) * STORED_EDGE + x0 - bx * BRICK_EDGE + BRICK_HALO;
        let to = ((z - low[0]) * height + y - low[1]) * width + x0 - low[2];
        for (let x = x0; x < x1; x += 1, from += 1, to += 1) values[to] = brick[from] as number;
      }
    }
  };
  await lookInto(services, image, keys, copy, signal);
  return values;
}

type Pair = readonly [number, number];
