/**
 * The picture comes before the panels: while a volume is on its way, what surrounds it is laid out but not painted. A browser that
 * paints without a GPU spends as long on buttons and sliders as on the first picture.
 */

/** A viewer without a picture by then shows what it has. */
const WAIT_MS = 1_200;

export class PictureFirst {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly root: HTMLElement,
    readonly ended: () => void,
  ) {
    root.dataset.early = '';
    this.#timer = setTimeout(() => this.end(), WAIT_MS);
  }

  /** Whether the picture is still awaited. */
  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Shows everything: there is a picture, or there will be none. */
  end(): void {
    if (!this.waiting) return;
    this.dispose();
    delete this.root.dataset.early;
    this.ended();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
