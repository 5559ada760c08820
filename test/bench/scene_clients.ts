/**
 * An editor and its audience, without browsers: how long an edit takes to each of them, and what the sidecar takes for it. One line of JSON in (the
 * sidecar's port and token, how many viewers, how many edits, how often), one out.
 */

import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import { writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { encodeControl, encodeFrame, FrameType, readHeader, readPayload, SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from '../../src/protocol/index.js';
import { streamTicket } from './stream_ticket.js';

interface Task {
  port: number;
  token: string;
  viewers: number;
  edits: number;
  everyMs: number;
}

const task = JSON.parse(process.argv[2] as string) as Task;

const ticket = (role: string): Promise<string> => streamTicket(task, role);

async function join(role: string, seen: (type: number, payload: Uint8Array) => void): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${task.port}/v1/stream`, [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + (await ticket(role))]);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const welcome = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const header = readHeader(data);
      const payload = readPayload(data, header);
      if (header.type === FrameType.WELCOME) resolve();
      else if (header.type === FrameType.PING) socket.send(encodeControl(FrameType.PONG, JSON.parse(Buffer.from(payload).toString())));
      else seen(header.type, payload);
    });
  });
  socket.send(encodeControl(FrameType.HELLO, { kind: 'viewer', client: 'bench' }));
  await welcome;
  return socket;
}

async function main(): Promise<void> {
  const sent: number[] = [];
  const delays: number[] = [];
  const saved: number[] = [];
  let arrived: (() => void) | undefined;
  const heard = (index: { next: number }) => (type: number, payload: Uint8Array) => {
    if (type !== FrameType.SCENE || payload[0] !== 0 || payload[1] !== 2) return;
    delays.push(performance.now() - (sent[index.next] as number));
    index.next += 1;
    if (delays.length === sent.length * task.viewers) arrived?.();
  };
  for (let n = 0; n < task.viewers; n += 20) {
    await Promise.all(Array.from({ length: Math.min(20, task.viewers - n) }, () => join('view', heard({ next: 0 }))));
  }
  const editor = await join('edit', (type, payload) => {
    if (type !== FrameType.SAVED) return;
    const { edits } = JSON.parse(Buffer.from(payload).toString());
    while (saved.length < edits) saved.push(performance.now() - (sent[saved.length] as number));
  });
  const doc = new Y.Doc();
  doc.on('update', (update: Uint8Array) => {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    writeUpdate(encoder, update);
    sent.push(performance.now());
    editor.send(encodeFrame(FrameType.SCENE, encoding.toUint8Array(encoder)));
  });
  const marks = doc.getMap('annotations') as Y.Map<Y.Map<unknown>>;
  for (let n = 0; n < task.edits; n += 1) {
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const next = new Promise((resolve) => setTimeout(resolve, task.everyMs));
    const mark = marks.get(`m${n % 50}`);
    if (mark) mark.set('coords', [n, n / 3, 7.5]);
    else marks.set(`m${n % 50}`, new Y.Map<unknown>([['kind', 'point'], ['name', 'a mark'], ['coords', [n, 0, 0]], ['author', 'Ada']]));
    await Promise.all([all, next]);
  }
  process.stdout.write(`${JSON.stringify({ delays, saved })}\n`, () => process.exit(0));
}

void main();
