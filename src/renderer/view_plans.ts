/** Plans what each view should have on the GPU, and says what is missing. */

import type { WantedBrick } from '../session/types.js';
import { makeFrustum } from '../volume/frustum.js';
import { type BrickPlan, planLod } from '../volume/lod_plan.js';
import { frustumInLayer } from '../volume/placement.js';
import { planSlice } from '../volume/slice_plan.js';
import { cameraBasis } from './camera.js';
import type { Residency } from './residency.js';
import { sliceAxes } from './slice_view.js';
import { chooseWindow } from './table_window.js';
import type { ViewState } from './view_state.js';
import type { SliceView } from './views.js';
import type { VolumeState } from './volume_state.js';

/** A view that moves is planned anew this often at most. */
export const REPLAN_MS = 80;

/** The volumes that are drawn: all that are visible. */
export interface Shown {
  /** From the lowest to the highest. */
  readonly layers: readonly VolumeState[];
  /** The highest image, and the highest labels. */
  readonly image?: VolumeState | undefined;
  readonly labels?: VolumeState | undefined;
}

/** Of the visible volumes the ones that are drawn. */
export function chooseShown(volumes: Iterable<VolumeState>): Shown {
  const layers = [...volumes].filter(({ settings }) => settings.visible && settings.opacity > 0);
  layers.sort((a, b) => a.settings.order - b.settings.order);
  return { layers, image: layers.findLast((v) => v.isImage), labels: layers.findLast((v) => !v.isImage) };
}

/** Labels take half as much of the budget as an image does. */
const weightOf = (volume: VolumeState): number => (volume.isImage ? 2 : 1);
const weigh = (volumes: readonly VolumeState[]): number => volumes.reduce((sum, volume) => sum + weightOf(volume), 0);
const ofClass = (volume: VolumeState, { layers }: Shown): VolumeState[] => layers.filter(({ storage }) => storage === volume.storage);

/** Part of the budget that the shown volumes of a volume's storage class may take together. */
export const shareOf = (volume: VolumeState, shown: Shown): number => weigh(ofClass(volume, shown)) / weigh(shown.layers);

/** Slots that a shown volume may fill. */
function slotsOf(volume: VolumeState, shown: Shown, residency: Residency): number {
  const all = residency.reachable(volume.storage, shareOf(volume, shown));
  return Math.max(Math.floor((all * weightOf(volume)) / weigh(ofClass(volume, shown))), 1);
}

/** Plans views whose plans are out of date, and makes the atlases large enough. */
export function planViews(
  views: readonly ViewState[],
  shown: Shown,
  residency: Residency,
  ratio: number,
  options: { now: number; moving: boolean; mayGrow: boolean },
): boolean {
  const due = views.filter((v) => v.planDirty && (!options.moving || v.view.kind === 'slice' || options.now - v.plannedAt >= REPLAN_MS));
  const volumes = shown.layers;
  if (due.length > 0) {
    const slices = views.filter((v) => v.view.kind === 'slice').length;
    const scenes = Math.max(views.length - slices, 1);
    for (const volume of volumes) {
      const slots = slotsOf(volume, shown, residency);
      const perSlice = Math.max(Math.floor(slots / (2 * Math.max(slices, 1))), 1);
      for (const state of due) {
        if (state.view.kind === 'slice') state.plans.set(volume.handle, planForSlice(state, state.view, volume, perSlice, ratio));
      }
      const taken = new Set<number>();
      for (const state of views) {
        if (state.view.kind !== 'slice') continue;
        for (const number of state.plans.get(volume.handle)?.numbers ?? []) taken.add(number);
      }
      const left = Math.max(Math.floor((slots - taken.size) / scenes), 1);
      for (const state of due) {
        if (state.view.kind === 'volume') state.plans.set(volume.handle, planForCamera(state, volume, left, ratio));
      }
    }
    for (const state of due) {
      state.forgetOthers(volumes.map((v) => v.handle));
      state.planDirty = false;
      state.plannedAt = options.now;
      state.tableDirty = true;
    }
    residency.turn += 1;
    for (const volume of volumes) {
      for (const state of views) residency.keep(volume, state.plans.get(volume.handle)?.numbers ?? new Set());
    }
  }
  if (options.mayGrow) {
    for (const storage of new Set(volumes.map((volume) => volume.storage))) {
      const same = volumes.filter((volume) => volume.storage === storage);
      const sum = (count: (volume: VolumeState) => number): number => same.reduce((n, volume) => n + count(volume), 0);
      const wanted = sum(({ handle }) => plannedNumbers(views, handle).size);
      residency.ensure(storage, wanted, sum(({ bricks }) => bricks), shareOf(same[0] as VolumeState, shown));
    }
  }
  return due.length > 0;
}

/** Numbers of all bricks of a volume that some view plans. */
export function plannedNumbers(views: readonly ViewState[], handle: number): Set<number> {
  const numbers = new Set<number>();
  for (const { plans } of views) for (const number of plans.get(handle)?.numbers ?? []) numbers.add(number);
  return numbers;
}

/** Planned bricks of a volume that are not on the GPU, or out of date there, by rising priority. */
export function missingBricks(
  views: readonly ViewState[],
  volume: VolumeState,
  residency: Residency,
  waiting: (number: number) => boolean,
): WantedBrick[] {
  const here = residency.of(volume);
  const missing = new Map<number, WantedBrick>();
  for (const { plans } of views) {
    for (const brick of plans.get(volume.handle)?.bricks ?? []) {
      const number = volume.numbering.pack(brick.level, brick.z, brick.y, brick.x);
      const entry = here.get(number);
      if ((entry && !entry.stale) || waiting(number)) continue;
      const known = missing.get(number);
      // What is shown, if out of date, can wait for what is not there at all.
      const priority = brick.priority + (entry ? volume.numbering.levels : 0);
      if (!known || known.priority > priority) missing.set(number, { ...brick, priority });
    }
  }
  return [...missing.values()].sort((a, b) => a.priority - b.priority);
}

function planForSlice(state: ViewState, view: SliceView, volume: VolumeState, slots: number, ratio: number): BrickPlan {
  const { u, v, normal } = sliceAxes(view.axis);
  const min: [number, number, number] = [0, 0, 0];
  const max: [number, number, number] = [0, 0, 0];
  const reach = (pixels: number): number => (pixels * view.pixelSize) / 2;
  min[u] = view.center[0] - reach(view.rect.width);
  max[u] = view.center[0] + reach(view.rect.width);
  min[v] = view.center[1] - reach(view.rect.height);
  max[v] = view.center[1] + reach(view.rect.height);
  min[normal] = max[normal] = view.position;
  const { geometry, numbering } = volume;
  const previous = state.plans.get(volume.handle);
  return planSlice({ geometry, numbering, min, max, pixelSize: view.pixelSize / ratio, slots, previous });
}

function planForCamera(state: ViewState, volume: VolumeState, slots: number, ratio: number): BrickPlan {
  const { view } = state;
  if (view.kind !== 'volume') throw new TypeError('a slice has no camera');
  const { width, height } = view.rect;
  const frustum = frustumInLayer(volume.placement, makeFrustum(cameraBasis(view.camera), view.camera.fovY, width * ratio, height * ratio));
  const { geometry, numbering, isEmpty } = volume;
  const input = { geometry, numbering, frustum, slots, isEmpty, previous: state.plans.get(volume.handle) };
  const plan = planLod(input);
  // Detail that the page table cannot address would only fill slots.
  const window = chooseWindow(numbering, plan);
  return window.level > plan.finest ? planLod({ ...input, finestLevel: window.level }) : plan;
}
