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

/** The best resolution below the full one. */
export const BEST_QUICK_SCALE = 0.75;
/** The longest steps are 2^this times as long as a level's voxels. */
export const MAX_STEP_BIAS = 2;

/** Time a moving frame may take. */
export const TARGET_MS = 40;
/** A better quality is taken only where it would stay this far below the target, so that it does not flicker. */
const HEADROOM = 0.8;
/** What a frame costs however few rays it has, before that is known. */
const FIXED_MS = 3;
/** Where other work than rays already takes the time, rays may take as much again: fewer would help little. */
const RAYS_BESIDE = 1;
/** Weight of a new measurement. */
const NEWEST = 0.4;
/** The quality to begin with, before anything is measured. */
const FIRST = 2;

const cost = ({ scale, stepBias }: Quality): number => scale * scale * 2 ** -stepBias;

/**
 * Chooses a quality frame by frame. Time is taken to be `fixed + rays * cost`; the two are told apart by the times at the present
 * quality and at the one before.
 */
export class AdaptiveResolution {
  #at = FIRST;
  #slow = 0;
  #before: { readonly cost: number; readonly ms: number } | undefined;
  #now: { cost: number; ms: number } | undefined;

  get quality(): Quality {
    return QUALITIES[this.#at] as Quality;
  }

  /** Milliseconds that a frame of full quality would take, as far as is known. */
  fullMs = Number.NaN;

  /** Takes in how long a frame took on the GPU at the quality it was drawn with. */
  record(ms: number, drawn: Quality): void {
    // One slow frame may be another's fault (an upload, a compiled shader): two in a row are believed.
    if (this.#now && ms > 1.5 * this.#now.ms && ms > TARGET_MS && this.#slow === 0) {
      this.#slow = 1;
      return;
    }
    this.#slow = 0;
    if (this.#now?.cost === cost(drawn)) this.#now.ms += NEWEST * (ms - this.#now.ms);
    else {
      this.#before = this.#now;
      this.#now = { cost: cost(drawn), ms };
    }
    const { fixed, rays } = this.#model(this.#now as { cost: number; ms: number });
    this.fullMs = fixed + rays;
    const allowed = Math.max(TARGET_MS - fixed, RAYS_BESIDE * fixed);
    const time = (at: number): number => rays * cost(QUALITIES[at] as Quality);
    while (this.#at < QUALITIES.length - 1 && time(this.#at) > allowed) this.#at += 1;
    if (this.#at > 0 && time(this.#at - 1) < allowed * HEADROOM) this.#at -= 1;
  }

  #model(now: { readonly cost: number; readonly ms: number }): { fixed: number; rays: number } {
    const alone = Math.min(FIXED_MS, now.ms / 2);
    // Much more time for fewer rays: what was measured before no longer holds.
    const stale = this.#before && now.cost < this.#before.cost && now.ms > 1.5 * this.#before.ms;
    if (!this.#before || stale) return { fixed: alone, rays: (now.ms - alone) / now.cost };
    const slope = (now.ms - this.#before.ms) / (now.cost - this.#before.cost);
    // Not less than a little: or noise could say that rays cost nothing.
    const rays = Math.min(Math.max(slope, (0.02 * now.ms) / now.cost), (now.ms - alone) / now.cost);
    return { fixed: now.ms - rays * now.cost, rays };
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
