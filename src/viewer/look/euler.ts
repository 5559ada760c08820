/** Turns about x, then y, then z of the world, in degrees, and the quaternion x, y, z, w that is the same. Pure. */

export type Quaternion = readonly [number, number, number, number];
export type Degrees = readonly [number, number, number];

const HALF_DEGREE = Math.PI / 360;

export function quaternionOf(degrees: Degrees): Quaternion {
  const [sx, sy, sz] = degrees.map((angle) => Math.sin(angle * HALF_DEGREE)) as [number, number, number];
  const [cx, cy, cz] = degrees.map((angle) => Math.cos(angle * HALF_DEGREE)) as [number, number, number];
  return [sx * cy * cz - cx * sy * sz, cx * sy * cz + sx * cy * sz, cx * cy * sz - sx * sy * cz, cx * cy * cz + sx * sy * sz];
}

export function degreesOf([x, y, z, w]: Quaternion): Degrees {
  const length = Math.hypot(x, y, z, w) || 1;
  const [a, b, c, d] = [x / length, y / length, z / length, w / length];
  const angles = [
    Math.atan2(2 * (d * a + b * c), 1 - 2 * (a * a + b * b)),
    Math.asin(Math.min(1, Math.max(-1, 2 * (d * b - c * a)))),
    Math.atan2(2 * (d * c + a * b), 1 - 2 * (b * b + c * c)),
  ];
  return angles.map((angle) => Number(((angle * 180) / Math.PI).toFixed(4))) as unknown as Degrees;
}
