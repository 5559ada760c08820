/** A WebSocket whose network has a thread of its own, as in browsers: it answers pings while the page is busy. */

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { SocketLike } from '../../../src/session/socket_hub.js';

const NETWORK = `
const { parentPort, workerData } = require('node:worker_threads');
const { WebSocket } = require(workerData.ws);
const socket = new WebSocket(workerData.url, workerData.protocols, workerData.options);
socket.binaryType = 'arraybuffer';
socket.onopen = () => parentPort.postMessage({ event: 'onopen' });
socket.onmessage = ({ data }) => parentPort.postMessage({ event: 'onmessage', data }, data instanceof ArrayBuffer ? [data] : []);
socket.onerror = () => undefined;
socket.onclose = ({ code, reason }) => {
  parentPort.postMessage({ event: 'onclose', code, reason });
  parentPort.close();
};
parentPort.on('message', (frame) => (frame ? socket.send(frame) : socket.close()));
`;

/** Opens it; `options` are those of `ws`. */
export function openNetworkThread(url: string, protocols: string[], options: { origin?: string; headers?: Record<string, string> } = {}): SocketLike {
  const ws = createRequire(`${process.cwd()}/package.json`).resolve('ws');
  const worker = new Worker(NETWORK, { eval: true, workerData: { ws, url, protocols, options } });
  const socket: SocketLike = {
    binaryType: 'arraybuffer', onopen: null, onmessage: null, onclose: null, onerror: null,
    send: (frame) => worker.postMessage(frame),
    close: () => worker.postMessage(undefined),
  };
  worker.on('message', ({ event, ...fields }: { event: 'onopen' | 'onmessage' | 'onclose' }) => socket[event]?.(fields as never));
  return socket;
}
