/** A line, polyline or polygon that is drawn click by click, or freehand. It knows places; pixels are told to it. */

import { type Form, isPath, LEAST_POINTS, type PathForm, type PointCoords } from '../../annotation/kinds.js';
import { crossesItself, simplified } from '../../annotation/paths.js';
import { MAX_PATH_POINTS } from '../../protocol/limits.js';

export type ClickedKind = 'line' | 'polyline' | 'polygon';

/** A path as far as it is drawn. */
export class PathDrawing {
  /** Flat x, y, z of what was clicked. */
  readonly coords: number[] = [];
  /** Where the pointer is. */
  next: PointCoords | undefined;

  /** @param view id of the view it is drawn in */
  constructor(
    readonly kind: ClickedKind,
    readonly view: string,
  ) {}

  get count(): number {
    return this.coords.length / 3;
  }

  /** @throws RangeError where there are as many points as may be */
  add(point: PointCoords): void {
    if (this.count >= MAX_PATH_POINTS) throw new RangeError(`A path has ${MAX_PATH_POINTS} points at most: end it with enter`);
    this.coords.push(...point);
  }

  /** Takes the last point back; false where none is left. */
  back(): boolean {
    this.coords.length = Math.max(0, this.coords.length - 3);
    return this.coords.length > 0;
  }

  /** What is shown while it is drawn. */
  get shown(): Form | undefined {
    const coords = this.next ? [...this.coords, ...this.next] : this.coords;
    if (coords.length < 6) return coords.length === 3 ? { kind: 'point', coords: coords as never } : undefined;
    return { kind: this.kind === 'polygon' && coords.length >= 9 ? 'polygon' : 'polyline', coords };
  }

  /** What it makes as it is, or why it makes nothing yet. */
  result(): PathForm | string {
    const least = LEAST_POINTS[this.kind];
    const coords = withoutRepeats(this.coords);
    if (coords.length < 3 * least) return `${this.kind === 'polygon' ? 'A polygon' : 'A line'} needs ${least} points; esc leaves it`;
    if (this.kind === 'polygon' && crossesItself(coords)) return 'The polygon crosses itself: take points back with backspace, or leave it with esc';
    return { kind: this.kind, coords };
  }
}

/** A line drawn in one stroke: simplified to `tolerance`, a polygon where `closed`; and what is to be said of it. */
export function freehandForm(coords: readonly number[], tolerance: number, closed: boolean): { readonly form?: PathForm; readonly words?: string } {
  let kept = withoutRepeats(simplified(coords, tolerance));
  for (let coarser = 2 * tolerance; kept.length > 3 * MAX_PATH_POINTS; coarser *= 2) kept = simplified(kept, coarser);
  if (kept.length < 6) return { words: 'Drag to draw' };
  if (!closed || kept.length < 9) return { form: { kind: 'polyline', coords: kept } };
  if (crossesItself(kept)) return { form: { kind: 'polyline', coords: kept }, words: 'The outline crosses itself: it stays a line' };
  return { form: { kind: 'polygon', coords: kept } };
}

/** Without points that lie where the one before does: the second click of a double click. */
function withoutRepeats(coords: readonly number[]): number[] {
  return coords.filter((_, i) => i < 3 || [0, 1, 2].some((axis) => coords[3 * Math.floor(i / 3) + axis] !== coords[3 * Math.floor(i / 3) - 3 + axis]));
}

/** The path without a vertex; undefined where it would be none any more. */
export function shortened(form: Form, index: number, without: (coords: readonly number[], index: number) => number[]): PathForm | undefined {
  if (!isPath(form) || form.coords.length <= 3 * LEAST_POINTS[form.kind]) return undefined;
  return { kind: form.kind, coords: without(form.coords, index) } as PathForm;
}
