/**
 * How frames travel to one viewer. A frame is made smaller where, and only where, making it so, the shorter way and making it whole again together take
 * less time than the longer way: by the link's measured rate, the codec's measured rate and effect here, and what the viewer says of its own.
 */

import { hasPreview, type Hello, type VoxelDtype, type Way } from '../../protocol/index.js';
import type { VolumeRecord } from '../volume_record.js';
import type { CodecRates } from './codec_rates.js';
import { HAS_ZSTD, type Manner } from './encode.js';
import { LinkMeter } from './link_meter.js';
import { NearProbe } from './near_probe.js';

/** Compressing is begun, and another codec taken, only where that needs less than this part of the time; it is given up as soon as it needs more. */
const CLEARLY = 0.85;
/** A round trip from which on a link counts as slow before it is measured, if every one took so long; a shorter one may be that of a busy machine. */
const FAR_MS = 50;
/** What a new connection carries in its first round trips. */
const FIRST_FLIGHT = 64 * 1024;
/** Fewer samples are no reason to compress. */
const LEAST_SAMPLES = 3;
/** Bytes a second that a viewer decodes, before it said so. */
const HOPED_DECODE = 300e6;
/** Previews are sent where the true brick takes this long, in seconds; or a shorter time, and all that is needed much longer. */
const PREVIEW = { brick: 0.25, quick: 0.05, queue: 1 };
/** They are sent until it takes less than this part of that. */
const PREVIEW_STAYS = 0.6;

/** Chooses for one viewer. */
export class LinkCodec {
  readonly meter: LinkMeter;
  readonly near: NearProbe;
  readonly #manners: readonly Manner[];
  readonly #forced: Way | undefined;
  readonly #preview: boolean;
  #decode = HOPED_DECODE;
  /** By volume. */
  readonly #now = new WeakMap<VolumeRecord, Manner>();
  #previews = false;

  /**
   * @param helloMs what passed until HELLO, a round trip too
   * @param mayBeHere whether the viewer may be on this machine: its address is, and no proxy speaks for it
   */
  constructor(
    hello: Pick<Hello, 'codecs' | 'codec'>,
    readonly rates: CodecRates,
    helloMs?: number,
    mayBeHere = false,
  ) {
    this.meter = new LinkMeter(helloMs);
    this.near = new NearProbe(mayBeHere);
    const offered = hello.codecs ?? [];
    const manners: Manner[] = [];
    if (offered.includes('zstd') && HAS_ZSTD) manners.push({ codec: 'zstd', lossy: false });
    if (offered.includes('lz4')) manners.push({ codec: 'lz4', lossy: false });
    this.#manners = manners;
    this.#forced = hello.codec;
    this.#preview = offered.includes('preview') && manners.length > 0;
  }

  /** Whether there is a choice at all. */
  get any(): boolean {
    return this.#manners.length > 0 && this.#forced !== 'raw';
  }

  /** The viewer decoded so many bytes in so many ms. */
  decoded(bytes: number, ms: number): void {
    if (bytes > 0) this.#decode += 0.25 * (Math.min((bytes / Math.max(ms, 0.01)) * 1000, 5e9) - this.#decode);
  }

  /**
   * How a frame of `bytes` is to travel; undefined: as it is.
   *
   * @param queued bytes that the viewer waits for, this frame among them
   */
  choose(record: VolumeRecord, bytes: number, queued: number, exact: boolean): Manner | undefined {
    if (!this.any) return undefined;
    const rate = this.#rate();
    const lossless = this.#lossless(record, rate);
    const first = this.#manners[0] as Manner;
    const { kind, stored } = record.description;
    if (!exact && this.#preview && kind === 'image' && hasPreview(stored as VoxelDtype)) {
      const each = Math.min(1 / rate, ...this.#manners.map((manner) => this.#cost(record, manner, rate)));
      if (this.#forced === 'preview' || (this.#forced === undefined && this.#late(bytes * each, queued * each))) return { ...first, lossy: true };
    }
    return lossless;
  }

  /** Bytes a second; a link that is not measured counts as fast, but for one whose latency alone says otherwise, and so does one that leads nowhere else. */
  #rate(): number {
    const { near, meter: { rate, rtt, samples, answers } } = this;
    if (near.here) return Number.POSITIVE_INFINITY;
    const far = answers + near.answers > 0 && Math.min(rtt, near.rtt) >= FAR_MS;
    if (near.undecided && !far) return Number.POSITIVE_INFINITY;
    if (rate !== undefined && (far || samples >= LEAST_SAMPLES)) return rate;
    return far ? (FIRST_FLIGHT / Math.min(rtt, near.rtt)) * 1000 : Number.POSITIVE_INFINITY;
  }

  /** Seconds for a byte. */
  #cost(record: VolumeRecord, manner: Manner, rate: number): number {
    return 1 / this.rates.rate(manner) + 1 / (rate * this.rates.ratio(record, manner)) + 1 / this.#decode;
  }

  #lossless(record: VolumeRecord, rate: number): Manner | undefined {
    const forced = this.#forced === 'preview' ? undefined : this.#manners.find(({ codec }) => codec === this.#forced);
    if (forced) return forced;
    const cost = (manner: Manner | undefined) => (manner ? this.#cost(record, manner, rate) : 1 / rate);
    let best: Manner | undefined;
    for (const manner of this.#manners) if (cost(manner) < cost(best)) best = manner;
    // What gains nothing is given up, also where another codec that is not tried meanwhile is thought a little better of.
    if (cost(this.#now.get(record)) >= cost(undefined)) this.#now.delete(record);
    const now = this.#now.get(record);
    if (best && best !== now && cost(best) < CLEARLY * cost(now)) this.#now.set(record, best);
    if (!this.#now.has(record)) for (const manner of this.#manners) this.rates.passed(record, manner);
    return this.#now.get(record);
  }

  /** Whether the true voxels would take too long. */
  #late(brick: number, queue: number): boolean {
    const part = this.#previews ? PREVIEW_STAYS : 1;
    this.#previews = brick > part * PREVIEW.brick || (brick > part * PREVIEW.quick && queue > part * PREVIEW.queue);
    return this.#previews;
  }
}
