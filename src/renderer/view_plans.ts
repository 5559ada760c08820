/** Plans what each view should have on the GPU: how many bricks of which layer, and which. */

import { STORED_VOXELS } from '../protocol/limits.js';
import { cutFrustum, type Frustum, makeFrustum } from '../volume/frustum.js';
import { type BrickPlan, Pace, planLodInParts } from '../volume/lod_plan.js';
import type { Vec3 } from '../volume/geometry.js';
import { directionInLayer, frustumInLayer, toLayer } from '../volume/placement.js';
import type { LoadingPolicy } from '../volume/policy.js';
import { planSlice } from '../volume/slice_plan.js';
import { cameraBasis, type OrbitCamera, rayThrough } from './camera.js';
import { planesOf } from './clip_planes.js';
import { rebalance, type Shares, shareSlots } from './layer_shares.js';
import { inNest, nestWindows } from './nested_window.js';
import type { Residency } from './residency.js';
import type { SliceTiles } from './slice_tiles.js';
import { sliceToWorld } from './slice_view.js';
import { slotBytes } from './storage.js';
import { fitsWhole } from './table_window.js';
import type { TimeFacet } from './time_facet.js';
import { plannedBefore, planComing, type TimePlan } from './time_steps.js';
import type { ViewState } from './view_state.js';
import type { SliceView } from './views.js';
import type { VolumeState } from './volume_state.js';

/** A view that moves is planned anew this often at most. */
export const REPLAN_MS = 80;
/** A layer whose share has grown by this factor is planned anew at once. */
const WORTH_MORE = 1.05;
/** Rounds in which shares follow plans and plans follow shares. */
const ROUNDS = 3;
/** Bytes of a brick of 16-bit voxels: what the bytes of others are compared with. */
const USUAL_BYTES = 2 * STORED_VOXELS;

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

/** What planning depends on beside the views. */
export interface PlanOptions {
  readonly now: number;
  readonly moving: boolean;
  /** Atlases may be made larger and smaller now. */
  readonly mayGrow: boolean;
  readonly policy: LoadingPolicy;
  readonly tiles: SliceTiles;
}

/** The views whose plans are out of date and not to wait. */
export const dueViews = (views: readonly ViewState[], { moving, now }: PlanOptions): readonly ViewState[] =>
  views.filter((v) => v.planDirty && (!moving || v.view.kind === 'slice' || now - v.plannedAt >= REPLAN_MS));

/** Plans the views that are `due`, part by part. Their plans change one after the other, each as a whole. */
export function* planViews(
  views: readonly ViewState[],
  due: readonly ViewState[],
  shown: Shown,
  residency: Residency,
  ratio: number,
  options: PlanOptions,
): Generator<void, void> {
  const volumes = shown.layers;
  const pace = new Pace();
  options.tiles.retain(new Set(views.map(({ view }) => view.id)));
  for (const state of due) if (state.view.kind === 'slice') state.tiled = options.tiles.plan(state.view, volumes, ratio, options.policy);
  let shares = shareSlots(volumes, views, residency);
  let todo: readonly VolumeState[] = volumes;
  for (let round = 0; round < ROUNDS && todo.length > 0; round += 1) {
    for (const volume of todo) yield* planVolume(views, due, volume, shares, ratio, options, pace);
    const before = shares;
    shares = shareSlots(volumes, views, residency);
    todo = volumes.filter((volume) => isWorthPlanning(volume, views, before, shares));
  }
  if (options.mayGrow && rebalance(shares, residency)) {
    for (const volume of volumes) yield* planVolume(views, due, volume, shareSlots(volumes, views, residency), ratio, options, pace);
  }
  for (const state of due) {
    state.forgetOthers(volumes.map((v) => v.handle));
    state.plannedAt = options.now;
    if (state.view.kind === 'slice') state.tableDirty = true;
    else state.planned = true;
  }
  residency.turn += 1;
  for (const volume of volumes) {
    for (const { plans, ahead } of views) {
      for (const plan of [plans.get(volume.handle), ahead.get(volume.handle)]) if (plan) residency.keep(volume, plan.numbers);
    }
  }
}

/** Numbers of all bricks of a volume that some view plans. */
export function plannedNumbers(views: readonly ViewState[], handle: number): Set<number> {
  const numbers = new Set<number>();
  for (const { plans, ahead } of views) {
    for (const number of plans.get(handle)?.numbers ?? []) numbers.add(number);
    for (const number of ahead.get(handle)?.numbers ?? []) numbers.add(number);
  }
  return numbers;
}

/** Makes the atlases large enough for the plans; false where there is less memory than was planned with. */
export function growAtlases(views: readonly ViewState[], volumes: readonly VolumeState[], residency: Residency): boolean {
  let enough = true;
  const { classes } = shareSlots(volumes, views, residency);
  for (const [storage, share] of classes) {
    const same = volumes.filter((volume) => volume.storage === storage);
    const sum = (count: (volume: VolumeState) => number): number => same.reduce((n, volume) => n + count(volume), 0);
    const wanted = sum(({ handle }) => plannedNumbers(views, handle).size);
    const most = sum(({ bricks, coming, shown }) => (coming.length > 0 ? bricks : shown.most));
    enough = residency.ensure(storage, wanted, most, share) && enough;
  }
  return enough;
}

/** Whether a layer that was cut short could have clearly more now, or has more than it may. */
function isWorthPlanning(volume: VolumeState, views: readonly ViewState[], before: Shares, now: Shares): boolean {
  const [had, has] = [before.layers.get(volume.handle) as number, now.layers.get(volume.handle) as number];
  const plans = views.flatMap(({ plans }) => plans.get(volume.handle) ?? []);
  const size = plans.reduce((sum, { numbers }) => sum + numbers.size, 0);
  return size > has || (has > had * WORTH_MORE && plans.some(({ demand, numbers }) => demand > numbers.size));
}

/** Plans one layer in the views that are due: slices first, which need little, then cameras with what is left. */
function* planVolume(
  views: readonly ViewState[],
  due: readonly ViewState[],
  volume: VolumeState,
  shares: Shares,
  ratio: number,
  options: PlanOptions,
  pace: Pace,
): Generator<void, void> {
  const all = shares.layers.get(volume.handle) as number;
  // Each time point that comes next takes as much as the one that is shown.
  const slots = Math.max(Math.floor(all / (1 + volume.coming.length)), 1);
  const slices = views.filter((v) => v.view.kind === 'slice').length;
  const perSlice = Math.max(Math.floor(slots / (2 * Math.max(slices, 1))), 1);
  for (const state of due) {
    const { view } = state;
    if (view.kind !== 'slice') continue;
    const tiled = state.tiled.has(volume.handle);
    const planAt = (facet: TimeFacet, previous: BrickPlan | undefined) =>
      ({ facet, plan: planForSlice(view, volume, facet, perSlice, ratio, previous, tiled), window: undefined });
    const plan = planAt(volume.shown, state.plans.get(volume.handle)).plan;
    const fromTiles = tiled && !volume.settings.coarseFirst;
    state.plans.set(volume.handle, fromTiles ? { ...plan, bricks: [], numbers: new Set(), demand: 0, peak: 0 } : plan);
    state.ahead.delete(volume.handle);
    planComing(state, volume, perSlice * volume.coming.length, volume.coming.map((facet) => planAt(facet, plannedBefore(state, volume, facet))));
  }
  const ahead = views.reduce((sum, state) => sum + (state.view.kind === 'slice' ? (state.ahead.get(volume.handle)?.numbers.size ?? 0) : 0), 0);
  const later = Math.max(Math.floor((all - slots - ahead) / Math.max(views.length - slices, 1)), 0);
  const taken = new Set<number>();
  for (const state of views) {
    if (state.view.kind !== 'slice') continue;
    for (const number of state.plans.get(volume.handle)?.numbers ?? []) taken.add(number);
  }
  const left = Math.max(Math.floor((slots - taken.size) / Math.max(views.length - slices, 1)), 1);
  for (const state of due) {
    if (state.view.kind === 'volume') yield* planForCamera(state, volume, left, later, ratio, options, pace);
  }
}

/** Of a volume whose slices come as tiles (`tiled`) only the brick that holds all of it, where something is to be learnt from it: coarse tiles stand in for tiles. */
function planForSlice(
  view: SliceView,
  volume: VolumeState,
  { numbering }: TimeFacet,
  slots: number,
  ratio: number,
  previous: BrickPlan | undefined,
  tiled: boolean,
): BrickPlan {
  const { geometry, placement } = volume;
  const { x, y, width, height } = view.rect;
  const corners = [[x, y], [x + width, y], [x, y + height], [x + width, y + height]].map((px) =>
    toLayer(placement, sliceToWorld(view, px as [number, number])),
  );
  const end = (pick: (...n: number[]) => number): Vec3 => [0, 1, 2].map((i) => pick(...corners.map((corner) => corner[i] as number))) as unknown as Vec3;
  const input = { geometry, numbering, min: end(Math.min), max: end(Math.max), pixelSize: view.pixelSize / ratio, previous };
  const plan = planSlice({ ...input, slots: tiled ? 1 : slots });
  return tiled ? { ...plan, demand: plan.numbers.size, peak: plan.numbers.size } : plan;
}

/** Plans what a camera sees, and what it is about to see where it moves. */
function* planForCamera(
  state: ViewState,
  volume: VolumeState,
  slots: number,
  later: number,
  ratio: number,
  options: PlanOptions,
  pace: Pace,
): Generator<void, void> {
  const { view } = state;
  if (view.kind !== 'volume') return;
  const { policy, moving, now } = options;
  const { width, height } = view.rect;
  // What is clipped away is not asked for: it is seen by nobody, and throws no shadow.
  const cuts = planesOf(view.clip);
  const frustumOf = (camera: OrbitCamera): Frustum =>
    frustumInLayer(volume.placement, cutFrustum(makeFrustum(cameraBasis(camera), camera.fovY, width * ratio, height * ratio), cuts));
  const frustum = frustumOf(view.camera);
  const { geometry, numbering, handle, shown } = volume;
  const { pixelsPerVoxel, focus } = policy;
  const window = fitsWhole(numbering) ? undefined : nestWindows(numbering, geometry, frustum, pixelsPerVoxel);
  const inReach = window && ((level: number, z: number, y: number, x: number) => inNest(window, level, z, y, x));
  const input = { geometry, pixelsPerVoxel, focus, cost: slotBytes(volume.storage) / USUAL_BYTES };
  const towards = state.focus && directionInLayer(volume.placement, rayThrough(view.camera, view.rect, state.focus).direction);
  const planAt = ({ numbering, isEmpty, isBare, isEven, contrast }: TimeFacet, previous: BrickPlan | undefined) =>
    planLodInParts({ ...input, numbering, isEmpty, isBare, isEven, contrast, frustum, slots, previous, ...(inReach ? { inReach } : {}), towards }, pace);
  const plan = yield* planAt(shown, state.plans.get(handle));
  state.plans.set(handle, plan);
  if (window) state.windows.set(handle, window);
  state.ahead.delete(handle);
  const room = Math.min(Math.floor(slots * policy.prefetchShare), slots - plan.numbers.size);
  const next = moving && room > 0 && policy.order.includes('prefetch') ? state.motion.predict(now, policy.prefetchMs) : undefined;
  if (next) {
    // Ancestors come first in a plan: what is left of its beginning has all of its own here or there.
    const { isEmpty, isBare, isEven, contrast } = shown;
    const ahead = { ...input, numbering, isEmpty, isBare, isEven, contrast, frustum: frustumOf(next), slots: plan.numbers.size + room, previous: plan };
    const coming = yield* planLodInParts(ahead, pace);
    const bricks = coming.bricks.filter(({ level, z, y, x }) => !plan.numbers.has(numbering.pack(level, z, y, x))).slice(0, room);
    state.ahead.set(handle, { bricks, numbers: new Set(bricks.map(({ level, z, y, x }) => numbering.pack(level, z, y, x))) });
  }
  const plans: TimePlan[] = [];
  for (const facet of volume.coming) plans.push({ facet, plan: yield* planAt(facet, plannedBefore(state, volume, facet)), window });
  planComing(state, volume, later, plans);
}
