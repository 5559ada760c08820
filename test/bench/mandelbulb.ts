/** The Mandelbulb of power 8 as a volume of any size, computed brick by brick. */

import type { Vec3 } from '../../src/volume/geometry.js';
import { LazyVolume } from '../browser/renderer_lazy.js';

const TURNS = 6;
/** Edge of the box: everything lies within 1.2 of the middle. */
const BOX = 2.5;

/** 0 far outside, rising towards the surface, full inside. By z → z⁸ + c with the angles' multiples worked out by squaring. */
function value(cx: number, cy: number, cz: number): number {
  let [x, y, z] = [cx, cy, cz];
  let i = 0;
  for (; i < TURNS; i += 1) {
    if (x * x + y * y + z * z > 4) break;
    for (let k = 0; k < 3; k += 1) {
      // Twice both angles, the radius squared.
      const flat = x * x + y * y;
      const f = flat > 1e-24 ? 1 - (z * z) / flat : 0;
      [x, y, z] = [(x * x - y * y) * f, 2 * x * y * f, 2 * z * Math.sqrt(flat)];
    }
    [x, y, z] = [x + cx, y + cy, z + cz];
  }
  return i / TURNS;
}

/** A cube of n³ voxels. Its middle is empty space to the eye as little as its corners are: inside all is full. */
export function mandelbulb(n: number): LazyVolume {
  const place = (i: number): number => ((i + 0.5) / n - 0.5) * BOX;
  const at = (z: number, y: number, x: number): number => Math.round(65535 * Math.max(value(place(x), place(y), place(z)) - 0.3, 0) / 0.7);
  const plain = (from: Vec3, to: Vec3): number | undefined => {
    let nearest = 0;
    for (let i = 0; i < 3; i += 1) {
      const [a, b] = [place(from[i] as number), place(to[i] as number)];
      if (a > 0 || b < 0) nearest += Math.min(a * a, b * b);
    }
    return nearest > 1.25 ** 2 ? 0 : undefined;
  };
  return new LazyVolume(1, [n, n, n], { at, plain });
}
