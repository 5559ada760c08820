/**
 * How far the picture of a perspective view has come: stale → quick → full, strip by strip → polished, pass by pass → done.
 * Pure: it says what to draw next, and is told when that was drawn.
 */

import type { Quality } from './adaptive_resolution.js';
import { type Strip, type StripArea, Strips } from './strips.js';

/** What is to be drawn next. */
export type PictureStep =
  | { readonly kind: 'quick' }
  | ({ readonly kind: 'strip'; readonly pass: number } & Strip);

/** Jittered passes that a still picture is the mean of, at most. */
export const PASSES = 4;
/** Passes are added for no longer than this after the first. */
const POLISH_MS = 1500;
/** How long nothing but finer bricks may have changed the picture before a full one is begun: who changes something may go on. */
const CALM_MS = 100;
/** How long nothing at all may have changed while bricks are still coming. */
const CALM_LOADING_MS = 400;
/** While nothing moves but bricks arrive, a new picture is drawn this often at most, and takes a third of the time at most. */
const LOADING_MS = 120;

/** State of one picture. */
export class Picture {
  #stale = true;
  #changed = 0;
  #altered = 0;
  #quickAt = Number.NEGATIVE_INFINITY;
  #quickMs = 0;
  #pass = 0;
  #row = 0;
  #fullAt = 0;
  /** The last strip, where others follow beside it. */
  #beside: Strip | undefined;
  readonly strips = new Strips();

  /** @param passesMax passes that a still picture is the mean of, at most */
  constructor(public passesMax = PASSES) {}

  /**
   * The picture no longer shows what it should.
   *
   * @param refined it shows the same, from finer bricks
   */
  touch(now: number, refined = false): void {
    this.#stale = true;
    this.#changed = now;
    if (!refined) this.#altered = now;
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
  next(now: number, moving: boolean, loading: boolean, area: StripArea): PictureStep | undefined {
    if (this.#stale) {
      const pause = moving || !loading ? 0 : Math.max(LOADING_MS, 3 * this.#quickMs);
      return now - this.#quickAt >= pause ? { kind: 'quick' } : undefined;
    }
    const calm = loading ? now - this.#changed >= CALM_LOADING_MS : now - this.#altered >= CALM_MS;
    if (moving || this.idle(now) || !calm) return undefined;
    return { kind: 'strip', pass: this.#pass, ...this.strips.next(area, this.#row, this.#beside) };
  }

  /** Whether nothing is left to draw. */
  idle(now: number): boolean {
    if (this.#stale || this.#pass === 0) return false;
    return this.#pass >= this.passesMax || (this.#row === 0 && !this.#beside && now - this.#fullAt > POLISH_MS);
  }

  /** A quick picture was drawn; at full quality it is the first pass already. */
  quickDrawn(now: number, quality: Quality, fullMs: number, area: StripArea): void {
    this.#stale = false;
    this.#quickAt = now;
    this.#row = 0;
    this.#beside = undefined;
    this.#pass = quality.scale === 1 && quality.coarser === 0 ? 1 : 0;
    this.#fullAt = now;
    this.strips.begin(fullMs, area);
  }

  /** How long the quick picture took. */
  quickTook(ms: number): void {
    this.#quickMs = ms;
  }

  /** A strip was drawn. */
  stripDrawn(now: number, step: PictureStep & { kind: 'strip' }, { width }: Pick<StripArea, 'width'>): void {
    this.#beside = step.left + step.columns < width ? step : undefined;
    if (!this.#beside) this.#row = step.last ? 0 : step.from + step.rows;
    if (!step.last) return;
    this.#pass += 1;
    if (this.#pass === 1) this.#fullAt = now;
  }

  /** How long a strip took. */
  stripTook(ms: number, strip: Strip): void {
    this.strips.record(ms, strip);
  }

  /** A whole pass was drawn at once. */
  fullDrawn(now: number): void {
    this.#stale = false;
    this.#pass = 1;
    this.#row = 0;
    this.#beside = undefined;
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
