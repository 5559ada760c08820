/** Keeps the GPU within its budget: what does not fit makes atlases smaller, and where that does not help it is said. */

import { BudgetError, type GpuBudget } from './gpu_budget.js';
import type { Residency } from './residency.js';
import type { ViewState } from './view_state.js';

/** Times in a row that atlases make room for something else before it is given up. */
const MAX_SHRINKS = 3;

export class Room {
  /** Why nothing can be drawn, until something changes. */
  problem: string | undefined;
  #shrinks = 0;

  constructor(
    readonly budget: GpuBudget,
    readonly residency: Residency,
    /** Called when there is room that was not there before. */
    readonly changed: () => void,
  ) {}

  /** A frame was drawn. */
  fits(): void {
    this.problem = undefined;
    this.#shrinks = 0;
  }

  /** A frame could not be drawn: whether there is room now. Errors of another kind are thrown on. */
  make(error: unknown): boolean {
    if (!(error instanceof RangeError)) throw error;
    this.#shrinks += 1;
    const again = error instanceof BudgetError && this.#shrinks <= MAX_SHRINKS && this.residency.evacuate(error.missing);
    this.problem = again ? undefined : error.message;
    if (again) this.changed();
    return again;
  }

  /** Does something that may not fit; false where it did not. */
  try(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.make(error);
      return false;
    }
  }

  /** Another bound, which holds when this returns: atlases go first, then the pictures of the views. */
  limit(max: number, views: readonly ViewState[]): void {
    this.budget.limit(max);
    if (this.budget.free < 0) this.residency.evacuate(0);
    if (this.budget.free < 0) for (const state of views) state.releaseTargets();
    this.budget.peak = this.budget.total;
    this.fits();
    this.changed();
  }
}
