/**
 * Page tables for pictures too small to show all that a plan has: nothing finer than the level that fits their pixels. Voxels of finer
 * levels would be read far apart, each a fetch from memory of its own; those of the level that fits lie side by side.
 */

import type { GpuBudget } from './gpu_budget.js';
import { PageTable, type TableInput } from './page_table.js';

/** The coarse tables of one view, made when first drawn with. */
export class CoarseTables {
  readonly #tables = new Map<number, { table: PageTable; from: TableInput; coarser: number }>();

  constructor(
    readonly name: string,
    readonly budget: GpuBudget,
  ) {}

  /** The table of a volume whose full table was filled from `from`, with nothing finer than `coarser` above the plan's finest level. */
  get(handle: number, from: TableInput, coarser: number): PageTable {
    let known = this.#tables.get(handle);
    if (known?.from === from && known.coarser === coarser) return known.table;
    known ??= { table: new PageTable(`${this.name}/${handle}/coarse`, this.budget), from, coarser };
    this.#tables.set(handle, { ...known, from, coarser });
    const finestLevel = Math.min(from.plan.finest + coarser, from.numbering.levels - 1);
    known.table.update({ ...from, finestLevel });
    return known.table;
  }

  /** Forgets all but `handles`. */
  forgetOthers(handles: readonly number[]): void {
    for (const [handle, { table }] of [...this.#tables]) {
      if (handles.includes(handle)) continue;
      table.dispose();
      this.#tables.delete(handle);
    }
  }
}
