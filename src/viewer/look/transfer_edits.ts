/** Edits of opacity points that are of more than one of them. Pure. */

import type { OpacityPoints } from '../opacity_points.js';

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
const round = (value: number) => Number(value.toFixed(4));

/**
 * The ramp between the points `index` and `index + 1` moved as a whole, as far as their neighbours and the ends of the opacities let it.
 * A ramp that ends at the window's end only moves up and down.
 */
export function moveRamp(points: OpacityPoints, index: number, places: number, opacity: number): OpacityPoints {
  const [a, b] = [points[index], points[index + 1]];
  if (!a || !b) return points;
  const before = points[index - 1]?.[0];
  const after = points[index + 2]?.[0];
  const along = before === undefined || after === undefined ? 0 : clamp(places, before - a[0], after - b[0]);
  const up = clamp(opacity, -Math.min(a[1], b[1]), 1 - Math.max(a[1], b[1]));
  return points.map((point, i) => (i === index || i === index + 1 ? [round(point[0] + along), round(point[1] + up)] : point));
}

/** The points with one more, in the middle between a point and the next. */
export function splitAfter(points: OpacityPoints, index: number): OpacityPoints {
  const [a, b] = [points[index], points[index + 1]];
  if (!a || !b) return points;
  return [...points.slice(0, index + 1), [round((a[0] + b[0]) / 2), round((a[1] + b[1]) / 2)], ...points.slice(index + 1)];
}
