/** When the GPU is done with what was drawn, without ever waiting for it. */

interface Pending {
  readonly sync: WebGLSync;
  readonly submitted: number;
  readonly done: (ms: number) => void;
}

/** How often an open fence is looked at between animation frames. */
const POLL_MS = 4;

/** Fences after frames, in order. */
export class GpuFence {
  #pending: Pending[] = [];
  #signalled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly gl: WebGL2RenderingContext) {}

  /** Frames the GPU is still working on. */
  get open(): number {
    return this.#pending.length;
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
    while (this.#pending.length > 0) {
      const first = this.#pending[0] as Pending;
      const lost = this.gl.isContextLost();
      if (!lost && this.gl.getSyncParameter(first.sync, this.gl.SYNC_STATUS) !== this.gl.SIGNALED) break;
      this.#pending.shift();
      if (lost) continue;
      this.gl.deleteSync(first.sync);
      const now = performance.now();
      first.done(now - Math.max(first.submitted, this.#signalled));
      this.#signalled = now;
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
    }, POLL_MS);
  }
}
