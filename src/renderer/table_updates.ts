/** Keeps the views' page tables up to date with plans and slots; while a view moves no more often than is useful. */

import type { BrickNumbering } from '../volume/brick_key.js';
import type { LoadingPolicy } from '../volume/policy.js';
import type { Residency } from './residency.js';
import { chooseWindow } from './table_window.js';
import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';

/** Counts what filling tables costs. */
export class TableUpdates {
  /** Tables filled so far. */
  count = 0;

  constructor(readonly residency: Residency) {}

  /** Fills the tables that are out of date; returns whether some still are, because there was one just before. */
  run(views: readonly ViewState[], layers: readonly VolumeState[], moving: boolean, policy: LoadingPolicy, now: number): boolean {
    let waiting = false;
    for (const state of views) {
      if (!state.tableDirty && !state.planned) continue;
      const shows = layers.every((volume) => state.tables.get(volume.handle)?.outcome.any);
      // What is shown for the first time, or wrongly, is not put off.
      if (moving && shows && !state.tableUrgent && now - state.tabledAt < policy.moving.tableMs) {
        waiting = true;
        continue;
      }
      let other = state.tableDirty;
      state.tableDirty = state.tableUrgent = state.planned = false;
      state.tabledAt = now;
      for (const volume of layers) other = this.#fill(state, volume) || other;
      if (other) state.redraw(now, true);
    }
    return waiting;
  }

  /** Whether the table is another one than before. */
  #fill(state: ViewState, volume: VolumeState): boolean {
    const plan = state.plans.get(volume.handle);
    if (!plan) return false;
    const here = this.residency.of(volume);
    const atlas = this.residency.atlas(volume.storage);
    this.count += 1;
    return state.table(volume.handle).update({
      numbering: volume.numbering,
      window: state.windows.get(volume.handle) ?? chooseWindow(volume.numbering, plan),
      plan,
      slotOf: (number) => {
        const entry = here.get(number);
        return entry && atlas.slotAt(entry.slot);
      },
      resident: { [Symbol.iterator]: () => own(volume.numbering, here.keys()) }, // read again by the coarse table
      isEmpty: state.view.kind === 'slice' ? () => false : volume.isEmpty,
      atlasSize: atlas.size,
    });
  }
}

/** Of bricks in an atlas those of the time point that is shown. */
function* own(numbering: BrickNumbering, numbers: Iterable<number>): Iterator<number> {
  for (const number of numbers) if (numbering.owns(number)) yield number;
}
