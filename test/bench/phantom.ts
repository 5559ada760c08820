/** Volumes for benchmarks that are made fast: shells around a gyroid ball with a little noise, filling their box or mostly air. */

import type { Vec3 } from '../../src/volume/geometry.js';
import { levelCount } from '../../src/volume/geometry.js';
import { type Level, TestVolume } from '../browser/renderer_volume.js';

/** Radius of what is there, as a share of half the box: beyond 1 it is cut off by the box. */
const RADIUS = { dense: 1, air: 0.55 };
export type Kind = keyof typeof RADIUS;

/** Values of a radius, 0..1 of `RADIUS`, in so many steps. */
const STEPS = 4096;

function level0(n: number, kind: Kind): Level {
  const data = new Uint16Array(n ** 3);
  const k = 2 * Math.PI * 3;
  const place = Float32Array.from({ length: n }, (_, i) => (((i + 0.5) / n) * 2 - 1) / RADIUS[kind]);
  const [sin, cos] = [place.map((p) => Math.sin(k * p)), place.map((p) => Math.cos(k * p))];
  // By the square of the radius, up to the box's corner.
  const shells = Float32Array.from({ length: 3 * STEPS + 1 }, (_, i) => {
    const r = Math.sqrt(i / STEPS);
    let v = 0;
    for (let j = 0; j < 4; j += 1) v += (0.4 + 0.2 * j) * Math.exp(-(((r - (0.35 + 0.2 * j)) / 0.02) ** 2)) * 0.8;
    return v;
  });
  let at = 0;
  let seed = 1;
  for (let z = 0; z < n; z += 1) {
    for (let y = 0; y < n; y += 1) {
      const zy = place[z]! ** 2 + place[y]! ** 2;
      const product = sin[y]! * cos[z]!;
      for (let x = 0; x < n; x += 1) {
        seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
        const square = zy + place[x]! ** 2;
        let v = (seed >>> 8) * (0.06 / 2 ** 24);
        if (square < 3) v += shells[(square * STEPS) | 0]!;
        if (square < 0.81) {
          const g = sin[x]! * cos[y]! + product + sin[z]! * cos[x]!;
          v += 0.45 / (1 + (g / 0.3) ** 4);
        }
        data[at++] = Math.min(v, 1) * 65535;
      }
    }
  }
  return { shape: [n, n, n], data };
}

/** The mean of each 2x2x2 of a cube of even length. */
function halve({ shape: [n], data }: Level): Level {
  const h = n / 2;
  const out = new Uint16Array(h ** 3);
  let at = 0;
  for (let z = 0; z < h; z += 1) {
    for (let y = 0; y < h; y += 1) {
      for (let x = 0; x < h; x += 1) {
        const i = (2 * z * n + 2 * y) * n + 2 * x;
        const j = i + n * n;
        const four = (k: number) => data[k]! + data[k + 1]! + data[k + n]! + data[k + n + 1]!;
        out[at++] = (four(i) + four(j) + 4) >> 3;
      }
    }
  }
  return { shape: [h, h, h], data: out };
}

/** A cube of n³ uint16 voxels, n a power of two, with its pyramid and its table of ranges. */
export function phantom(n: number, kind: Kind, handle = 1): TestVolume {
  const levels = [level0(n, kind)];
  const shape: Vec3 = [n, n, n];
  while (levels.length < levelCount(shape)) levels.push(halve(levels[levels.length - 1] as Level));
  const volume = new TestVolume(handle, 'u16', 'image', levels[0] as Level, {}, levels);
  volume.fillRanges();
  return volume;
}
