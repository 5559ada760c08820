/**
 * Codecs by themselves and over slow links. One line of JSON in (the sidecar's port and token, how often), one out: bytes a second of voxels, of 16-bit bricks like
 * tissue: smooth, with the noise of four bits.
 */

import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import zlib from 'node:zlib';
import { FrameType, HEADER_BYTES, shuffle, STORED_VOXELS } from '../../src/protocol/index.js';
import { checkFrame } from '../../src/session/frame_check.js';
import { type Manner, smaller } from '../../src/sidecar/codec/encode.js';
import { Client } from '../conformance/client.js';
import { GoodProducer, voxelFrame } from '../conformance/good_producer.js';
import type { SidecarProcess } from '../conformance/sidecar_process.js';
import { Shaper } from '../shaper.js';
import { seeded } from '../seed.js';
import { streamTicket } from './stream_ticket.js';

const task = JSON.parse(process.argv[2] as string) as { port: number; token: string; runs: number };
const EDGE = 4;
/** A link has so many bricks before it is timed: it is known then. */
const LINKS = [
  { name: '10 Mbit/s, 60 ms', options: { delayMs: 30, bytesPerSecond: 1_250_000 }, warm: 1, count: 3 },
  { name: '100 Mbit/s, 4 ms', options: { delayMs: 2, bytesPerSecond: 12_500_000 }, warm: 20, count: 16 },
];

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
const chance = seeded(5);
const noise = Uint8Array.from({ length: 2 ** 20 }, () => 16 * chance());
const voxelsOf = (z: number, y: number, x: number) =>
  Uint16Array.from({ length: STORED_VOXELS }, (_, i) => 9000 + 40 * (i % 66) + 25 * ((i / 66) % 66) + 3000 * Math.sin(i / 50_000 + x + z) + (noise[(i * 7 + 31 * y + 977 * x) % noise.length] as number));

/** Bytes a second of `bytes` in each call. */
function rate(bytes: number, call: () => unknown): number {
  for (let i = 0; i < 10; i += 1) call();
  return median(Array.from({ length: 15 }, () => {
    const began = performance.now();
    call();
    return (bytes / (performance.now() - began)) * 1000;
  }));
}

function alone(): object {
  const whole = voxelFrame(1, 'u16', [0, 0, 0, 0], voxelsOf(0, 0, 0));
  const payload = whole.slice(HEADER_BYTES);
  const copy = new Uint8Array(payload.length);
  const sorted = new Uint8Array(payload.length);
  shuffle(payload, 2, sorted);
  const zstd = (bytes: Uint8Array) => zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } });
  const manners: [string, Manner][] = [['lz4', { codec: 'lz4', lossy: false }], ['zstd', { codec: 'zstd', lossy: false }], ['preview', { codec: 'zstd', lossy: true }]];
  const ways = manners.map(([name, manner]) => {
    const small = smaller(whole, manner) as Uint8Array<ArrayBuffer>;
    const message = Uint8Array.from(small).buffer;
    return [name, {
      encode: rate(payload.length, () => smaller(whole, manner)), decode: rate(payload.length, () => checkFrame(message)), ratio: whole.length / small.length,
    }];
  });
  const compressed = zstd(sorted);
  return {
    ...Object.fromEntries(ways), copy: rate(payload.length, () => copy.set(payload)), unsorted: payload.length / zstd(payload).length,
    plain: { encode: rate(payload.length, () => zstd(sorted)), decode: rate(payload.length, () => zlib.zstdDecompressSync(compressed)) },
  };
}

const ticket = (role: string): Promise<string> => streamTicket(task, role);
const at = (port: number) => ({ port, ticket }) as unknown as SidecarProcess;
const keys = (from: number, count: number) => Array.from({ length: count }, (_, i) => [0, (from + i) >> 4, ((from + i) >> 2) & 3, (from + i) & 3, i]);

/** Bytes of voxels a second that come over a link to a viewer of these words. */
async function ours(link: (typeof LINKS)[number], volume: number, hello: object): Promise<number> {
  const shaper = new Shaper(task.port, link.options);
  const client = await Client.greet(at(await shaper.start()), 'viewer', 'view', { credit_bytes: 64 * 2 ** 20, ...hello });
  let seen = 0;
  const take = async (until: number) => {
    await client.until(() => {
      for (const { frame } of client.all(FrameType.BRICK).slice(seen)) {
        const began = performance.now();
        const { frame: checked } = checkFrame(Uint8Array.from(frame).buffer);
        const bytes = checked?.travelled?.bytes ?? 0;
        client.control(FrameType.CREDIT, { bytes: frame.length, ...(bytes > 0 && { decoded: [bytes, performance.now() - began] }) });
        seen += 1;
      }
      return seen >= until;
    }, 'bricks', 60_000);
  };
  client.control(FrameType.NEED, { volume, keys: keys(0, link.warm) });
  await take(link.warm);
  const began = performance.now();
  client.control(FrameType.NEED, { volume, keys: keys(link.warm, link.count) });
  await take(link.warm + link.count);
  const seconds = (performance.now() - began) / 1000;
  const brick = voxelFrame(1, 'u16', [0, 0, 0, 0], new Uint16Array(STORED_VOXELS)).length;
  client.socket.terminate();
  await shaper.close();
  return (brick * link.count) / seconds;
}

/** The same of a bare socket, which sends as many bytes when it is asked. */
async function bare(link: (typeof LINKS)[number]): Promise<number> {
  const bytes = link.count * STORED_VOXELS * 2;
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.alloc(bytes, 7)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const shaper = new Shaper((server.address() as AddressInfo).port, link.options);
  const socket = connect(await shaper.start(), '127.0.0.1');
  const began = performance.now();
  socket.write('go');
  await new Promise<void>((resolve) => {
    let got = 0;
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length;
      if (got >= bytes) resolve();
    });
  });
  const seconds = (performance.now() - began) / 1000;
  socket.destroy();
  await shaper.close();
  server.close();
  return bytes / seconds;
}

const producer = await GoodProducer.connect(at(task.port));
producer.voxels = ([, z, y, x]) => voxelsOf(z, y, x);
const volume = await producer.declare({ name: 'codecs', shape: [64 * EDGE, 64 * EDGE, 64 * EDGE], stored: 'u16', dtype: 'uint16' });
const all = await Client.greet(at(task.port), 'viewer', 'view', { credit_bytes: 64 * 2 ** 20 });
all.control(FrameType.NEED, { volume, keys: keys(0, 64) });
await all.until(() => all.all(FrameType.BRICK).length === 64, 'all bricks', 60_000);

const found: Record<string, unknown> = { alone: alone() };
const hellos = { raw: {}, chosen: { codecs: ['lz4', 'zstd'] }, preview: { codecs: ['lz4', 'zstd', 'preview'], codec: 'preview' } };
for (const link of LINKS) {
  const rates = new Map(['bare', ...Object.keys(hellos)].map((name) => [name, [] as number[]]));
  for (let run = 0; run < task.runs; run += 1) {
    rates.get('bare')?.push(await bare(link));
    for (const [name, hello] of Object.entries(hellos)) rates.get(name)?.push(await ours(link, volume, hello));
  }
  found[link.name] = Object.fromEntries([...rates].map(([name, values]) => [name, median(values)]));
}
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
