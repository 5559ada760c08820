/** Slots for the shown layers: as many for each as for any other that wants them, whatever their storage classes, within one budget. */

import { fairShares } from '../volume/fair_share.js';
import { ATLAS_SLACK, type Residency } from './residency.js';
import { slotBytes, type StorageClass } from './storage.js';
import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';

/** An atlas that is larger than its share by this factor gives the rest back when another layer needs it. */
const TOO_LARGE = 1.25;

/** Bricks that a layer would fill: what making its plans takes, as often as it has time points in use, and everything where they were cut short or are not made yet. */
export function demandOf(volume: VolumeState, views: readonly ViewState[]): number {
  let slots = 0;
  for (const { plans } of views) {
    const plan = plans.get(volume.handle);
    if (!plan || plan.demand > plan.numbers.size) return volume.bricks;
    slots += plan.peak;
  }
  return Math.max(slots * (1 + volume.coming.length), 1);
}

/** The fair share of each layer, by handle, and of each storage class. */
export interface Shares {
  readonly layers: ReadonlyMap<number, number>;
  readonly classes: ReadonlyMap<StorageClass, number>;
}

/** Shares memory among the layers by what their plans ask for. */
export function shareSlots(volumes: readonly VolumeState[], views: readonly ViewState[], residency: Residency): Shares {
  const demands = volumes.map((volume) => ({ slots: demandOf(volume, views), bytes: slotBytes(volume.storage) }));
  const inUse = new Set(volumes.map(({ storage }) => storage));
  const has = [...inUse].reduce((sum, storage) => sum + residency.capacity(storage) * slotBytes(storage), 0);
  const budget = Math.max(residency.room / ATLAS_SLACK, has);
  const fair = fairShares(demands, budget);
  // Where there is enough for all, what is left is there for views that need more than the ones before.
  const bytes = demands.reduce((sum, demand) => sum + demand.bytes, 0);
  const left = demands.reduce((sum, demand, i) => sum - (fair[i] as number) * demand.bytes, budget);
  const slots = fair.map((share) => share + Math.max(Math.floor(left / bytes), 0));
  const classes = new Map<StorageClass, number>();
  for (const [i, { storage }] of volumes.entries()) classes.set(storage, (classes.get(storage) ?? 0) + (slots[i] as number));
  const layers = new Map<number, number>();
  for (const [i, { handle, storage }] of volumes.entries()) {
    // Where a class cannot have all of its share at the moment, its layers give way alike.
    const part = Math.min(residency.reachable(storage) / (classes.get(storage) as number), 1);
    layers.set(handle, Math.max(Math.floor((slots[i] as number) * part), 1));
  }
  return { layers, classes };
}

/** Takes slots from atlases that are larger than their share, where another class cannot have its own. True where that was done. */
export function rebalance({ classes }: Shares, residency: Residency): boolean {
  let changed = false;
  for (const [storage, share] of classes) {
    if (residency.reachable(storage) >= share) continue;
    for (const [other, most] of classes) {
      if (other === storage || residency.capacity(other) <= most * TOO_LARGE) continue;
      changed = residency.shrink(other, most) || changed;
    }
  }
  return changed;
}
