/** Whether the GPU is done with the frame that completed the picture: told to draw is not yet drawn. */

import type { GpuFence } from './gpu_fence.js';

export class FinalFrame {
  #last: { done: boolean } | undefined;

  constructor(readonly fence: Pick<GpuFence, 'mark'>) {}

  /** Whether the picture that was last seen to be complete is on the canvas. */
  get done(): boolean {
    return this.#last?.done === true;
  }

  /**
   * To be told before and after each frame.
   *
   * @param complete whether the GPU was told to draw all there is to be drawn
   */
  see(complete: boolean, now: number): void {
    if (!complete) this.#last = undefined;
    else if (!this.#last) {
      const last = { done: false };
      this.#last = last;
      this.fence.mark(now, () => {
        last.done = true;
      });
    }
  }
}
