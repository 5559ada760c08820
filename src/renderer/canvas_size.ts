/** The canvas's size in CSS and device pixels, without forcing layout in every frame. */

/** A size that is not the canvas's own: CSS pixels, and device pixels in one. */
export interface HeldSize {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** Watches one canvas. */
export class CanvasSize {
  width = 1;
  height = 1;
  ratio = 1;
  #changed = true;
  #held: HeldSize | undefined;
  readonly #observer: ResizeObserver | undefined;

  constructor(readonly canvas: HTMLCanvasElement) {
    if (typeof ResizeObserver === 'undefined') return;
    this.#observer = new ResizeObserver(() => {
      this.#changed = true;
    });
    this.#observer.observe(canvas);
  }

  /** Takes this size in place of the canvas's own; undefined: its own again. */
  hold(size: HeldSize | undefined): void {
    this.#held = size;
    this.#changed = true;
  }

  /** Takes the size over where it has changed; true then. */
  update(): boolean {
    const ratio = this.#held?.ratio ?? (globalThis.devicePixelRatio || 1);
    if (!this.#changed && ratio === this.ratio) return false;
    this.#changed = false;
    const { clientWidth, clientHeight } = this.canvas;
    // A canvas outside the document has no layout: its own size counts as CSS pixels.
    const own: [number, number] = clientWidth > 0 ? [clientWidth, clientHeight] : [this.canvas.width / ratio, this.canvas.height / ratio];
    const [cssWidth, cssHeight] = this.#held ? [this.#held.width, this.#held.height] : own;
    const [width, height] = [Math.max(Math.round(cssWidth * ratio), 1), Math.max(Math.round(cssHeight * ratio), 1)];
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    return true;
  }

  dispose(): void {
    this.#observer?.disconnect();
  }
}
