/** The walk that fills a page table: from the coarsest brick down, every cell written once. Pure. */

import { BRICK_EDGE, BRICK_HALO, STORED_EDGE } from '../protocol/limits.js';
import type { BrickKey, Vec3 } from '../volume/geometry.js';
import { childrenOf } from '../volume/lod_plan.js';
import type { TableInput } from './page_table.js';
import type { ShownBrick } from './shown_box.js';
import type { TableWindow } from './table_window.js';

/** What stands in for bricks that are not here: a coarser one, which may show nothing. */
interface Ground {
  readonly key: BrickKey;
  readonly slot: Vec3 | undefined;
}

/** Fills one table, part by part. */
export class TableFilling {
  any = false;
  finest: number;
  coarsest: number;
  /** What has voxels. */
  readonly shown: ShownBrick[] = [];
  #part: TableWindow;
  /** Cells before the part. */
  #base = 0;
  #covered = new Map<number, boolean>();

  /** @param above numbers of the bricks that have one in the atlas below them */
  constructor(
    readonly input: TableInput,
    readonly above: ReadonlySet<number>,
    readonly out: Float32Array,
  ) {
    this.finest = input.numbering.levels - 1;
    this.coarsest = input.window.level;
    this.#part = input.window;
  }

  /** Goes on with the cells of `window`, which begin at cell `base` of the table. */
  part(window: TableWindow, base: number): void {
    this.#part = window;
    this.#base = base;
    this.#covered = new Map();
  }

  /** Writes the cells of a brick that are in the part, over `ground`. */
  show(key: BrickKey, ground: Ground | undefined): void {
    const { numbering, plan, slotOf, isEmpty } = this.input;
    const window = this.#part;
    const span = 2 ** (key.level - window.level);
    const [oz, oy, ox] = window.origin;
    const [nz, ny, nx] = window.size;
    const outside = (at: number, origin: number, size: number) => at * span - origin >= size || (at + 1) * span <= origin;
    if (outside(key.z, oz, nz) || outside(key.y, oy, ny) || outside(key.x, ox, nx)) return;
    const number = numbering.pack(key.level, key.z, key.y, key.x);
    const empty = isEmpty(key.level, key.z, key.y, key.x);
    const slot = empty ? undefined : slotOf(number);
    const own: Ground | undefined = slot || empty ? { key, slot } : ground;
    const isSplit = plan.split.has(number);
    const isPlanned = (child: BrickKey) => plan.numbers.has(numbering.pack(child.level, child.z, child.y, child.x));
    // What a plan leaves out, or whose mean hides what is in it, is shown by its children, though they be finer than asked for.
    const finestLevel = isSplit && !slot && !plan.numbers.has(number) ? this.#part.level : this.#finestLevel;
    const children = key.level > finestLevel && (isSplit || (!slot && !empty && this.above.has(number))) ? childrenOf(numbering, key) : [];
    const finer =
      children.length > 0 &&
      (isSplit
        ? children.every((child) => !isPlanned(child) || this.#isCovered(child))
        : !slot && children.every((child) => this.#isCovered(child)));
    if (finer) {
      for (const child of children) this.show(child, own);
      return;
    }
    this.#write(key, own ?? { key, slot: undefined }, slot !== undefined || isSplit || plan.numbers.has(number));
  }

  /** The finest level that the part has cells for, or that is to be shown. */
  get #finestLevel(): number {
    return Math.max(this.#part.level, this.input.finestLevel ?? 0);
  }

  /** Whether all of a brick could be shown without anything coarser than it. */
  #isCovered(key: BrickKey): boolean {
    const { numbering, slotOf, isEmpty } = this.input;
    if (isEmpty(key.level, key.z, key.y, key.x)) return true;
    const number = numbering.pack(key.level, key.z, key.y, key.x);
    if (slotOf(number)) return true;
    if (!this.above.has(number) || key.level <= this.#finestLevel) return false;
    let known = this.#covered.get(number);
    if (known === undefined) {
      known = childrenOf(numbering, key).every((child) => this.#isCovered(child));
      this.#covered.set(number, known);
    }
    return known;
  }

  /** @param seen whether what is shown there counts as what the view shows */
  #write(box: BrickKey, { key, slot }: Ground, seen: boolean): void {
    const { window, atlasSize } = this.input;
    const part = this.#part;
    const out = this.out;
    const span = 2 ** (box.level - part.level);
    const scale = 2 ** (window.level - key.level);
    const offset = (at: number, axis: number): number => {
      if (!slot) return 0;
      const start = BRICK_EDGE * ((window.origin[2 - axis] as number) * scale - at);
      return (start + STORED_EDGE * (slot[axis] as number) + BRICK_HALO) / (atlasSize[axis] as number);
    };
    const [ox, oy, oz] = [offset(key.x, 0), offset(key.y, 1), offset(key.z, 2)];
    const w = slot ? scale : -scale;
    const from = (at: number, axis: number) => Math.max(at * span - (part.origin[axis] as number), 0);
    const to = (at: number, axis: number) => Math.min((at + 1) * span - (part.origin[axis] as number), part.size[axis] as number);
    const [, ny, nx] = part.size;
    const [x0, x1, y0, y1] = [from(box.x, 2), to(box.x, 2), from(box.y, 1), to(box.y, 1)];
    for (let z = from(box.z, 0), z1 = to(box.z, 0); z < z1; z += 1) {
      for (let y = y0; y < y1; y += 1) {
        const row = this.#base + (z * ny + y) * nx;
        for (let i = (row + x0) * 4, end = (row + x1) * 4; i < end; i += 4) {
          out[i] = ox;
          out[i + 1] = oy;
          out[i + 2] = oz;
          out[i + 3] = w;
        }
      }
    }
    if (!slot) return;
    this.any = true;
    const corner = [key.x, key.y, key.z].map((n, i) => n * 2 ** (key.level - part.level) - (part.origin[2 - i] as number)) as [number, number, number];
    const shown = { min: [x0, y0, from(box.z, 0)], max: [x1, y1, to(box.z, 0)] } as const;
    this.shown.push({ box: shown, corner, span: 2 ** (key.level - part.level), slot: slot as unknown as readonly [number, number, number] });
    if (!seen) return;
    this.finest = Math.min(this.finest, key.level);
    this.coarsest = Math.max(this.coarsest, key.level);
  }
}
