/** What a person paints with. It stays with the viewer. */

export type PaintAct = 'brush' | 'erase' | 'fill' | 'lasso' | 'box' | 'piece';

/** Values of an image that may be written. */
export interface PaintRange {
  readonly on: boolean;
  /** undefined: the middle of what the image has. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

export interface PaintState {
  /** Name of the labels that are painted; undefined: the first that can be. */
  readonly labels: string | undefined;
  readonly act: PaintAct;
  /** What is written; 0 takes labels away. */
  readonly label: number;
  /** Of the brush, in edges of the smallest side of a voxel. */
  readonly radius: number;
  /** The brush is a ball, and a fill goes through all slices; otherwise both stay in the slice. */
  readonly deep: boolean;
  /** Slices that a lasso and a box reach through. */
  readonly planes: number;
  /** Edge of a supervoxel's cell, in edges of the smallest side of a voxel. */
  readonly cell: number;
  /** Difference of values that separates supervoxels, as a part of what the image's window shows. */
  readonly contrast: number;
  /** How hard a pen is pressed is how large the brush is: at most its radius. */
  readonly pressure: boolean;
  /** Only voxels without a label are written. */
  readonly empty: boolean;
  /** Only voxels whose value in the image is in this range are written. */
  readonly range: PaintRange;
}

export const FIRST_PAINT: PaintState = {
  labels: undefined, act: 'brush', label: 1, radius: 4, deep: false, planes: 1, cell: 8, contrast: 0.1, pressure: true, empty: false, range: { on: false, low: undefined, high: undefined },
};

export const LEAST_RADIUS = 0.5;
export const MOST_RADIUS = 128;
export const MOST_PLANES = 256;
export const LEAST_CELL = 3;
export const MOST_CELL = 32;

/** Of the lightest press. */
const LEAST_SCALE = 0.1;
/** The part of the brush's radius for how hard a pen is pressed. */
export const scaleOf = (pressure: number): number => Math.min(Math.max(Math.round(pressure * 100) / 100, LEAST_SCALE), 1);

/** The next larger or smaller brush. */
export function resized(radius: number, by: 1 | -1): number {
  const next = by > 0 ? Math.max(radius * 1.25, radius + 0.5) : Math.min(radius / 1.25, radius - 0.5);
  return Math.min(Math.max(Math.round(next * 2) / 2, LEAST_RADIUS), MOST_RADIUS);
}

/** The next larger or smaller one of what somebody paints with: brush, piece, or slices of an area. */
export function sized({ act, radius, planes, cell }: PaintState, by: 1 | -1): Partial<PaintState> {
  if (act === 'lasso' || act === 'box') return { planes: Math.min(Math.max(1, planes + by), MOST_PLANES) };
  if (act === 'piece') return { cell: Math.min(Math.max(cell + by, LEAST_CELL), MOST_CELL) };
  return { radius: resized(radius, by) };
}

/** How large that is, in few words. */
export const sizeWords = ({ act, radius, planes, cell }: PaintState): string => (act === 'lasso' || act === 'box' ? `${planes} pl` : String(act === 'piece' ? cell : radius));
