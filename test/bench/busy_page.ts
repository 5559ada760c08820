/**
 * The page of the figures of a busy kernel: bricks that no store has, from the need to a typed array, one at a time and many at once. Beside them,
 * as many bytes from a server that has them ready, by a bare WebSocket in a worker and on to the page: what is left of both times is ours.
 */

import { Session } from '../../src/session/session.js';
import type { WantedBrick } from '../../src/session/types.js';
import { bricksOf } from './level_bricks.js';

let session: Session;
let volume = 0;
/** In an order in which no two neighbours follow, and each one once: none is in the store. */
let bricks: WantedBrick[] = [];

async function open(url: string, ticket: string): Promise<void> {
  session = new Session({ client: 'bench', candidates: [{ kind: 'direct', url, ticket: () => Promise.resolve(ticket) }], maxBrowserBytes: 1 << 20 });
  await new Promise<void>((resolve) => session.on('volumes', () => session.volumes.size > 0 && resolve()));
  volume = [...session.volumes.keys()][0] as number;
  const all = bricksOf(session.volumes.get(volume)!.description.shape);
  bricks = all.map((_, i) => all[(i * 197) % all.length] as WantedBrick);
  await session.clearKept();
}

/** Milliseconds until `count` bricks that are needed at once are all here. */
function take(count: number): Promise<number> {
  const wanted = bricks.splice(0, count);
  bricks.push(...wanted); // again when the store has long let go of them
  const began = performance.now();
  return new Promise((resolve) => {
    let left = count;
    const stop = session.on('brick', (brick) => {
      session.consumed(brick);
      left -= 1;
      if (left > 0) return;
      stop();
      resolve(performance.now() - began);
    });
    session.want(volume, wanted);
  });
}

/** Milliseconds until so many have come that are asked for at once. */
type Take = (count: number) => Promise<number>;

interface Figures {
  /** Of each that was asked for by itself. */
  ms: number[];
  /** A second, where 64 are asked for at once. */
  rate: number;
}

/** Bricks and bare messages in turn, by tens and by 64, so that whatever else the machine does meets both. */
async function measure(tens: number, groups: number): Promise<{ bricks: Figures; bare: Figures }> {
  const runs = [{ take: ours, ms: [] as number[], all: 0 }, { take: theirs, ms: [] as number[], all: 0 }];
  for (let ten = 0; ten < tens; ten += 1) {
    for (const { take: one, ms } of runs) for (let i = 0; i < 10; i += 1) ms.push(await one(1));
  }
  for (let i = 0; i < groups; i += 1) for (const run of runs) run.all += await run.take(64);
  const [bricks, messages] = runs.map(({ ms, all }) => ({ ms, rate: (groups * 64 * 1000) / all }));
  return { bricks: bricks as Figures, bare: messages as Figures };
}

const BARE = `let socket;
onmessage = ({ data: { url, ask } }) => {
  if (ask) {
    for (let i = 0; i < ask; i += 1) socket.send('one');
    return;
  }
  socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => postMessage(undefined);
  socket.onmessage = ({ data }) => postMessage(data, [data]);
};`;
let bare: Worker;

/** Connects to a server that answers each message by as many bytes as a brick's frame has. */
async function openBare(url: string): Promise<void> {
  bare = new Worker(URL.createObjectURL(new Blob([BARE], { type: 'text/javascript' })));
  await answers(1, { url });
}

/** Milliseconds until the bare worker has answered `message` by `count` messages. */
function answers(count: number, message: object): Promise<number> {
  const began = performance.now();
  return new Promise((resolve) => {
    let left = count;
    bare.onmessage = () => {
      left -= 1;
      if (left === 0) resolve(performance.now() - began);
    };
    bare.postMessage(message);
  });
}

const ours: Take = take;
const theirs: Take = (count) => answers(count, { ask: count });

Object.assign(globalThis, { open_volume: open, open_bare: openBare, measure });
