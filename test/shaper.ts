/**
 * A TCP link between a client and a server that is as bad as a test wants it: slow, late, stalled, deaf, reset or damaging. It works
 * inside the test's process, so it needs no rights and no tools.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';

/** Largest piece passed on at once, so that a slow link is slow evenly. */
const PIECE_BYTES = 16 * 1024;

export interface LinkOptions {
  /** One way, in milliseconds; a round trip takes two. */
  delayMs?: number;
  /** Towards the client, and as fast from it. */
  bytesPerSecond?: number;
}

/** One direction of one connection: what comes in leaves later, in order, no faster than the rate. */
class Lane {
  #free = 0;
  #idle = true;
  #queued: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    readonly from: Socket,
    readonly into: Socket,
    readonly link: Shaper,
    readonly down: boolean,
  ) {
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => {
      this.#ended = true;
      this.#later();
    });
  }

  /** Goes on after a stall. */
  wake(): void {
    this.#later();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queued = [];
  }

  #take(chunk: Buffer): void {
    if (this.link.deaf) return; // no error, no end: what a network looks like that went away
    const passed = this.link.seen(chunk, this.down);
    if (!this.link.shaped) {
      if (!this.into.write(passed)) {
        this.from.pause();
        this.into.once('drain', () => this.from.resume());
      }
      return;
    }
    for (let at = 0; at < passed.length; at += PIECE_BYTES) this.#queued.push(passed.subarray(at, at + PIECE_BYTES));
    // A link holds little: who sends more waits.
    if (this.#queued.length > 16) this.from.pause();
    this.#later();
  }

  #later(): void {
    if (this.#timer || this.link.stalled) return;
    const { delayMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.link.options;
    const piece = this.#queued[0];
    if (!piece) {
      this.#idle = true;
      if (this.#ended) setTimeout(() => this.into.end(), delayMs);
      return;
    }
    const now = performance.now();
    // A timer that a busy machine was late with must not make the link slower than it is to be.
    this.#free = (this.#idle ? Math.max(this.#free, now) : this.#free) + (piece.length / bytesPerSecond) * 1000;
    this.#idle = false;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.link.stalled) {
        this.#idle = true;
        return;
      }
      this.#queued.shift();
      setTimeout(() => this.into.writable && this.into.write(piece), delayMs);
      if (this.#queued.length <= 16) this.from.resume();
      this.#later();
    }, this.#free - now);
  }
}

export class Shaper {
  #server: Server | undefined;
  readonly #lanes = new Map<Socket, Lane>();
  /** Where set, one bit is flipped in a chunk from the server of at least this many bytes, once. */
  damageChunkOf: number | undefined;
  /** Where set, every connection is reset after so many more bytes from the server. */
  resetAfter: number | undefined;
  /** Passes nothing on and says nothing. */
  deaf = false;
  stalled = false;
  /** Bytes that came from the server. */
  bytes = 0;
  /** Connections made through it. */
  accepted = 0;

  constructor(
    private readonly to: number,
    readonly options: LinkOptions = {},
  ) {}

  get shaped(): boolean {
    return this.stalled || this.options.delayMs !== undefined || this.options.bytesPerSecond !== undefined;
  }

  async start(): Promise<number> {
    const server = createServer((near) => {
      this.accepted += 1;
      const far = connect(this.to, '127.0.0.1');
      near.setNoDelay();
      far.setNoDelay();
      for (const [from, into] of [[near, far], [far, near]] as const) {
        this.#lanes.set(from, new Lane(from, into, this, from === far));
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#lanes.get(from)?.stop();
          this.#lanes.delete(from);
          if (!this.deaf && !this.shaped) into.destroy();
        });
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  /** Breaks what is connected now. */
  cut(): void {
    for (const socket of this.#lanes.keys()) socket.destroy();
  }

  /** Resets what is connected now: the other side reads an error, not an end. */
  reset(): void {
    for (const socket of this.#lanes.keys()) socket.resetAndDestroy();
  }

  stall(): void {
    this.stalled = true;
  }

  flow(): void {
    this.stalled = false;
    for (const lane of this.#lanes.values()) lane.wake();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Counts a chunk, and does to it what is to be done. For its lanes. */
  seen(chunk: Buffer, down: boolean): Buffer {
    if (!down) return chunk;
    this.bytes += chunk.length;
    if (this.damageChunkOf !== undefined && chunk.length >= this.damageChunkOf) {
      this.damageChunkOf = undefined;
      const at = chunk.length - 100; // voxels, well behind any header
      chunk[at] = (chunk[at] as number) ^ 8;
    }
    if (this.resetAfter !== undefined) {
      this.resetAfter -= chunk.length;
      if (this.resetAfter <= 0) {
        this.resetAfter = undefined;
        setImmediate(() => this.reset());
      }
    }
    return chunk;
  }
}
