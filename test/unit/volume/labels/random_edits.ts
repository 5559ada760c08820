/** Edits at random, of every op and mode, over a volume of some bricks. */

import type { EditMode, EditOp } from '../../../../src/protocol/index.js';
import { encodeMask, encodeValues } from '../../../../src/volume/labels/runs.js';

export type Random = () => number;
type Triple = [number, number, number];

/** The same numbers for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface RandomEdit {
  op: EditOp;
  label: number;
  mode: EditMode;
  /** Inflated. */
  tail: Uint8Array;
  values: number[];
}

export function randomEdit(random: Random, shape: readonly [number, number, number], labels = 4): RandomEdit {
  const whole = (n: number) => Math.floor(random() * n);
  const label = whole(labels);
  const mode: EditMode = [{ write: 'all' } as const, { write: 'empty' } as const, { write: 'only' as const, label: whole(labels) }][whole(3)] as EditMode;
  const point = (): Triple => shape.map((n) => random() * (n + 8) - 4) as Triple;
  const box = (most: number): [Triple, Triple] => {
    const start = shape.map((n) => whole(n)) as Triple;
    return [start, start.map((v, i) => Math.min(v + 1 + whole(most), shape[i] as number)) as Triple];
  };
  const edit = (op: EditOp, tail: Uint8Array = new Uint8Array(), values: number[] = []): RandomEdit => ({ op, label, mode, tail, values });
  const kind = whole(6);
  if (kind === 0) {
    const flat = random() < 0.3 ? whole(3) : -1;
    const radius = [0, 1, 2].map((i) => (i === flat ? random() * 0.5 : random() * 9)) as Triple;
    const a = point();
    const near = (): Triple => a.map((v) => v + (random() < 0.2 ? 0 : random() * 40 - 20)) as Triple;
    const points = [a, ...Array.from({ length: whole(4) }, near)];
    return edit({ kind: 'stroke', points, radius, ...(random() < 0.5 && { scales: points.map(() => 1 - 0.9 * random()) }) });
  }
  if (kind === 1) {
    const [start, stop] = box(50);
    return edit({ kind: 'box', start, stop });
  }
  if (kind === 2) {
    const axis = whole(3);
    const sides = shape.filter((_, i) => i !== axis) as [number, number];
    const first = whole(shape[axis] as number);
    // Some corners are whole numbers: edges through the centres of voxels.
    const corner = (n: number) => (random() < 0.5 ? random() * (n + 10) - 5 : whole(n));
    const points = Array.from({ length: 3 + whole(6) }, () => [corner(sides[0]), corner(sides[1])] as [number, number]);
    return edit({ kind: 'polygon', axis, index: [first, first + whole(4)], points });
  }
  if (kind === 3) {
    const seed = shape.map((n) => whole(n)) as Triple;
    const low = seed.map((v) => Math.max(v - whole(40), 0)) as Triple;
    const high = seed.map((v, i) => Math.min(v + 1 + whole(40), shape[i] as number)) as Triple;
    return edit(random() < 0.5 ? { kind: 'fill', seed, box: [low, high], dims: 3 } : { kind: 'fill', seed, box: [low, high], dims: 2, axis: whole(3) });
  }
  const [start, stop] = box(24);
  const count = stop.reduce((product, v, i) => product * (v - (start[i] as number)), 1);
  if (kind === 4) {
    const values = Array.from({ length: count }, () => Number(random() < 0.4));
    return edit({ kind: 'runs', start, stop }, encodeMask(values), values);
  }
  let value = 0;
  const values = Array.from({ length: count }, () => {
    if (random() < 0.3) value = whole(labels);
    return value;
  });
  return edit({ kind: 'values', start, stop }, encodeValues(values), values);
}
