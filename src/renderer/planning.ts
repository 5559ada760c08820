/**
 * Planning in parts: what many bricks take would hold the page for longer than a frame has. A plan is finished as it was begun, from the
 * cameras of that moment, while the picture goes on with the plan before; then the next one begins. So none starves while a view moves.
 */

import type { Residency } from './residency.js';
import { dueViews, growAtlases, type PlanOptions, planViews, type Shown } from './view_plans.js';
import type { ViewState } from './view_state.js';

/** Milliseconds of planning in one go. */
export const PLAN_MS = 5;
/** Parts that are gone through though they take a little longer: plans of a few hundred bricks are made at once. */
export const PARTS_AT_ONCE = 32;
/** How long those may take: with code that nothing has run yet they take ten times as long. */
export const AT_ONCE_MS = 6;

/** A plan in hand. */
interface Run {
  readonly views: readonly ViewState[];
  readonly layers: Shown['layers'];
  readonly due: readonly ViewState[];
  readonly parts: Generator<void, void>;
}

const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((one, i) => one === b[i]);

/** Goes through parts for `ms`, and through the first few for a little longer; `done` where none is left. */
export function goOn(parts: Iterator<void, void>, ms: number, clock = () => performance.now()): { done: boolean; parts: number; ms: number } {
  const begun = clock();
  let count = 0;
  let [done, took] = [false, 0];
  do {
    done = parts.next().done === true;
    count += 1;
    took = clock() - begun;
  } while (!done && (took < ms || (count < PARTS_AT_ONCE && took < AT_ONCE_MS)));
  return { done, parts: count, ms: took };
}

/** Plans views as they become due. */
export class Planning {
  /** What planning took so far: plans finished, turns of the page, and the most parts and milliseconds of a turn. */
  readonly counts = { plans: 0, turns: 0, mostParts: 0, longestMs: 0 };
  #run: Run | undefined;
  #grown = false;

  constructor(readonly residency: Residency) {}

  /** Whether a plan is in hand. */
  get busy(): boolean {
    return this.#run !== undefined;
  }

  /**
   * Goes on with the plan in hand, or begins one for the views that are due.
   *
   * @param ms no longer than this, but a little for the first few parts
   * @returns the views that have their plans now
   */
  go(views: readonly ViewState[], shown: Shown, ratio: number, options: PlanOptions, ms = PLAN_MS): readonly ViewState[] {
    const { residency } = this;
    const { version } = residency;
    const inUse = new Set(shown.layers.map(({ storage }) => storage.name));
    for (const { storage } of shown.layers) residency.atlas(storage, inUse);
    if (this.#run && !(same(this.#run.views, views) && same(this.#run.layers, shown.layers))) this.#drop();
    this.#run ??= this.#begin(views, shown, ratio, options);
    const done = this.#run && this.#turn(this.#run, ms);
    const mayGrow = options.mayGrow && (done !== undefined || !this.#grown);
    if (mayGrow && !growAtlases(views, shown.layers, residency)) {
      // Less memory than was planned with: the next plans know.
      for (const state of views) state.planDirty = true;
    }
    this.#grown = options.mayGrow;
    if (version !== residency.version) for (const state of views) state.tableDirty = true;
    return done ?? [];
  }

  #begin(views: readonly ViewState[], shown: Shown, ratio: number, options: PlanOptions): Run | undefined {
    const due = dueViews(views, options);
    if (due.length === 0) return undefined;
    // What changes from now on makes them due again.
    for (const state of due) state.planDirty = false;
    return { views, layers: shown.layers, due, parts: planViews(views, due, shown, this.residency, ratio, options) };
  }

  #turn(run: Run, limit: number): readonly ViewState[] | undefined {
    const { counts } = this;
    try {
      const { done, parts, ms } = goOn(run.parts, limit);
      counts.turns += 1;
      counts.mostParts = Math.max(counts.mostParts, parts);
      counts.longestMs = Math.max(counts.longestMs, ms);
      if (!done) return undefined;
    } catch (error) {
      this.#drop();
      throw error;
    }
    counts.plans += 1;
    this.#run = undefined;
    return run.due;
  }

  #drop(): void {
    for (const state of this.#run?.due ?? []) state.planDirty = true;
    this.#run = undefined;
  }
}
