/** What holds for every kind alike: where it is, and moving it. World x, y, z. Pure. */

import { type Form, isPath, isTurned, type PointCoords } from './kinds.js';

/** Bounds of a form: low and high corner. Those of a turned one are those of the ball around it. */
export function boundsOf(form: Form): { readonly min: PointCoords; readonly max: PointCoords } {
  if (form.kind === 'box') return { min: form.coords.slice(0, 3) as never, max: form.coords.slice(3) as never };
  if (isTurned(form)) {
    const [x, y, z, a, b, c] = form.coords;
    const reach = form.kind === 'ellipsoid' ? Math.max(a, b, c) : Math.hypot(a, b, c);
    return { min: [x - reach, y - reach, z - reach], max: [x + reach, y + reach, z + reach] };
  }
  const [min, max] = [[...form.coords.slice(0, 3)], [...form.coords.slice(0, 3)]] as [number[], number[]];
  for (let i = 3; i < form.coords.length; i += 1) {
    const [axis, value] = [i % 3, form.coords[i] as number];
    min[axis] = Math.min(min[axis] as number, value);
    max[axis] = Math.max(max[axis] as number, value);
  }
  return { min: min as never, max: max as never };
}

/** The middle of a form. */
export function centreOf(form: Form): PointCoords {
  if (form.kind === 'point') return form.coords;
  if (isTurned(form)) return [form.coords[0], form.coords[1], form.coords[2]];
  const { min, max } = boundsOf(form);
  return [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, (min[2] + max[2]) / 2];
}

/** The form moved by `delta`. */
export function movedForm<F extends Form>(form: F, delta: PointCoords): F {
  const places = isTurned(form) ? 3 : form.coords.length;
  const coords = form.coords.map((value, i) => (i < places ? value + (delta[i % 3] as number) : value));
  return { kind: form.kind, coords } as unknown as F;
}

/** Number of vertices of a path. */
export const vertexCount = (coords: readonly number[]): number => coords.length / 3;

/** A vertex of a path. */
export function vertexOf(coords: readonly number[], index: number): PointCoords {
  return [coords[3 * index] as number, coords[3 * index + 1] as number, coords[3 * index + 2] as number];
}

/** The pairs of vertices that a path's edges join; a polygon's last one joins the first. */
export function edgeCount(form: Form): number {
  if (!isPath(form)) return 0;
  return vertexCount(form.coords) - (form.kind === 'polygon' ? 0 : 1);
}
