/**
 * How fast a link to a viewer is, as its far end sees it: a PING behind frames comes back once they have crossed. Sockets tell only what the
 * operating system took, which is megabytes more.
 */

/** Fewer bytes than this say more of the latency than of the rate. */
const LEAST_BYTES = 16 * 1024;
const MOST_BYTES = 32 * 2 ** 20;
/** A link is asked after what it carries in so many seconds. */
const EVERY_S = 0.05;
/** After a pause of so many ms it is asked at once: else what its sender took to make frames would count as the link's. */
const PAUSE_MS = 5;
/** The best of so many samples counts: a busy machine makes a link look slower, and nothing makes it look faster. */
const SAMPLES = 12;
/** Nothing is measured finer than this. */
const LEAST_MS = 0.2;

export class LinkMeter {
  #sent = 0;
  /** When the first byte after the last probe was handed over. */
  #first: number | undefined;
  #probe: { readonly number: number; readonly sent: number; readonly at: number; readonly first: number } | undefined;
  #last = { sent: 0, at: Number.NEGATIVE_INFINITY };
  #handedAt = Number.NEGATIVE_INFINITY;
  #count = 0;
  readonly #rates: number[] = [];
  /** The shortest round trip, in ms. */
  rtt = Number.POSITIVE_INFINITY;
  /** Probes that came back. */
  answers = 0;

  /** @param helloMs what passed between the opening of the connection and HELLO: a round trip too */
  constructor(helloMs = Number.POSITIVE_INFINITY) {
    this.rtt = helloMs;
  }

  /** Bytes a second; undefined before enough was seen. */
  get rate(): number | undefined {
    return this.#rates.length > 0 ? Math.max(...this.#rates) : undefined;
  }

  get samples(): number {
    return this.#rates.length;
  }

  /** Bytes are on their way: the number of a probe that is to follow them, where one is due. */
  handed(bytes: number, now: number): number | undefined {
    this.#first ??= now;
    this.#sent += bytes;
    const paused = now - this.#handedAt > PAUSE_MS;
    this.#handedAt = now;
    if (this.#probe) return undefined;
    const due = paused ? 0 : Math.min(Math.max((this.rate ?? 0) * EVERY_S, LEAST_BYTES), MOST_BYTES);
    if (this.#sent - this.#last.sent < due) return undefined;
    this.#count += 1;
    this.#probe = { number: this.#count, sent: this.#sent, at: now, first: this.#first };
    this.#first = undefined;
    return this.#count;
  }

  /** A probe came back. */
  answered(number: number, now: number): void {
    const probe = this.#probe;
    if (!probe || probe.number !== number) return;
    this.#probe = undefined;
    this.answers += 1;
    this.rtt = Math.min(this.rtt, now - probe.at);
    const bytes = probe.sent - this.#last.sent;
    // Where the link had nothing to do, the first byte took half a round trip to be there, and the answer another.
    const began = Math.max(this.#last.at, probe.first + this.rtt);
    this.#last = { sent: probe.sent, at: now };
    if (bytes < LEAST_BYTES) return;
    this.#rates.push((bytes / Math.max(now - began, LEAST_MS)) * 1000);
    if (this.#rates.length > SAMPLES) this.#rates.shift();
  }
}
