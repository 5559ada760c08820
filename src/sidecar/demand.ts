/** A brick that is not in the store and that somebody waits for. */

import { type BrickKey, keyText } from '../volume/geometry.js';
import type { BrickFailure } from './broker.js';
import type { MakerLink } from './maker_link.js';
import type { VolumeRecord } from './volume_record.js';

/** Bricks of a fill come after all that viewers need; among them coarse ones come first. */
const FILL_PRIORITY = 1e12;

/** One who waits for bricks: a viewer, or what cuts tiles for it. */
export interface BrickWaiter {
  /** The brick is in the store. */
  ready(record: VolumeRecord, id: string): void;
  /** The brick cannot be had. */
  failed(record: VolumeRecord, key: BrickKey, failure: BrickFailure): void;
}

export class Demand {
  readonly id: string;
  /** Priority of each one who waits. */
  readonly waiters = new Map<BrickWaiter, number>();
  /** Where the producer is to write it; undefined while it has not been asked. */
  offset: number | undefined;
  /** Who was asked last. */
  asked: MakerLink | undefined;
  /** Made of older voxels, it is out of date: a CHANGED was said while a helper was at it. */
  leastGeneration = 0;
  /** The producer was told that nobody waits any more. */
  cancelled = false;
  /** Frames that failed their checks so far. */
  failures = 0;

  constructor(
    readonly record: VolumeRecord,
    readonly key: BrickKey,
    /** Asked for by a fill. */
    public fill: boolean,
  ) {
    this.id = keyText(key);
  }

  /** Id among all volumes. */
  get globalId(): string {
    return `${this.record.handle}:${this.id}`;
  }

  /** The most urgent of those who wait. */
  get priority(): number {
    let best = this.fill ? FILL_PRIORITY - this.key.level : Number.POSITIVE_INFINITY;
    for (const priority of this.waiters.values()) if (priority < best) best = priority;
    return best;
  }

  get wanted(): boolean {
    return this.fill || this.waiters.size > 0;
  }
}
