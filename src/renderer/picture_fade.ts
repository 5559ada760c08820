/** The picture before, kept for a moment after finer bricks have come, so that the next one blends in rather than jumps. */

import type * as THREE from 'three';
import type { GpuBudget } from './gpu_budget.js';
import type { ShownPicture } from './shown_picture.js';

/** How long a picture blends in: no longer than the pause to the next while bricks arrive. */
export const FADE_MS = 120;

/** The blend of one view. */
export class PictureFade {
  /** The picture that goes; undefined: nothing blends. */
  before: ShownPicture | undefined;
  #target: THREE.WebGLRenderTarget | undefined;
  #begun = 0;

  /** @param name under which the kept picture's bytes are counted */
  constructor(
    readonly name: string,
    readonly budget: GpuBudget,
  ) {}

  get active(): boolean {
    return this.before !== undefined;
  }

  /** Part of the new picture, 0..1. From 1 on the old one is let go. */
  part(now: number): number {
    if (!this.before) return 1;
    const t = Math.min(Math.max((now - this.#begun) / FADE_MS, 0), 1);
    if (t === 1) this.end();
    return t;
  }

  /** Takes the picture that is on the canvas, with its target and the account of its bytes. */
  begin(before: ShownPicture, target: THREE.WebGLRenderTarget, bytes: number, now: number): void {
    this.end();
    this.budget.take(this.name, bytes);
    this.before = before;
    this.#target = target;
    this.#begun = now;
  }

  end(): void {
    if (!this.before) return;
    this.#target?.dispose();
    this.#target = undefined;
    this.before = undefined;
    this.budget.release(this.name);
  }
}
