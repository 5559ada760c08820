/** The canvas's size in CSS and device pixels, without forcing layout in every frame. */

/** Watches one canvas. */
export class CanvasSize {
  width = 1;
  height = 1;
  ratio = 1;
  #changed = true;
  readonly #observer: ResizeObserver | undefined;

  constructor(readonly canvas: HTMLCanvasElement) {
    if (typeof ResizeObserver === 'undefined') return;
    this.#observer = new ResizeObserver(() => {
      this.#changed = true;
    });
    this.#observer.observe(canvas);
  }

  /** Takes the size over where it has changed; true then. */
  update(): boolean {
    const ratio = globalThis.devicePixelRatio || 1;
    if (!this.#changed && ratio === this.ratio) return false;
    this.#changed = false;
    const { clientWidth, clientHeight } = this.canvas;
    // A canvas outside the document has no layout: its own size counts as CSS pixels.
    const [cssWidth, cssHeight] = clientWidth > 0 ? [clientWidth, clientHeight] : [this.canvas.width / ratio, this.canvas.height / ratio];
    const [width, height] = [Math.max(Math.round(cssWidth * ratio), 1), Math.max(Math.round(cssHeight * ratio), 1)];
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    return true;
  }

  dispose(): void {
    this.#observer?.disconnect();
  }
}
