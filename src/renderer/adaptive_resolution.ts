/** Which resolution a moving picture gets, from how long its frames took. Pure. */

/** How a picture is drawn while it moves. */
export interface Quality {
  /** Part of the full resolution along each axis. */
  readonly scale: number;
  /** Steps are 2^this times as long. */
  readonly stepBias: number;
}

/** From the best to the cheapest. Longer steps come only where a quarter of the resolution is not enough. */
export const QUALITIES: readonly Quality[] = [
  { scale: 1, stepBias: 0 },
  { scale: 0.75, stepBias: 0 },
  { scale: 0.5, stepBias: 0 },
  { scale: 0.375, stepBias: 0 },
  { scale: 0.25, stepBias: 0 },
  { scale: 0.25, stepBias: 1 },
  { scale: 0.1875, stepBias: 1 },
  { scale: 0.1875, stepBias: 2 },
  { scale: 0.125, stepBias: 2 },
];

/** The longest steps are 2^this times as long as a level's voxels. */
export const MAX_STEP_BIAS = 2;

/** Time a moving frame may take. */
export const TARGET_MS = 40;
/** A better quality is taken only where it would stay this far below the target, so that it does not flicker. */
const HEADROOM = 0.8;
/** What a frame costs however few rays it has. */
const FIXED_MS = 3;
/** The quality to begin with, before anything is measured. */
const FIRST = 2;

const cost = ({ scale, stepBias }: Quality): number => scale * scale * 2 ** -stepBias;

/** Chooses a quality frame by frame. */
export class AdaptiveResolution {
  #at = FIRST;
  #slow = 0;

  get quality(): Quality {
    return QUALITIES[this.#at] as Quality;
  }

  /** Milliseconds that a frame of full quality would take, as far as is known. */
  fullMs = Number.NaN;

  /** Takes in how long a frame took on the GPU at the quality it was drawn with. */
  record(ms: number, drawn: Quality): void {
    const full = Math.max(ms - FIXED_MS, 0.5) / cost(drawn);
    // One slow frame may be another's fault (an upload, a compiled shader): two in a row are believed.
    if (ms > TARGET_MS * 1.25 && this.#slow === 0 && !Number.isNaN(this.fullMs)) {
      this.#slow = 1;
      return;
    }
    this.#slow = 0;
    this.fullMs = Number.isNaN(this.fullMs) ? full : 0.5 * this.fullMs + 0.5 * full;
    const expect = (at: number): number => FIXED_MS + this.fullMs * cost(QUALITIES[at] as Quality);
    const last = QUALITIES.length - 1;
    while (this.#at < last && expect(this.#at) > TARGET_MS) this.#at += 1;
    if (this.#at > 0 && expect(this.#at - 1) < TARGET_MS * HEADROOM) this.#at -= 1;
  }
}

/** Rows of a still picture that are drawn at once, so that no draw keeps the GPU for long. */
export class StripHeight {
  #msPerRow: number;

  constructor(fullMs: number, rows: number) {
    this.#msPerRow = Number.isNaN(fullMs) ? 1 : Math.max(fullMs / rows, 1e-3);
  }

  /** Rows that take about `budgetMs`. */
  rows(budgetMs: number): number {
    return Math.max(8, Math.floor(budgetMs / this.#msPerRow));
  }

  /** Takes in how long a strip took. */
  record(ms: number, rows: number): void {
    this.#msPerRow = 0.5 * this.#msPerRow + 0.5 * Math.max(ms / rows, 1e-3);
  }
}
