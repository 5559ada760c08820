/** The page of the transfer figures: bricks that no store has, from the need to a typed array, one at a time and many at once. */

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

/** Times of `singles` bricks, one after the other, and the rate of `groups` times 64 needed at once. */
async function measure(singles: number, groups: number): Promise<{ ms: number[]; rate: number }> {
  const ms: number[] = [];
  for (let i = 0; i < singles; i += 1) ms.push(await take(1));
  const began = performance.now();
  for (let i = 0; i < groups; i += 1) await take(64);
  return { ms, rate: (groups * 64 * 1000) / (performance.now() - began) };
}

Object.assign(globalThis, { open_volume: open, measure });
