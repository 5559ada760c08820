/** What an edit changed, and into what: enough to take it back where nobody has written since. */

import { BRICK_VOXELS, type BrickAccess, tidy, writable } from './brick.js';
import { type BrickChange, ChangedBricks } from './changed_bricks.js';
import { VarintReader, VarintWriter } from './varints.js';

/** Runs of voxels that had one label and have another one now, brick by brick. */
export class DisplacedWriter {
  readonly #out = new VarintWriter();
  #runs = new VarintWriter();
  #count = 0;
  #end = 0;
  #start = 0;
  #old = 0;
  #new = 0;
  #passed = 0;

  /** Voxel `at` of the brick, after all that were added before. */
  add(at: number, old: number, now: number): void {
    if (at === this.#end && old === this.#old && now === this.#new && this.#end > this.#start) {
      this.#end += 1;
      return;
    }
    this.#flush();
    this.#start = at;
    this.#end = at + 1;
    this.#old = old;
    this.#new = now;
  }

  /** All of the brick at (z, y, x) was added. */
  endBrick(z: number, y: number, x: number): void {
    this.#flush();
    if (this.#count === 0) return;
    for (const number of [z, y, x, this.#count]) this.#out.write(number);
    this.#out.writeBytes(this.#runs.bytes());
    this.#runs = new VarintWriter();
    this.#count = 0;
    this.#passed = 0;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#out.bytes();
  }

  #flush(): void {
    if (this.#end > this.#start) {
      for (const number of [this.#start - this.#passed, this.#end - this.#start, this.#old, this.#new]) this.#runs.write(number);
      this.#passed = this.#end;
      this.#count += 1;
    }
    this.#start = 0;
    this.#end = 0;
  }
}

/**
 * Puts back what an edit displaced, where a voxel still holds what it wrote. Gives way after each brick, with how many of the edit's
 * voxels were looked at since: all that it changed, in the end.
 *
 * @returns what that displaced in turn
 */
export function* restore(bricks: BrickAccess, displaced: Uint8Array): Generator<number, { changed: ChangedBricks; displaced: Uint8Array }> {
  const reader = new VarintReader(displaced);
  const [changed, out] = [new ChangedBricks(), new DisplacedWriter()];
  while (!reader.ended) {
    const [z, y, x, runs] = [reader.read(), reader.read(), reader.read(), reader.read()];
    const brick = bricks.read(0, z, y, x);
    const voxels = writable(brick, bricks.dtype);
    let change: BrickChange | undefined;
    let [at, passed] = [0, 0];
    for (let i = 0; i < runs; i += 1) {
      at += reader.read();
      const [end, old, now] = [at + reader.read(), reader.read(), reader.read()];
      passed += end - at;
      if (end > BRICK_VOXELS) throw new RangeError(`displaced voxels up to ${end} in a brick of ${BRICK_VOXELS}`);
      for (; at < end; at += 1) {
        if (voxels[at] !== now) continue;
        voxels[at] = old;
        out.add(at, now, old);
        change ??= changed.begin(z, y, x);
        change.add(at);
      }
    }
    if (change) {
      bricks.write(0, z, y, x, tidy(voxels));
      out.endBrick(z, y, x);
    }
    yield passed;
  }
  return { changed, displaced: out.bytes() };
}
