/** Which ids occur in a volume of labels, as far as its coarse bricks that are here tell. */

import type { Brick, SessionVolume } from '../../session/types.js';
import { labelId } from '../../volume/label_ids.js';
import { CoarseBricks, eachRow, type Peek, voxelWeight } from './coarse_bricks.js';

/** An id and about how many voxels of level 0 have it. */
export interface LabelCount {
  readonly id: string;
  readonly voxels: number;
}

/** Voxels of each stored id of a brick, without the background. */
export function countLabels(brick: Brick, shape: SessionVolume['description']['shape']): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const { voxels } = brick;
  let [last, run] = [0, 0];
  const close = () => {
    if (last !== 0 && run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
    run = 0;
  };
  eachRow(brick, shape, (from, to) => {
    for (let i = from; i < to; i += 1) {
      const id = voxels[i] as number;
      if (id !== last) {
        close();
        last = id;
      }
      run += 1;
    }
  });
  close();
  return counts;
}

/** The ids of one volume. */
export class LabelsHere {
  readonly #bricks: CoarseBricks<ReadonlyMap<number, number>>;
  #list: readonly LabelCount[] | undefined;

  /** @param changed called when more is known */
  constructor(
    readonly volume: SessionVolume,
    peek: Peek,
    changed: () => void,
  ) {
    this.#bricks = new CoarseBricks(volume, peek, (brick) => countLabels(brick, volume.description.shape), () => {
      this.#list = undefined;
      changed();
    });
  }

  /** Looks for bricks that have come since. */
  look(): void {
    this.#bricks.look();
  }

  /** Whether anything has been counted yet. */
  get counted(): boolean {
    return this.#bricks.cover().length > 0;
  }

  /** Ids by falling size; replaced when more is known. */
  get list(): readonly LabelCount[] {
    this.#list ??= this.#count();
    return this.#list;
  }

  #count(): LabelCount[] {
    const voxels = new Map<number, number>();
    for (const { key, value } of this.#bricks.cover()) {
      const weight = voxelWeight(this.volume, key.level);
      for (const [id, count] of value) voxels.set(id, (voxels.get(id) ?? 0) + count * weight);
    }
    return [...voxels].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([id, count]) => ({ id: labelId(this.volume.description, id), voxels: Math.round(count) }));
  }
}
