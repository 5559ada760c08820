/** Every brick of the finest level of a volume, in storage order. */

import type { WantedBrick } from '../../src/session/types.js';

const BRICK = 64;

export function bricksOf([nz, ny, nx]: readonly [number, number, number]): WantedBrick[] {
  const list: WantedBrick[] = [];
  for (let z = 0; z < Math.ceil(nz / BRICK); z += 1)
    for (let y = 0; y < Math.ceil(ny / BRICK); y += 1)
      for (let x = 0; x < Math.ceil(nx / BRICK); x += 1) list.push({ level: 0, z, y, x, priority: list.length });
  return list;
}
