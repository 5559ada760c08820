/** Which resolution a moving picture gets, from how long its frames took. Pure. */

/** How a picture is drawn while it moves. */
export interface Quality {
  /** Part of the full resolution along each axis. */
  readonly scale: number;
  /** Nothing finer is drawn than the level this much above the plan's finest, whose voxels are as large as the picture's pixels. */
  readonly coarser: number;
}

/** From the best to the cheapest. */
export const QUALITIES: readonly Quality[] = [1, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125].map((scale) => ({
  scale,
  coarser: Math.floor(-Math.log2(scale)),
}));

/** The best resolution below the full one. */
export const BEST_QUICK_SCALE = 0.75;

/** Time a moving frame may take, where nothing else is said. */
export const TARGET_MS = 40;
/** A better quality is taken only where it would stay this far below the target, so that it does not flicker. */
const HEADROOM = 0.8;
/** What a frame costs a slow device however few rays it has: enlarging the picture, handing it to the page. */
const FIXED_MS = 12;
/** How long a picture that is done waits to be shown, half a turn of most displays. */
const DISPLAY_MS = 8;
/** Weight of a new measurement. */
const NEWEST = 0.4;
/** A picture of full quality that takes this long is drawn in tiles: a draw call for each costs nothing beside it. */
const TILED_MS = 200;
/** The quality to begin with, before anything is measured: the first picture is there soon on any GPU. */
const FIRST = 4;

const cost = ({ scale, coarser }: Quality): number => scale * scale * 2 ** -coarser;

/** Chooses a quality frame by frame. What rays cost is taken to be what a frame takes beyond a little for everything else. */
export class AdaptiveResolution {
  /** Time a moving frame may take. */
  targetMs = TARGET_MS;
  /** Milliseconds that the rays of a frame of full quality would take; NaN before the first frame. */
  fullMs = Number.NaN;
  #at = FIRST;
  #slow = false;

  get quality(): Quality {
    return QUALITIES[this.#at] as Quality;
  }

  /** Whether pictures of full quality take so long that they are drawn in tiles. */
  get tiled(): boolean {
    return this.fullMs > TILED_MS;
  }

  /** Takes in how long a frame took on the GPU at the quality it was drawn with. */
  record(ms: number, drawn: Quality): void {
    const fixed = Math.min(FIXED_MS, this.targetMs / 3);
    const rays = Math.max(ms - fixed, ms / 8);
    const expected = fixed + this.fullMs * cost(drawn);
    // One slow frame may be another's fault (an upload, a compiled shader): two in a row are believed.
    this.#slow = !this.#slow && ms > this.targetMs && ms > 1.5 * expected;
    if (this.#slow) return;
    const full = rays / cost(drawn);
    this.fullMs = Number.isNaN(this.fullMs) ? full : this.fullMs + NEWEST * (full - this.fullMs);
    const time = (at: number): number => this.fullMs * cost(QUALITIES[at] as Quality);
    const allowed = this.targetMs - fixed - Math.min(DISPLAY_MS, this.targetMs / 5);
    while (this.#at < QUALITIES.length - 1 && time(this.#at) > allowed) this.#at += 1;
    if (this.#at > 0 && time(this.#at - 1) < allowed * HEADROOM) this.#at -= 1;
  }
}
