/** A volume at one time point: the numbers of its bricks, their ranges, and which of them show nothing. */

import { BrickNumbering } from '../volume/brick_key.js';
import type { BrickKey } from '../volume/geometry.js';
import type { BrickRanges, ValueRange } from '../volume/ranges.js';
import type { Vec3 } from '../volume/geometry.js';

type BrickTest = (level: number, z: number, y: number, x: number) => boolean;

/** A mean may hide what is thin: bricks that look even still count this much. */
const LEAST_CONTRAST = 0.25;
/** Bricks of larger volumes are not counted: no plan has so many. */
const COUNTED = 8192;

export class TimeFacet {
  readonly numbering: BrickNumbering;
  readonly #empty = new Map<number, boolean>();
  readonly #bare = new Map<number, boolean>();
  #rangesVersion = -1;
  #most: number | undefined;

  /**
   * @param isClear whether values in this range show nothing under the layer as it is; undefined: not known
   * @param worth how much of what the layer tells apart lies in a range, up to 1
   * @param steps the voxels' values, where each is told exactly: the least and the largest there are
   */
  constructor(
    shape: Vec3,
    readonly time: number,
    readonly ranges: BrickRanges,
    readonly isClear: (range: ValueRange | undefined) => boolean,
    readonly worth: (range: ValueRange) => number = () => 1,
    readonly steps?: ValueRange | undefined,
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

  /**
   * Whether a brick and everything finer in it are known to have one value. Where the finer ones are not known, a mean of the least or the
   * largest value there is can only be one of such values; but for the brick that holds all, which may be a preview.
   */
  readonly isEven: BrickTest = (level, z, y, x) => {
    if (!this.steps) return false;
    const key = { level, z, y, x };
    const own = this.ranges.get(key);
    if (!own || own.min !== own.max) return false;
    const all = this.ranges.subtree(key);
    if (all) return all.min === all.max;
    return level < this.numbering.levels - 1 && (own.min === this.steps.min || own.max === this.steps.max);
  };

  /** What refining a brick may show, by how far apart its values are: small where they are nearly one, never nothing. */
  readonly contrast = (level: number, z: number, y: number, x: number): number => {
    const range = this.ranges.get({ level, z, y, x });
    return range && range.min <= range.max ? Math.max(this.worth(range), LEAST_CONTRAST) : 1;
  };

  /** About how many bricks a plan can have at most: those of the finest level that may show something, and one of each other. Of a large volume how many there are. */
  get most(): number {
    const { bricks, levels } = this.numbering;
    if (bricks > COUNTED) return bricks;
    if (this.#most === undefined) {
      const [nz, ny, nx] = this.numbering.grid(0);
      this.#most = levels - 1;
      for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) if (!this.isEmpty(0, z, y, x)) this.#most += 1;
    }
    return this.#most;
  }

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
    this.#most = undefined;
  }
}
