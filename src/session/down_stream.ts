/**
 * The down half of a connection as a streamed `fetch`. Browsers open six connections to a host, for all of an origin's pages together, and
 * a stream keeps one: two streams at a time are taken, and everyone else stays with the WebSocket.
 */

import { readFrames } from './frame_stream.js';

const STREAMS = 2;

/** Runs `work` while one of an origin's places for streams to `host` is held; false where there is none. */
async function inPlace(host: string, work: () => Promise<void>): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return false; // a page that is not trusted with locks cannot know of the others
  for (let place = 0; place < STREAMS; place += 1) {
    const held = await locks.request(`voxbeam down ${host} ${place}`, { ifAvailable: true }, async (lock) => {
      if (lock) await work();
      return lock !== null;
    });
    if (held) return true;
  }
  return false;
}

/** Where the stream stands: asked for; to be read, since the socket has said its last; over. */
export class DownStream {
  readonly #abort = new AbortController();
  begun = false;
  #begin: () => void = () => undefined;
  readonly #begun = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });
  /** Fulfilled with the reason when it is over; undefined where it was never there. */
  readonly over: Promise<string | undefined>;

  constructor(url: string, ticket: string, take: (frame: ArrayBuffer) => void) {
    this.over = this.#run(url, ticket, take).then(
      (ran) => (ran ? 'the stream of frames ended' : undefined),
      (error: Error) => error.message,
    );
  }

  /** The socket brought its last frame: what follows comes here. */
  begin(): void {
    this.begun = true;
    this.#begin();
  }

  close(): void {
    this.#abort.abort();
    this.#begin();
  }

  #run(url: string, ticket: string, take: (frame: ArrayBuffer) => void): Promise<boolean> {
    const { signal } = this.#abort;
    return inPlace(new URL(url).host, async () => {
      // Text: a request that asks no permission in advance.
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ ticket }), signal, credentials: 'omit', cache: 'no-store' });
      if (!response.ok || !response.body) throw new Error(`the stream of frames was refused: ${response.status}`);
      await this.#begun;
      await readFrames(response.body, take);
    });
  }
}
