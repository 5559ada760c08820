/** Runs cases.json against a live sidecar. README.md says what the fields mean. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import {
  DTYPE_CODE, encodeFrame, type FrameHeader, FrameType, HEADER_BYTES, readHeader, STORED_VOXELS, SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX, voxelArray,
  type VoxelDtype, xxh32,
} from '../../src/protocol/index.js';
import { brickOf } from '../../src/session/brick_of.js';
import { checkFrame } from '../../src/session/frame_check.js';
import { Client } from './client.js';
import { GoodProducer, voxelFrame } from './good_producer.js';
import { SidecarProcess } from './sidecar_process.js';
import { sqliteNode } from './sqlite_node.js';

interface HttpCase {
  name: string;
  request: { method: string; path: string; headers?: Record<string, string>; bearer?: string; json?: object; text?: string; zeros?: number };
  expect: number;
}
interface UpgradeCase {
  name: string;
  ticket?: string;
  ticket_origin?: string;
  subprotocol?: string | null;
  origin?: string;
  host?: string;
  path?: string;
  expect: number;
}
interface Recipe {
  text?: string;
  hex?: string;
  zeros?: number;
  type?: number;
  json?: unknown;
  payload?: string;
  payload_hex?: string;
  spaces?: number;
  header?: Record<string, unknown>;
  damage?: { at: number; hex: string }[];
  reseal?: boolean;
}
interface HeldCase {
  name: string;
  if_hash?: (number | null | '$checksum')[];
  expect: { flags: number; payload_bytes?: number };
}
interface CodedCase {
  name: string;
  stored: VoxelDtype;
  hello: { codecs?: string[]; codec?: string };
  exact?: boolean;
  expect: { codec: number; item: number; flags: number };
}
interface BrickCase {
  name: string;
  stored: VoxelDtype;
  flags: number;
  payload_hex: string;
  expect: { value?: number | 'NaN'; code?: number };
}
interface FrameCase {
  name: string;
  role?: string;
  hello?: string | null;
  send: Recipe[];
  expect: { code?: number; close?: number; volume?: unknown; key?: number[]; tile?: number[]; time?: number; answer?: number };
}

const cases = JSON.parse(readFileSync('test/conformance/cases.json', 'utf8')) as {
  volume: { shape: number[] };
  http: HttpCase[];
  upgrade: UpgradeCase[];
  frames: FrameCase[];
  bricks: BrickCase[];
  held: HeldCase[];
  coded: CodedCase[];
};

let sidecar: SidecarProcess;
let producer: GoodProducer;
let viewer: Client;
let volume: number;
let turn = 0;

beforeAll(async () => {
  sidecar = await SidecarProcess.start({}, sqliteNode());
  producer = await GoodProducer.connect(sidecar);
  volume = await producer.declare(cases.volume);
  viewer = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 64 * 2 ** 20 });
});
afterAll(() => sidecar?.stop());

/** A good viewer still gets a brick, whole. */
async function stillServes(): Promise<void> {
  const key = [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 1, 1, 0]][turn % 5] as number[];
  turn += 1;
  const from = viewer.frames.length;
  viewer.control(FrameType.NEED, { volume, keys: [[...key, 0]] });
  const { header, frame } = await viewer.next(FrameType.BRICK, () => true, from);
  expect([header.volume, header.level, header.z, header.y, header.x]).toEqual([volume, ...key]);
  viewer.control(FrameType.CREDIT, { bytes: frame.byteLength });
}

/** Replaces `$volume`, `$description` and `$repeat`. */
function fill(value: unknown): unknown {
  if (value === '$volume') return volume;
  if (value === '$description') return cases.volume;
  if (Array.isArray(value)) return value.map(fill);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  if (object.$description) return { ...cases.volume, ...(object.$description as object) };
  if (object.$repeat) {
    const [count, item] = object.$repeat as [number, unknown];
    return Array.from({ length: count }, () => fill(item));
  }
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, fill(item)]));
}

function message(recipe: Recipe): string | Uint8Array {
  if (recipe.text !== undefined) return recipe.text;
  if (recipe.hex !== undefined) return Buffer.from(recipe.hex, 'hex');
  if (recipe.zeros !== undefined) return Buffer.alloc(recipe.zeros);
  const payload =
    recipe.payload_hex !== undefined ? Buffer.from(recipe.payload_hex, 'hex')
    : recipe.spaces !== undefined ? Buffer.alloc(recipe.spaces, 0x20)
    : Buffer.from(recipe.payload ?? JSON.stringify(fill(recipe.json)));
  const frame = encodeFrame(recipe.type as FrameType, payload, fill(recipe.header ?? {}) as Partial<FrameHeader>);
  for (const { at, hex } of recipe.damage ?? []) frame.set(Buffer.from(hex, 'hex'), at);
  if (recipe.reseal) new DataView(frame.buffer).setUint32(60, xxh32(frame.subarray(0, 60)), true);
  expect(frame.byteLength).toBe(HEADER_BYTES + payload.byteLength);
  return frame;
}

describe('http', () => {
  test.each(cases.http)('$name', async ({ request, expect: status }) => {
    const { method, path, headers = {}, bearer } = request;
    const all: Record<string, string> = { 'Content-Type': 'application/json', ...headers };
    if (bearer) all.Authorization = `Bearer ${bearer === 'owner' ? sidecar.token : 'A'.repeat(43)}`;
    const body =
      request.json ? JSON.stringify(request.json)
      : request.zeros !== undefined ? Buffer.alloc(request.zeros)
      : request.text;
    const answer = await sidecar.ask({ method, path, headers: all, body: body ?? '' });
    expect(answer.status).toBe(status);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    if (status >= 400) expect(JSON.parse(answer.text).error).toBeTruthy();
    await stillServes();
  });
});

describe('upgrade', () => {
  test.each(cases.upgrade)('$name', async (c) => {
    const kind = c.ticket ?? 'fresh';
    const fresh = () => sidecar.ticket('view', c.ticket_origin ?? 'none', kind === 'page' ? 'page' : 'stream');
    const ticket = kind === 'unknown' ? 'A'.repeat(43) : kind === 'malformed' ? 'short' : await fresh();
    if (kind === 'used') (await Client.withTicket(sidecar, ticket)).socket.terminate();
    const protocols = c.subprotocol === null ? [] : [c.subprotocol ?? SUBPROTOCOL];
    if (kind !== 'none' && kind !== 'query') protocols.push(TICKET_SUBPROTOCOL_PREFIX + ticket);
    const path = `${c.path ?? '/v1/stream'}${kind === 'query' ? `?ticket=${ticket}` : ''}`;
    const headers: Record<string, string> = {};
    if (c.host) headers.Host = c.host;
    if (c.origin) headers.Origin = c.origin;
    const socket = new WebSocket(`ws://127.0.0.1:${sidecar.port}${path}`, protocols, { headers });
    socket.on('error', () => {});
    const status = await new Promise<number>((resolve) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    });
    if (status === 101) expect(socket.protocol).toBe(SUBPROTOCOL);
    socket.terminate();
    expect(status).toBe(c.expect);
    await stillServes();
  });
});

describe('frames', () => {
  test.each(cases.frames)('$name', async (c) => {
    const client = await Client.open(sidecar, c.role ?? 'view');
    if (c.hello !== null) await client.hello(c.hello ?? 'viewer');
    const from = client.frames.length;
    for (const recipe of c.send) client.send(message(recipe));
    if (c.expect.answer !== undefined) await client.next(c.expect.answer as FrameType, () => true, from);
    if (c.expect.code !== undefined) {
      const { json } = await client.next(FrameType.ERROR, () => true, from);
      expect(json).toMatchObject({ code: c.expect.code, fatal: c.expect.close !== undefined });
      if (c.expect.volume !== undefined) expect(json.volume).toBe(fill(c.expect.volume));
      if (c.expect.key) expect(json.key).toEqual(c.expect.key);
      if (c.expect.tile) expect(json.tile).toEqual(c.expect.tile);
      expect(json.time).toBe(c.expect.time);
    }
    if (c.expect.close === undefined) {
      client.control(FrameType.PING, { t: 7 });
      await client.next(FrameType.PONG, (f) => f.json.t === 7, from);
      await client.close();
    } else {
      expect(await client.closed()).toBe(c.expect.close);
    }
    await stillServes();
  });
});

describe('bricks', () => {
  test.each(cases.bricks)('$name', async ({ stored, flags, payload_hex, expect: { value, code } }) => {
    const other = await GoodProducer.connect(sidecar, { inline: true });
    let frame = new Uint8Array();
    other.frame = (handle, [level, z, y, x]) => {
      frame = encodeFrame(FrameType.BRICK, Buffer.from(payload_hex, 'hex'), { volume: handle, level, z, y, x, dtype: DTYPE_CODE[stored], generation: 1, flags });
      return frame;
    };
    const handle = await other.declare({ ...(cases.volume as object), name: 'brick cases', stored });
    const from = viewer.frames.length;
    viewer.control(FrameType.NEED, { volume: handle, keys: [[0, 1, 1, 0, 0]] });
    if (code === undefined) {
      const { frame: got } = await viewer.next(FrameType.BRICK, (f) => f.header.volume === handle, from);
      expect(Buffer.compare(got, frame)).toBe(0);
    } else {
      const { json } = await viewer.next(FrameType.ERROR, (f) => f.json.volume === handle, from);
      expect(json).toMatchObject({ code, key: [0, 1, 1, 0], fatal: false });
    }
    const checked = checkFrame(frame.slice().buffer);
    expect(checked.frame === undefined).toBe(code !== undefined);
    const voxels = checked.frame && brickOf(checked.frame, handle)?.voxels;
    expect(voxels?.length ?? 0).toBe(code === undefined ? 66 ** 3 : 0);
    expect(voxels?.every((voxel) => Object.is(voxel, value === 'NaN' ? Number.NaN : value)) ?? true).toBe(true);
    other.client.control(FrameType.VOLUME_GONE, { volume: handle });
    await viewer.next(FrameType.VOLUME_GONE, (f) => f.json.volume === handle, from);
    await other.close();
    await stillServes();
  });
});

describe('held', () => {
  test.each(cases.held)('$name', async ({ if_hash, expect: { flags, payload_bytes } }) => {
    const ask = async (more: object) => {
      const from = viewer.frames.length;
      viewer.control(FrameType.NEED, { volume, keys: [[0, 0, 1, 0, 0]], ...more });
      return viewer.next(FrameType.BRICK, () => true, from);
    };
    const first = await ask({});
    const again = await ask(if_hash ? { if_hash: if_hash.map((hash) => (hash === '$checksum' ? first.header.checksum : hash)) } : {});
    const { checksum, payloadBytes, ...same } = first.header;
    expect(again.header).toMatchObject({ ...same, flags, payloadBytes: payload_bytes ?? payloadBytes });
    if (payload_bytes === undefined) expect(again.header.checksum).toBe(checksum);
    viewer.control(FrameType.CREDIT, { bytes: first.frame.byteLength + again.frame.byteLength });
    await stillServes();
  });
});

describe('coded', () => {
  test.each(cases.coded)('$name', async ({ stored, hello, exact, expect: { codec, item, flags } }) => {
    const other = await GoodProducer.connect(sidecar, { inline: true });
    const voxels = voxelArray(stored, STORED_VOXELS).map((_, i) => (stored === 'u8' ? i & 63 : 1000 + (i % 4096))) as Uint16Array;
    const whole = (handle: number) => voxelFrame(handle, stored, [0, 1, 1, 0], voxels);
    other.frame = whole;
    const handle = await other.declare({ ...(cases.volume as object), name: 'coded cases', stored });
    const client = await Client.greet(sidecar, 'viewer', 'view', hello);
    client.control(FrameType.NEED, { volume: handle, ...(exact && { exact }), keys: [[0, 1, 1, 0, 0]] });
    const { frame, header } = await client.next(FrameType.BRICK, (f) => f.header.volume === handle);
    expect([header.coding?.codec ?? 0, header.coding?.item ?? 0, header.flags]).toEqual([codec, item, flags]);
    const checked = checkFrame(Uint8Array.from(frame).buffer);
    expect(checked.refused).toBeUndefined();
    if (codec === 0) expect(Buffer.compare(frame, whole(handle))).toBe(0);
    else expect(frame.byteLength).toBeLessThan(0.6 * whole(handle).byteLength);
    if (flags === 0) {
      expect(header.coding?.checksum ?? header.checksum).toBe(readHeader(whole(handle)).checksum);
      expect(Buffer.compare(Buffer.from(checked.message as ArrayBuffer), whole(handle))).toBe(0);
    } else {
      const seen = checked.frame && brickOf(checked.frame, handle);
      expect(seen?.lossy).toBe(true);
      const worst = voxels.reduce((most, v, i) => Math.max(most, Math.abs(v - (seen?.voxels[i] as number))), 0);
      expect(worst).toBeGreaterThan(0);
      expect(worst).toBeLessThanOrEqual(4095 / 508 + 0.5);
    }
    await client.close();
    other.client.control(FrameType.VOLUME_GONE, { volume: handle });
    await viewer.next(FrameType.VOLUME_GONE, (f) => f.json.volume === handle);
    await other.close();
    await stillServes();
  });
});
