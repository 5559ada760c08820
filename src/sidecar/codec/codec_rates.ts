/** What codecs were seen to do in this instance: how fast they are here, and how much smaller they make a volume's bricks. */

import type { VolumeRecord } from '../volume_record.js';
import type { Manner } from './encode.js';

/** What is taken for true before anything was seen: hopeful, so that a codec is tried where it may help. */
const HOPED = {
  zstd: { rate: 200e6, ratio: 2 },
  lz4: { rate: 150e6, ratio: 1.6 },
} as const;
/** How much a new figure counts beside those before. */
const WEIGHT = 0.25;
/** With each frame that went as it is a volume is thought a little better of, until it is tried again. */
const FORGET = 0.01;

export class CodecRates {
  readonly #rates = new Map<string, number>();
  readonly #ratios = new WeakMap<VolumeRecord, Map<string, number>>();

  /** Bytes a second that go into it. */
  rate(manner: Manner): number {
    return this.#rates.get(nameOf(manner)) ?? HOPED[manner.codec].rate;
  }

  /** Bytes before, for each one after. */
  ratio(record: VolumeRecord, manner: Manner): number {
    return this.#ratios.get(record)?.get(nameOf(manner)) ?? HOPED[manner.codec].ratio;
  }

  /** A frame of `before` bytes became one of `after`, in `ms`. */
  saw(record: VolumeRecord, manner: Manner, before: number, after: number, ms: number): void {
    const rate = (before / Math.max(ms, 0.01)) * 1000;
    const known = this.#rates.get(nameOf(manner));
    this.#rates.set(nameOf(manner), known === undefined ? rate : known + WEIGHT * (rate - known));
    this.#mix(record, manner, before / after, WEIGHT);
  }

  /** A frame went as it is although `manner` was at hand. */
  passed(record: VolumeRecord, manner: Manner): void {
    if (this.#ratios.get(record)?.has(nameOf(manner))) this.#mix(record, manner, HOPED[manner.codec].ratio, FORGET);
  }

  #mix(record: VolumeRecord, manner: Manner, ratio: number, weight: number): void {
    let ratios = this.#ratios.get(record);
    if (!ratios) {
      ratios = new Map();
      this.#ratios.set(record, ratios);
    }
    const known = ratios.get(nameOf(manner));
    ratios.set(nameOf(manner), known === undefined ? ratio : known + weight * (ratio - known));
  }
}

const nameOf = ({ codec, lossy }: Manner): string => (lossy ? `${codec} of 8 bits` : codec);
