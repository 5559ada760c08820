/** What edits of labels mean, said once more: voxel by voxel on one array, without bricks, rows or runs. */

import type { EditMode, EditOp, LabelDtype } from '../../../../src/protocol/index.js';
import { type BrickAccess, type LabelBrick, labelArray } from '../../../../src/volume/labels/brick.js';

type Triple = readonly [number, number, number];

/** Bricks in a map. */
export class MapBricks implements BrickAccess {
  readonly bricks = new Map<string, LabelBrick>();

  constructor(
    readonly shape: Triple,
    readonly dtype: LabelDtype,
  ) {}

  read(level: number, z: number, y: number, x: number): LabelBrick {
    return this.bricks.get(`${level}/${z}/${y}/${x}`) ?? 0;
  }

  write(level: number, z: number, y: number, x: number, brick: LabelBrick): void {
    this.bricks.set(`${level}/${z}/${y}/${x}`, brick);
  }

  /** The label of a voxel of `level`. */
  at(level: number, z: number, y: number, x: number): number {
    const brick = this.read(level, z >> 6, y >> 6, x >> 6);
    return typeof brick === 'number' ? brick : (brick[((z & 63) * 64 + (y & 63)) * 64 + (x & 63)] as number);
  }
}

/** Voxels of each edit, with what they held before and after. */
export interface DenseChange {
  readonly at: number[];
  readonly old: number[];
  readonly now: number[];
}

export class DenseLabels {
  readonly voxels;

  constructor(
    readonly shape: Triple,
    readonly dtype: LabelDtype,
  ) {
    this.voxels = labelArray(dtype, shape[0] * shape[1] * shape[2]);
  }

  index(z: number, y: number, x: number): number {
    return (z * this.shape[1] + y) * this.shape[2] + x;
  }

  /** `values` are the mask or the labels of the box of runs and values. */
  edit(op: EditOp, label: number, mode: EditMode, values: readonly number[] = []): DenseChange {
    const touched = op.kind === 'fill' ? this.#connected(op) : undefined;
    const change: DenseChange = { at: [], old: [], now: [] };
    const [low, high] = this.#around(op);
    for (let z = low[0]; z < high[0]; z += 1) {
      for (let y = low[1]; y < high[1]; y += 1) {
        for (let x = low[2]; x < high[2]; x += 1) {
          const at = this.index(z, y, x);
          const now = touched ? (touched.has(at) ? label : undefined) : written(op, [z, y, x], label, values);
          const old = this.voxels[at] as number;
          if (now === undefined || now === old) continue;
          if (mode.write === 'empty' && old !== 0) continue;
          if (mode.write === 'only' && old !== mode.label) continue;
          change.at.push(at);
          change.old.push(old);
          change.now.push(now);
          this.voxels[at] = now;
        }
      }
    }
    return change;
  }

  /** No voxel beyond this box is touched. */
  #around(op: EditOp): [Triple, Triple] {
    const whole: [Triple, Triple] = [[0, 0, 0], this.shape];
    if (op.kind === 'fill') return op.box;
    if (op.kind === 'polygon') {
      const [low, high] = [[0, 0, 0], [...this.shape]] as [[number, number, number], [number, number, number]];
      low[op.axis as 0] = op.index[0];
      high[op.axis as 0] = Math.min(op.index[1] + 1, high[op.axis as 0]);
      return [low, high];
    }
    if (op.kind !== 'stroke') return [op.start, op.stop];
    return whole.map((corner, side) =>
      corner.map((v, axis) => {
        const places = op.points.map((p) => p[axis] as number);
        const reach = Math.max(op.radius[axis] as number, 1) + 1;
        return side === 0 ? Math.max(v, Math.floor(Math.min(...places) - reach)) : Math.min(v, Math.ceil(Math.max(...places) + reach));
      }),
    ) as unknown as [Triple, Triple];
  }

  /** Takes `change` back where its voxels still hold what it wrote. */
  undo(change: DenseChange): DenseChange {
    const back: DenseChange = { at: [], old: [], now: [] };
    change.at.forEach((at, i) => {
      if (this.voxels[at] !== change.now[i]) return;
      this.voxels[at] = change.old[i] as number;
      back.at.push(at);
      back.old.push(change.now[i] as number);
      back.now.push(change.old[i] as number);
    });
    return back;
  }

  /** The next coarser level, whole. */
  halved(): DenseLabels {
    const half = new DenseLabels(this.shape.map((n) => Math.ceil(n / 2)) as unknown as Triple, this.dtype);
    const [nz, ny, nx] = half.shape;
    for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) half.voxels[half.index(z, y, x)] = this.#mode(z, y, x);
    return half;
  }

  #mode(z: number, y: number, x: number): number {
    const counts = new Map<number, number>();
    for (let i = 0; i < 8; i += 1) {
      const [k, j, l] = [2 * z + (i >> 2), 2 * y + ((i >> 1) & 1), 2 * x + (i & 1)];
      if (k >= this.shape[0] || j >= this.shape[1] || l >= this.shape[2]) continue;
      const label = this.voxels[this.index(k, j, l)] as number;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    // A map keeps the order in which labels came first, and sorting keeps the order of equals.
    return [...counts].sort((one, two) => two[1] - one[1])[0]?.[0] as number;
  }

  #connected({ seed, box, dims, axis }: Extract<EditOp, { kind: 'fill' }>): Set<number> {
    const label = this.voxels[this.index(...(seed as [number, number, number]))];
    const found = new Set<number>();
    const open: Triple[] = [seed as Triple];
    for (let p = open.pop(); p; p = open.pop()) {
      const here = p;
      if (here.some((v, i) => v < (box[0][i] as number) || v >= (box[1][i] as number))) continue;
      if (dims === 2 && here[axis as 0] !== seed[axis as 0]) continue;
      const at = this.index(...(here as [number, number, number]));
      if (found.has(at) || this.voxels[at] !== label) continue;
      found.add(at);
      for (const i of [0, 1, 2]) for (const step of [-1, 1]) open.push(here.map((v, j) => (i === j ? v + step : v)) as unknown as Triple);
    }
    return found;
  }
}

function written(op: EditOp, p: Triple, label: number, values: readonly number[]): number | undefined {
  if (op.kind === 'stroke') {
    const scale = (i: number) => op.scales?.[i] ?? 1;
    const within = op.points.some((b, i) => {
      if (i === 0 && op.points.length > 1) return false;
      const before = Math.max(i - 1, 0);
      return inSegment(op.points[before] as Triple, b as Triple, op.radius as Triple, (scale(before) + scale(i)) / 2, p);
    });
    return within ? label : undefined;
  }
  if (op.kind === 'polygon') return inPolygon(op, p) ? label : undefined;
  if (op.kind === 'fill') return undefined;
  const { start, stop } = op;
  if (p.some((v, i) => v < (start[i] as number) || v >= (stop[i] as number))) return undefined;
  if (op.kind === 'box') return label;
  const [ny, nx] = [stop[1] - start[1], stop[2] - start[2]];
  const value = values[((p[0] - start[0]) * ny + p[1] - start[1]) * nx + p[2] - start[2]] as number;
  return op.kind === 'values' ? value : value ? label : undefined;
}

function inSegment(from: Triple, to: Triple, radius: Triple, scale: number, p: Triple): boolean {
  const r = radius.map((v) => Math.max(v * scale, 0.5));
  const snap = (v: number, i: number) => ((radius[i] as number) <= 0.5 ? Math.floor(v + 0.5) : v);
  const [a, b] = [from.map(snap), to.map(snap)];
  const d = a.map((v, i) => ((b[i] as number) - v) / (r[i] as number)) as unknown as Triple;
  const u = p.map((v, i) => (v - (a[i] as number)) / (r[i] as number)) as unknown as Triple;
  const dot = (v: Triple, w: Triple) => v[0] * w[0] + v[1] * w[1] + v[2] * w[2];
  const dd = dot(d, d);
  const t = dd > 0 ? Math.min(Math.max(dot(u, d) / dd, 0), 1) : 0;
  const e = u.map((v, i) => v - t * (d[i] as number)) as unknown as Triple;
  return dot(e, e) <= 1;
}

function inPolygon({ axis, index, points }: Extract<EditOp, { kind: 'polygon' }>, place: Triple): boolean {
  if ((place[axis as 0] as number) < index[0] || (place[axis as 0] as number) > index[1]) return false;
  const [p, q] = place.filter((_, i) => i !== axis) as [number, number];
  let odd = false;
  points.forEach(([ai, bi], i) => {
    const [aj, bj] = points[(i + 1) % points.length] as [number, number];
    if (ai > p !== aj > p && q < ((bj - bi) * (p - ai)) / (aj - ai) + bi) odd = !odd;
  });
  return odd;
}
