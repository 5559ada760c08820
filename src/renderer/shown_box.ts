/** The box around all that is to be seen of a volume: rays begin and end there. Pure; vectors are x, y, z. */

import { BRICK_CELLS } from './brick_cells.js';

type Xyz = readonly [number, number, number];

export interface Box {
  readonly min: Xyz;
  readonly max: Xyz;
}

/** A brick as a table shows it. */
export interface ShownBrick {
  /** The cells of the table that show it. */
  readonly box: Box;
  /** Where it begins and how long it is, in those cells. */
  readonly corner: Xyz;
  readonly span: number;
  readonly slot: Xyz;
}

/** The box around what is shown of bricks; `cellsOf` gives the box of a slot's cells that show something, where they are known. */
export function boxAround(bricks: Iterable<ShownBrick>, cellsOf: (slot: Xyz) => Box | undefined): Box | undefined {
  const min = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number, number];
  const max = [0, 0, 0] as [number, number, number];
  for (const { box, corner, span, slot } of bricks) {
    const cells = cellsOf(slot);
    const end = (edge: 'min' | 'max', i: number): number => (cells ? (corner[i] as number) + (cells[edge][i] as number) * (span / BRICK_CELLS) : (box[edge][i] as number));
    const low = box.min.map((n, i) => Math.max(n, end('min', i)));
    const high = box.max.map((n, i) => Math.min(n, end('max', i)));
    if (low.some((n, i) => n >= (high[i] as number))) continue;
    for (let i = 0; i < 3; i += 1) {
      min[i] = Math.min(min[i] as number, low[i] as number);
      max[i] = Math.max(max[i] as number, high[i] as number);
    }
  }
  return min[0] < max[0] ? { min, max } : undefined;
}
