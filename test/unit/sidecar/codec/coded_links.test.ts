/** Sessions and a live sidecar over links of all kinds: how bricks and tiles travel, that they are true in the end, and how many bytes that takes. */

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { FrameType, STORED_VOXELS, type Way } from '../../../../src/protocol/index.js';
import type { SessionOptions } from '../../../../src/session/session.js';
import { SocketHub } from '../../../../src/session/socket_hub.js';
import type { Brick, Tile, WantedBrick } from '../../../../src/session/types.js';
import { axisPlane } from '../../../../src/volume/plane.js';
import { GoodProducer, voxelFrame } from '../../../conformance/good_producer.js';
import { SidecarProcess } from '../../../conformance/sidecar_process.js';
import { sqliteNode } from '../../../conformance/sqlite_node.js';
import { SEED, seeded } from '../../../seed.js';
import { type LinkOptions, Shaper } from '../../../shaper.js';
import { openNetworkThread } from '../../session/network_thread.js';
import { WatchedSession } from '../../session/node_session.js';

/** Bytes of a frame of a u16 brick, as these tests' producer makes it. */
const RAW = voxelFrame(1, 'u16', [0, 0, 0, 0], new Uint16Array(STORED_VOXELS)).byteLength;
const SHAPE = [250, 250, 250];

let sidecar: SidecarProcess;
let producer: GoodProducer;
let volume: number;
let generation = 1;
const links: Shaper[] = [];
const sessions: WatchedSession[] = [];
const known = new Map<string, Uint16Array>();

/** Like tissue: smooth, with the noise of four bits. */
function voxelsOf({ level, z, y, x }: { level: number; z: number; y: number; x: number }): Uint16Array {
  const name = [level, z, y, x, generation].join();
  let voxels = known.get(name);
  if (!voxels) {
    const chance = seeded(level + 7 * z + 31 * y + 101 * x + 1009 * generation);
    voxels = new Uint16Array(STORED_VOXELS);
    // A loop: `Uint16Array.from` with a function gathers all numbers in a list first, and takes three times as long.
    for (let i = 0; i < STORED_VOXELS; i += 1) voxels[i] = 9000 + 40 * (i % 66) + 25 * ((i / 66) % 66) + 3000 * Math.sin(i / 50_000 + x) + 16 * chance() + 100 * generation;
    known.set(name, voxels);
  }
  return voxels;
}

beforeAll(async () => {
  // The Node that pip brings has Zstandard, an older one of the system has not.
  sidecar = await SidecarProcess.start({ store_bytes: 128 * 2 ** 20 }, sqliteNode());
  producer = await GoodProducer.connect(sidecar);
  producer.voxels = ([level, z, y, x]) => voxelsOf({ level, z, y, x });
  volume = await producer.declare({ shape: SHAPE, stored: 'u16', dtype: 'uint16' });
  // All is in the store: a process that makes voxels and looks at them would measure itself.
  const { session } = await over(undefined, { codec: 'raw' });
  session.on('brick', (brick) => session.consumed(brick));
  session.want(volume, [...some(64), TOP]);
  await session.until(() => session.bricks.length === 65, 'all bricks');
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.close();
  for (const link of links.splice(0)) await link.close();
});
afterAll(() => sidecar?.stop());

async function over(link: LinkOptions | undefined, options: Partial<SessionOptions> = {}): Promise<{ link: Shaper; session: WatchedSession }> {
  const shaper = new Shaper(sidecar.port, link);
  links.push(shaper);
  const url = `ws://127.0.0.1:${await shaper.start()}/v1/stream`;
  const session = new WatchedSession([{ kind: 'direct', url, ticket: () => sidecar.ticket('view') }], { codec: '', ...options });
  sessions.push(session);
  await session.opened();
  return { link: shaper, session };
}

const TOP: WantedBrick = { level: 2, z: 0, y: 0, x: 0, priority: -1 };
const some = (count: number): WantedBrick[] => Array.from({ length: count }, (_, i) => ({ level: 0, z: i >> 4, y: (i >> 2) & 3, x: i & 3, priority: i }));
const same = (brick: Brick | undefined) => brick !== undefined && Buffer.compare(Buffer.from(brick.voxels.buffer, brick.voxels.byteOffset, brick.voxels.byteLength), Buffer.from(voxelsOf(brick).buffer)) === 0;
const counts = async () => (await sidecar.status()) as unknown as Record<'sent_coded' | 'sent_previews' | 'coded_from' | 'sent_bytes', number>;

test.each(['raw', 'lz4', 'zstd'] as const)('%s, where it is asked for: every voxel is true', async (codec: Way) => {
  const before = await counts();
  const { link, session } = await over(undefined, { codec });
  session.want(volume, some(8));
  await session.until(() => session.bricks.length === 8, 'bricks');
  expect(session.bricks.every(same)).toBe(true);
  expect(session.codec).toBe(codec);
  const after = await counts();
  expect(after.sent_coded - before.sent_coded).toBe(codec === 'raw' ? 0 : 8);
  expect(after.sent_previews - before.sent_previews).toBe(0);
  const sent = after.sent_bytes - before.sent_bytes;
  expect(sent).toBeGreaterThan(codec === 'raw' ? 8 * RAW - 1 : RAW);
  expect(sent).toBeLessThan(codec === 'raw' ? 8 * RAW + 1 : 0.8 * 8 * RAW);
  expect(link.bytes).toBeLessThan(sent + 20_000);
  // What the store holds is as before: a bare client gets it whole, and asks for no codec.
  expect(session.peek(volume, some(1)[0] as WantedBrick)).toBe(session.bricks[0]);
});

/** A session like a browser's: it says where its page is from, nobody tells what it is to take, and its network answers whatever the page is at. */
async function browser(port: number): Promise<WatchedSession> {
  const origin = `http://127.0.0.1:${sidecar.port}`;
  // Through a tunnel a page asks for the port at its own end; tunnels are mostly made with the same one.
  const open = (url: string, protocols: string[]) => openNetworkThread(url, protocols, { origin, headers: { Host: `127.0.0.1:${sidecar.port}` } });
  const url = `ws://127.0.0.1:${port}/v1/stream`;
  const session = new WatchedSession([{ kind: 'direct', url, ticket: () => sidecar.ticket('view', 'loopback') }], { codec: '', startLink: (report) => new SocketHub(report, open) });
  sessions.push(session);
  session.on('brick', (brick) => session.consumed(brick));
  await session.opened();
  return session;
}

test('a page on this machine gets bricks as they are, also where it is always late', async () => {
  const before = await counts();
  const session = await browser(sidecar.port);
  session.on('brick', () => {
    for (const end = performance.now() + 40; performance.now() < end; );
  });
  const wanted = some(64);
  for (let i = 4; i <= wanted.length; i += 4) { // a few at a time: all would be in sockets before anything is known
    session.want(volume, wanted.slice(i - 4, i));
    await session.until(() => session.bricks.length >= i, 'bricks', 10_000);
  }
  expect(session.codec).toBe('raw');
  const after = await counts();
  expect([after.sent_coded - before.sent_coded, after.sent_previews - before.sent_previews]).toEqual([0, 0]);
});

test('a slow relay is a slow link, though it answers at once and ends on this machine', async () => {
  const before = await counts();
  const link = new Shaper(sidecar.port, { bytesPerSecond: 6_000_000 });
  links.push(link);
  const session = await browser(await link.start());
  await new Promise((resolve) => setTimeout(resolve, 300)); // a page is not ready with its first plan sooner
  session.want(volume, some(64));
  await session.until(() => session.bricks.length === 64, 'bricks');
  expect(session.bricks.every((brick) => brick.lossy || same(brick))).toBe(true);
  expect(session.codec).not.toBe('raw');
  expect((await counts()).sent_coded - before.sent_coded).toBeGreaterThan(5);
});

test('previews where they are asked for: never a value, out of date once the view rests, and true then', async () => {
  const before = await counts();
  const { session } = await over(undefined, { codec: 'preview' });
  const wanted = some(6);
  session.want(volume, wanted);
  await session.until(() => session.bricks.length === 6, 'previews');
  const rough = session.bricks.splice(0);
  expect(rough.every((brick) => brick.lossy && brick.generation === 0.5 && !same(brick))).toBe(true);
  expect(wanted.map((key) => session.peek(volume, key))).toEqual(wanted.map(() => undefined));
  expect([session.codec, session.inexact]).toEqual(['preview', 6]);
  expect(session.changes).toBe(0);
  for (const brick of rough) session.consumed(brick);
  await session.until(() => session.changes > 0, 'the rest');
  await session.until(() => session.bricks.length === 6, 'true bricks');
  expect(session.bricks.every((brick) => same(brick) && !brick.lossy && brick.generation === 1)).toBe(true);
  expect(wanted.every((key) => same(session.peek(volume, key)))).toBe(true);
  expect([session.inexact, session.changes]).toEqual([0, 1]);
  expect((await counts()).sent_previews - before.sent_previews).toBe(6);
  // What is held is true now: wanted again, nothing is sent.
  for (const brick of session.bricks.splice(0)) session.consumed(brick);
  session.want(volume, []);
  session.want(volume, wanted);
  await session.until(() => session.bricks.length === 6, 'bricks of memory');
  expect(session.counters.cacheHits).toBe(6);
});

test('2 Mbit/s, 100 ms: a first picture of 16 bits takes fewer bytes than two seconds bring, then all of it becomes true', async () => {
  const { link, session } = await over({ delayMs: 50, bytesPerSecond: 250_000 });
  let first = 0;
  session.on('brick', (brick) => {
    if (first === 0) first = link.bytes;
    session.consumed(brick);
  });
  session.want(volume, [TOP, ...some(1)]);
  await session.until(() => session.bricks.length === 2, 'a picture');
  expect(session.bricks.map(({ level, lossy }) => [level, lossy])).toEqual([[2, true], [0, true]]);
  // Of two seconds at this rate three round trips are gone before the first byte.
  console.log(`first picture after ${first} bytes; a brick as it is has ${RAW}`);
  expect(first).toBeLessThan(1.6 * 250_000);
  expect(first).toBeLessThan(0.45 * RAW);
  await session.until(() => session.bricks.length === 4, 'true voxels');
  expect(session.bricks.slice(2).every((brick) => same(brick) && !brick.lossy)).toBe(true);
  expect(link.bytes).toBeLessThan(0.9 * 2 * RAW + first * 2); // compressed they are
});

test('at 100 Mbit/s bricks are compressed as soon as the link is known, and none is a preview', async () => {
  const { session, link } = await over({ delayMs: 2, bytesPerSecond: 12_500_000 });
  session.on('brick', (brick) => session.consumed(brick));
  // One after the other: sockets of one machine may take all bricks at once, before anything is known of the link.
  for (let count = 1; count <= 8; count += 1) {
    session.want(volume, some(count).slice(-1));
    await session.until(() => session.bricks.length === count, 'a brick');
  }
  const [before, known] = [await counts(), link.bytes];
  session.want(volume, some(64).slice(8));
  await session.until(() => session.bricks.length === 64, 'more bricks');
  expect(session.bricks.every(same)).toBe(true);
  expect(session.codec).not.toBe('raw');
  const after = await counts();
  expect(after.sent_previews - before.sent_previews).toBe(0);
  expect(after.sent_coded - before.sent_coded).toBeGreaterThan(45); // 56 where nothing else runs
  expect(link.bytes - known).toBeLessThan(0.9 * 56 * RAW);
});

test('tiles travel like bricks, as previews first too', async () => {
  for (const codec of ['zstd', 'preview'] as const) {
    const { session } = await over(undefined, { codec });
    const tiles: Tile[] = [];
    let outdated = 0;
    session.on('tile', (tile) => {
      tiles.push(tile);
      session.tiles.consumed(tile);
    });
    session.on('tilesChanged', () => {
      outdated += 1;
    });
    const plane = { number: 3, frame: axisPlane(0, 100), time: 0 };
    session.tiles.want(volume, [0, 1].map((column) => ({ level: 0, row: 0, column, plane, priority: column })));
    await session.until(() => tiles.length === 2, 'tiles');
    expect(tiles.map((tile) => [tile.lossy, tile.generation])).toEqual(codec === 'zstd' ? [[undefined, 1], [undefined, 1]] : [[true, 0.5], [true, 0.5]]);
    const texel = (tile: Tile | undefined) => tile?.voxels[130 * 11 + 21];
    const truth = voxelsOf({ level: 0, z: 1, y: 0, x: 0 })[(100 - 64 + 1) * 66 * 66 + 11 * 66 + 21] as number;
    if (codec === 'preview') {
      expect(session.tiles.peek(volume, 3, { level: 0, row: 0, column: 0 })).toBeUndefined();
      expect(Math.abs((texel(tiles[0]) as number) - truth)).toBeLessThan(40);
      expect(session.inexact).toBe(2);
      await session.until(() => tiles.length === 4, 'true tiles');
      expect(tiles.slice(2).map((tile) => [tile.lossy, tile.generation])).toEqual([[undefined, 1], [undefined, 1]]);
      expect([outdated, session.inexact]).toEqual([1, 0]);
    }
    expect(texel(tiles.at(-2))).toBe(truth);
  }
});

test('damaged on the way: a coded brick is refused like any other, and comes again', async () => {
  const { link, session } = await over(undefined, { codec: 'zstd' });
  link.damageChunkOf = 2000;
  session.want(volume, some(16));
  await session.until(() => session.bricks.length === 16, 'bricks');
  expect(session.counters.framesRefused).toBe(1);
  expect(session.bricks.every(same)).toBe(true);
});

test('a brick that changes while it is compressed is not sent as it was', async () => {
  const chance = seeded(SEED);
  const { session } = await over(undefined, { codec: 'zstd' });
  session.on('brick', (brick) => session.consumed(brick));
  const wanted = some(16);
  for (let round = 0; round < 4; round += 1) {
    session.want(volume, []);
    session.maxBrowserBytes = 0;
    session.maxBrowserBytes = 64 * 2 ** 20;
    session.want(volume, wanted);
    const until = session.bricks.length + Math.floor(chance() * 12);
    await session.until(() => session.bricks.length >= until, 'some bricks');
    generation += 1;
    producer.generation = generation;
    producer.client.control(FrameType.CHANGED, { volume, generation, boxes: [[0, 0, 0, 0, 4, 4, 4]] });
    await session.until(() => wanted.every((key) => session.peek(volume, key)?.generation === generation), 'the new ones');
    // Told after them: nothing that was sent later may be older.
    expect(wanted.every((key) => same(session.peek(volume, key)))).toBe(true);
  }
  expect(session.errors).toEqual([]);
});
