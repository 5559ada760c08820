/** What a person paints with. It stays with the viewer. */

export type PaintAct = 'brush' | 'erase' | 'fill' | 'lasso' | 'box';

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
  /** Only voxels without a label are written. */
  readonly empty: boolean;
  /** Only voxels whose value in the image is in this range are written. */
  readonly range: PaintRange;
}

export const FIRST_PAINT: PaintState = {
  labels: undefined, act: 'brush', label: 1, radius: 4, deep: false, planes: 1, empty: false, range: { on: false, low: undefined, high: undefined },
};

export const LEAST_RADIUS = 0.5;
export const MOST_RADIUS = 128;
export const MOST_PLANES = 256;

/** The next larger or smaller brush. */
export function resized(radius: number, by: 1 | -1): number {
  const next = by > 0 ? Math.max(radius * 1.25, radius + 0.5) : Math.min(radius / 1.25, radius - 0.5);
  return Math.min(Math.max(Math.round(next * 2) / 2, LEAST_RADIUS), MOST_RADIUS);
}
