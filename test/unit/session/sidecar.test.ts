import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FrameType, MAX_FRAME_BYTES } from '../../../src/protocol/index.js';
import type { WantedBrick } from '../../../src/session/types.js';
import { Client } from '../../conformance/client.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { Shaper } from '../../shaper.js';
import { announcement, brickFrame, rangesFrame } from './frames.js';
import { WatchedSession } from './node_session.js';

const FRAME_BYTES = brickFrame({ level: 0, z: 0, y: 0, x: 0 }).byteLength;
let sidecar: SidecarProcess;
let producer: Client;
let volume: number;
/** Keys the producer was asked for, and what it answers with. */
let needs: number[][];
let content: { generation: number; value: number };
const cables: Shaper[] = [];
const sessions: WatchedSession[] = [];

beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar.stop());

/** A producer of a 256³ volume that answers each need with `content`. */
beforeEach(async () => {
  needs = [];
  content = { generation: 1, value: 1 };
  producer = await Client.greet(sidecar, 'producer', 'owner');
  producer.control(FrameType.VOLUME, announcement(0, 'f1', [256, 256, 256]).description);
  volume = (await producer.next(FrameType.VOLUME)).json.volume;
  let seen = 0;
  producer.socket.on('message', () => {
    for (; seen < producer.frames.length; seen += 1) {
      const frame = producer.frames[seen];
      if (frame?.header.type !== FrameType.NEED) continue;
      for (const [level = 0, z = 0, y = 0, x = 0] of frame.json.keys) {
        needs.push([level, z, y, x]);
        producer.send(brickFrame({ level, z, y, x }, { volume, ...content }));
      }
    }
  });
});
afterEach(async () => {
  for (const s of sessions.splice(0)) s.close();
  for (const cable of cables.splice(0)) await cable.close();
  producer.control(FrameType.VOLUME_GONE, { volume });
  await producer.roundTrip();
  await producer.close();
});

async function connected(role = 'edit', options: ConstructorParameters<typeof WatchedSession>[1] = {}) {
  const cable = new Shaper(sidecar.port);
  cables.push(cable);
  const url = `ws://127.0.0.1:${await cable.start()}/v1/stream`;
  const s = new WatchedSession([{ kind: 'direct', url, ticket: () => sidecar.ticket(role) }], options);
  sessions.push(s);
  await s.opened();
  return { s, cable };
}
const row = (n: number, priority = (x: number) => x): WantedBrick[] =>
  Array.from({ length: n }, (_, x) => ({ level: 0, z: x >> 2, y: 0, x: x & 3, priority: priority(x) }));

describe('bricks from a sidecar', () => {
  test('come checked, once each, and the counters are exact', async () => {
    const { s, cable } = await connected();
    s.want(volume, row(8));
    await s.until(() => s.bricks.length === 8, '8 bricks');
    expect(s.counters).toMatchObject({ bricksReceived: 8, bricksPending: 0, framesRefused: 0, cacheBytes: 8 * FRAME_BYTES });
    expect(s.counters.bytesReceived).toBeGreaterThan(8 * FRAME_BYTES);
    expect(s.counters.bytesReceived).toBeLessThanOrEqual(cable.bytes);
    await s.until(() => s.counters.roundTripMs > 0, 'a round trip');
  });

  test('no more come than half of memory and the credit take, until the viewer is done with some', async () => {
    const { s } = await connected('edit', { creditBytes: 3 * FRAME_BYTES + 100, maxBrowserBytes: 4 * FRAME_BYTES });
    s.want(volume, row(12));
    await s.until(() => s.bricks.length === 5, 'two of four, and what the credit covers');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(s.bricks).toHaveLength(5);
    s.consumed(s.bricks[0] as never);
    await s.until(() => s.bricks.length === 6, 'one more');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(s.bricks).toHaveLength(6);
    s.on('brick', (brick) => s.consumed(brick));
    for (const brick of s.bricks.slice(1)) s.consumed(brick);
    await s.until(() => s.bricks.length === 12, 'the rest');
  });

  test('a bit that flips on the way is caught, and the brick comes anew', async () => {
    const { s, cable } = await connected();
    cable.damageChunkOf = 30_000;
    s.want(volume, row(1));
    await s.until(() => s.bricks.length === 1, 'the brick');
    expect([s.counters.framesRefused, cable.damageChunkOf]).toEqual([1, undefined]);
    expect((s.bricks[0] as { voxels: Uint16Array }).voxels.every((v) => v === 1)).toBe(true);
  });

  test('a change brings the new content of what is wanted', async () => {
    const { s } = await connected();
    s.want(volume, row(2));
    await s.until(() => s.bricks.length === 2, 'the first content');
    content = { generation: 2, value: 5 };
    producer.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 0, 0, 0, 1, 1, 1]] });
    await s.until(() => s.bricks.length === 3, 'the new content');
    expect([s.changes, s.bricks[2]?.x, s.bricks[2]?.generation, s.bricks[2]?.voxels[0]]).toEqual([1, 0, 2, 5]);
  });

  test('a change that is none costs a header for each brick; what is let go of meanwhile comes whole', async () => {
    const { s, cable } = await connected();
    s.want(volume, row(8));
    await s.until(() => s.bricks.length === 8, 'the first content');
    for (const brick of s.bricks) s.consumed(brick);
    const before = cable.bytes;
    content = { generation: 2, value: 1 };
    const changed = (generation: number) => producer.control(FrameType.CHANGED, { volume, generation, boxes: [[0, 0, 0, 0, 2, 1, 4]] });
    changed(2);
    await s.until(() => s.bricks.length === 16, 'the same content again');
    expect(s.bricks.slice(8).map(({ generation, voxels }) => [generation, voxels.length, voxels[0]])).toEqual(Array(8).fill([2, 66 ** 3, 1]));
    expect(s.counters).toMatchObject({ bricksReceived: 16, bricksSame: 8 });
    expect(cable.bytes - before).toBeLessThan(16_384); // messages and headers, of 4.6 MB
    // Of what really changes, and of what is not held any more, all of it comes.
    content = { generation: 3, value: 4 };
    changed(3);
    await s.until(() => s.bricks.length === 24, 'other content');
    expect(s.bricks.slice(16).every(({ generation, voxels }) => generation === 3 && voxels[9] === 4)).toBe(true);
    expect(s.counters.bricksSame).toBe(8);
    content = { generation: 4, value: 4 };
    s.on('changed', () => Object.assign(s, { maxBrowserBytes: 3 * FRAME_BYTES })); // after the need was sent
    changed(4);
    await s.until(() => s.bricks.length === 32, 'the same content, of which five were let go');
    expect(s.bricks.slice(24).every(({ generation, voxels }) => generation === 4 && voxels[9] === 4)).toBe(true);
    expect(s.counters.bricksSame - 8).toBeLessThan(8);
    expect(s.counters.framesRefused).toBe(0);
  });

  test('a cable that is cut in the middle costs a reconnection and only the bricks not yet here', async () => {
    const { s, cable } = await connected('edit', { creditBytes: FRAME_BYTES, maxBrowserBytes: 6 * FRAME_BYTES });
    s.want(volume, row(6));
    await s.until(() => s.bricks.length === 4, 'four of the bricks');
    cable.cut();
    for (const brick of s.bricks) s.consumed(brick);
    await s.until(() => s.bricks.length === 6, 'the others');
    expect(new Set(s.bricks.map((b) => 4 * b.z + b.x)).size).toBe(6);
    expect(s.states).toEqual(['open', 'reconnecting', 'open']);
  });

  test('ranges of bricks and the state of the volume arrive', async () => {
    const { s } = await connected();
    producer.send(rangesFrame(volume, [[0, 0, 0, 0, 2, 9]]));
    await s.until(() => s.ranges(volume).overall !== undefined, 'ranges');
    expect(s.ranges(volume).get({ level: 0, z: 0, y: 0, x: 0 })).toEqual({ min: 2, max: 9 });
    expect(s.volumes.get(volume)).toMatchObject({ description: { name: 'volume 0' }, status: { producer: 'alive' } });
  });
});

describe('the scene', () => {
  const synced = async (role?: string) => {
    const { s, cable } = await connected(role);
    await s.until(() => s.doc.getMap('layers').size === 1, 'the scene');
    return { s, cable };
  };

  test('is one for all, and presence is seen and goes away', async () => {
    const [{ s: a }, { s: b }] = [await synced(), await synced()];
    a.doc.getMap('annotations').set('x', 1);
    await b.until(() => b.doc.getMap('annotations').get('x') === 1, 'the edit');
    expect(b.awareness.getStates().size).toBe(0); // who says nothing of himself is not here
    a.awareness.setLocalState({ name: 'Ada' });
    await b.until(() => [...b.awareness.getStates().values()].some((state) => state.name === 'Ada'), 'presence');
    a.close();
    await b.until(() => b.awareness.getStates().size === 0, 'the goodbye');
    b.doc.getMap('annotations').delete('x');
  });

  test('presence is said at once, then gathered, and said again before it expires', async () => {
    const [{ s: a }, { s: b }] = [await synced(), await synced('view')];
    const heard: unknown[] = [];
    const of = () => b.awareness.getStates().get(a.doc.clientID) as { n: number; role: string } | undefined;
    b.awareness.on('update', () => heard.push(of()?.n));
    for (let n = 0; n < 500; n += 1) a.awareness.setLocalState({ n, role: 'owner' });
    await b.until(() => of()?.n === 499, 'the last');
    expect(heard).toEqual([0, 499]);
    expect(of()?.role).toBe('edit'); // what the server knows, not what was said
    a.awareness.setLocalState(a.awareness.getLocalState()); // as y-protocols does every 15 s
    await b.until(() => heard.length === 3, 'the same again');
  });

  test('after a break each sees the others again, also those who did not move', async () => {
    const [{ s: a, cable }, { s: b }] = [await synced(), await synced()];
    a.awareness.setLocalState({ name: 'Ada' });
    b.awareness.setLocalState({ name: 'Ben' });
    const seen = (by: WatchedSession, of: WatchedSession) => by.awareness.getStates().has(of.doc.clientID);
    await b.until(() => seen(b, a) && seen(a, b), 'both');
    cable.cut();
    await a.until(() => !seen(a, b), 'out of sight');
    await b.until(() => !seen(b, a), 'out of sight on the other side');
    await a.until(() => seen(a, b) && seen(b, a), 'both again');
  });

  test('edits made while the connection was down are not lost, on either side', async () => {
    const [{ s: a, cable }, { s: b }] = [await synced(), await synced()];
    cable.cut();
    await a.until(() => a.state === 'reconnecting', 'the break');
    a.doc.getMap('annotations').set('mine', 1);
    b.doc.getMap('annotations').set('theirs', 2);
    await a.until(() => a.doc.getMap('annotations').get('theirs') === 2, 'their edit');
    await b.until(() => b.doc.getMap('annotations').get('mine') === 1, 'my edit');
    b.doc.getMap('annotations').clear();
  });

  test('who only looks changes nothing, and is told so', async () => {
    const [{ s: viewer }, { s: editor }] = [await synced('view'), await synced()];
    expect(viewer.role).toBe('view');
    viewer.doc.getMap('annotations').set('sneaky', 1);
    await viewer.until(() => viewer.errors.length > 0 && !viewer.doc.getMap('annotations').has('sneaky'), 'the refusal');
    expect(viewer.errors.map(({ code, fatal }) => [code, fatal])).toEqual([[4403, false]]);
    editor.doc.getMap('annotations').set('right', 1);
    await viewer.until(() => viewer.doc.getMap('annotations').get('right') === 1, 'the edit');
    expect(editor.doc.getMap('annotations').has('sneaky')).toBe(false);
    expect(viewer.errors).toHaveLength(1);
    editor.doc.getMap('annotations').delete('right');
  });

  test('an edit too large for a frame is an error, not a broken connection', async () => {
    const { s } = await synced();
    s.doc.getMap('annotations').set('huge', 'x'.repeat(MAX_FRAME_BYTES));
    await s.until(() => s.errors.length > 0, 'the error');
    expect([s.errors[0]?.code, s.state]).toEqual([4413, 'open']);
  });
});
