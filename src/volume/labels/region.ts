/** Labels of a box, as runs. */

import type { VoxelBox } from '../../protocol/labels.js';
import { BRICK_EDGE } from '../../protocol/limits.js';
import { type BrickAccess, BRICK_PLANE, type LabelBrick } from './brick.js';
import { ValueRunWriter } from './runs.js';

/** Voxels of one part: what it takes to read them is some milliseconds, and their runs fit into a frame, whatever they are. */
const PART_VOXELS = 2 ** 20;

/** A box in parts that follow each other in z, y, x order. */
export function regionParts([low, high]: VoxelBox): VoxelBox[] {
  const [height, width] = [high[1] - low[1], high[2] - low[2]];
  const columns = Math.min(width, PART_VOXELS);
  const rows = columns < width ? 1 : Math.max(1, Math.min(height, Math.floor(PART_VOXELS / columns)));
  const planes = rows < height ? 1 : Math.max(1, Math.floor(PART_VOXELS / (rows * columns)));
  const parts: VoxelBox[] = [];
  for (let z = low[0]; z < high[0]; z += planes) {
    for (let y = low[1]; y < high[1]; y += rows) {
      for (let x = low[2]; x < high[2]; x += columns) {
        parts.push([[z, y, x], [Math.min(z + planes, high[0]), Math.min(y + rows, high[1]), Math.min(x + columns, high[2])]]);
      }
    }
  }
  return parts;
}

/** The labels of a box within `level`: label, length, … as varints. */
export function readRegion(bricks: BrickAccess, level: number, [low, high]: VoxelBox): Uint8Array<ArrayBuffer> {
  const out = new ValueRunWriter();
  let [brick, bz, by, bx]: [LabelBrick, number, number, number] = [0, -1, -1, -1];
  for (let z = low[0]; z < high[0]; z += 1) {
    for (let y = low[1]; y < high[1]; y += 1) {
      for (let x = low[2]; x < high[2]; ) {
        const [k, j, i] = [Math.floor(z / BRICK_EDGE), Math.floor(y / BRICK_EDGE), Math.floor(x / BRICK_EDGE)];
        if (k !== bz || j !== by || i !== bx) [brick, bz, by, bx] = [bricks.read(level, k, j, i), k, j, i];
        const end = Math.min((i + 1) * BRICK_EDGE, high[2]);
        if (typeof brick === 'number') out.add(brick, end - x);
        else addRow(out, brick, (z % BRICK_EDGE) * BRICK_PLANE + (y % BRICK_EDGE) * BRICK_EDGE + (x % BRICK_EDGE), end - x);
        x = end;
      }
    }
  }
  return out.bytes();
}

function addRow(out: ValueRunWriter, brick: Exclude<LabelBrick, number>, from: number, count: number): void {
  for (let at = from, end = from + count; at < end; ) {
    const label = brick[at] as number;
    let next = at + 1;
    while (next < end && brick[next] === label) next += 1;
    out.add(label, next - at);
    at = next;
  }
}
