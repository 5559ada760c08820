/** Where values lie along the axis of the transfer function: places 0..1 span the window, what is beyond it goes on evenly. Pure. */

import { logSteepness, placeOfShare, shareOfPlace } from '../../volume/opacity.js';

export type Window = readonly [number, number];

/** The axis of one window. */
export class WindowAxis {
  readonly #low: number;
  readonly #span: number;
  readonly #steepness: number;

  constructor(
    readonly window: Window,
    readonly log: boolean,
  ) {
    this.#low = window[0];
    // An empty window has no places: the smallest that can be told apart stands for it.
    this.#span = window[1] - window[0] || Math.max(1e-12, Math.abs(window[0]) * 1e-9);
    this.#steepness = log ? logSteepness(window) : 0;
  }

  toPlace(value: number): number {
    const share = (value - this.#low) / this.#span;
    if (share < 0) return share * this.#slope(0);
    if (share > 1) return 1 + (share - 1) * this.#slope(1);
    return placeOfShare(share, this.#steepness);
  }

  toValue(place: number): number {
    if (place < 0) return this.#low + (place / this.#slope(0)) * this.#span;
    if (place > 1) return this.#low + (1 + (place - 1) / this.#slope(1)) * this.#span;
    return this.#low + shareOfPlace(place, this.#steepness) * this.#span;
  }

  /** Places per share at an end. */
  #slope(share: number): number {
    const k = this.#steepness;
    return Math.abs(k) < 1e-6 ? 1 : k / ((1 + k * share) * Math.log1p(k));
  }
}

/** A value with as many digits as a thousandth of `span` has: the rest would be noise to read and to type. */
export function roundWithin(value: number, span: number): number {
  const step = 10 ** (Math.floor(Math.log10(Math.abs(span) || 1)) - 3);
  return Number((Math.round(value / step) * step).toPrecision(12));
}

/** The window with one end moved to a value; the ends do not pass each other. */
export function moveEnd(window: Window, end: 0 | 1, value: number): Window {
  const rounded = roundWithin(value, window[1] - window[0]);
  return end === 0 ? [Math.min(rounded, window[1]), window[1]] : [window[0], Math.max(rounded, window[0])];
}

/** The window moved along its axis by places. */
export function panWindow(axis: WindowAxis, places: number): Window {
  const span = axis.window[1] - axis.window[0];
  return [roundWithin(axis.toValue(places), span), roundWithin(axis.toValue(1 + places), span)];
}
