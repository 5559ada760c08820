/** Draws when there is something to draw, and rests when there is not. */

/** Frames on demand: `step` runs before the next picture, and again for as long as it returns true. */
export class FrameLoop {
  #request: number | undefined;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly step: (now: number) => boolean,
    readonly failed: (error: unknown) => void,
  ) {}

  /** Asks for a frame; asking twice is asking once. */
  readonly wake = (): void => {
    if (this.#request === undefined && !this.#stopped) this.#request = requestAnimationFrame(this.#run);
  };

  /** Runs `due` after a while, in place of what was to be run before; after 0 ms nothing. */
  after(ms: number, due: () => void): void {
    clearTimeout(this.#timer);
    if (ms > 0 && !this.#stopped) this.#timer = setTimeout(due, ms);
  }

  /** Runs a frame that was asked for at once: where the display is not what was waited for, its next turn would be time lost. */
  hurry(): void {
    if (this.#request === undefined) return;
    cancelAnimationFrame(this.#request);
    this.#run(performance.now());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
    this.#request = undefined;
  }

  readonly #run = (now: number): void => {
    this.#request = undefined;
    let more = false;
    try {
      more = this.step(now);
    } catch (error) {
      this.#stopped = true;
      this.failed(error);
    }
    if (more) this.wake();
  };
}
