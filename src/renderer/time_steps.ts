/**
 * Which time point each volume shows: the one that the views ask for, once its coarsest brick is here. Until then the one before stays,
 * so that there is never nothing to see. What comes next is planned like what is shown, and kept beside it.
 */

import type { BrickPlan } from '../volume/lod_plan.js';
import type { Residency } from './residency.js';
import type { TableWindow } from './table_window.js';
import type { TimeFacet } from './time_facet.js';
import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';

/** Time points that are made ready at most, beside the one shown: each takes its share of the slots. */
export const MAX_COMING = 4;

/** What a view is to show of a volume at a time point. */
export interface TimePlan {
  readonly facet: TimeFacet;
  readonly plan: BrickPlan;
  readonly window: TableWindow | undefined;
}

export class TimeSteps {
  /** Time points that are to be ready after the one that the views ask for, the next one first. */
  #ahead: readonly number[] = [];

  /**
   * @param scene the views, and the volumes that are shown
   * @param changed called when something else is expected: plans are out of date
   */
  constructor(
    readonly residency: Residency,
    readonly scene: () => { readonly views: readonly ViewState[]; readonly volumes: readonly VolumeState[] },
    readonly changed: () => void,
  ) {}

  /** Says which time points come next: they are made ready beside what is shown. */
  expect(times: readonly number[]): void {
    const wanted = times.slice(0, MAX_COMING - 1);
    const same = wanted.length === this.#ahead.length && wanted.every((time, i) => time === this.#ahead[i]);
    this.#ahead = wanted;
    if (!same) this.changed();
  }

  /** Moves volumes to the time point that the views ask for, all that are shown at once. Plans that are out of date are marked. */
  step(): void {
    const { views, volumes } = this.scene();
    const time = views[0]?.view.time ?? 0;
    let changed = false;
    const due = volumes.filter((volume) => volume.timeNear(time) !== volume.time);
    if (due.length > 0 && due.every((volume) => this.#hasPicture(volume, volume.timeNear(time)))) {
      for (const volume of due) show(volume, volume.timeNear(time), views);
      changed = true;
    }
    for (const volume of volumes) {
      const target = volume.timeNear(time);
      const coming = [target, ...this.#ahead.map((t) => volume.timeNear(t))].filter((t, i, all) => t !== volume.time && all.indexOf(t) === i);
      if (volume.expect(coming)) changed = true;
    }
    if (changed) for (const state of views) state.planDirty = true;
  }

  /** Whether some volume does not show yet what the views ask for. */
  get isBehind(): boolean {
    const { views, volumes } = this.scene();
    const time = views[0]?.view.time ?? 0;
    return volumes.some((volume) => volume.timeNear(time) !== volume.time);
  }

  /** Whether all that the views want of a time point is here; it is shown, or was expected. */
  isReady(time: number): boolean {
    const { views, volumes } = this.scene();
    return !this.isBehind && volumes.every((volume) => {
      const at = volume.timeNear(time);
      const here = this.residency.of(volume);
      return views.every((state) => {
        if (at === volume.time) return [...(state.plans.get(volume.handle)?.numbers ?? [])].every((number) => here.has(number));
        const plan = state.coming.get(volume.handle)?.find(({ facet }) => facet.time === at)?.plan;
        const fetched = state.ahead.get(volume.handle)?.numbers;
        // Beyond the room for what comes next only coarse bricks are fetched: those must do.
        return plan !== undefined && [...plan.numbers].every((number) => here.has(number) || !fetched?.has(number));
      });
    });
  }

  #hasPicture(volume: VolumeState, time: number): boolean {
    const facet = volume.facet(time);
    const { level, z, y, x } = facet.top;
    return this.residency.of(volume).has(facet.numbering.packKey(facet.top)) || (volume.isImage && facet.isBare(level, z, y, x));
  }
}

/** A volume shows another time point: what was planned for it is what is planned now. */
function show(volume: VolumeState, time: number, views: readonly ViewState[]): void {
  volume.show(time);
  for (const state of views) {
    const coming = state.coming.get(volume.handle)?.find(({ facet }) => facet.time === time);
    if (coming) state.plans.set(volume.handle, coming.plan);
    else state.plans.delete(volume.handle);
    if (coming?.window) state.windows.set(volume.handle, coming.window);
    state.coming.delete(volume.handle);
    state.ahead.delete(volume.handle);
    state.plannedAt = Number.NEGATIVE_INFINITY;
    state.planDirty = state.tableDirty = state.tableUrgent = true;
  }
}

/** What a view planned last for a time point that comes next. */
export const plannedBefore = (state: ViewState, { handle }: VolumeState, { time }: TimeFacet): BrickPlan | undefined =>
  state.coming.get(handle)?.find(({ facet }) => facet.time === time)?.plan;

/** Adds what a view is to show of a volume at the time points that come next to what is fetched ahead, as far as there is room. */
export function planComing(state: ViewState, { handle }: VolumeState, room: number, plans: readonly TimePlan[]): void {
  if (plans.length === 0) {
    state.coming.delete(handle);
    return;
  }
  state.coming.set(handle, plans);
  const known = state.ahead.get(handle);
  const bricks = [...(known?.bricks ?? [])];
  const numbers = new Set(known?.numbers);
  for (const { facet, plan: { bricks: wanted } } of plans) {
    for (const brick of wanted) {
      if (numbers.size >= room) break;
      numbers.add(facet.numbering.pack(brick.level, brick.z, brick.y, brick.x));
      bricks.push({ ...brick, time: facet.time });
    }
  }
  state.ahead.set(handle, { bricks, numbers });
}
