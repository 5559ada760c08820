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
  /** The window is divided by the logarithm of the values. */
  readonly log?: boolean;
  /** Place of the surface of mode `iso`. */
  readonly iso?: number;
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

/** Opacity of a step of `fraction` of the length that `opacity` is for. */
export function opacityOfStep(opacity: number, fraction: number): number {
  return 1 - (1 - Math.min(Math.max(opacity, 0), MAX_OPACITY)) ** fraction;
}

/** Share of a window of values that lies below a value, not clamped. An empty window is a threshold. */
export function windowShare(window: readonly [number, number], value: number): number {
  const [low, high] = window;
  if (high === low) return value < low ? 0 : 1;
  return (value - low) / (high - low);
}

/** A logarithmic window spreads three decades at most; what is darker lies evenly in its first thousandth. */
const MAX_STEEPNESS = 1000;

/**
 * How steeply a logarithmic window begins: its places are `log(1 + steepness * share) / log(1 + steepness)`. With high / low - 1 that
 * is the plain logarithm of the values. A window that reaches 0 or below has no such thing: there the values count from its low end, and
 * the steepness is that of three decades.
 */
export function logSteepness([low, high]: readonly [number, number]): number {
  const steepness = low > 0 && high > 0 ? high / low - 1 : MAX_STEEPNESS;
  return Math.min(Math.max(steepness, 1 / (1 + MAX_STEEPNESS) - 1), MAX_STEEPNESS);
}

/** The place, 0..1, of a share of the window: what opacity points, `iso` and colours are given by. Shares beyond the window are clamped. */
export function placeOfShare(share: number, steepness: number): number {
  const clamped = Math.min(Math.max(share, 0), 1);
  return Math.abs(steepness) < 1e-6 ? clamped : Math.log1p(steepness * clamped) / Math.log1p(steepness);
}

/** The share of the window below a place: the other way round. */
export function shareOfPlace(place: number, steepness: number): number {
  const clamped = Math.min(Math.max(place, 0), 1);
  return Math.abs(steepness) < 1e-6 ? clamped : Math.expm1(clamped * Math.log1p(steepness)) / steepness;
}

/** Steepness of a display's window; 0 where it is not logarithmic. */
export const steepnessOf = ({ window, log }: Pick<Display, 'window' | 'log'>): number => (log ? logSteepness(window) : 0);

/**
 * Whether a brick of an image contributes nothing.
 *
 * @param slack widening of the range in places of the window, for the table by which a shader looks opacities up
 */
export const isClear = (display: Display, range: ValueRange, slack = 0): boolean => clearTest(display, slack)(range.min, range.max);

/** The same for many ranges, from `min` to `max` each: what a display says is looked up once. */
export function clearTest(display: Display, slack = 0): (min: number, max: number) => boolean {
  const { window } = display;
  const steepness = steepnessOf(display);
  const isClearBetween = clearBetween(display, slack);
  return (min, max) => {
    if (min > max) return true;
    const a = placeOfShare(windowShare(window, min), steepness);
    const b = placeOfShare(windowShare(window, max), steepness);
    return isClearBetween(Math.min(a, b) - slack, Math.max(a, b) + slack);
  };
}

function clearBetween({ mode, iso, points }: Display, slack: number): (from: number, to: number) => boolean {
  if (mode === 'mip') return (_, to) => to <= slack;
  // A smallest value and a mean are made of all values, clear or not.
  if (mode === 'minip' || mode === 'mean') return () => false;
  if (mode === 'iso') return (_, to) => to < (iso ?? 0);
  const shown = points.filter(([, opacity]) => opacity > 0).map(([t]) => t);
  const ends: readonly OpacityPoint[] = [[Number.NEGATIVE_INFINITY, points[0]?.[1] ?? 1], ...points, [Number.POSITIVE_INFINITY, points.at(-1)?.[1] ?? 1]];
  const pieces = ends.slice(1).map(([t, opacity], i) => ({ from: (ends[i] as OpacityPoint)[0], to: t, most: Math.max((ends[i] as OpacityPoint)[1], opacity) }));
  // Between two points the opacity is a straight line: it is more than nothing everywhere inside where it is at either end.
  const lines = pieces.filter(({ most }) => most > 0);
  // What is no number is not known to be clear.
  return (from, to) => {
    for (const t of shown) if (!(t < from || t > to)) return false;
    for (const line of lines) if (!(from >= line.to || to <= line.from)) return false;
    return true;
  };
}
