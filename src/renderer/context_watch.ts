/** Whether the browser has taken the WebGL context away, as it may at any time, and when it is back. */

export class ContextWatch {
  lost = false;
  /** Times that it was taken. */
  losses = 0;

  /** @param restored called when it is back, with nothing left on the GPU */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly restored: () => void,
  ) {
    canvas.addEventListener('webglcontextlost', this.#onLost);
    canvas.addEventListener('webglcontextrestored', this.#onRestored);
  }

  dispose(): void {
    this.canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.canvas.removeEventListener('webglcontextrestored', this.#onRestored);
  }

  readonly #onLost = (event: Event): void => {
    event.preventDefault(); // says that it is wanted back
    this.lost = true;
    this.losses += 1;
  };

  readonly #onRestored = (): void => {
    this.lost = false;
    this.restored();
  };
}
