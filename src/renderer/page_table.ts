/** The page table: for each cell of a window, where in the atlas its voxels are, at which level, and whether they show anything. */

import * as THREE from 'three';
import type { BrickNumbering } from '../volume/brick_key.js';
import type { Vec3 } from '../volume/geometry.js';
import type { BrickPlan } from '../volume/lod_plan.js';
import type { GpuBudget } from './gpu_budget.js';
import { stackedWindows } from './nested_window.js';
import { TableFilling } from './table_filling.js';
import type { ShownBrick } from './shown_box.js';
import type { TableWindow } from './table_window.js';

/** What a table is filled from. */
export interface TableInput {
  readonly numbering: BrickNumbering;
  readonly window: TableWindow;
  readonly plan: BrickPlan;
  /** Nothing below this level is shown, though it may be here. */
  readonly finestLevel?: number;
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
  /** What has voxels: rays need not look elsewhere. None for windows inside each other. */
  readonly shown: readonly ShownBrick[];
}

/**
 * Fills `out` with a texel (offset x, y, z; scale) for each cell, x fastest: a position P in cells of the window lies in
 * the atlas at `P * |scale| * 64 / atlasSize + offset`, and `scale` is 2^-levels above the window's; negative where the brick shows
 * nothing. Nested windows follow each other along z; P is in cells of the first one for all of them.
 *
 * A brick is shown by its children where the plan splits it and all of those that are planned are here or known to be empty,
 * and by itself, or the finest ancestor that is here, where not.
 */
export function fillTable(input: TableInput, out: Float32Array): TableOutcome {
  const { numbering, window } = input;
  const filling = new TableFilling(input, ancestors(numbering, input.resident), out);
  const top = numbering.levels - 1;
  const [nz, ny, nx] = window.size;
  stackedWindows(window).forEach((part, i) => {
    filling.part(part, i * nz * ny * nx);
    filling.show({ level: top, z: 0, y: 0, x: 0 }, undefined);
  });
  const { any, finest, coarsest } = filling;
  if (!any) return { any, finest: top, coarsest: top, shown: [] };
  return { any, finest, coarsest: Math.max(coarsest, finest), shown: window.nest ? [] : filling.shown };
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
  /** What it was filled from last. */
  input: TableInput | undefined;
  outcome: TableOutcome = { any: false, finest: 0, coarsest: 0, shown: [] };
  #data = new Float32Array(4);
  /** What is not on the GPU: the next filling goes here, to be compared. */
  #spare = new Float32Array(4);
  #size: Vec3 = [1, 1, 1];

  constructor(
    readonly name: string,
    readonly budget: GpuBudget,
  ) {
    this.texture = this.#make([1, 1, 1]);
  }

  /** Fills the table and hands it to the GPU with the next draw, unless it is as it was; whether it is another one. */
  update(input: TableInput): boolean {
    const parts = input.window.nest?.origins.length ?? 1;
    const size: Vec3 = [input.window.size[0] * parts, input.window.size[1], input.window.size[2]];
    const cells = size[0] * size[1] * size[2];
    const resized = !this.window || this.#size.some((n, i) => n !== size[i]);
    if (resized) {
      this.#size = size;
      this.texture.dispose();
      this.budget.take(this.name, cells * 16);
      this.#data = new Float32Array(cells * 4);
      this.#spare = new Float32Array(cells * 4);
      this.texture = this.#make(size);
    }
    const outcome = fillTable(input, this.#spare);
    const of = (window: TableWindow | undefined, { any, finest, coarsest }: TableOutcome, atlas: TableInput | undefined) =>
      JSON.stringify([window, any, finest, coarsest, atlas?.atlasSize]);
    const same = !resized && of(input.window, outcome, input) === of(this.window, this.outcome, this.input) && equal(this.#spare, this.#data);
    this.window = input.window;
    this.input = input;
    if (same) return false;
    this.outcome = outcome;
    [this.#data, this.#spare] = [this.#spare, this.#data];
    this.texture.image.data = this.#data;
    this.texture.needsUpdate = true;
    return true;
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

function equal(a: Float32Array, b: Float32Array): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
