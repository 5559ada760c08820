import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeControl, FrameType, HEADER_BYTES, type Need } from '../../../src/protocol/index.js';
import type { WantedBrick } from '../../../src/session/types.js';
import { announcement, brickFrame, rangesFrame } from './frames.js';
import { socketCandidate, WatchedSession } from './node_session.js';
import { ScriptedServer } from './scripted_server.js';

const key = { level: 0, z: 0, y: 0, x: 1 };
const wanted = (x = 1, priority = 1): WantedBrick => ({ level: 0, z: 0, y: 0, x, priority });
let server: ScriptedServer;
let url: string;
const sessions: WatchedSession[] = [];
const session = (...args: ConstructorParameters<typeof WatchedSession>) => {
  const made = new WatchedSession(...args);
  sessions.push(made);
  return made;
};

beforeEach(async () => {
  server = new ScriptedServer();
  url = await server.start();
});
afterEach(async () => {
  for (const s of sessions.splice(0)) s.close();
  await server.kill();
});
const counts = (s: WatchedSession) => s.counters;
const damaged = () => {
  const frame = brickFrame(key);
  frame[HEADER_BYTES + 5000] = 99;
  return frame;
};

describe('damage', () => {
  test('a damaged brick is counted, reported, asked for again, and never delivered', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted()]);
    await server.until(() => server.needed().length === 1, 'the need');
    server.send(damaged());
    await server.until(() => server.needed().length === 2, 'the second need');
    expect(server.of(FrameType.ERROR)).toEqual([expect.objectContaining({ code: 4400, volume: 1, key: [0, 0, 0, 1], fatal: false })]);
    expect([s.bricks.length, counts(s).framesRefused, counts(s).bricksPending]).toEqual([0, 1, 1]);
    server.send(brickFrame(key, { value: 9 }));
    await s.until(() => s.bricks.length === 1, 'the good brick');
    expect([s.bricks[0]?.voxels[0], counts(s).bricksPending, s.errors.length]).toEqual([9, 0, 0]);
  });

  test('after three more tries it is an error for the user, and the session goes on', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted(), wanted(0)]);
    for (let i = 0; i < 4; i += 1) {
      await server.until(() => server.needed().length >= 2 + i, `need ${i}`);
      server.send(damaged());
    }
    await s.until(() => s.errors.length > 0, 'the error');
    expect(s.errors[0]).toMatchObject({ code: 4400, volume: 1, fatal: false });
    expect([counts(s).framesRefused, server.needed().length, s.state]).toEqual([4, 5, 'open']);
    server.send(brickFrame({ ...key, x: 0 }));
    await s.until(() => s.bricks.length === 1, 'the other brick');
  });

  test('what is not a frame ends the connection, and a new one asks again for what is wanted', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted()]);
    await server.until(() => server.needed().length === 1, 'the need');
    for (const [i, nonsense] of (['words', new Uint8Array(100), encodeControl(FrameType.STATUS, { volume: 'one' })] as const).entries()) {
      server.send(nonsense);
      await server.until(() => server.needed().length === 2 + i, 'the need on the next connection');
    }
    expect([counts(s).framesRefused, s.bricks.length]).toEqual([3, 0]);
  });
});

describe('breaks', () => {
  test('a broken connection resumes with its ticket; what is in memory is not asked for again', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted(0), wanted(1)]);
    await server.until(() => server.needed().length === 2, 'the needs');
    server.send(brickFrame({ ...key, x: 0 }));
    await s.until(() => s.bricks.length === 1, 'a brick');
    s.consumed(s.bricks[0] as never);
    const { port } = server;
    await server.kill();
    await s.until(() => s.state === 'reconnecting', 'the break to be seen');
    const next = new ScriptedServer();
    await next.start(port);
    try {
      await next.until(() => next.needed().length > 0, 'the needs again');
      expect(next.tickets[0]).toBe('resume-1');
      expect(next.needed()).toEqual(['0/0/0/1']);
      expect([s.states, s.peek(1, { ...key, x: 0 }) !== undefined]).toEqual([['open', 'reconnecting', 'open'], true]);
    } finally {
      s.close();
      await next.kill();
    }
  });

  test('a refused resume ticket is followed by a new one', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    server.admits = (ticket) => !ticket.startsWith('resume');
    server.sockets[0]?.terminate();
    await s.until(() => server.sockets.length === 2 && s.state === 'open', 'the second connection');
    expect(server.tickets).toEqual(['direct-1', 'resume-1', 'direct-2']);
  });

  test('another instance at the same address: its volumes replace the old, bricks and all', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted()]);
    server.send(brickFrame(key));
    await s.until(() => s.bricks.length === 1, 'a brick');
    server.welcome = { ...server.welcome, instance: 'i2', volumes: [announcement(1, 'other')] };
    server.sockets[0]?.terminate();
    await s.until(() => s.instance === 'i2', 'the new instance');
    expect([s.peek(1, key), s.volumes.get(1)?.description.fingerprint]).toEqual([undefined, 'other']);
  });

  test('previews held over a break count as changed', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted()]);
    server.send(brickFrame(key, { preview: true, generation: 0 }));
    await s.until(() => s.bricks.length === 1, 'the preview');
    const asked = server.needed().length;
    server.sockets[0]?.terminate();
    await s.until(() => s.changes === 1, 'the change');
    await server.until(() => server.needed().length === asked + 1, 'the need');
    expect(s.peek(1, key)?.preview).toBe(true);
  });

  test('a server that answers no ping is left', async () => {
    server.pongs = false;
    server.welcome.heartbeat_ms = 50;
    const s = session([socketCandidate(url)]);
    await s.opened();
    await s.until(() => server.sockets.length >= 2, 'another connection');
  });

  test('a server whose version differs is not asked again', async () => {
    server.greets = false;
    const s = session([socketCandidate(url)]);
    await server.until(() => server.of(FrameType.HELLO).length === 1, 'HELLO');
    server.control(FrameType.ERROR, { code: 4409, message: 'protocol version 1; this side speaks 2', fatal: true });
    await s.until(() => s.state === 'closed', 'the end');
    expect(s.errors).toEqual([expect.objectContaining({ code: 4409, fatal: true })]);
  });
});

describe('bricks', () => {
  test('a brick no longer wanted is kept but not announced, and its credit goes back at once', async () => {
    const s = session([socketCandidate(url)], { creditBytes: 2 ** 20 });
    await s.opened();
    s.want(1, [wanted()]);
    s.want(1, []);
    const frame = brickFrame(key);
    server.send(frame);
    await server.until(() => server.of(FrameType.CREDIT).length === 1, 'the credit');
    expect(server.of(FrameType.CREDIT)).toEqual([{ bytes: frame.byteLength }]);
    expect(server.of(FrameType.CANCEL)).toEqual([{ volume: 1, keys: [[0, 0, 0, 1]] }]);
    expect(s.counters.cancelled).toBe(1);
    expect([s.bricks.length, s.peek(1, key)?.volume]).toEqual([0, 1]);
    s.want(1, [wanted()]);
    await s.until(() => s.bricks.length === 1, 'the brick from memory');
    expect([counts(s).cacheHits, server.needed().length]).toEqual([1, 1]);
    s.consumed(s.bricks[0] as never);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.of(FrameType.CREDIT)).toHaveLength(1); // memory costs no credit
  });

  test('credit comes back as a brick comes into memory; once half of that waits, when the viewer is done, and not before', async () => {
    const { byteLength: bytes } = brickFrame(key);
    const keys = [0, 1, 2].map((x) => ({ ...key, x }));
    const s = session([socketCandidate(url)], { maxBrowserBytes: 4 * bytes });
    await s.opened();
    s.want(1, keys.map((one) => ({ ...wanted(), ...one })));
    const given = () => server.of(FrameType.CREDIT).reduce((sum, message) => sum + (message as { bytes: number }).bytes, 0);
    for (const one of keys) server.send(brickFrame(one));
    await s.until(() => s.bricks.length === 3, 'the bricks');
    await server.until(() => given() >= 2 * bytes, 'the credit of two');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(given()).toBe(2 * bytes);
    s.consumed(s.bricks[0] as never);
    await server.until(() => given() > 2 * bytes, 'the credit of the third');
    s.consumed(s.bricks[1] as never);
    s.consumed(s.bricks[2] as never);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(given()).toBe(3 * bytes);
  });

  test('a change makes what is held out of date, keeps it in sight, and asks for what is wanted', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted()]);
    server.send(brickFrame(key, { preview: true, generation: 0, value: 1 }));
    await s.until(() => s.bricks.length === 1, 'the preview');
    s.consumed(s.bricks[0] as never);
    s.want(1, []);
    server.control(FrameType.CHANGED, { volume: 1, generation: 1, boxes: [[0, 0, 0, 0, 1, 1, 2]] });
    await s.until(() => s.changes === 1, 'the change');
    expect(s.peek(1, key)?.voxels[0]).toBe(1);
    const asked = server.needed().length;
    s.want(1, [wanted()]);
    await server.until(() => server.needed().length === asked + 1, 'the need');
    server.send(brickFrame(key, { generation: 1, value: 2 }));
    await s.until(() => s.bricks.length === 2, 'the true brick');
    expect([s.bricks[1]?.voxels[0], s.peek(1, key)?.generation]).toEqual([2, 1]);
  });

  test('a brick the server cannot get is an error, and what is left of it here is shown', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, [wanted()]);
    server.send(brickFrame(key, { preview: true, generation: 0 }));
    await s.until(() => s.bricks.length === 1, 'the preview');
    server.control(FrameType.CHANGED, { volume: 1, generation: 1, boxes: [[0, 0, 0, 0, 1, 1, 2]] });
    await server.until(() => server.needed().length === 2, 'the need');
    server.control(FrameType.ERROR, { code: 4503, message: 'the producer is gone', volume: 1, key: [0, 0, 0, 1], fatal: false });
    await s.until(() => s.bricks.length === 2, 'the old brick');
    expect([s.errors[0]?.code, s.bricks[1]?.preview, counts(s).bricksPending]).toEqual([4503, true, 0]);
  });

  test('when its producer is back, what could not be got is asked for again', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    server.control(FrameType.STATUS, { ...announcement().status, producer: 'gone' });
    s.want(1, [wanted()]);
    await server.until(() => server.needed().length === 1, 'the need');
    server.control(FrameType.ERROR, { code: 4503, message: 'gone', volume: 1, key: [0, 0, 0, 1], fatal: false });
    await s.until(() => s.errors.length === 1, 'the error');
    server.control(FrameType.STATUS, announcement().status);
    await server.until(() => server.needed().length === 2, 'the need again');
  });

  test('many wants go out in messages of 4096 keys, most urgent first', async () => {
    server.welcome.volumes = [announcement(1, 'f1', [64, 64, 640_000])];
    const s = session([socketCandidate(url)]);
    await s.opened();
    s.want(1, Array.from({ length: 9000 }, (_, x) => wanted(x, 9000 - x)));
    await server.until(() => server.needed().length === 9000, 'the needs');
    const sizes = (server.of(FrameType.NEED) as Need[]).map((n) => n.keys.length);
    expect([sizes, server.needed()[0], counts(s).bricksPending]).toEqual([[4096, 4096, 808], '0/0/0/8999', 9000]);
  });
});

describe('volumes', () => {
  test('come, change their status and go, with their bricks and ranges', async () => {
    const s = session([socketCandidate(url)]);
    await s.opened();
    server.control(FrameType.VOLUME, announcement(2));
    await s.until(() => s.volumes.has(2), 'the volume');
    server.send(rangesFrame(2, [[0, 0, 0, 1, 3, 8]]));
    await s.until(() => s.ranges(2).version === 1, 'the ranges');
    expect(s.ranges(2).get(key)).toEqual({ min: 3, max: 8 });
    const before = s.volumes.get(2);
    server.control(FrameType.STATUS, { ...announcement(2).status, producer: 'gone' });
    await s.until(() => s.volumes.get(2)?.status.producer === 'gone', 'the status');
    expect(before?.status.producer).toBe('alive');
    server.control(FrameType.VOLUME_GONE, { volume: 2 });
    await s.until(() => !s.volumes.has(2), 'it to go');
    expect(() => s.ranges(2)).toThrow('no volume 2');
  });
});
