/** Distances in the plane of the screen, where people aim. Pure. */

export type Px = readonly [number, number];

/** Distance of two pixels. */
export function pixelDistance(a: Px, b: Px): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Distance of a pixel to the segment from `a` to `b`. */
export function segmentDistance(px: Px, a: Px, b: Px): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const t = length2 > 0 ? ((px[0] - a[0]) * dx + (px[1] - a[1]) * dy) / length2 : 0;
  const clamped = Math.min(1, Math.max(0, t));
  return pixelDistance(px, [a[0] + clamped * dx, a[1] + clamped * dy]);
}
