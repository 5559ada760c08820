import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { FrameType, HEADER_BYTES } from '../../../src/protocol/index.js';
import type { StartLink } from '../../../src/session/link.js';
import { SocketHub } from '../../../src/session/socket_hub.js';
import { WorkerLink, type WorkerLike } from '../../../src/session/worker_link.js';
import { zstdSource } from '../../zstd_plugin.js';
import { brickFrame } from './frames.js';
import { openNodeSocket, socketCandidate, WatchedSession } from './node_session.js';
import { ScriptedServer } from './scripted_server.js';

/** What a browser's worker has and Node's names otherwise. */
const BROWSER = `
const { parentPort } = require('node:worker_threads');
globalThis.self = globalThis;
globalThis.WebSocket = require(${JSON.stringify(createRequire(`${process.cwd()}/x.js`).resolve('ws'))}).WebSocket;
globalThis.postMessage = (message, transfer) => parentPort.postMessage(message, transfer);
parentPort.on('message', (data) => {
  while (data.hang);
  globalThis.onmessage({ data });
});
`;
const key = { level: 0, z: 0, y: 0, x: 1 };
let source: string;
let server: ScriptedServer;
let url: string;
let session: WatchedSession | undefined;
let workers = 0;

/** The worker of the browser, bundled as it is there, in a thread of Node. */
function startThread(): WorkerLike {
  workers += 1;
  const thread = new Worker(BROWSER + source, { eval: true });
  const like: WorkerLike = {
    onmessage: null, onerror: null,
    postMessage: (message, transfer) => thread.postMessage(message, transfer),
    terminate: () => void thread.terminate(),
  };
  thread.on('message', (data) => like.onmessage?.({ data }));
  thread.on('error', ({ message }) => like.onerror?.({ message }));
  return like;
}
const onPage: StartLink = (report) => new SocketHub(report, openNodeSocket);
const inWorker = (start: () => WorkerLike): StartLink => (report) => new WorkerLink(report, start, onPage);

beforeAll(async () => {
  const { outputFiles } = await build({ plugins: [zstdSource],
    entryPoints: ['src/session/worker.ts'], bundle: true, format: 'iife', platform: 'browser', target: 'es2022', write: false,
  });
  source = outputFiles[0]?.text ?? '';
});
beforeEach(async () => {
  workers = 0;
  server = new ScriptedServer();
  url = await server.start();
});
afterEach(async () => {
  session?.close();
  await server.kill();
});

async function opened(startLink: StartLink): Promise<WatchedSession> {
  session = new WatchedSession([socketCandidate(url)], { startLink });
  await session.opened();
  session.want(1, [{ ...key, priority: 0 }]);
  await server.until(() => server.needed().length === 1, 'the need');
  return session;
}

describe('the worker', () => {
  test('checks frames, answers pings by itself, and hands voxels over without a copy', async () => {
    const s = await opened(inWorker(startThread));
    server.control(FrameType.PING, { t: 5 });
    await server.until(() => server.of(FrameType.PONG).length === 1, 'PONG');
    const damaged = brickFrame(key);
    damaged[HEADER_BYTES + 5000] = 99;
    server.send(damaged);
    await server.until(() => server.needed().length === 2, 'the need again');
    const frame = brickFrame(key, { value: 300 });
    server.send(frame);
    await s.until(() => s.bricks.length === 1, 'the brick');
    const { voxels } = s.bricks[0] as { voxels: Uint16Array };
    expect([voxels[0], voxels.length, voxels.buffer.byteLength]).toEqual([300, 66 ** 3, frame.byteLength]);
    expect([s.counters.framesRefused, workers]).toEqual([1, 1]);
  });

  test('closing says goodbye, ends the connection and then the worker', async () => {
    let ended = 0;
    const s = await opened(inWorker(() => {
      const thread = startThread();
      const { terminate } = thread;
      thread.terminate = () => {
        ended += 1;
        terminate();
      };
      return thread;
    }));
    s.awareness.setLocalState({ name: 'Ada' });
    const before = server.of(FrameType.SCENE).length;
    s.close();
    await server.until(() => server.of(FrameType.SCENE).length > before, 'the goodbye');
    await server.until(() => server.sockets[0]?.readyState === 3, 'the close');
    await server.until(() => ended === 1, 'the end of the worker');
  });

  test('whatever hangs the worker costs the worker, not the session', async () => {
    const started: WorkerLike[] = [];
    const s = await opened(inWorker(() => {
      const thread = startThread();
      started.push(thread);
      return thread;
    }));
    started[0]?.postMessage({ hang: true } as never, []);
    await s.until(() => workers === 2 && s.state === 'open', 'another worker');
    expect(s.errors.some((e) => e.message.includes('worker'))).toBe(true);
    await server.until(() => server.needed().length === 2, 'the need on the new connection');
    server.send(brickFrame(key));
    await s.until(() => s.bricks.length === 1, 'the brick');
  });
});

describe('without a worker the page does its work', () => {
  const brickComes = async (s: WatchedSession) => {
    server.send(brickFrame(key));
    await s.until(() => s.bricks.length === 1, 'the brick');
  };

  test('where one cannot be made', async () => {
    await brickComes(await opened(inWorker(() => {
      throw new Error('refused by the content policy');
    })));
  });

  test('where its script is refused', async () => {
    const refused: WorkerLike = { onmessage: null, onerror: null, postMessage: () => undefined, terminate: () => undefined };
    const start = () => {
      setTimeout(() => refused.onerror?.({}), 10);
      return refused;
    };
    await brickComes(await opened(inWorker(start)));
  });

  test('where it never speaks', async () => {
    const mute = () => ({ onmessage: null, onerror: null, postMessage: () => undefined, terminate: () => undefined });
    await brickComes(await opened(inWorker(mute)));
  });
});
