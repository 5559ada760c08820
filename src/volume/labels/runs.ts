/** Runs: how masks and labels cross the wire, before they are deflated. Voxels are counted in z, y, x order. */

import { MAX_EDIT_RUNS } from '../../protocol/limits.js';
import { type LabelArray, wordOf, wordsOf } from './brick.js';
import { VarintReader, VarintWriter } from './varints.js';

/** Runs with their ends, so that any voxel is found at once. */
export interface Runs {
  /** Number of the voxel after each run; the last is the number of voxels. */
  readonly ends: Uint32Array;
  /** The label of each run. */
  readonly values: Uint32Array;
}

/** Writes labels as `label, length` pairs, neighbours of one label as one. */
export class ValueRunWriter {
  readonly #out = new VarintWriter();
  #value = 0;
  #length = 0;

  add(value: number, count: number): void {
    if (value === this.#value) {
      this.#length += count;
      return;
    }
    this.#flush();
    this.#value = value;
    this.#length = count;
  }

  /** The runs so far; a view. */
  bytes(): Uint8Array<ArrayBuffer> {
    this.#flush();
    return this.#out.bytes();
  }

  #flush(): void {
    if (this.#length > 0) {
      this.#out.write(this.#value);
      this.#out.write(this.#length);
    }
    this.#length = 0;
  }
}

/** Labels as runs. */
export function encodeValues(labels: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const writer = new ValueRunWriter();
  const count = labels.length;
  for (let i = 0; i < count; ) {
    const value = labels[i] as number;
    let end = i + 1;
    while (end < count && labels[end] === value) end += 1;
    writer.add(value, end - i);
    i = end;
  }
  return writer.bytes();
}

/** The labels of a brick as runs. */
export function encodeBrickValues(brick: LabelArray): Uint8Array<ArrayBuffer> {
  const writer = new ValueRunWriter();
  const { words, each } = wordsOf(brick);
  const count = brick.length;
  for (let i = 0; i < count; ) {
    const value = brick[i] as number;
    const word = wordOf(value, each);
    let end = i + 1;
    while (end < count && brick[end] === value) {
      if (end % each !== 0) {
        end += 1;
        continue;
      }
      let at = end / each;
      while (words[at] === word) at += 1;
      if (at * each === end) end += 1;
      else end = at * each;
    }
    writer.add(value, end - i);
    i = end;
  }
  return writer.bytes();
}

/** A mask (0 is off) as lengths of runs, off first. */
export function encodeMask(mask: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const out = new VarintWriter();
  let on = false;
  let begin = 0;
  for (let i = 0; i < mask.length; i += 1) {
    if ((mask[i] !== 0) === on) continue;
    out.write(i - begin);
    begin = i;
    on = !on;
  }
  out.write(mask.length - begin);
  return out.bytes();
}

/** Collects runs within their bounds. */
class RunList {
  #ends = new Uint32Array(64);
  #values = new Uint32Array(64);
  #count = 0;
  #end = 0;

  constructor(readonly voxels: number) {}

  add(value: number, length: number): void {
    this.#end += length;
    if (this.#end > this.voxels) throw new RangeError(`runs of more than the ${this.voxels} voxels of their box`);
    if (this.#count >= MAX_EDIT_RUNS) throw new RangeError(`more than ${MAX_EDIT_RUNS} runs`);
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends);
      this.#values = grown(this.#values);
    }
    this.#ends[this.#count] = this.#end;
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  done(): Runs {
    if (this.#end !== this.voxels) throw new RangeError(`runs of ${this.#end} voxels for a box of ${this.voxels}`);
    return { ends: this.#ends.subarray(0, this.#count), values: this.#values.subarray(0, this.#count) };
  }
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * array.length);
  more.set(array);
  return more;
}

/**
 * The runs of a mask: label 1 where it is on.
 *
 * @throws RangeError where they are not as many voxels, or not whole
 */
export function decodeMask(bytes: Uint8Array, voxels: number): Runs {
  const [reader, list] = [new VarintReader(bytes), new RunList(voxels)];
  for (let on = 0; !reader.ended; on = 1 - on) list.add(on, reader.read());
  return list.done();
}

/**
 * The runs of labels.
 *
 * @throws RangeError where they are not as many voxels, not whole, or a label is over `most`
 */
export function decodeValues(bytes: Uint8Array, voxels: number, most: number): Runs {
  const [reader, list] = [new VarintReader(bytes), new RunList(voxels)];
  while (!reader.ended) {
    const value = reader.read();
    if (value > most) throw new RangeError(`label ${value}; the highest of this volume is ${most}`);
    list.add(value, reader.read());
  }
  return list.done();
}

/** Number of the run that holds voxel `at`. */
export function runAt({ ends }: Runs, at: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The labels that runs stand for. */
export function expandRuns({ ends, values }: Runs, into: { fill(value: number, start: number, end: number): unknown }): void {
  let begin = 0;
  for (let i = 0; i < ends.length; i += 1) {
    into.fill(values[i] as number, begin, ends[i] as number);
    begin = ends[i] as number;
  }
}
