/** When the GPU is done with what was drawn, without ever waiting for it. */

interface Pending {
  readonly sync: WebGLSync;
  readonly submitted: number;
  readonly done: (ms: number) => void;
}

/** How often an open fence is looked at between animation frames. */
const POLL_MS = 4;

/** What is being drawn, as far as it says how many frames the GPU may have in hand. */
export type Pace = keyof typeof OPEN;

/**
 * Frames the GPU may have in hand: while bricks come or strips of a still picture follow each other one to go on with, so that it is never idle
 * and who begins to move waits for two at most; else one. A picture that moves is given to it when the one before is done: those that queue
 * come no faster where the GPU is what is waited for, but by twos and threes, and later.
 */
const OPEN = { going: 2, still: 1 } as const;

/** Fences after frames, in order. */
export class GpuFence {
  #pending: Pending[] = [];
  #signalled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Called between animation frames, when the GPU is done with everything. */
  freed: () => unknown = () => {};

  constructor(readonly gl: WebGL2RenderingContext) {}

  /** Frames the GPU is still working on. */
  get open(): number {
    return this.#pending.length;
  }

  /** Whether it has so many in hand that it should be given no other. */
  isFull(pace: Pace): boolean {
    this.poll();
    return this.open >= OPEN[pace];
  }

  /** Marks the end of a frame that was begun at `submitted`; `done` hears for how long the GPU was busy with it. */
  mark(submitted: number, done: (ms: number) => void): void {
    const sync = this.gl.fenceSync(this.gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.gl.flush();
    if (sync) this.#pending.push({ sync, submitted, done });
    this.#schedule();
  }

  /** Looks which frames are done. */
  poll(): void {
    const { gl } = this;
    if (gl.isContextLost()) {
      this.#pending = [];
      return;
    }
    let count = 0;
    while (count < this.#pending.length) {
      if (gl.getSyncParameter((this.#pending[count] as Pending).sync, gl.SYNC_STATUS) !== gl.SIGNALED) break;
      count += 1;
    }
    if (count === 0) return;
    const done = this.#pending.splice(0, count);
    const now = performance.now();
    // Frames that are found done at once share the time since the one before them.
    const ms = (now - Math.max((done[0] as Pending).submitted, this.#signalled)) / count;
    this.#signalled = now;
    for (const frame of done) {
      gl.deleteSync(frame.sync);
      frame.done(ms);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#pending = [];
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.poll();
      if (this.#pending.length > 0) this.#schedule();
      else this.freed();
    }, POLL_MS);
  }
}
