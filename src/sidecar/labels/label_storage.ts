/**
 * Where editable labels are kept. Everything that is told of an edit is told once `commit` has resolved, so that what it says is how
 * durable an edit is.
 */

import type { LabelDtype, VoxelBox } from '../../protocol/index.js';

type Triple = readonly [number, number, number];

/** One editable volume. Its name is its id. */
export interface StoredLabels {
  readonly name: string;
  readonly shape: Triple;
  readonly voxel_size: Triple;
  readonly origin: Triple;
  readonly unit: string;
  readonly dtype: LabelDtype;
  /** Another one of the same name that is made after this one was removed has another. */
  readonly fingerprint: string;
  /** Of the last edit that was committed: 0 and 1 before the first. */
  readonly seq: number;
  readonly generation: number;
}

/** What is known of an edit, without what it takes to take it back. */
export interface OpHead {
  readonly seq: number;
  /** The client's own. */
  readonly id: string;
  readonly author: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly label: number;
  readonly voxels: number;
  readonly box: VoxelBox | null;
  /** Of the volume, from this edit on. */
  readonly generation: number;
  /** It takes edit `target` back, or does it again. */
  readonly undo?: 'undo' | 'redo' | undefined;
  readonly target?: number | undefined;
}

/** An edit. `displaced` is what it changed, and into what. */
export interface StoredOp extends OpHead {
  readonly displaced: Uint8Array;
}

/** A brick, encoded. */
export interface StoredBrick {
  /** `level/z/y/x` */
  readonly key: string;
  /** Undefined where all of it is 0 now: nothing is kept of it. */
  readonly bytes: Uint8Array | undefined;
}

/** What belongs together: all of it is there after a crash, or nothing. `seq` and `generation` of the volume become those of the last op. */
export interface LabelBatch {
  readonly volume: string;
  readonly ops: readonly StoredOp[];
  readonly bricks: readonly StoredBrick[];
}

export interface LabelStorage {
  volumes(): StoredLabels[];
  /** Durable when it returns. */
  create(labels: StoredLabels): void;
  /** Forgets a volume with its bricks and ops. Durable when it returns. */
  remove(volume: string): void;
  /**
   * Resolves once all of `batch` is durable; until then `brick` and `ops` answer as before. Rejects where it is not and will not be: then
   * nothing of it is there. The caller sends no second batch of a volume before the first has ended.
   */
  commit(batch: LabelBatch): Promise<void>;
  brick(volume: string, key: string): Uint8Array | undefined;
  /** Keys of all bricks that are not all 0. */
  keys(volume: string): string[];
  /** Edits after `after`, in order; those long ago may be forgotten. */
  ops(volume: string, after: number): OpHead[];
  op(volume: string, seq: number): StoredOp | undefined;
}

/** Edits of a volume that are remembered. */
const OPS_KEPT = 4096;

interface Held {
  labels: StoredLabels;
  readonly bricks: Map<string, Uint8Array>;
  readonly ops: Map<number, StoredOp>;
}

/** Labels in memory: as durable as the process. */
export class MemoryLabelStorage implements LabelStorage {
  readonly #volumes = new Map<string, Held>();

  volumes(): StoredLabels[] {
    return [...this.#volumes.values()].map(({ labels }) => labels);
  }

  create(labels: StoredLabels): void {
    if (this.#volumes.has(labels.name)) throw new Error(`labels "${labels.name}" are there already`);
    this.#volumes.set(labels.name, { labels, bricks: new Map(), ops: new Map() });
  }

  remove(volume: string): void {
    this.#volumes.delete(volume);
  }

  async commit({ volume, ops, bricks }: LabelBatch): Promise<void> {
    const held = this.#held(volume);
    for (const { key, bytes } of bricks) {
      if (bytes) held.bricks.set(key, bytes);
      else held.bricks.delete(key);
    }
    for (const op of ops) {
      held.ops.set(op.seq, op);
      held.labels = { ...held.labels, seq: op.seq, generation: op.generation };
    }
    for (const seq of held.ops.keys()) {
      if (held.ops.size <= OPS_KEPT) break;
      held.ops.delete(seq);
    }
  }

  brick(volume: string, key: string): Uint8Array | undefined {
    return this.#held(volume).bricks.get(key);
  }

  keys(volume: string): string[] {
    return [...this.#held(volume).bricks.keys()];
  }

  ops(volume: string, after: number): OpHead[] {
    return [...this.#held(volume).ops.values()].filter(({ seq }) => seq > after);
  }

  op(volume: string, seq: number): StoredOp | undefined {
    return this.#held(volume).ops.get(seq);
  }

  #held(volume: string): Held {
    const held = this.#volumes.get(volume);
    if (!held) throw new Error(`no labels "${volume}"`);
    return held;
  }
}
