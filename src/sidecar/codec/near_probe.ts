/**
 * Whether a viewer at this machine's own address is on this machine, or behind a tunnel that ends here. Busy processors make any link look slow, and nothing
 * makes one look faster than it is: so one quick round trip of a few bytes and one of many prove it, however many slow ones there are. Who answers is the
 * browser's network, by the WebSocket's own ping: a page that compiles shaders answers late for seconds.
 */

/** A shorter round trip is no tunnel's from far away; on an idle machine it is a few tenths of this. */
const HERE_MS = 2;
/** So many bytes in this time are what 100 Mbit/s carry: a quick answer after them is no slow relay's. They are many small messages, which take work. */
const MANY_BYTES = 24 * 1024;
/** Before so many answers, or where a few bytes were quick so many of many bytes, nothing is decided: they are asked for one right after the other. */
const AT_ONCE = { few: 6, many: 8 };
/** Later ones go with what is sent, as long as nothing is proven. */
const MOST = 100;

export class NearProbe {
  /** Proven: the link leads nowhere else. */
  here = false;
  /** The shortest round trip, in ms. */
  rtt = Number.POSITIVE_INFINITY;
  answers = 0;
  #manyAnswers = 0;
  #asked = 0;
  #open: { readonly bytes: number; readonly at: number } | undefined;
  /** A few bytes were quick: now many. */
  #many = false;

  /** @param possible whether the viewer's address is this machine's own, and no proxy answers in its stead */
  constructor(private readonly possible: boolean) {}

  /** Whether too little was heard to say that it is not here. */
  get undecided(): boolean {
    if (!this.possible || this.here) return false;
    return this.rtt < HERE_MS ? this.#manyAnswers < AT_ONCE.many : this.answers < AT_ONCE.few;
  }

  /** Where it is time for a probe: how many bytes are to go before it. */
  next(now: number): number | undefined {
    if (!this.possible || this.here || this.#open || this.#asked >= MOST) return undefined;
    this.#asked += 1;
    const bytes = this.#many ? MANY_BYTES : 0;
    this.#open = { bytes, at: now };
    return bytes;
  }

  /** The probe came back; whether the next one is to follow at once. */
  answered(now: number): boolean {
    const probe = this.#open;
    if (!probe) return false;
    this.#open = undefined;
    this.answers += 1;
    const took = now - probe.at;
    if (probe.bytes > 0) this.#manyAnswers += 1;
    else this.rtt = Math.min(this.rtt, took);
    const quick = took < HERE_MS;
    this.here = quick && this.#many;
    this.#many = quick && !this.here;
    return this.undecided || this.#many;
  }
}
