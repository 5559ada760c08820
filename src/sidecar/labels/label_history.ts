/** The edits of one volume that are remembered: which ids were applied, what each author can take back, and what changed since an edit. */

import { MAX_REGION_BOXES, type VoxelBox } from '../../protocol/index.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { OpHead } from './label_storage.js';

/** Edits that are remembered of a volume. */
export const HISTORY_OPS = 4096;

/** Edits of one author, by `seq`, the last one last. */
interface Stacks {
  readonly done: number[];
  undone: number[];
}

export class LabelHistory {
  #heads: OpHead[] = [];
  readonly #byId = new Map<string, OpHead>();
  #authors = new Map<string, Stacks>();

  constructor(heads: readonly OpHead[]) {
    for (const head of heads) this.add(head);
  }

  byId(id: string): OpHead | undefined {
    return this.#byId.get(id);
  }

  bySeq(seq: number): OpHead | undefined {
    return this.#heads[seq - (this.#heads[0]?.seq ?? 0)];
  }

  /** What an author takes back next, or does again. */
  next(author: string, kind: 'undo' | 'redo'): number | undefined {
    const stacks = this.#authors.get(author);
    return kind === 'undo' ? stacks?.done.at(-1) : stacks?.undone.at(-1);
  }

  add(head: OpHead): void {
    this.#heads.push(head);
    this.#byId.set(head.id, head);
    this.#stack(head);
    if (this.#heads.length <= HISTORY_OPS) return;
    for (const { id } of this.#heads.splice(0, HISTORY_OPS / 4)) this.#byId.delete(id);
    const oldest = this.#heads[0]?.seq ?? 0;
    for (const [author, { done, undone }] of this.#authors) {
      const kept = { done: done.filter((seq) => seq >= oldest), undone: undone.filter((seq) => seq >= oldest) };
      if (kept.done.length + kept.undone.length === 0) this.#authors.delete(author);
      else this.#authors.set(author, kept);
    }
  }

  /** These edits, the last ones, were not to be. */
  takeBack(count: number): void {
    if (count === 0) return;
    for (const { id } of this.#heads.splice(-count)) this.#byId.delete(id);
    this.#authors = new Map();
    for (const head of this.#heads) this.#stack(head);
  }

  /** Boxes of what changed after an edit; the whole volume where that is not known any more. */
  changedSince(since: number, seq: number, shape: Vec3): VoxelBox[] {
    if (since === seq) return [];
    const first = this.#heads[0]?.seq ?? seq + 1;
    if (since > seq || since + 1 < first) return [[[0, 0, 0], [...shape] as [number, number, number]]];
    const boxes = new Map<string, VoxelBox>();
    for (const { seq: at, box } of this.#heads) if (at > since && at <= seq && box) boxes.set(box.flat().join(), box);
    if (boxes.size <= MAX_REGION_BOXES) return [...boxes.values()];
    const [low, high] = [[...shape], [0, 0, 0]] as [[number, number, number], [number, number, number]];
    for (const [start, stop] of boxes.values()) {
      for (const axis of [0, 1, 2] as const) {
        low[axis] = Math.min(low[axis], start[axis]);
        high[axis] = Math.max(high[axis], stop[axis]);
      }
    }
    return [[low, high]];
  }

  #stack({ seq, author, voxels, undo }: OpHead): void {
    const stacks = this.#authors.get(author) ?? { done: [], undone: [] };
    this.#authors.set(author, stacks);
    if (undo === 'undo') {
      stacks.done.pop();
      stacks.undone.push(seq);
    } else if (undo === 'redo') {
      stacks.undone.pop();
      stacks.done.push(seq);
    } else if (voxels > 0) {
      stacks.done.push(seq);
      stacks.undone = [];
    }
  }
}
