/** The page table: for each cell of a window, where in the atlas its voxels are, at which level, and whether they show anything. */

import * as THREE from 'three';
import { BRICK_EDGE, BRICK_HALO, STORED_EDGE } from '../protocol/limits.js';
import type { BrickNumbering } from '../volume/brick_key.js';
import type { BrickKey } from '../volume/geometry.js';
import { type BrickPlan, childrenOf } from '../volume/lod_plan.js';
import type { GpuBudget } from './gpu_budget.js';
import type { TableWindow } from './table_window.js';

/** What a table is filled from. */
export interface TableInput {
  readonly numbering: BrickNumbering;
  readonly window: TableWindow;
  readonly plan: BrickPlan;
  /** Slot (x, y, z in slots) of a brick that is in the atlas. */
  readonly slotOf: (number: number) => readonly [number, number, number] | undefined;
  /** Numbers of all of the volume's bricks in the atlas. */
  readonly resident: Iterable<number>;
  readonly isEmpty: (level: number, z: number, y: number, x: number) => boolean;
  /** Texels of the atlas, x, y, z. */
  readonly atlasSize: readonly [number, number, number];
}

/** What a table shows. */
export interface TableOutcome {
  /** Whether some cell has voxels. */
  readonly any: boolean;
  readonly finest: number;
  readonly coarsest: number;
}

/**
 * Fills `out` with a texel (offset x, y, z; scale) for each cell, x fastest: a position P in cells of the window lies in
 * the atlas at `P * |scale| * 64 / atlasSize + offset`, and `scale` is 2^-levels above the window's; negative where the brick shows
 * nothing.
 *
 * A brick is shown by its children where the plan splits it and all of those that are planned are here or known to be empty,
 * and by itself, or the finest ancestor that is here, where not.
 */
export function fillTable(input: TableInput, out: Float32Array): TableOutcome {
  const { numbering, window, plan, slotOf, isEmpty, atlasSize } = input;
  const [nz, ny, nx] = window.size;
  const top = numbering.levels - 1;
  const above = ancestors(numbering, input.resident);
  const covered = new Map<number, boolean>();
  let any = false;
  let finest = top;
  let coarsest = window.level;

  const isCovered = (key: BrickKey): boolean => {
    if (isEmpty(key.level, key.z, key.y, key.x)) return true;
    const number = numbering.pack(key.level, key.z, key.y, key.x);
    if (slotOf(number)) return true;
    if (!above.has(number) || key.level <= window.level) return false;
    let known = covered.get(number);
    if (known === undefined) {
      known = childrenOf(numbering, key).every(isCovered);
      covered.set(number, known);
    }
    return known;
  };

  const write = (key: BrickKey, slot: readonly [number, number, number] | undefined): void => {
    const steps = key.level - window.level;
    const span = 2 ** steps;
    const scale = 1 / span;
    const at = [key.x, key.y, key.z];
    const origin = [window.origin[2], window.origin[1], window.origin[0]];
    const [ox, oy, oz] = [0, 1, 2].map((i) => {
      if (!slot) return 0;
      const start = BRICK_EDGE * ((origin[i] as number) * scale - (at[i] as number));
      return (start + STORED_EDGE * (slot[i] as number) + BRICK_HALO) / (atlasSize[i] as number);
    }) as [number, number, number];
    const w = slot ? scale : -scale;
    const from = [2, 1, 0].map((i) => Math.max((at[i] as number) * span - (origin[i] as number), 0)) as [number, number, number];
    const to = [2, 1, 0].map((i, axis) =>
      Math.min(((at[i] as number) + 1) * span - (origin[i] as number), window.size[axis] as number),
    ) as [number, number, number];
    for (let z = from[0]; z < to[0]; z += 1) {
      for (let y = from[1]; y < to[1]; y += 1) {
        for (let i = ((z * ny + y) * nx + from[2]) * 4, end = ((z * ny + y) * nx + to[2]) * 4; i < end; i += 4) {
          out[i] = ox;
          out[i + 1] = oy;
          out[i + 2] = oz;
          out[i + 3] = w;
        }
      }
    }
  };

  const show = (key: BrickKey): void => {
    const span = 2 ** (key.level - window.level);
    const at = [key.z, key.y, key.x];
    for (let i = 0; i < 3; i += 1) {
      const low = (at[i] as number) * span - (window.origin[i] as number);
      if (low >= (window.size[i] as number) || low + span <= 0) return;
    }
    if (isEmpty(key.level, key.z, key.y, key.x)) {
      write(key, undefined);
      return;
    }
    const number = numbering.pack(key.level, key.z, key.y, key.x);
    const slot = slotOf(number);
    const children = key.level > window.level ? childrenOf(numbering, key) : [];
    const isPlanned = (child: BrickKey) => plan.numbers.has(numbering.pack(child.level, child.z, child.y, child.x));
    const finer =
      children.length > 0 &&
      (plan.split.has(number)
        ? children.every((child) => !isPlanned(child) || isCovered(child))
        : !slot && above.has(number) && children.every(isCovered));
    if (slot) {
      any = true;
      write(key, slot);
      if (!finer) {
        finest = Math.min(finest, key.level);
        coarsest = Math.max(coarsest, key.level);
      }
    }
    if (finer) for (const child of children) show(child);
  };

  out.subarray(0, nx * ny * nz * 4).fill(0);
  for (let i = 3; i < nx * ny * nz * 4; i += 4) out[i] = -(2 ** (window.level - top));
  show({ level: top, z: 0, y: 0, x: 0 });
  return { any, finest: any ? finest : top, coarsest: any ? Math.max(coarsest, finest) : top };
}

/** Numbers of the bricks that have one of `resident` below them. */
function ancestors(numbering: BrickNumbering, resident: Iterable<number>): Set<number> {
  const above = new Set<number>();
  for (const number of resident) {
    let { level, z, y, x } = numbering.unpack(number);
    for (level += 1; level < numbering.levels; level += 1) {
      [z, y, x] = [z >> 1, y >> 1, x >> 1];
      const parent = numbering.pack(level, z, y, x);
      if (above.has(parent)) break;
      above.add(parent);
    }
  }
  return above;
}

/** A page table on the GPU, made anew when its window changes size. */
export class PageTable {
  texture: THREE.Data3DTexture;
  window: TableWindow | undefined;
  outcome: TableOutcome = { any: false, finest: 0, coarsest: 0 };
  #data = new Float32Array(4);

  constructor(
    readonly name: string,
    readonly budget: GpuBudget,
  ) {
    this.texture = this.#make([1, 1, 1]);
  }

  /** Fills the table and hands it to the GPU with the next draw. */
  update(input: TableInput): void {
    const size = input.window.size;
    const cells = size[0] * size[1] * size[2];
    if (!this.window || this.window.size.some((n, i) => n !== size[i])) {
      this.texture.dispose();
      this.budget.take(this.name, cells * 16);
      this.#data = new Float32Array(cells * 4);
      this.texture = this.#make(size);
    }
    this.window = input.window;
    this.outcome = fillTable(input, this.#data);
    this.texture.needsUpdate = true;
  }

  dispose(): void {
    this.texture.dispose();
    this.budget.release(this.name);
  }

  #make([z, y, x]: readonly [number, number, number]): THREE.Data3DTexture {
    const texture = new THREE.Data3DTexture(this.#data, x, y, z);
    texture.format = THREE.RGBAFormat;
    texture.type = THREE.FloatType;
    texture.minFilter = texture.magFilter = THREE.NearestFilter;
    return texture;
  }
}
