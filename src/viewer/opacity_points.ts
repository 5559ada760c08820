/** Edits of opacity points: pairs of a place in the window and an opacity, both 0..1, by rising place. Pure. */

export type OpacityPoints = readonly (readonly [number, number])[];

const clamp = (value: number, low = 0, high = 1) => Math.min(high, Math.max(low, value));
const round = (value: number) => Number(value.toFixed(4));

/** The point at `index` moved, between its neighbours; the outermost ones only up and down. */
export function movePoint(points: OpacityPoints, index: number, value: number, opacity: number): OpacityPoints {
  const before = points[index - 1]?.[0];
  const after = points[index + 1]?.[0];
  const current = points[index];
  if (!current) return points;
  const place = before === undefined || after === undefined ? current[0] : clamp(value, before, after);
  return points.map((point, i) => (i === index ? [round(place), round(clamp(opacity))] : point));
}

/** The points with one more. */
export function addPoint(points: OpacityPoints, value: number, opacity: number): OpacityPoints {
  const added = [round(clamp(value)), round(clamp(opacity))] as const;
  return [...points, added].sort((a, b) => a[0] - b[0]);
}

/** The points without that at `index`; the outermost ones stay. */
export function removePoint(points: OpacityPoints, index: number): OpacityPoints {
  return index <= 0 || index >= points.length - 1 ? points : points.filter((_, i) => i !== index);
}

/** The points with ends at 0 and 1, as the editor shows them. */
export function withEnds(points: OpacityPoints): OpacityPoints {
  const [first, last] = [points[0] ?? [0, 0], points.at(-1) ?? [1, 1]];
  const start = first[0] > 0 ? [[0, first[1]] as const] : [];
  const end = last[0] < 1 ? [[1, last[1]] as const] : [];
  return [...start, ...points, ...end];
}
