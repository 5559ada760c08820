/** Time points through a live sidecar: each brick is of one, and none is ever taken for that of another. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FrameType } from '../../../src/protocol/index.js';
import { MAX_FILL_OUTSTANDING } from '../../../src/sidecar/broker.js';
import { Client, type Received } from '../../conformance/client.js';
import { brickFrame, GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

let sidecar: SidecarProcess;
let producer: GoodProducer;
let viewer: Client;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
  producer = await GoodProducer.connect(sidecar);
  viewer = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 64 * 2 ** 20 });
});
afterAll(() => sidecar?.stop());

/** 8 bricks at level 0 and 1 at level 1, at each time point. */
const declare = (name: string, count = 5) => producer.declare({ name, shape: [128, 128, 128], times: { count, step: 0.5, unit: 's' } });
const need = (volume: number, time: number, ...keys: number[][]) => viewer.control(FrameType.NEED, { volume, time, keys });
const of = (volume: number) => viewer.all(FrameType.BRICK).filter((f) => f.header.volume === volume);
const same = (f: Received, volume: number, key: number[], time: number) =>
  Buffer.compare(f.frame, brickFrame(volume, 'u8', key, 1, 0, time)) === 0;

test('the same brick of five time points is five bricks, each sent as it was made', async () => {
  const volume = await declare('five');
  for (let time = 0; time < 5; time += 1) need(volume, time, [0, 1, 0, 1, 0]);
  await viewer.until(() => of(volume).length === 5, 'five bricks');
  for (const f of of(volume)) expect(same(f, volume, [0, 1, 0, 1], f.header.time)).toBe(true);
  expect(new Set(of(volume).map((f) => f.header.time)).size).toBe(5);
  expect(producer.needs.filter((n) => n.volume === volume).map((n) => n.time).sort()).toEqual([0, 1, 2, 3, 4]);
  need(volume, 3, [0, 1, 0, 1, 0]);
  await viewer.until(() => of(volume).length === 6, 'the stored one');
  expect(same(of(volume)[5] as Received, volume, [0, 1, 0, 1], 3)).toBe(true);
  expect(producer.needs.filter((n) => n.volume === volume)).toHaveLength(5);
});

test('a cancel is of its time point alone', async () => {
  const volume = await declare('cancelled');
  producer.automatic = false;
  try {
    need(volume, 1, [0, 0, 0, 0, 0]);
    need(volume, 2, [0, 0, 0, 0, 0]);
    await producer.client.until(() => producer.needs.filter((n) => n.volume === volume).length === 2, 'both needs');
    viewer.control(FrameType.CANCEL, { volume, time: 1, keys: [[0, 0, 0, 0]] });
    const { json } = await producer.client.next(FrameType.CANCEL, (f) => f.json.volume === volume);
    expect(json).toEqual({ volume, time: 1, keys: [[0, 0, 0, 0]] });
    for (const { key, time } of producer.needs.filter((n) => n.volume === volume)) producer.answer(volume, key, time);
    await viewer.until(() => of(volume).length === 1, 'the brick that is still wanted');
    await viewer.roundTrip();
    expect(of(volume).map((f) => f.header.time)).toEqual([2]);
  } finally {
    producer.automatic = true;
  }
});

test('a change makes the bricks of its time point anew, and no others', async () => {
  const volume = await declare('changed');
  need(volume, 0, [0, 0, 0, 0, 0]);
  need(volume, 4, [0, 0, 0, 0, 0]);
  await viewer.until(() => of(volume).length === 2, 'both');
  producer.client.control(FrameType.CHANGED, { volume, time: 4, generation: 2, boxes: [[0, 0, 0, 0, 2, 2, 2]] });
  expect((await viewer.next(FrameType.CHANGED, (f) => f.json.volume === volume)).json.time).toBe(4);
  need(volume, 0, [0, 0, 0, 0, 0]);
  need(volume, 4, [0, 0, 0, 0, 0]);
  await viewer.until(() => of(volume).length === 4, 'both again');
  expect(producer.needs.filter((n) => n.volume === volume).map((n) => n.time)).toEqual([0, 4, 4]);
});

test('a brick that cannot be made is told with its time point, and a time point too many is refused', async () => {
  const volume = await declare('failing');
  producer.automatic = false;
  try {
    need(volume, 3, [1, 0, 0, 0, 0]);
    await producer.client.until(() => producer.needs.some((n) => n.volume === volume), 'the need');
    const error = { code: 4500, message: 'no such file', volume, key: [1, 0, 0, 0], time: 3, fatal: false };
    producer.client.control(FrameType.ERROR, error);
    expect((await viewer.next(FrameType.ERROR, (f) => f.json.volume === volume)).json).toEqual(error);
    need(volume, 5, [1, 0, 0, 0, 0]);
    expect((await viewer.next(FrameType.ERROR, (f) => f.json.code === 4404)).json).toMatchObject({ volume, key: [1, 0, 0, 0], time: 5 });
  } finally {
    producer.automatic = true;
  }
});

test('a fill brings all time points, the coarse levels of all before the fine one of any', async () => {
  const volume = await declare('filled', 10);
  producer.client.control(FrameType.FILL, { volume });
  const { json } = await producer.client.next(FrameType.STATUS, (f) => f.json.volume === volume && f.json.complete);
  expect(json).toMatchObject({ resident: 90, total: 90, filling: false });
  const needs = producer.needs.filter((n) => n.volume === volume);
  expect(new Set(needs.map((n) => `${n.time}:${n.key.slice(0, 4)}`)).size).toBe(90);
  // As many as a fill may have under way go out together, sorted by time point.
  const first = needs.slice(0, MAX_FILL_OUTSTANDING);
  expect(first.filter((n) => n.key[0] === 1).map((n) => n.time)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a volume with more bricks than can be made is declared in a moment, and its far corner is one need away', async () => {
  const shape = [2 ** 20, 2 ** 20, 2 ** 20];
  const before = (await sidecar.status()).used_bytes as number;
  const volume = await producer.declare({ name: 'an exabyte', shape });
  const announced = (await viewer.next(FrameType.VOLUME, (f) => f.json.volume === volume)).json;
  expect(announced.status.total).toBe(Array.from({ length: 15 }, (_, level) => (2 ** (14 - level)) ** 3).reduce((a, b) => a + b));
  need(volume, 0, [0, 16383, 16383, 16383, 0]);
  const brick = await viewer.next(FrameType.BRICK, (f) => f.header.volume === volume);
  expect([brick.header.z, brick.header.y, brick.header.x]).toEqual([16383, 16383, 16383]);
  producer.client.control(FrameType.FILL, { volume });
  const refused = await producer.client.next(FrameType.ERROR, (f) => f.json.volume === volume);
  expect(refused.json.code).toBe(4507);
  expect((await sidecar.status()).used_bytes as number).toBe(before + 290_816);
});
