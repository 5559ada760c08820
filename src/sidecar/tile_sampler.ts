/**
 * Cuts one tile out of the bricks it crosses, brick by brick in any order. A plane whose texels are voxels is copied, mixed only between
 * the two voxel planes it lies between; any other is sampled: linear for images, nearest for labels. A slab's values are gathered as they come.
 */

import { BRICK_EDGE, BRICK_HALO, STORED_EDGE, STORED_TILE_EDGE, STORED_TILE_TEXELS } from '../protocol/limits.js';
import type { VoxelDtype, VoxelArray } from '../protocol/dtype.js';
import type { Plane, SlabMode } from '../protocol/tiles.js';
import { type BrickKey, keyText, levelShape, type Vec3 } from '../volume/geometry.js';
import { planeAxes, slabSamples, type TileKey, tileLattice } from '../volume/plane.js';

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;
const STRIDES = [STORED_EDGE * STORED_EDGE, STORED_EDGE, 1] as const;

/** What of a volume decides how a tile of it is cut. */
export interface SampledVolume {
  readonly shape: Vec3;
  readonly kind: 'image' | 'labels';
  readonly stored: VoxelDtype;
  /** Time point that the bricks are of. */
  readonly time?: number;
}

/** Adds up, or compares, what a texel's samples are. NaN counts as nothing. */
class Gathered {
  readonly #values: Float64Array;
  readonly #counts: Uint8Array;

  constructor(readonly mode: SlabMode) {
    this.#values = new Float64Array(STORED_TILE_TEXELS);
    this.#counts = new Uint8Array(STORED_TILE_TEXELS);
  }

  add(at: number, value: number): void {
    if (Number.isNaN(value)) return;
    const first = this.#counts[at] === 0;
    const before = this.#values[at] as number;
    if (first) this.#values[at] = value;
    else if (this.mode === 'mean') this.#values[at] = before + value;
    else if (this.mode === 'max' ? value > before : value < before) this.#values[at] = value;
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /** Integers are rounded half up, as the pyramid's means are. */
  result(stored: VoxelDtype): VoxelArray {
    const out = new ARRAY_OF[stored](STORED_TILE_TEXELS);
    const whole = stored !== 'f32';
    for (let at = 0; at < out.length; at += 1) {
      const count = this.#counts[at] as number;
      const value = count === 0 ? (whole ? 0 : Number.NaN) : (this.#values[at] as number) / (this.mode === 'mean' ? count : 1);
      out[at] = whole ? Math.floor(value + 0.5) : value;
    }
    return out;
  }
}

/** The lattice of a tile with its rules for one axis: places beyond the volume are those at its face. */
interface Cut {
  /** Bricks the tile is made of, by keyText. */
  readonly bricks: ReadonlyMap<string, BrickKey>;
  /** Takes a brick's samples into account. */
  add(key: BrickKey, voxels: VoxelArray, into: Gathered): void;
}

/** One tile under way. */
export class TileSampler {
  readonly #cut: Cut;
  #gathered: Gathered;
  readonly #mode: SlabMode;

  constructor(
    readonly volume: SampledVolume,
    plane: Plane,
    key: TileKey,
  ) {
    // The middle of a slab of labels: a mean of ids is no id.
    const flat: Plane = volume.kind === 'labels' ? { origin: plane.origin, u: plane.u, v: plane.v } : plane;
    this.#mode = flat.slab?.mode ?? 'mean';
    this.#gathered = new Gathered(this.#mode);
    this.#cut = planeAxes(flat) ? alignedCut(volume, flat, key) : obliqueCut(volume, flat, key);
  }

  get bricks(): ReadonlyMap<string, BrickKey> {
    return this.#cut.bricks;
  }

  add(key: BrickKey, voxels: VoxelArray): void {
    this.#cut.add(key, voxels, this.#gathered);
  }

  /** Forgets what was added. */
  restart(): void {
    this.#gathered = new Gathered(this.#mode);
  }

  /** The texels, once every brick was added. */
  result(): VoxelArray {
    return this.#gathered.result(this.volume.stored);
  }
}

const clamp = (n: number, low: number, high: number): number => Math.min(Math.max(n, low), high);

function alignedCut(volume: SampledVolume, plane: Plane, key: TileKey): Cut {
  const { u, v, normal } = planeAxes(plane) as { u: number; v: number; normal: number };
  const { level, row, column } = key;
  const size = levelShape(volume.shape, level);
  const deep = size[normal] as number;
  const along = plane.slab?.along[normal] ?? 0;
  const middle = ((plane.origin[normal] as number) + 0.5) / 2 ** level - 0.5;
  const labels = volume.kind === 'labels';
  const at = volume.time ? { time: volume.time } : {};
  // For each brick along the normal, the places of the samples in it: a stored voxel plane, and how much of the next one.
  const layers = new Map<number, [number, number][]>();
  for (const offset of slabSamples(plane, level)) {
    const exact = clamp(middle + (offset * along) / 2 ** level, 0, deep - 1);
    const place = labels ? Math.floor(exact + 0.5) : exact;
    const brick = Math.floor((place + 0.5) / BRICK_EDGE);
    const local = place - brick * BRICK_EDGE + BRICK_HALO;
    const low = Math.floor(local);
    const list = layers.get(brick) ?? [];
    list.push([low, local - low]);
    layers.set(brick, list);
  }
  const bricks = new Map<string, BrickKey>();
  for (const layer of layers.keys()) {
    for (let b = 2 * row; b < Math.min(2 * row + 2, Math.ceil((size[v] as number) / BRICK_EDGE)); b += 1) {
      for (let a = 2 * column; a < Math.min(2 * column + 2, Math.ceil((size[u] as number) / BRICK_EDGE)); a += 1) {
        const index: [number, number, number] = [0, 0, 0];
        index[normal] = layer;
        index[v] = b;
        index[u] = a;
        const brick = { level, z: index[0], y: index[1], x: index[2], ...at };
        bricks.set(keyText(brick), brick);
      }
    }
  }
  /** The stored voxels of a brick along an in-plane axis, for the texels that it fills; beyond the volume the last one again. */
  const reach = (brick: number, tile: number, axis: number): { from: number; to: number; local: (texel: number) => number } => {
    const second = brick - 2 * tile;
    const alone = second === 0 && (brick + 1) * BRICK_EDGE >= (size[axis] as number);
    const from = second === 0 ? 0 : BRICK_EDGE + 1;
    const to = second === 0 && !alone ? BRICK_EDGE + 1 : STORED_TILE_EDGE;
    return { from, to, local: (texel) => Math.min(texel - second * BRICK_EDGE, STORED_EDGE - 1) };
  };
  return {
    bricks,
    add(brick, voxels, into) {
      const index = [brick.z, brick.y, brick.x];
      const [across, down] = [reach(index[u] as number, column, u), reach(index[v] as number, row, v)];
      const [su, sv, sn] = [STRIDES[u] as number, STRIDES[v] as number, STRIDES[normal] as number];
      for (const [low, part] of layers.get(index[normal] as number) ?? []) {
        for (let j = down.from; j < down.to; j += 1) {
          const line = low * sn + down.local(j) * sv;
          for (let i = across.from; i < across.to; i += 1) {
            const at = line + across.local(i) * su;
            const value = voxels[at] as number;
            into.add(j * STORED_TILE_EDGE + i, part === 0 ? value : value + part * ((voxels[at + sn] as number) - value));
          }
        }
      }
    },
  };
}

function obliqueCut(volume: SampledVolume, plane: Plane, key: TileKey): Cut {
  const { level } = key;
  const last = levelShape(volume.shape, level).map((n) => n - 1) as unknown as Vec3;
  const { start, u, v } = tileLattice(plane, key);
  const offsets = slabSamples(plane, level).map((t) => t / 2 ** level);
  const along = plane.slab?.along ?? [0, 0, 0];
  const labels = volume.kind === 'labels';
  const at = volume.time ? { time: volume.time } : {};
  const brickOf = (place: number, axis: number): number => Math.floor((clamp(place, 0, last[axis] as number) + 0.5) / BRICK_EDGE);
  const bricks = new Map<string, BrickKey>();
  const base: [number, number, number] = [0, 0, 0];
  const rowStart = (j: number, offset: number): void => {
    for (let axis = 0; axis < 3; axis += 1) {
      base[axis] = (start[axis] as number) + j * (v[axis] as number) + offset * (along[axis] as number);
    }
  };
  const [uz, uy, ux] = u;
  for (const offset of offsets) {
    for (let j = 0; j < STORED_TILE_EDGE; j += 1) {
      rowStart(j, offset);
      let [z0, y0, x0] = [-1, -1, -1];
      for (let i = 0; i < STORED_TILE_EDGE; i += 1) {
        const [z, y, x] = [brickOf(base[0] + i * uz, 0), brickOf(base[1] + i * uy, 1), brickOf(base[2] + i * ux, 2)];
        if (z === z0 && y === y0 && x === x0) continue;
        [z0, y0, x0] = [z, y, x];
        const brick = { level, z, y, x, ...at };
        bricks.set(keyText(brick), brick);
      }
    }
  }
  return {
    bricks,
    add(brick, voxels, into) {
      const index = [brick.z, brick.y, brick.x];
      const inside = (i: number): boolean =>
        brickOf(base[0] + i * uz, 0) === index[0] && brickOf(base[1] + i * uy, 1) === index[1] && brickOf(base[2] + i * ux, 2) === index[2];
      const read = labels ? nearest : linear;
      const local = (axis: number, i: number): number =>
        clamp((base[axis] as number) + i * (u[axis] as number), 0, last[axis] as number) - (index[axis] as number) * BRICK_EDGE + BRICK_HALO;
      for (const offset of offsets) {
        for (let j = 0; j < STORED_TILE_EDGE; j += 1) {
          rowStart(j, offset);
          // Along a row the brick only changes one way on each axis: its texels stand together.
          const [low, high] = rowPart(base, u, index, last);
          for (let i = low; i <= high; i += 1) {
            if (inside(i)) into.add(j * STORED_TILE_EDGE + i, read(voxels, local(0, i), local(1, i), local(2, i)));
          }
        }
      }
    },
  };
}

/** Texels of a row, first and last, that can lie in a brick: a little more than do. */
function rowPart(base: Vec3, u: Vec3, brick: readonly number[], last: Vec3): [number, number] {
  let [low, high] = [0, STORED_TILE_EDGE - 1];
  for (let axis = 0; axis < 3; axis += 1) {
    const [b, d] = [base[axis] as number, u[axis] as number];
    // At the volume's faces everything beyond belongs to the outermost brick.
    const from = brick[axis] === 0 ? Number.NEGATIVE_INFINITY : (brick[axis] as number) * BRICK_EDGE - 0.5;
    const end = ((brick[axis] as number) + 1) * BRICK_EDGE - 0.5;
    const to = end > (last[axis] as number) ? Number.POSITIVE_INFINITY : end;
    if (d === 0) continue;
    const [t0, t1] = [(from - b) / d, (to - b) / d];
    low = Math.max(low, Math.floor(Math.min(t0, t1)) - 1);
    high = Math.min(high, Math.ceil(Math.max(t0, t1)) + 1);
  }
  return [low, high];
}

function nearest(voxels: VoxelArray, z: number, y: number, x: number): number {
  return voxels[Math.floor(z + 0.5) * STRIDES[0] + Math.floor(y + 0.5) * STRIDES[1] + Math.floor(x + 0.5)] as number;
}

/** Linear along each axis. A voxel of no weight is not looked at, so that a NaN beside a place does not reach it. */
function linear(voxels: VoxelArray, z: number, y: number, x: number): number {
  const [z0, y0, x0] = [Math.floor(z), Math.floor(y), Math.floor(x)];
  const [fz, fy, fx] = [z - z0, y - y0, x - x0];
  const at = z0 * STRIDES[0] + y0 * STRIDES[1] + x0;
  const line = (from: number): number => {
    const value = voxels[from] as number;
    return fx === 0 ? value : value + fx * ((voxels[from + 1] as number) - value);
  };
  const sheet = (from: number): number => {
    const value = line(from);
    return fy === 0 ? value : value + fy * (line(from + STRIDES[1]) - value);
  };
  const value = sheet(at);
  return fz === 0 ? value : value + fz * (sheet(at + STRIDES[0]) - value);
}
