/** What the renderer has in hand, brick by brick, for people who look for what is slow or missing. Reading it changes nothing. */

import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { brickBounds } from '../volume/lod_plan.js';
import { toWorld } from '../volume/placement.js';
import type { BrickIntake } from './brick_intake.js';
import type { Residency } from './residency.js';
import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';

/** One brick that some view plans and shows by itself. */
export interface DebugBrick {
  readonly volume: number;
  readonly key: BrickKey;
  /** Stale: shown, and changed at its source since. Arriving: here, and waits for its upload. */
  readonly state: 'gpu' | 'stale' | 'arriving' | 'absent';
  /** Ids of the views that plan it. */
  readonly views: readonly string[];
  /** In the world, bit 0, 1, 2 of the index being the side in x, y, z. */
  readonly corners: readonly Vec3[];
}

/** What a view plans of a volume, and the table it looks bricks up in. */
export interface DebugPlan {
  readonly view: string;
  readonly volume: number;
  readonly planned: number;
  /** Slots that the plan would take if there were enough. */
  readonly demand: number;
  /** Cells of the page table along x, y, z; undefined before it is first filled. */
  readonly table: readonly [number, number, number] | undefined;
}

export interface DebugState {
  readonly bricks: readonly DebugBrick[];
  readonly plans: readonly DebugPlan[];
  readonly slots: number;
  readonly slotsUsed: number;
  /** Bricks that wait for their upload, and what the last frame with uploads did. */
  readonly waiting: number;
  readonly lastUpload: { readonly bricks: number; readonly ms: number };
}

/** Looks at everything. */
export function debugState(
  views: readonly ViewState[],
  layers: readonly VolumeState[],
  residency: Residency,
  intake: BrickIntake,
): DebugState {
  const bricks: DebugBrick[] = [];
  const plans: DebugPlan[] = [];
  for (const volume of layers) {
    const here = residency.of(volume);
    const planned = new Map<number, { key: BrickKey; views: string[] }>();
    for (const { view, plans: of, tables } of views) {
      const plan = of.get(volume.handle);
      if (!plan) continue;
      const size = tables.get(volume.handle)?.window?.size;
      plans.push({ view: view.id, volume: volume.handle, planned: plan.bricks.length, demand: plan.demand, table: size && [size[2], size[1], size[0]] });
      for (const { level, z, y, x } of plan.bricks) {
        const number = volume.numbering.pack(level, z, y, x);
        if (plan.split.has(number)) continue;
        const known = planned.get(number);
        if (known) known.views.push(view.id);
        else planned.set(number, { key: { level, z, y, x }, views: [view.id] });
      }
    }
    for (const [number, { key, views: ids }] of planned) {
      const entry = here.get(number);
      const state = intake.isWaiting(volume.handle, number) ? 'arriving' : !entry ? 'absent' : entry.stale ? 'stale' : 'gpu';
      bricks.push({ volume: volume.handle, key, state, views: ids, corners: cornersOf(volume, key) });
    }
  }
  const { total, used } = residency.slots;
  return { bricks, plans, slots: total, slotsUsed: used, waiting: intake.waiting, lastUpload: intake.last };
}

function cornersOf(volume: VolumeState, key: BrickKey): Vec3[] {
  const { min, max } = brickBounds(volume.geometry, key);
  return Array.from({ length: 8 }, (_, i) => toWorld(volume.placement, [(i & 1 ? max : min)[0], (i & 2 ? max : min)[1], (i & 4 ? max : min)[2]]));
}
