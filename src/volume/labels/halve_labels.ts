/** Coarser levels of labels: the most frequent label of each 2×2×2, ties to the first in z, y, x order, where something changed below. */

import { BRICK_EDGE } from '../../protocol/limits.js';
import { levelCount, levelShape } from '../geometry.js';
import { type BrickAccess, BRICK_PLANE, type LabelBrick, tidy, writable } from './brick.js';
import { type BrickChange, ChangedBricks } from './changed_bricks.js';

const HALF = BRICK_EDGE / 2;

/**
 * Brings all coarser levels up to date with what changed at level 0. Gives way after each brick.
 *
 * @returns what changed, by level
 */
export function* coarsen(bricks: BrickAccess, changed: ChangedBricks): Generator<number, ChangedBricks[]> {
  const levels = [changed];
  for (let level = 1; level < levelCount(bricks.shape); level += 1) {
    const parents = new Map<string, BrickChange[]>();
    for (const child of (levels[level - 1] as ChangedBricks).bricks) {
      const key = [child.z >> 1, child.y >> 1, child.x >> 1].join('/');
      const siblings = parents.get(key);
      if (siblings) siblings.push(child);
      else parents.set(key, [child]);
    }
    const next = new ChangedBricks();
    for (const children of parents.values()) {
      halve(bricks, level, children, next);
      yield 0;
    }
    levels.push(next);
  }
  return levels;
}

function halve(bricks: BrickAccess, level: number, children: readonly BrickChange[], next: ChangedBricks): void {
  const [z, y, x] = [children[0]?.z ?? 0, children[0]?.y ?? 0, children[0]?.x ?? 0].map((v) => v >> 1) as [number, number, number];
  const before = bricks.read(level, z, y, x);
  const voxels = writable(before, bricks.dtype);
  const change = next.begin(z, y, x);
  for (const child of children) {
    const below = bricks.read(level - 1, child.z, child.y, child.x);
    const [oz, oy, ox] = [(child.z & 1) * HALF, (child.y & 1) * HALF, (child.x & 1) * HALF];
    const ends = levelShape(bricks.shape, level - 1);
    const nz = ends[0] - child.z * BRICK_EDGE;
    const ny = ends[1] - child.y * BRICK_EDGE;
    const nx = ends[2] - child.x * BRICK_EDGE;
    for (let k = child.z0 >> 1; k <= child.z1 >> 1; k += 1) {
      for (let j = child.y0 >> 1; j <= child.y1 >> 1; j += 1) {
        const row = (k + oz) * BRICK_PLANE + (j + oy) * BRICK_EDGE + ox;
        for (let i = child.x0 >> 1; i <= child.x1 >> 1; i += 1) {
          const label = modeAt(below, 2 * k, 2 * j, 2 * i, 2 * k + 1 < nz, 2 * j + 1 < ny, 2 * i + 1 < nx);
          if (voxels[row + i] === label) continue;
          voxels[row + i] = label;
          change.add(row + i);
        }
      }
    }
  }
  if (change.voxels === 0) next.bricks.pop();
  else bricks.write(level, z, y, x, tidy(voxels));
}

const found = new Float64Array(8);

/** The label of the eight voxels from (z, y, x) on; beyond the end of the volume there are none. */
function modeAt(brick: LabelBrick, z: number, y: number, x: number, hasZ: boolean, hasY: boolean, hasX: boolean): number {
  if (typeof brick === 'number') return brick;
  const at = z * BRICK_PLANE + y * BRICK_EDGE + x;
  // What does not exist is its neighbour again: doubled, the others' counts keep their order.
  const dx = hasX ? 1 : 0;
  const dy = hasY ? BRICK_EDGE : 0;
  const dz = hasZ ? BRICK_PLANE : 0;
  const a = brick[at] as number;
  const b = brick[at + dx] as number;
  const c = brick[at + dy] as number;
  const d = brick[at + dy + dx] as number;
  const e = brick[at + dz] as number;
  const f = brick[at + dz + dx] as number;
  const g = brick[at + dz + dy] as number;
  const h = brick[at + dz + dy + dx] as number;
  if (a === b && a === c && a === d) return a; // four others that are alike come later
  found[0] = a;
  found[1] = b;
  found[2] = c;
  found[3] = d;
  found[4] = e;
  found[5] = f;
  found[6] = g;
  found[7] = h;
  let [best, label] = [0, a];
  for (let i = 0; i < 8; i += 1) {
    let count = 0;
    for (let j = 0; j < 8; j += 1) if (found[i] === found[j]) count += 1;
    if (count > best) {
      best = count;
      label = found[i] as number;
    }
  }
  return label;
}
