/** How many voxels each label has: counted brick by brick, and again only where bricks have changed since. */

import { type BrickCount, countBrick } from '../../volume/labels/brick_counts.js';
import { brickGrid } from '../../volume/geometry.js';
import type { CommittedBricks } from './committed_bricks.js';
import { inTurns } from './in_turns.js';

export class LabelCounts {
  readonly #known = new Map<string, BrickCount>();
  /** Keys of bricks that changed while others were being counted. */
  #changed = new Set<string>();

  constructor(readonly bricks: CommittedBricks) {}

  /** A brick of level 0 has other labels now. */
  outdated(key: string): void {
    if (!key.startsWith('0/')) return;
    this.#known.delete(key);
    this.#changed.add(key);
  }

  /** Labels above 0 and their voxels. What changes meanwhile is in the next answer. */
  async all(): Promise<Map<number, number>> {
    const sums = new Map<number, number>();
    await inTurns(this.#sum(sums));
    return sums;
  }

  *#sum(sums: Map<number, number>): Generator<number, void> {
    const { bricks } = this;
    const [nz, ny, nx] = brickGrid(bricks.shape, 0);
    this.#changed = new Set();
    for (let z = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        for (let x = 0; x < nx; x += 1) {
          const key = `0/${z}/${y}/${x}`;
          if (!bricks.has(0, z, y, x)) continue;
          const counts = this.#known.get(key) ?? countBrick(bricks.read(0, z, y, x), bricks.shape, [z, y, x]);
          if (!this.#changed.has(key)) this.#known.set(key, counts);
          for (const [label, voxels] of counts) sums.set(label, (sums.get(label) ?? 0) + voxels);
          yield 1;
        }
      }
    }
  }
}
