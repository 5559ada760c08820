/** The part of a volume that a page table covers, and how world points lie in it. Pure; vectors here are z, y, x or, where said, x, y, z. */

import { BRICK_EDGE } from '../protocol/limits.js';
import type { BrickNumbering } from '../volume/brick_key.js';
import type { VolumeGeometry, Vec3 } from '../volume/geometry.js';
import type { BrickPlan } from '../volume/lod_plan.js';
import type { Nest } from './nested_window.js';

/** A box of bricks of one level, the finest that a table over it can show: one texel a cell. */
export interface TableWindow {
  readonly level: number;
  /** First cell, z, y, x. */
  readonly origin: Vec3;
  /** Cells, z, y, x; of each window, where there are several. */
  readonly size: Vec3;
  /** Coarser windows around this one. */
  readonly nest?: Nest;
}

/** Most cells along an axis: 128³ texels of 16 bytes are 32 MiB. */
export const MAX_TABLE_EDGE = 128;
/** A volume of at most so many bricks along each axis has one window over all of it; 64³ texels are 4 MiB. */
export const MAX_WHOLE_EDGE = 64;

/** Whether one window of level 0 covers the whole volume. */
export const fitsWhole = (numbering: BrickNumbering): boolean => Math.max(...numbering.grid(0)) <= MAX_WHOLE_EDGE;
/**
 * Windows that are not the whole volume begin at multiples of this, so that bricks up to this many cells wide have their faces at
 * multiples of their width in the window too. Rays stop at the faces of wider bricks at least every so many cells.
 */
export const WINDOW_ALIGN = 16;

const cell = (index: number, steps: number): number => Math.floor(index / 2 ** steps);

/**
 * The window of a plan of a slice: at level 0 over the whole volume where that fits, else over the range of the bricks that are to be
 * seen, at the finest level that fits.
 */
export function chooseWindow(numbering: BrickNumbering, plan: BrickPlan): TableWindow {
  const whole = numbering.grid(0);
  const shown = plan.bricks.filter(({ level, z, y, x }) => !plan.split.has(numbering.pack(level, z, y, x)));
  if (fitsWhole(numbering)) return { level: 0, origin: [0, 0, 0], size: whole };
  for (let level = plan.finest; level < numbering.levels; level += 1) {
    const grid = numbering.grid(level);
    const origin: [number, number, number] = [...grid];
    const end: [number, number, number] = [0, 0, 0];
    for (const brick of shown) {
      const at = [brick.z, brick.y, brick.x];
      const span = 2 ** (brick.level - level);
      for (let i = 0; i < 3; i += 1) {
        const low = brick.level >= level ? (at[i] as number) * span : cell(at[i] as number, level - brick.level);
        origin[i] = Math.min(origin[i] as number, low);
        end[i] = Math.min(Math.max(end[i] as number, low + Math.max(span, 1)), grid[i] as number);
      }
    }
    const aligned = origin.map((n) => Math.floor(n / WINDOW_ALIGN) * WINDOW_ALIGN) as unknown as Vec3;
    const size = end.map((n, i) => Math.max(n - (aligned[i] as number), 1)) as unknown as Vec3;
    if (Math.max(...size) <= MAX_TABLE_EDGE) return { level, origin: aligned, size };
  }
  const top = numbering.levels - 1;
  return { level: top, origin: [0, 0, 0], size: numbering.grid(top) };
}

/** Takes world points to cells of a window: cell = world * scale + offset, x, y, z. */
export interface CellFrame {
  readonly scale: Vec3;
  readonly offset: Vec3;
}

/** The frame of a window. Computed in doubles; what remains for the GPU is small, relative to the window's origin. */
export function cellFrame(geometry: VolumeGeometry, window: TableWindow): CellFrame {
  const edge = BRICK_EDGE * 2 ** window.level;
  const axis = [2, 1, 0];
  const scale = axis.map((i) => 1 / (edge * (geometry.voxelSize[i] as number))) as unknown as Vec3;
  const offset = axis.map(
    (i) => 0.5 / edge - (geometry.origin[i] as number) / (edge * (geometry.voxelSize[i] as number)) - (window.origin[i] as number),
  ) as unknown as Vec3;
  return { scale, offset };
}

/** A world point in cells of a window, x, y, z. */
export function toCells(frame: CellFrame, world: Vec3): Vec3 {
  return [0, 1, 2].map((i) => (world[i] as number) * (frame.scale[i] as number) + (frame.offset[i] as number)) as unknown as Vec3;
}

/** The volume's faces, cut off at the window's, in cells, x, y, z. */
export function windowBox(geometry: VolumeGeometry, window: TableWindow): { min: Vec3; max: Vec3 } {
  const edge = BRICK_EDGE * 2 ** window.level;
  const axis = [2, 1, 0];
  const min = axis.map((i) => Math.max(0, -(window.origin[i] as number))) as unknown as Vec3;
  const faces = axis.map((i) => (geometry.shape[i] as number) / edge - (window.origin[i] as number)) as unknown as Vec3;
  if (window.nest) return { min: axis.map((i) => -(window.origin[i] as number)) as unknown as Vec3, max: faces };
  return { min, max: faces.map((n, i) => Math.min(n, window.size[axis[i] as number] as number)) as unknown as Vec3 };
}

/** The longest brick, in cells, whose faces the window's own lattice has. */
export function widestCell(numbering: BrickNumbering, window: TableWindow): number {
  return window.origin.every((n) => n === 0) ? 2 ** (numbering.levels - 1 - window.level) : WINDOW_ALIGN;
}
