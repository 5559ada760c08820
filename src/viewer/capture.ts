/** Pictures of any size: the viewer is drawn for a stage of that size, all bricks for it awaited, and comes back as it was. */

import type { Size } from './view_state.js';

/** Edges beyond this are more than browsers draw on, and pictures beyond this many pixels more than they encode. */
export const MAX_EDGE = 16_384;
export const MAX_PIXELS = 2 ** 26;
/** Bricks of a larger picture may be many; without any progress for this long something is wrong. */
const STALL_MS = 60_000;

/** A stage in CSS pixels, and device pixels in one of them. */
export interface StageSize extends Size {
  readonly ratio: number;
}

/** What taking pictures needs of the viewer. */
export interface CaptureHost {
  /** The stage as it is laid out. */
  size(): Size;
  /** Draws for a stage of this size from now on, and pictures only when told; undefined: as it was. */
  hold(size: StageSize | undefined): void;
  /** One frame. Returns the bricks that are missing, and undefined once none is. */
  advance(): number | undefined;
  /** Draws picture and overlay at once, and gives their canvases. */
  drawNow(): { readonly picture: HTMLCanvasElement; readonly overlay: HTMLCanvasElement };
  /** Why there can be no picture. */
  problem(): string | undefined;
}

/** The stage for a picture: of the screen's area, so that letters and lines are as large in it as they are there; larger where the picture is small. */
export function stageFor(width: number, height: number, stage: Size): StageSize {
  const area = Math.max(1, stage.width * stage.height);
  const ratio = Math.max(1, Math.sqrt((width * height) / area));
  return { width: width / ratio, height: height / ratio, ratio };
}

/**
 * A size that pictures can have.
 *
 * @throws RangeError otherwise, with what to do
 */
export function checkedSize(width: number, height: number): void {
  const whole = [width, height].every((n) => Number.isInteger(n) && n >= 16 && n <= MAX_EDGE);
  if (!whole) throw new RangeError(`a picture of ${width} x ${height} pixels: give whole numbers from 16 to ${MAX_EDGE}`);
  if (width * height > MAX_PIXELS) throw new RangeError(`a picture of ${width} x ${height} has more than ${MAX_PIXELS} pixels; make it smaller`);
}

/** Takes pictures, one job at a time. */
export class Capture {
  #busy = false;

  constructor(readonly host: CaptureHost) {}

  /**
   * Runs `job` while the viewer is drawn for pictures of this size; `shoot` awaits all bricks and gives the picture with its marks.
   *
   * @throws RangeError for a size that there cannot be, or that GPU memory has no room for
   */
  async at<T>(size: Size, signal: AbortSignal, job: (shoot: () => Promise<HTMLCanvasElement>) => Promise<T>): Promise<T> {
    checkedSize(size.width, size.height);
    if (this.#busy) throw new Error('a picture or movie is being made already: wait for it, or cancel it');
    this.#busy = true;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [size.width, size.height];
    try {
      this.host.hold(stageFor(size.width, size.height, this.host.size()));
      return await job(() => this.#shoot(canvas, signal));
    } finally {
      this.host.hold(undefined);
      this.#busy = false;
    }
  }

  async #shoot(canvas: HTMLCanvasElement, signal: AbortSignal): Promise<HTMLCanvasElement> {
    let least = Number.POSITIVE_INFINITY;
    let since = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const missing = this.host.advance();
      const problem = this.host.problem();
      if (problem) throw new RangeError(problem);
      if (missing === undefined) break;
      if (missing < least) [least, since] = [missing, performance.now()];
      if (performance.now() - since > STALL_MS) throw new Error(`${missing} bricks did not come: the picture would not be whole`);
      await nextTurn();
    }
    const { picture, overlay } = this.host.drawNow();
    const context = canvas.getContext('2d');
    if (!context) throw new Error('the browser gives no 2D canvas for the picture');
    if (picture.width !== canvas.width || picture.height !== canvas.height) throw new RangeError(`the GPU draws no picture of ${canvas.width} x ${canvas.height} pixels; make it smaller`);
    for (const layer of [picture, overlay]) if (layer.width > 0 && layer.height > 0) context.drawImage(layer, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
}

/** After the page's next frame, or soon where it is not shown and has none. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 50);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
