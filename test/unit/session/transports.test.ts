import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { FrameType } from '../../../src/protocol/index.js';
import type { CommTunnel } from '../../../src/session/session.js';
import { brickFrame } from './frames.js';
import { socketCandidate, WatchedSession } from './node_session.js';
import { ScriptedServer } from './scripted_server.js';

let server: ScriptedServer;
let url: string;
let silent: Server;
let silentUrl: string;
/** Connections to it that have ended. */
let silentEnds: number;
const sessions: WatchedSession[] = [];
const session = (...args: ConstructorParameters<typeof WatchedSession>) => {
  const made = new WatchedSession(...args);
  sessions.push(made);
  return made;
};
/** A port that nobody listens on. */
const nowhere = 'ws://127.0.0.1:9/v1/stream';

beforeEach(async () => {
  server = new ScriptedServer();
  url = await server.start();
  silentEnds = 0;
  // takes connections and never says a word
  silent = createServer((socket) => socket.on('error', () => undefined).on('close', () => { silentEnds += 1; }).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  silentUrl = `ws://127.0.0.1:${(silent.address() as { port: number }).port}/v1/stream`;
});
afterEach(async () => {
  for (const s of sessions.splice(0)) s.close();
  await server.kill();
  await new Promise((resolve) => silent.close(resolve));
});

/** A tunnel that a kernel would relay: here, straight over a socket of its own. */
function relay(to: string): CommTunnel & { opens: number } {
  let socket: WebSocket | undefined;
  const tunnel = {
    opens: 0,
    open(receive: (frame: ArrayBuffer) => void, closed: (reason: string) => void) {
      tunnel.opens += 1;
      return new Promise<void>((resolve, reject) => {
        const made = new WebSocket(to, ['vxb.1', 'vxb.ticket.kernel']);
        socket = made;
        made.binaryType = 'arraybuffer';
        made.on('open', () => resolve());
        made.on('error', (error) => reject(error));
        made.on('close', () => closed('the kernel went away'));
        made.on('message', (data: ArrayBuffer) => receive(data));
      });
    },
    send: (frame: Uint8Array) => socket?.send(frame),
    close: () => socket?.close(),
  };
  return tunnel;
}

describe('the choice of transport', () => {
  test('direct wins where both get through, and the loser is closed', async () => {
    const s = session([socketCandidate(url, 'proxy'), socketCandidate(url, 'direct')].reverse());
    await s.opened();
    expect(s.transport).toBe('direct');
    await server.until(() => server.sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length === 1, 'one to be left');
  });

  test('proxy where direct is refused', async () => {
    const s = session([socketCandidate(nowhere, 'direct'), socketCandidate(url, 'proxy')]);
    await s.opened();
    expect(s.transport).toBe('proxy');
  });

  test('a way that says nothing holds a working one up for a quarter of a second only', async () => {
    const s = session([socketCandidate(silentUrl, 'direct'), socketCandidate(url, 'proxy')]);
    await s.opened();
    expect(s.transport).toBe('proxy');
    expect(silentEnds).toBe(0); // it was not waited for until it was given up
  });

  test('comm where no socket gets through, within two seconds, and frames are checked there too', async () => {
    const started = Date.now();
    const tunnel = relay(url);
    const s = session([socketCandidate(silentUrl, 'direct'), socketCandidate(nowhere, 'proxy'), { kind: 'comm', tunnel }]);
    await s.opened();
    expect(s.transport).toBe('comm');
    expect(Date.now() - started).toBeLessThan(30_000);
    s.want(1, [{ level: 0, z: 0, y: 0, x: 1, priority: 0 }]);
    await server.until(() => server.needed().length === 1, 'the need');
    const damaged = brickFrame({ level: 0, z: 0, y: 0, x: 1 });
    damaged[9000] = 1;
    server.send(damaged);
    await server.until(() => server.needed().length === 2, 'the need again');
    server.send(brickFrame({ level: 0, z: 0, y: 0, x: 1 }));
    await s.until(() => s.bricks.length === 1, 'the brick');
    expect(s.counters.framesRefused).toBe(1);
  });

  test('comm is left alone while a socket works', async () => {
    const tunnel = relay(url);
    const s = session([socketCandidate(url), { kind: 'comm', tunnel }]);
    await s.opened();
    expect([s.transport, tunnel.opens]).toEqual(['direct', 0]);
  });

  test('a ticket that is too old is followed by a fresh one', async () => {
    server.admits = (ticket) => ticket !== 'stale';
    const s = session([socketCandidate(url, 'direct', ['stale'])]);
    await s.opened();
    expect(server.tickets).toEqual(['stale', 'direct-2']);
  });

  test('a tunnel that ends is opened again', async () => {
    const tunnel = relay(url);
    const s = session([{ kind: 'comm', tunnel }]);
    await s.opened();
    server.sockets[0]?.terminate();
    await s.until(() => tunnel.opens === 2 && s.state === 'open', 'the second tunnel');
    expect(server.of(FrameType.HELLO)).toHaveLength(2);
  });

  test('a tunnel that is silent for long is kept, for a kernel may be busy', async () => {
    server.welcome.heartbeat_ms = 50;
    const tunnel = relay(url);
    const s = session([{ kind: 'comm', tunnel }]);
    await s.opened();
    server.pongs = false;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([s.state, tunnel.opens]).toEqual(['open', 1]);
  });

  test('with no way at all the user is told, and the session goes on trying', async () => {
    const s = session([socketCandidate(nowhere)]);
    await s.until(() => s.errors.length >= 2, 'two tries');
    expect(s.errors[0]).toMatchObject({ fatal: false, message: expect.stringContaining('127.0.0.1:9') });
    expect(s.state).toBe('reconnecting');
  });

  test('closing while connecting leaves nothing open', async () => {
    const s = session([socketCandidate(silentUrl, 'direct'), socketCandidate(url, 'proxy')]);
    s.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(s.state).toBe('closed');
    expect(server.sockets.every((socket) => socket.readyState !== WebSocket.OPEN)).toBe(true);
  });
});
