/** Opacity over a window of values, and what follows from it: which bricks are empty. */

import type { ValueRange } from './ranges.js';

/** Place in the window (0..1) and opacity (0..1). */
export type OpacityPoint = readonly [number, number];

/**
 * Opacities with which an image appears: the lowest values are clear (air, background, noise), the middle is a veil and the
 * top is nearly solid. An opacity is that of 1/`REFERENCE_STEPS` of the volume's longest edge, so that the same
 * points look alike at any number of voxels.
 */
export const DEFAULT_OPACITY_POINTS: readonly OpacityPoint[] = [[0, 0], [0.18, 0], [0.45, 0.08], [0.75, 0.35], [1, 0.75]];

/** Lengths of reference along the longest edge of a volume. */
export const REFERENCE_STEPS = 128;

/** The most opacity a sample can have: a solid one would leave nothing to correct for a shorter step. */
const MAX_OPACITY = 0.999;

/** How values become places in the window. */
export interface Display {
  readonly window: readonly [number, number];
  readonly points: readonly OpacityPoint[];
  readonly mode: string;
}

/** Opacity at place `t`, linear between the points and level beyond them. */
export function opacityAt(points: readonly OpacityPoint[], t: number): number {
  const first = points[0];
  const last = points[points.length - 1];
  if (!first || !last) return 1;
  if (t <= first[0]) return first[1];
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1] as OpacityPoint, points[i] as OpacityPoint];
    if (t < b[0]) return a[1] + ((b[1] - a[1]) * (t - a[0])) / (b[0] - a[0]);
  }
  return last[1];
}

/** The most opacity between two places. */
export function maxOpacity(points: readonly OpacityPoint[], from: number, to: number): number {
  let most = Math.max(opacityAt(points, from), opacityAt(points, to));
  for (const [t, opacity] of points) if (t >= from && t <= to) most = Math.max(most, opacity);
  return most;
}

/** Opacity of a step of `fraction` of the length that `opacity` is for. */
export function opacityOfStep(opacity: number, fraction: number): number {
  return 1 - (1 - Math.min(Math.max(opacity, 0), MAX_OPACITY)) ** fraction;
}

/** Place of a value in the window, not clamped. An empty window is a threshold. */
export function windowPlace(window: readonly [number, number], value: number): number {
  const [low, high] = window;
  if (high === low) return value < low ? 0 : 1;
  return (value - low) / (high - low);
}

/**
 * Whether a brick of an image contributes nothing.
 *
 * @param slack widening of the range in places, for the table by which a shader looks opacities up
 */
export function isClear(display: Display, range: ValueRange, slack = 0): boolean {
  if (range.min > range.max) return true;
  const [a, b] = [windowPlace(display.window, range.min), windowPlace(display.window, range.max)];
  const [from, to] = [Math.min(a, b) - slack, Math.max(a, b) + slack];
  if (display.mode === 'mip') return to <= slack;
  return maxOpacity(display.points, Math.min(Math.max(from, 0), 1), Math.min(Math.max(to, 0), 1)) <= 0;
}
