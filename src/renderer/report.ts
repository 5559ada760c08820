/** What the renderer tells about itself. */

import type { GpuBudget } from './gpu_budget.js';
import type { Residency } from './residency.js';
import type { SliceTiles } from './slice_tiles.js';
import type { ViewState } from './view_state.js';
import { slotBytes } from './storage.js';
import type { VolumeState } from './volume_state.js';
import { type Device, deviceWords } from './device.js';

/** What is seen of one volume. */
export interface VolumeReport {
  readonly volume: number;
  /** Finest and coarsest level on the screen. */
  readonly finest: number;
  readonly coarsest: number;
  /** Bricks that views lack. */
  readonly missing: number;
  /** Slots of the bricks that views ask for; others may still be there. */
  readonly slots: number;
}

/** Plans finished, goes at them, and the most parts and milliseconds of one go. */
export interface PlanningCounts {
  readonly plans: number;
  readonly turns: number;
  readonly mostParts: number;
  readonly longestMs: number;
}

/** State of the renderer. Byte counts are exact: they are of all textures and render targets. */
export interface RendererReport {
  readonly volumes: readonly VolumeReport[];
  /** Bricks that views lack, of all volumes. */
  readonly missing: number;
  /** Pictures drawn in the last second of drawing. */
  readonly fps: number;
  /** Resolution of the last picture of a perspective view, as a part of the full one. */
  readonly resolutionScale: number;
  /** How much longer the steps of the last picture were: 2^this. */
  readonly coarser: number;
  readonly gpuBytes: number;
  readonly gpuBytesPeak: number;
  readonly gpuBudget: number;
  readonly slots: number;
  readonly slotsUsed: number;
  readonly uploads: number;
  /** Page tables filled so far. */
  readonly tableFills: number;
  readonly evictions: number;
  /** What planning took so far. */
  readonly planning: PlanningCounts;
  readonly drawCalls: number;
  /** Pictures of perspective views that were drawn, and that the GPU is done with. */
  readonly pictures: number;
  /** Epoch milliseconds at which the first picture with voxels was done. */
  readonly firstPictureAt: number | undefined;
  /** Whether floats are filtered; else their nearest voxel is shown. */
  readonly floatLinear: boolean;
  /** What the device cannot do that is seen, in a sentence for people. */
  readonly limits: string | undefined;
  readonly contextLosses: number;
  /** A sentence for the user where something could not be drawn as asked. */
  readonly problem: string | undefined;
}

/** What the views show of a volume; the coarsest level while they show nothing. */
export function reportVolume(volume: VolumeState, views: readonly ViewState[], residency: Residency, missing: number, tiles: SliceTiles): VolumeReport {
  const top = volume.numbering.levels - 1;
  const seen = views.flatMap((state) => {
    const outcome = state.tables.get(volume.handle)?.outcome;
    if (!tiles.has(state.view.id, volume.handle)) return outcome?.any ? [outcome] : [];
    return tiles.levels(state.view.id, volume) ?? (outcome?.any ? [outcome] : []);
  });
  return {
    volume: volume.handle,
    finest: Math.min(top, ...seen.map(({ finest }) => finest)),
    coarsest: seen.length > 0 ? Math.max(...seen.map(({ coarsest }) => coarsest)) : top,
    missing,
    slots: [...residency.of(volume).values()].filter(({ used }) => used === residency.turn).length,
  };
}

/** How the last picture of a perspective view was drawn. */
export function reportQuality(views: readonly ViewState[]) {
  const shown = views.find((state) => state.view.kind === 'volume')?.shown;
  return { resolutionScale: shown?.scale ?? 1, coarser: shown?.coarser ?? 0 };
}

/** How many pictures, and how fast. */
export function reportPictures(
  { rate, firstPictureAt }: { readonly rate: FrameRate; readonly firstPictureAt: number | undefined },
  { screen }: { readonly screen: { readonly draws: number } },
) {
  return { fps: rate.value, pictures: rate.count, firstPictureAt, drawCalls: screen.draws };
}

/** What of the device's limits is seen. */
export function reportDevice(device: Device, layers: readonly VolumeState[], maxBytes: number) {
  const floats = layers.some(({ storage }) => storage.name === 'image/f32');
  const slots = Math.max(...layers.map(({ bricks, storage }) => Math.min(bricks, maxBytes / slotBytes(storage))), 1);
  return { floatLinear: device.floatLinear, limits: deviceWords(device, floats, slots) };
}

/** The counters of memory and bricks. */
export function reportMemory(budget: GpuBudget, residency: Residency) {
  const { total, used } = residency.slots;
  return {
    gpuBytes: budget.total,
    gpuBytesPeak: budget.peak,
    gpuBudget: budget.max,
    slots: total,
    slotsUsed: used,
    uploads: residency.uploads,
    evictions: residency.evictions,
  };
}

/** What the parts of a renderer have to tell. */
interface Parts {
  readonly needs: { readonly wanted: ReadonlyMap<number, readonly unknown[]>; readonly missing: number };
  readonly tiles: SliceTiles;
  readonly frames: Parameters<typeof reportPictures>[0];
  readonly drawing: Parameters<typeof reportPictures>[1];
  readonly budget: GpuBudget;
  readonly residency: Residency;
  readonly tables: { readonly count: number };
  readonly planning: { readonly counts: PlanningCounts };
  readonly losses: number;
  readonly problem: string | undefined;
}

/** The whole report. */
export function makeReport(
  volumes: ReadonlyMap<number, VolumeState>,
  views: readonly ViewState[],
  layers: readonly VolumeState[],
  device: Device,
  { needs, tiles, frames, drawing, budget, residency, tables, planning, losses, problem }: Parts,
): RendererReport {
  return {
    volumes: [...volumes.values()].map((v) => reportVolume(v, views, residency, needs.wanted.get(v.handle)?.length ?? 0, tiles)),
    missing: needs.missing,
    ...reportQuality(views),
    ...reportPictures(frames, drawing),
    ...reportMemory(budget, residency),
    tableFills: tables.count,
    planning: { ...planning.counts },
    ...reportDevice(device, layers, budget.max),
    contextLosses: losses,
    problem,
  };
}

/** Counts the frames of the last second. */
export class FrameRate {
  /** Frames since the start. */
  count = 0;
  #times: number[] = [];

  /** A frame was done. */
  tick(now: number): void {
    this.count += 1;
    this.#times.push(now);
    while ((this.#times[0] as number) < now - 1000) this.#times.shift();
  }

  /** Frames a second, from the times between the frames. */
  get value(): number {
    const [first, last] = [this.#times[0], this.#times[this.#times.length - 1]];
    if (first === undefined || last === undefined || last === first) return 0;
    return ((this.#times.length - 1) * 1000) / (last - first);
  }
}
