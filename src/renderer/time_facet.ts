/** A volume at one time point: the numbers of its bricks, their ranges, and which of them show nothing. */

import { BrickNumbering } from '../volume/brick_key.js';
import type { BrickKey } from '../volume/geometry.js';
import type { BrickRanges, ValueRange } from '../volume/ranges.js';
import type { Vec3 } from '../volume/geometry.js';

type BrickTest = (level: number, z: number, y: number, x: number) => boolean;

export class TimeFacet {
  readonly numbering: BrickNumbering;
  readonly #empty = new Map<number, boolean>();
  readonly #bare = new Map<number, boolean>();
  #rangesVersion = -1;

  /** @param isClear whether values in this range show nothing under the layer as it is; undefined: not known */
  constructor(
    shape: Vec3,
    readonly time: number,
    readonly ranges: BrickRanges,
    readonly isClear: (range: ValueRange | undefined) => boolean,
  ) {
    this.numbering = new BrickNumbering(shape, time);
  }

  /** Whether a brick shows nothing in a perspective view; while its range is not known it may show something. */
  readonly isEmpty: BrickTest = (level, z, y, x) => {
    const number = this.numbering.pack(level, z, y, x);
    const known = this.#empty.get(number);
    if (known !== undefined) return known;
    const empty = this.isClear(this.ranges.get({ level, z, y, x }));
    this.#empty.set(number, empty);
    return empty;
  };

  /** Whether neither a brick nor anything finer inside it shows anything. Where that is not known, the brick's own mean decides. */
  readonly isBare: BrickTest = (level, z, y, x) => {
    if (!this.isEmpty(level, z, y, x)) return false;
    const number = this.numbering.pack(level, z, y, x);
    const known = this.#bare.get(number);
    if (known !== undefined) return known;
    const range = level > 0 ? this.ranges.subtree({ level, z, y, x }) : undefined;
    const bare = range === undefined || this.isClear(range);
    this.#bare.set(number, bare);
    return bare;
  };

  /** The one brick that holds the whole volume. */
  get top(): BrickKey {
    return { level: this.numbering.levels - 1, z: 0, y: 0, x: 0, ...(this.time > 0 && { time: this.time }) };
  }

  /** Looks whether the table of ranges has grown; true where it has. */
  refresh(): boolean {
    if (this.ranges.version === this.#rangesVersion) return false;
    this.#rangesVersion = this.ranges.version;
    this.forget();
    return true;
  }

  /** What shows nothing may have changed. */
  forget(): void {
    this.#empty.clear();
    this.#bare.clear();
  }
}
