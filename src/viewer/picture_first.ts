/**
 * The picture comes before the panels: while a volume is on its way, what surrounds it is neither made nor painted. A browser that
 * paints without a GPU spends as long on buttons and sliders as on the first picture, and longer than that on both together: there
 * they wait until the picture is at full resolution, too, or until a hand comes near.
 */

/** A viewer without a picture by then shows what it has. */
const WAIT_MS = 1_200;
/** A picture that is not at full resolution by then, after the first, shares the processor with its panels. */
const DETAIL_MS = 4_000;
/** What says that somebody wants more than to look. */
const HANDS = ['pointermove', 'pointerdown', 'keydown', 'focusin', 'wheel'] as const;

/** What comes when. */
export interface PictureFirstHost {
  /** Called once: there is a picture, or there will be none. */
  pictured(): void;
  /** Called once, after that: panels are to be shown. */
  ended(): void;
  /** Whether panels wait for full resolution. */
  slow(): boolean;
}

export class PictureFirst {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = true;
  readonly #hands = new AbortController();

  constructor(
    readonly root: HTMLElement,
    readonly host: PictureFirstHost,
  ) {
    root.dataset.early = 'picture';
    this.#timer = setTimeout(() => this.end(), WAIT_MS);
    const options = { signal: this.#hands.signal, passive: true, capture: true };
    for (const hand of HANDS) root.addEventListener(hand, () => this.#waiting || this.end(), options);
  }

  /** Whether the picture is still awaited. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Whether there is a picture, and panels wait until it is at full resolution. */
  get refining(): boolean {
    return this.holding && !this.#waiting;
  }

  /** Whether panels are to come yet. */
  get holding(): boolean {
    return this.#timer !== undefined;
  }

  /** There is a picture. */
  pictured(): void {
    if (!this.#waiting || !this.#timer) return;
    if (!this.host.slow()) {
      this.end();
      return;
    }
    clearTimeout(this.#timer);
    this.root.dataset.early = 'detail';
    this.#timer = setTimeout(() => this.end(), DETAIL_MS);
    this.#pictured();
  }

  /** Shows everything: the picture is at full resolution, or there will be none. */
  end(): void {
    if (!this.#timer) return;
    this.dispose();
    delete this.root.dataset.early;
    this.#pictured();
    this.host.ended();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hands.abort();
  }

  #pictured(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.host.pictured();
  }
}
