/**
 * How far the picture of a perspective view has come: stale → quick → full, strip by strip → polished, pass by pass → done.
 * Pure: it says what to draw next, and is told when that was drawn.
 */

import { type Quality, StripHeight } from './adaptive_resolution.js';

/** What is to be drawn next. */
export type PictureStep =
  | { readonly kind: 'quick' }
  | { readonly kind: 'strip'; readonly pass: number; readonly from: number; readonly rows: number; readonly last: boolean };

/** Jittered passes that a still picture is the mean of, at most. */
export const PASSES = 4;
/** Passes are added for no longer than this after the first. */
const POLISH_MS = 1500;
/** How long nothing may have changed before a full picture is begun. */
const CALM_MS = 100;
/** The same while bricks are still coming. */
const CALM_LOADING_MS = 400;
/** Time a strip may take. */
const STRIP_MS = 30;
/** While nothing moves but bricks arrive, a new picture is drawn this often at most, and takes a third of the time at most. */
const LOADING_MS = 120;

/** State of one picture. */
export class Picture {
  #stale = true;
  #changed = 0;
  #quickAt = Number.NEGATIVE_INFINITY;
  #quickMs = 0;
  #pass = 0;
  #row = 0;
  #fullAt = 0;
  #strips: StripHeight | undefined;

  /** @param passesMax passes that a still picture is the mean of, at most */
  constructor(public passesMax = PASSES) {}

  /** The picture no longer shows what it should. */
  touch(now: number): void {
    this.#stale = true;
    this.#changed = now;
  }

  /** Whether the picture is up to date at full resolution. */
  get full(): boolean {
    return !this.#stale && this.#pass >= 1;
  }

  /** Passes in the picture. */
  get passes(): number {
    return this.#stale ? 0 : this.#pass;
  }

  /** What to draw now. Nothing: either done, or it is too early, in which case `idle` is false. */
  next(now: number, moving: boolean, loading: boolean, rows: number): PictureStep | undefined {
    if (this.#stale) {
      const pause = moving || !loading ? 0 : Math.max(LOADING_MS, 3 * this.#quickMs);
      return now - this.#quickAt >= pause ? { kind: 'quick' } : undefined;
    }
    if (moving || this.idle(now) || now - this.#changed < (loading ? CALM_LOADING_MS : CALM_MS)) return undefined;
    this.#strips ??= new StripHeight(Number.NaN, rows);
    const height = Math.min(this.#strips.rows(STRIP_MS), rows - this.#row);
    return { kind: 'strip', pass: this.#pass, from: this.#row, rows: height, last: this.#row + height >= rows };
  }

  /** Whether nothing is left to draw. */
  idle(now: number): boolean {
    if (this.#stale || this.#pass === 0) return false;
    return this.#pass >= this.passesMax || (this.#row === 0 && now - this.#fullAt > POLISH_MS);
  }

  /** A quick picture was drawn; at full quality it is the first pass already. */
  quickDrawn(now: number, quality: Quality, fullMs: number, rows: number): void {
    this.#stale = false;
    this.#quickAt = now;
    this.#row = 0;
    this.#pass = quality.scale === 1 && quality.coarser === 0 ? 1 : 0;
    this.#fullAt = now;
    this.#strips = new StripHeight(fullMs, rows);
  }

  /** How long the quick picture took. */
  quickTook(ms: number): void {
    this.#quickMs = ms;
  }

  /** A strip was drawn. */
  stripDrawn(now: number, step: PictureStep & { kind: 'strip' }): void {
    this.#row = step.last ? 0 : step.from + step.rows;
    if (!step.last) return;
    this.#pass += 1;
    if (this.#pass === 1) this.#fullAt = now;
  }

  /** How long a strip took. */
  stripTook(ms: number, rows: number): void {
    this.#strips?.record(ms, rows);
  }

  /** A whole pass was drawn at once. */
  fullDrawn(now: number): void {
    this.#stale = false;
    this.#pass = 1;
    this.#row = 0;
    this.#fullAt = now;
  }
}

/** Shift of pass `pass`: rays in pixels, first sample in steps. Pass 0 is the plain picture. */
export function passJitter(pass: number): [number, number, number] {
  const table: readonly (readonly [number, number, number])[] = [
    [0, 0, 0.5],
    [0.25, -0.25, 0.0],
    [-0.25, 0.25, 0.75],
    [0.25, 0.25, 0.25],
  ];
  return [...(table[pass % table.length] as readonly [number, number, number])];
}
