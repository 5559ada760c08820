import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FrameType } from '../../../src/protocol/index.js';
import { EarlyWorker, leaveWorker, takeWorker } from '../../../src/session/early_worker.js';
import { helloOf } from '../../../src/session/hello.js';
import type { LinkCommand, StartLink } from '../../../src/session/link.js';
import { SocketHub } from '../../../src/session/socket_hub.js';
import { WorkerLink, type WorkerLike } from '../../../src/session/worker_link.js';
import { protocolsOf } from '../../../src/session/wires.js';
import { brickFrame } from './frames.js';
import { openNodeSocket, socketCandidate, WatchedSession } from './node_session.js';
import { ScriptedServer } from './scripted_server.js';

let server: ScriptedServer;
let url: string;
let session: WatchedSession | undefined;

/** A worker whose work is done here, a turn later. */
function startHere(): WorkerLike {
  const hub = new SocketHub((data) => setImmediate(() => like.onmessage?.({ data })), openNodeSocket);
  const like: WorkerLike = {
    onmessage: null, onerror: null,
    postMessage: (message) => setImmediate(() => {
      if ((message as { t: string }).t === 'beat') like.onmessage?.({ data: { t: 'beat' } });
      else hub.do(message as LinkCommand);
    }),
    terminate: () => hub.dispose(),
  };
  return like;
}
const through = (worker: WorkerLike): StartLink => (report) => new WorkerLink(report, () => worker, (r) => new SocketHub(r, openNodeSocket));

beforeEach(async () => {
  server = new ScriptedServer();
  url = await server.start();
});
afterEach(async () => {
  session?.close();
  await server.kill();
});

/** A worker that has connected with `ticket` and heard the WELCOME. */
async function connected(ticket: string): Promise<EarlyWorker> {
  const worker = new EarlyWorker(startHere(), { url, protocols: protocolsOf(ticket), hello: helloOf('test', undefined, 'raw') });
  await server.until(() => server.of(FrameType.HELLO).length === 1, 'HELLO');
  while (!worker.heard) await new Promise((resolve) => setImmediate(resolve));
  return worker;
}

describe('a worker that has connected before there is a session', () => {
  test('is connected at once: no second socket, no second HELLO', async () => {
    const worker = await connected('direct-1');
    session = new WatchedSession([socketCandidate(url)], { startLink: through(worker) });
    const tasks = new Promise((resolve) => setImmediate(resolve));
    await tasks; // no task of the worker has come in between
    expect(session.state).toBe('open');
    session.want(1, [{ level: 0, z: 0, y: 0, x: 1, priority: 0 }]);
    await server.until(() => server.needed().length === 1, 'the need');
    server.send(brickFrame({ level: 0, z: 0, y: 0, x: 1 }));
    await session.until(() => session?.bricks.length === 1, 'the brick');
    expect([server.tickets, server.of(FrameType.HELLO).length]).toEqual([['direct-1'], 1]);
  });

  test('connects anew where the session wants something else', async () => {
    const worker = await connected('stale');
    const [early] = server.sockets;
    session = new WatchedSession([socketCandidate(url)], { startLink: through(worker) });
    await session.opened();
    await server.until(() => early?.readyState === 3, 'the end of the early socket');
    expect(server.tickets).toEqual(['stale', 'direct-1']);
  });

  test('is ended, with its connection, where no session wants it', async () => {
    const worker = await connected('direct-1');
    leaveWorker('hash', worker, 20);
    await server.until(() => server.sockets[0]?.readyState === 3, 'the end of the early socket');
    expect(takeWorker('hash')).toBeUndefined();
  });

  test('comes back after a break as any other', async () => {
    const worker = await connected('direct-1');
    session = new WatchedSession([socketCandidate(url)], { startLink: through(worker) });
    await session.opened();
    server.sockets[0]?.terminate();
    await session.until(() => server.tickets.length === 2 && session?.state === 'open', 'the second connection');
    expect(server.tickets).toEqual(['direct-1', 'resume-1']);
  });
});
