/**
 * The slices' tiles: which plane of which volume each view shows, which tiles of it are wanted, which are on the GPU, and what is to be
 * drawn where. A slice whose volume is small is drawn from bricks instead: see `usesTiles`.
 */

import type * as THREE from 'three';
import { STORED_TILE_EDGE, TILE_BORDER, TILE_EDGE } from '../protocol/limits.js';
import type { Tile, WantedPlane, WantedTile } from '../session/types.js';
import type { Vec3 } from '../volume/geometry.js';
import { hasTile, type TileKey, tileText } from '../volume/plane.js';
import type { LoadingPolicy } from '../volume/policy.js';
import { planTiles, type PlaneWindow, type TilePlan, tilesIn } from '../volume/tile_plan.js';
import type { GpuBudget } from './gpu_budget.js';
import { type SlicePlane, slicePlane, visibleWindow } from './slice_plane.js';
import type { StorageClass } from './storage.js';
import { TileAtlas, type TileEntry } from './tile_atlas.js';
import { stepBetween, usesTiles } from './tile_choice.js';
import type { ViewState } from './view_state.js';
import type { SliceView } from './views.js';
import type { VolumeState } from './volume_state.js';

/** Planes after the one shown that are fetched while slices are stepped through. */
const PLANES_AHEAD = 2;
/** Behind all that is to be seen. */
const AHEAD_PRIORITY = 100;
/** Part of the atlas that one view's tiles may not fill, for planes ahead. */
const ROOM = 1.5;

/** A plane's numbers are never used twice on a page, whatever session they are for. */
let lastPlane = 0;

/** Finds a tile in browser memory. */
export type TileLookup = (volume: number, plane: number, key: TileKey) => Tile | undefined;

/** A rectangle of a plane and the tile that fills it, or none: texels of level 0. */
export interface TileQuad {
  readonly window: PlaneWindow;
  readonly entry: TileEntry | undefined;
}

/** What one view shows of one volume. */
interface Shown {
  readonly volume: VolumeState;
  readonly view: SliceView;
  readonly slice: SlicePlane;
  readonly plane: WantedPlane;
  readonly plan: TilePlan;
  /** The plane at the time points that come next, and the planes that do. */
  readonly later: readonly Next[];
  readonly ahead: readonly Next[];
}

/** What may be shown soon. */
interface Next {
  readonly plane: WantedPlane;
  readonly plan: TilePlan;
}

export class SliceTiles {
  uploads = 0;
  #missing = 0;
  #wanted: Map<number, WantedTile[]> | undefined;
  readonly #atlases = new Map<string, TileAtlas>();
  readonly #planes = new Map<string, WantedPlane>();
  /** By view id and handle. */
  readonly #shown = new Map<string, Map<number, Shown>>();
  readonly #offers = new Map<string, { tile: Tile; uploaded: () => void }>();
  #turn = 1;

  constructor(
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
    readonly lookup: TileLookup = () => undefined,
  ) {}

  /** Plans a slice of the volumes that come as tiles; their handles. */
  plan(view: SliceView, volumes: readonly VolumeState[], ratio: number, policy: LoadingPolicy): ReadonlySet<number> {
    const before = this.#shown.get(view.id) ?? new Map<number, Shown>();
    const now = new Map<number, Shown>();
    this.#shown.set(view.id, now);
    this.#turn += 1;
    const tiled = new Set<number>();
    for (const volume of volumes) {
      if (!usesTiles(view, volume, ratio)) continue;
      const shown = this.#planOne(view, volume, before.get(volume.handle), ratio, policy);
      if (shown === 'no room') continue;
      tiled.add(volume.handle);
      if (shown) now.set(volume.handle, shown);
    }
    this.#keep();
    this.#wanted = undefined;
    return tiled;
  }

  /** Forgets views that are no longer there. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#shown.keys()) if (!ids.has(id)) this.#shown.delete(id);
    this.#wanted = undefined;
  }

  /** Tiles in view that are missing. */
  get missing(): number {
    this.wanted();
    return this.#missing;
  }

  /** What is to be asked for, by volume: what is in view, and once all of that is here, what comes next. The same map until something changes. */
  wanted(): ReadonlyMap<number, WantedTile[]> {
    this.#wanted ??= this.#want();
    return this.#wanted;
  }

  #want(): Map<number, WantedTile[]> {
    const wanted = new Map<number, Map<string, WantedTile>>();
    this.#missing = 0;
    const add = (volume: VolumeState, plane: WantedPlane, plan: TilePlan, base: number): void => {
      const list = wanted.get(volume.handle) ?? new Map<string, WantedTile>();
      wanted.set(volume.handle, list);
      const lacks = (key: TileKey): boolean => {
        const text = tileText(plane.number, key);
        return this.#entry(volume, text)?.stale !== false && !this.#offers.has(`${volume.handle}:${text}`);
      };
      const fine = plan.tiles.filter((tile) => tile.level === plan.level && lacks(tile));
      for (const { level, row, column, priority } of plan.tiles) {
        // What stands in for tiles that are all here is not needed.
        const shift = 2 ** (level - plan.level);
        if (!fine.some((tile) => Math.floor(tile.row / shift) === row && Math.floor(tile.column / shift) === column)) continue;
        const text = tileText(plane.number, { level, row, column });
        if (!lacks({ level, row, column })) continue;
        const entry = this.#entry(volume, text);
        const known = list.get(text);
        const asked = base + priority + (entry ? 1 : 0);
        if (!known && base === 0) this.#missing += 1;
        if (!known || known.priority > asked) list.set(text, { plane, level, row, column, priority: asked });
      }
    };
    const all = [...this.#shown.values()].flatMap((byVolume) => [...byVolume.values()]);
    for (const { volume, plane, plan } of all) add(volume, plane, plan, 0);
    if (this.#missing === 0 && this.#offers.size === 0) {
      for (const { volume, later, ahead } of all) for (const [i, next] of [...later, ...ahead].entries()) add(volume, next.plane, next.plan, AHEAD_PRIORITY * (i + 1));
    }
    return new Map([...wanted].map(([handle, list]) => [handle, [...list.values()].sort((a, b) => a.priority - b.priority)]));
  }

  /** Takes a tile; `uploaded` is called once, whatever becomes of it. */
  offer(tile: Tile, uploaded: () => void): void {
    const key = `${tile.volume}:${tileText(tile.plane, tile)}`;
    this.#offers.get(key)?.uploaded();
    this.#offers.set(key, { tile, uploaded });
    this.#wanted = undefined;
  }

  /** Tiles that wait for their upload. */
  get waiting(): number {
    return this.#offers.size;
  }

  /** Uploads for `budgetMs`, coarse tiles first; slices that show what came are drawn anew. How many were taken. */
  run(budgetMs: number, volumes: ReadonlyMap<number, VolumeState>, views: readonly ViewState[], now: number): number {
    if (this.#offers.size === 0) return 0;
    let touched = 0;
    this.#wanted = undefined;
    const end = performance.now() + budgetMs;
    const order = [...this.#offers].sort(([, a], [, b]) => b.tile.level - a.tile.level);
    for (const [key, { tile, uploaded }] of order) {
      if (touched > 0 && performance.now() >= end) break;
      this.#offers.delete(key);
      try {
        const volume = volumes.get(tile.volume);
        const text = tileText(tile.plane, tile);
        // What no view plans any more would only take a cell from what one does.
        if (volume && this.#planned(tile) && this.#atlas(volume.storage, 0)?.upload(`${volume.handle}:${text}`, tile, this.#turn)) {
          this.uploads += 1;
          for (const state of views) if (this.#shown.get(state.view.id)?.get(tile.volume)?.plane.number === tile.plane) state.redraw(now);
        }
      } finally {
        touched += 1;
        uploaded();
      }
    }
    return touched;
  }

  /** Tiles that `test` picks have changed at their source: they are shown until newer ones are here. */
  invalidate(handle: number, test: (plane: number, key: TileEntry) => boolean): void {
    for (const atlas of this.#atlases.values()) atlas.outdate((entry) => entry.volume === handle && test(entry.plane, entry));
    this.#wanted = undefined;
  }

  /** Forgets a volume. */
  remove(handle: number): void {
    for (const [key, { tile, uploaded }] of [...this.#offers]) {
      if (tile.volume !== handle) continue;
      this.#offers.delete(key);
      uploaded();
    }
    for (const atlas of this.#atlases.values()) atlas.remove((entry) => entry.volume === handle);
    for (const byVolume of this.#shown.values()) byVolume.delete(handle);
    this.#wanted = undefined;
  }

  /** What a view shows of a volume: rectangles that do not overlap, with the finest tile that is here, and those without one. */
  quads(viewId: string, volume: VolumeState): { quads: TileQuad[]; slice: SlicePlane; atlas: TileAtlas } | undefined {
    const shown = this.#shown.get(viewId)?.get(volume.handle);
    const atlas = this.#atlases.get(volume.storage.name);
    if (!shown || !atlas) return undefined;
    const { plan, plane, slice } = shown;
    const edge = TILE_EDGE * 2 ** plan.level;
    const { row, rowTo, column, columnTo } = tilesIn(plan.window, plan.level);
    const quads: TileQuad[] = [];
    for (let r = row; r < rowTo; r += 1) {
      for (let c = column; c < columnTo; c += 1) {
        if (!hasTile(volume.geometry.shape, plane.frame, { level: plan.level, row: r, column: c })) continue;
        const window = {
          a0: Math.max(c * edge, plan.window.a0),
          a1: Math.min((c + 1) * edge, plan.window.a1),
          b0: Math.max(r * edge, plan.window.b0),
          b1: Math.min((r + 1) * edge, plan.window.b1),
        };
        if (window.a0 < window.a1 && window.b0 < window.b1) quads.push({ window, entry: this.#finest(volume, plane, plan.level, r, c) });
      }
    }
    return { quads, slice, atlas };
  }

  /** Tiles that a view shows of a volume, and those of its quads that have none. */
  count(viewId: string, volume: VolumeState): { here: number; lacking: number } {
    const quads = this.quads(viewId, volume)?.quads ?? [];
    const here = quads.filter(({ entry }) => entry).length;
    return { here, lacking: quads.length - here };
  }

  /** Whether a view shows tiles of a volume. */
  has(viewId: string, handle: number): boolean {
    return this.#shown.get(viewId)?.has(handle) ?? false;
  }

  /** Levels of what a view shows of a volume; undefined while bricks stand in for some of it. */
  levels(viewId: string, volume: VolumeState): { finest: number; coarsest: number }[] | undefined {
    const entries = this.quads(viewId, volume)?.quads.map(({ entry }) => entry) ?? [];
    const levels = entries.flatMap((entry) => (entry ? [{ finest: entry.level, coarsest: entry.level }] : []));
    return levels.length > 0 && levels.length === entries.length ? levels : undefined;
  }

  /** The stored number of the texel nearest to a place (voxels of level 0) of a view's plane, from the finest tile in browser memory. */
  valueAt(viewId: string, volume: VolumeState, voxel: Vec3): { stored: number; level: number } | undefined {
    const shown = this.#shown.get(viewId)?.get(volume.handle);
    if (!shown) return undefined;
    const { origin, u, v } = shown.plane.frame;
    const d = voxel.map((n, axis) => n - origin[axis]!);
    const dot = (p: readonly number[], q: readonly number[]): number => p[0]! * q[0]! + p[1]! * q[1]! + p[2]! * q[2]!;
    // The axes of an oblique plane need not be at right angles in voxels.
    const [uu, uv, vv, du, dv] = [dot(u, u), dot(u, v), dot(v, v), dot(d, u), dot(d, v)];
    const a = (du * vv - dv * uv) / (uu * vv - uv * uv);
    const b = (dv * uu - du * uv) / (uu * vv - uv * uv);
    for (let level = shown.plan.level; level < volume.numbering.levels; level += 1) {
      const [i, j] = [Math.floor(a / 2 ** level), Math.floor(b / 2 ** level)];
      const key = { level, row: Math.floor(j / TILE_EDGE), column: Math.floor(i / TILE_EDGE) };
      const tile = this.lookup(volume.handle, shown.plane.number, key);
      if (!tile) continue;
      const at = (j - key.row * TILE_EDGE + TILE_BORDER) * STORED_TILE_EDGE + i - key.column * TILE_EDGE + TILE_BORDER;
      return { stored: tile.voxels[at] as number, level };
    }
    return undefined;
  }

  /** Gives all GPU memory back: what is shown comes again from browser memory, as far as there is room. */
  release(): void {
    for (const atlas of this.#atlases.values()) atlas.dispose();
    this.#atlases.clear();
    this.#wanted = undefined;
  }

  dispose(): void {
    for (const { uploaded } of this.#offers.values()) uploaded();
    this.#offers.clear();
    this.release();
  }

  #planOne(view: SliceView, volume: VolumeState, before: Shown | undefined, ratio: number, policy: LoadingPolicy): Shown | 'no room' | undefined {
    const { geometry, placement, numbering, isImage } = volume;
    const slice = slicePlane(view, geometry, placement, !isImage);
    if (!slice) return undefined;
    const visible = visibleWindow(slice, view);
    // Where texels are not square, those of the longer edge may cover two pixels before the shorter ones are finer than one.
    const [most, least] = [Math.max(Math.abs(slice.right), Math.abs(slice.up)), Math.min(Math.abs(slice.right), Math.abs(slice.up))];
    const texelsPerPixel = (Math.min(most, 2 * least) * view.pixelSize * policy.pixelsPerVoxel) / ratio;
    const room = ((view.rect.width * ratio) / TILE_EDGE + 2) * ((view.rect.height * ratio) / TILE_EDGE + 2) * 1.2 + 4;
    const views = Math.max(this.#shown.size, 1);
    const atlas = this.#atlas(volume.storage, Math.ceil(room * views * ROOM));
    if (!atlas) return 'no room';
    const input = {
      extent: slice.extent, visible, texelsPerPixel, levels: numbering.levels, finestLevel: Math.min(slice.finestLevel, numbering.levels - 1),
      slots: Math.max(Math.floor(atlas.capacity / views / 1.1), 4), previous: before?.plan.level,
      exists: (key: TileKey) => hasTile(geometry.shape, slice.frame, key),
    };
    const { time } = volume.shown;
    const plane = this.#planeOf(volume, slice, time);
    const plan = planTiles(input);
    const fine = { ...plan, tiles: plan.tiles.filter(({ level }) => level === plan.level) };
    const later = volume.coming.map((facet) => ({ plane: this.#planeOf(volume, slice, facet.time), plan: fine }));
    const shown = { volume, view, slice, plane, plan, later };
    const step = stepBetween(before?.view, view);
    if (!policy.order.includes('prefetch')) return { ...shown, ahead: [] };
    if (step === undefined) return { ...shown, ahead: before?.plane === plane ? before.ahead : [] };
    const ahead: Next[] = [];
    for (let n = 1; n <= PLANES_AHEAD; n += 1) {
      const next = slicePlane({ ...view, position: view.position + n * step }, geometry, placement, !isImage);
      if (!next) break;
      const tiles = fine.tiles.filter((key) => hasTile(geometry.shape, next.frame, key));
      ahead.push({ plane: this.#planeOf(volume, next, time), plan: { ...fine, tiles } });
    }
    return { ...shown, ahead };
  }

  #planeOf(volume: VolumeState, { frame }: SlicePlane, time: number): WantedPlane {
    const text = JSON.stringify([volume.handle, time, frame]);
    let plane = this.#planes.get(text);
    if (plane) this.#planes.delete(text);
    else {
      lastPlane += 1;
      plane = { number: lastPlane, frame, time };
    }
    this.#planes.set(text, plane);
    for (const oldest of this.#planes.keys()) {
      if (this.#planes.size <= 256) break;
      this.#planes.delete(oldest);
    }
    return plane;
  }

  #planned(tile: Tile): boolean {
    for (const byVolume of this.#shown.values()) {
      const shown = byVolume.get(tile.volume);
      if (!shown) continue;
      for (const { plane, plan } of [shown, ...shown.later, ...shown.ahead]) {
        if (plane.number === tile.plane && plan.tiles.some((t) => t.level === tile.level && t.row === tile.row && t.column === tile.column)) return true;
      }
    }
    return false;
  }

  /** Marks what is planned, so that it stays. */
  #keep(): void {
    for (const byVolume of this.#shown.values()) {
      for (const { volume, plane, plan, later, ahead } of byVolume.values()) {
        for (const next of [{ plane, plan }, ...later, ...ahead]) {
          for (const tile of next.plan.tiles) {
            const entry = this.#entry(volume, tileText(next.plane.number, tile));
            if (entry) entry.used = this.#turn;
          }
        }
      }
    }
  }

  #entry(volume: VolumeState, text: string): TileEntry | undefined {
    return this.#atlases.get(volume.storage.name)?.get(`${volume.handle}:${text}`);
  }

  #finest(volume: VolumeState, plane: WantedPlane, level: number, row: number, column: number): TileEntry | undefined {
    for (let l = level; l < volume.numbering.levels; l += 1) {
      const shift = 2 ** (l - level);
      const key = { level: l, row: Math.floor(row / shift), column: Math.floor(column / shift) };
      const entry = this.#entry(volume, tileText(plane.number, key));
      if (entry) return entry;
    }
    return undefined;
  }

  /** The atlas of a class with room for `slots`, where there is memory for it. */
  #atlas(storage: StorageClass, slots: number): TileAtlas | undefined {
    let atlas = this.#atlases.get(storage.name);
    try {
      if (!atlas) {
        atlas = new TileAtlas(storage, this.renderer, this.budget, slots);
        this.#atlases.set(storage.name, atlas);
      } else if (slots > atlas.capacity && atlas.grow(slots)) this.#wanted = undefined;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return atlas;
  }
}
