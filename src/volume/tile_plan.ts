/**
 * Which tiles of a plane a view should show: those of the level whose texels are a pixel or a little more, and below them those of every second
 * coarser level up to one whose single tile is all of the plane, so that something of it is there soon at a fraction of the bytes. Pure.
 */

import { TILE_EDGE } from '../protocol/limits.js';
import type { TileKey } from './plane.js';

/** Levels from one stand-in to the next: a quarter of the texels along each axis, a sixteenth of the bytes. */
const STAND_IN_STEP = 2;
/** The same once a tile covers the view: what coarser ones stand in for is not in view yet. */
const COVER_STEP = 4;
/** Part of an octave by which a texel may be larger than a pixel: 1.19 pixels. Just beyond one it would cost four times the bytes for what nobody sees. */
const LARGER = 0.25;
/** A level in use stays so until its texels are this part of an octave past the next one's turn. */
const HYSTERESIS = 0.1;

/** A part of a plane in texels of level 0: columns `a`, rows `b`. */
export interface PlaneWindow {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
}

export interface TilePlanInput {
  /** The part of the plane that the volume fills. */
  readonly extent: PlaneWindow;
  /** The part that is in view; it may reach beyond. */
  readonly visible: PlaneWindow;
  /** Texels of level 0 that a pixel covers. */
  readonly texelsPerPixel: number;
  readonly levels: number;
  /** No finer level: what a thick slab allows. */
  readonly finestLevel?: number;
  /** Most tiles in the plan. */
  readonly slots: number;
  /** Level of the plan before. */
  readonly previous?: number | undefined;
  /** Whether a tile reaches into the volume, where the extent is only a rectangle around it: others are not there to be had. */
  readonly exists?: (key: TileKey) => boolean;
}

/** A tile of a plan; small priorities come first. */
export interface PlannedTile extends TileKey {
  readonly priority: number;
}

export interface TilePlan {
  readonly level: number;
  /** By rising priority, coarse ones first; empty where the plane is out of view. */
  readonly tiles: readonly PlannedTile[];
  /** The part of the plane that is to be seen. */
  readonly window: PlaneWindow;
}

/** Where two windows meet. */
export function windowsMeet(p: PlaneWindow, q: PlaneWindow): PlaneWindow {
  return { a0: Math.max(p.a0, q.a0), a1: Math.min(p.a1, q.a1), b0: Math.max(p.b0, q.b0), b1: Math.min(p.b1, q.b1) };
}

export const isVoid = ({ a0, a1, b0, b1 }: PlaneWindow): boolean => !(a0 < a1 && b0 < b1);

/** Rows and columns of tiles of `level` that a window reaches; `to` is exclusive. */
export function tilesIn({ a0, a1, b0, b1 }: PlaneWindow, level: number): { row: number; rowTo: number; column: number; columnTo: number } {
  const edge = TILE_EDGE * 2 ** level;
  return { row: Math.floor(b0 / edge), rowTo: Math.ceil(b1 / edge), column: Math.floor(a0 / edge), columnTo: Math.ceil(a1 / edge) };
}

function countIn(window: PlaneWindow, level: number): number {
  const { row, rowTo, column, columnTo } = tilesIn(window, level);
  return (rowTo - row) * (columnTo - column);
}

/** The levels of a plan whose finest is `level`: the coarsest has one tile for all of the plane, so that there is never nothing wherever the view goes. */
function levelsFrom(level: number, window: PlaneWindow, extent: PlaneWindow, levels: number): number[] {
  const list = [level];
  let cover = level;
  while (countIn(extent, cover) > 1 && cover < levels - 1) cover += 1;
  for (let next = level; next < cover; ) {
    next = Math.min(next + (countIn(window, next) > 1 ? STAND_IN_STEP : COVER_STEP), cover);
    list.push(next);
  }
  return list;
}

/** Plans the tiles of one plane for one view. */
export function planTiles(input: TilePlanInput): TilePlan {
  const { extent, levels, slots, previous, finestLevel = 0, exists = () => true } = input;
  const window = windowsMeet(extent, input.visible);
  const exact = Math.log2(input.texelsPerPixel) + LARGER;
  const kept = previous !== undefined && exact > previous - HYSTERESIS && exact < previous + 1 + HYSTERESIS;
  let level = Math.min(Math.max(kept ? previous : Math.floor(exact + 1e-9), finestLevel, 0), levels - 1);
  if (isVoid(window)) return { level, tiles: [], window };
  const sum = (from: number): number => levelsFrom(from, window, extent, levels).reduce((n, l) => n + countIn(window, l), 0);
  while (level < levels - 1 && sum(level) > slots) level += 1;
  const tiles: PlannedTile[] = [];
  const [middleA, middleB] = [(window.a0 + window.a1) / 2, (window.b0 + window.b1) / 2];
  const reach = Math.hypot(window.a1 - window.a0, window.b1 - window.b0);
  for (const l of levelsFrom(level, window, extent, levels)) {
    const edge = TILE_EDGE * 2 ** l;
    const { row, rowTo, column, columnTo } = tilesIn(window, l);
    for (let r = row; r < rowTo; r += 1) {
      for (let c = column; c < columnTo; c += 1) {
        if (!exists({ level: l, row: r, column: c })) continue;
        const far = Math.hypot((c + 0.5) * edge - middleA, (r + 0.5) * edge - middleB) / (reach + edge);
        tiles.push({ level: l, row: r, column: c, priority: (levels - l) * 0.1 + Math.min(far, 1) * 0.09 });
      }
    }
  }
  tiles.sort((p, q) => p.priority - q.priority);
  return { level, tiles, window };
}
