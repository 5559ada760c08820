/** The page of the stream figures: the same bytes by our session and by a bare WebSocket, both into a worker and on to the page. */

import { Session } from '../../src/session/session.js';
import { bricksOf } from './level_bricks.js';

interface Outcome {
  bytes: number;
  ms: number;
  messages: number;
  /** Whether they came by a streamed fetch in the end. */
  streamed: boolean;
  /** Frames that failed their checks. */
  refused: number;
  connections: number;
}

/**
 * Asks for every brick of the finest levels at once; gives bytes and milliseconds from asking to the last one.
 *
 * @param pauseMs holds each brick for so long before its credit is given back: a viewer that is slow
 */
async function bricks(url: string, ticket: string, pauseMs = 0): Promise<Outcome> {
  const session = new Session({ client: 'bench', candidates: [{ kind: 'direct', url, ticket: () => Promise.resolve(ticket) }], maxBrowserBytes: 1 << 20 });
  try {
    const volume = await new Promise<number>((resolve, reject) => {
      session.on('volumes', () => {
        const [first] = session.volumes.keys();
        if (first !== undefined) resolve(first);
      });
      session.on('error', (error) => reject(new Error(error.message)));
    });
    const wanted = bricksOf(session.volumes.get(volume)!.description.shape);
    let left = wanted.length;
    let connections = 1;
    session.on('state', (state) => {
      if (state === 'open') connections += 1;
    });
    const before = session.counters.bytesReceived;
    const done = new Promise<void>((resolve) => {
      session.on('brick', (brick) => {
        if (pauseMs > 0) setTimeout(() => session.consumed(brick), pauseMs);
        else session.consumed(brick);
        left -= 1;
        Object.assign(globalThis, { received: wanted.length - left });
        if (left === 0) resolve();
      });
    });
    const began = performance.now();
    session.want(volume, wanted);
    await done;
    return { bytes: session.counters.bytesReceived - before, ms: performance.now() - began, messages: wanted.length, streamed: session.streamed, refused: session.counters.framesRefused, connections };
  } finally {
    await session.clearKept(); // each run is a first visit: what the browser keeps would come by another way
    session.close();
  }
}

const BARE = `onmessage = ({ data: { url, messages } }) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => socket.send(String(messages));
  socket.onmessage = ({ data }) => postMessage(data, [data]);
};`;

/** As many messages of the same size from a server that does nothing but send them. */
async function bare(url: string, messages: number): Promise<{ bytes: number; ms: number; messages: number }> {
  const source = URL.createObjectURL(new Blob([BARE], { type: 'text/javascript' }));
  const worker = new Worker(source);
  try {
    let bytes = 0;
    let left = messages;
    const began = performance.now();
    await new Promise<void>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        bytes += data.byteLength;
        left -= 1;
        if (left === 0) resolve();
      };
      worker.postMessage({ url, messages });
    });
    return { bytes, ms: performance.now() - began, messages };
  } finally {
    worker.terminate();
    URL.revokeObjectURL(source);
  }
}

Object.assign(globalThis, { bricks, bare });
