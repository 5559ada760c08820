/** The down half of a viewer's connection as the answer to a request: who may have it, what comes by it, and how both halves end. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FrameType, HEADER_BYTES, readHeader, readPayload } from '../../../src/protocol/index.js';
import { Client } from '../../conformance/client.js';
import { brickFrame, GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

let sidecar: SidecarProcess;
let volume: number;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
  const producer = await GoodProducer.connect(sidecar);
  volume = await producer.declare({ name: 'volume', shape: [192, 192, 192] });
});
afterAll(() => sidecar?.stop());

const ask = (ticket: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${sidecar.port}/v1/down`, { method: 'POST', body: JSON.stringify({ ticket }), headers });
const viewer = () => Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 32 * 2 ** 20 });

/** The next whole frame of a response. */
function frames(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let rest = Buffer.alloc(0);
  const more = async () => {
    const { value, done } = await reader.read();
    if (done || !value) return false;
    rest = Buffer.concat([rest, value]);
    return true;
  };
  return {
    next: async () => {
      while (rest.byteLength < HEADER_BYTES) if (!(await more())) return undefined;
      const length = HEADER_BYTES + rest.readUInt32LE(32);
      while (rest.byteLength < length) if (!(await more())) return undefined;
      const frame = rest.subarray(0, length);
      rest = rest.subarray(length);
      const header = readHeader(frame);
      readPayload(frame, header);
      return { header, frame };
    },
  };
}

test('after DOWN everything comes by the response, byte for byte and in order', async () => {
  const client = await viewer();
  const response = await ask(client.welcome.down);
  expect(response.status).toBe(200);
  await client.next(FrameType.DOWN);
  const before = client.frames.length;
  const stream = frames(response);
  client.control(FrameType.NEED, { volume, keys: [[0, 0, 0, 0, 2], [0, 0, 0, 1, 3], [2, 0, 0, 0, 1]] });
  client.control(FrameType.PING, { t: 7 });
  const got: NonNullable<Awaited<ReturnType<typeof stream.next>>>[] = [];
  while (got.filter((f) => f.header.type === FrameType.BRICK).length < 3 || !got.some((f) => f.header.type === FrameType.PONG)) {
    const frame = await stream.next();
    if (!frame) throw new Error('the response ended');
    got.push(frame);
  }
  const bricks = got.filter((f) => f.header.type === FrameType.BRICK);
  for (const { header, frame } of bricks) {
    const { level, z, y, x } = header;
    expect(Buffer.compare(frame, brickFrame(volume, 'u8', [level, z, y, x]))).toBe(0);
  }
  expect(client.frames.length).toBe(before);
  await client.close();
  for (let frame = await stream.next(); frame; frame = await stream.next());
});

test('a ticket is good once, for its connection and its page alone', async () => {
  expect((await ask('x'.repeat(43))).status).toBe(401);
  const client = await viewer();
  const foreign = await ask(client.welcome.down, { Origin: 'http://evil.example' });
  expect(foreign.status).toBe(403);
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  expect((await ask(client.welcome.down)).status).toBe(401); // looked at once, used up
  await client.roundTrip(); // and the WebSocket goes on alone
  await client.close();
  const gone = await viewer();
  await gone.close();
  while ((await sidecar.status()).viewers > 0) await new Promise((resolve) => setTimeout(resolve, 20)); // until the other side has seen the end, too
  expect((await ask(gone.welcome.down)).status).toBe(401);
  const bodies = await fetch(`http://127.0.0.1:${sidecar.port}/v1/down`, { method: 'POST', body: '{"ticket": 5}' });
  expect(bodies.status).toBe(400);
});

test('a response that is cut ends the connection; a producer gets no such ticket', async () => {
  const client = await viewer();
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${sidecar.port}/v1/down`, {
    method: 'POST', body: JSON.stringify({ ticket: client.welcome.down }), signal: abort.signal,
  });
  expect(response.status).toBe(200);
  await client.next(FrameType.DOWN);
  abort.abort();
  expect(await client.closed()).toBe(1006);
  const producer = await Client.greet(sidecar, 'producer', 'owner');
  expect(producer.welcome.down).toBeUndefined();
  await producer.close();
});
