/** What the views lack of a volume, by what it is for. */

import type { LoadingPolicy } from '../volume/policy.js';
import { chooseRequests, type MissingBrick, type Request } from '../volume/requests.js';
import type { BrickIntake } from './brick_intake.js';
import type { PointClouds } from './point_clouds.js';
import type { SliceTiles } from './slice_tiles.js';
import type { Residency } from './residency.js';
import type { ViewState } from './view_state.js';
import type { Shown } from './view_plans.js';
import type { VolumeState } from './volume_state.js';

/** The end of a class. */
const LAST = 0.999;

/** What is missing, and how much of it is in view. */
export interface Needs {
  /** All that may be asked for at once. Plans may have tens of thousands, and what they lack is looked through whenever something comes. */
  readonly bricks: readonly MissingBrick[];
  readonly visible: number;
}

/**
 * Planned and predicted bricks of a volume that are not on the GPU, or out of date there.
 *
 * @param waiting whether a brick is on its way to the GPU
 */
export function missingBricks(
  views: readonly ViewState[],
  volume: VolumeState,
  residency: Residency,
  policy: LoadingPolicy,
  waiting: (number: number) => boolean,
): Needs {
  const here = residency.of(volume);
  const { numbering } = volume;
  const at = volume.time > 0 ? { time: volume.time } : {};
  const missing = new Map<number, MissingBrick>();
  const visible = new Set<number>();
  const most = Math.max(policy.underWay.moving, policy.underWay.still);
  const lacks = (number: number): boolean => {
    const entry = here.get(number);
    return (entry === undefined || entry.stale) && !waiting(number);
  };
  const finestAsked = (state: ViewState): number =>
    Math.min((state.plans.get(volume.handle)?.finest ?? 0) + policy.deferredLevels, numbering.levels - 1);
  for (const state of views) {
    const finest = finestAsked(state);
    // Those of one kind come by falling urgency.
    const left = new Array<number>(8).fill(most);
    for (const { level, z, y, x, priority, coarse, orphan } of state.plans.get(volume.handle)?.bricks ?? []) {
      const number = numbering.pack(level, z, y, x);
      if (!lacks(number)) continue;
      visible.add(number);
      const stale = here.has(number);
      const mayWait = state.view.kind === 'volume' && level < finest && !orphan;
      const kind = Number(coarse === true) + 2 * Number(stale) + 4 * Number(mayWait);
      left[kind] = (left[kind] as number) - 1;
      if ((left[kind] as number) < 0) continue;
      const known = missing.get(number);
      missing.set(number, {
        key: { level, z, y, x, ...at },
        class: coarse || known?.class === 'visible-coarse' ? 'visible-coarse' : 'visible-fine',
        urgency: Math.min(priority, known?.urgency ?? 1),
        stale,
        mayWait: mayWait && known?.mayWait !== false,
      });
    }
  }
  for (const state of views) {
    const finest = finestAsked(state);
    for (const { level, z, y, x, priority, coarse, time } of state.ahead.get(volume.handle)?.bricks ?? []) {
      const key = { level, z, y, x, ...(time === undefined ? at : time > 0 && { time }) };
      const number = numbering.packKey(key);
      if (visible.has(number) || missing.has(number) || !lacks(number)) continue;
      const step = time === undefined ? undefined : volume.coming.findIndex((facet) => facet.time === time);
      missing.set(number, { key, ...classOfAhead(step, priority, coarse === true), stale: here.has(number), mayWait: level < finest });
    }
  }
  return { bricks: [...missing.values()], visible: visible.size };
}

/**
 * What a brick that is fetched ahead counts as. The time point that comes next comes right after what is shown, and its coarsest brick
 * before, for it is what the next picture waits for.
 *
 * @param step 0 for the time point that comes next, 1 for the one after it; undefined: the time point shown
 */
function classOfAhead(step: number | undefined, priority: number, coarse: boolean): Pick<MissingBrick, 'class' | 'urgency'> {
  if (step === undefined) return { class: 'prefetch', urgency: priority };
  if (step > 0) return { class: 'other-times', urgency: Math.min((step + priority) / 8, LAST) };
  if (priority === 0) return { class: 'visible-coarse', urgency: 0 };
  return { class: coarse ? 'visible-coarse' : 'visible-fine', urgency: LAST };
}

/** What all volumes lack, and what of it is asked for; made anew only where something has changed. */
export class BrickNeeds {
  dirty = true;
  #bricks = 0;
  #policy: LoadingPolicy | undefined;
  /** Requests by volume handle. */
  wanted: Map<number, Request[]> = new Map();

  constructor(
    readonly residency: Residency,
    readonly intake: BrickIntake,
    readonly points: PointClouds,
    readonly tiles: SliceTiles,
  ) {}

  /** Bricks and tiles in view that are missing, of all volumes. */
  get missing(): number {
    return this.#bricks + this.tiles.missing;
  }

  /** Bricks and tiles that wait for their upload. */
  get waiting(): number {
    return this.intake.waiting + this.points.waiting + this.tiles.waiting;
  }

  update(volumes: Iterable<VolumeState>, shown: Shown, views: readonly ViewState[], policy: LoadingPolicy, moving: boolean): void {
    if (!this.dirty && policy === this.#policy) return;
    this.dirty = false;
    this.#policy = policy;
    this.#bricks = 0;
    const missing = new Map<number, { bricks: readonly MissingBrick[]; top: number }>();
    for (const volume of volumes) {
      const waiting = (number: number) => this.intake.isWaiting(volume.handle, number);
      const needs = missingBricks(shown.layers.includes(volume) ? views : [], volume, this.residency, policy, waiting);
      missing.set(volume.handle, { bricks: needs.bricks, top: volume.numbering.levels - 1 });
      this.#bricks += needs.visible;
    }
    this.wanted = chooseRequests(policy, missing, moving);
    this.#bricks += this.points.addWanted(this.wanted);
  }
}
