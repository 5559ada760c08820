/** Helpers of a producer, through a live sidecar: who is asked, when, and what happens when either is late, gone, or out of date. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FrameType } from '../../../src/protocol/index.js';
import { Client } from '../../conformance/client.js';
import { brickFrame, GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

/** 27 bricks at level 0, 8 at 1, 1 at 2. */
const SHAPE = [192, 192, 192];
const LEVEL_0 = [0, 0, 0, 0, 3, 3, 3];
const CREDIT = 64 * 2 ** 20;

let sidecar: SidecarProcess;
let names = 0;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar?.stop());

/** A producer of one volume, a helper of its level 0, and a viewer. */
async function scene(offer: object = {}) {
  const producer = await GoodProducer.connect(sidecar);
  names += 1;
  const volume = await producer.declare({ name: `volume ${names}`, shape: SHAPE });
  const helper = await GoodProducer.help(sidecar, producer);
  helper.client.control(FrameType.HELP, { volume, boxes: [LEVEL_0], ...offer });
  await helper.client.roundTrip();
  const viewer = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: CREDIT });
  const need = (...keys: number[][]) => viewer.control(FrameType.NEED, { volume, keys });
  const brick = (z: number, y: number, x: number, level = 0) =>
    viewer.next(FrameType.BRICK, ({ header: h }) => h.volume === volume && h.level === level && h.z === z && h.y === y && h.x === x);
  const end = async () => {
    if (helper.client.closeCode === undefined) await helper.close();
    await producer.close();
    await viewer.close();
  };
  return { producer, helper, viewer, volume, need, brick, end };
}

test('a helper that comes first is asked for its boxes, the producer for the rest', async () => {
  const { helper, producer, need, brick, end } = await scene({ first: true });
  need([0, 0, 0, 0, 1], [0, 2, 2, 2, 2], [1, 0, 1, 0, 3]);
  await Promise.all([brick(0, 0, 0), brick(2, 2, 2), brick(0, 1, 0, 1)]);
  expect(helper.needs.map((n) => n.key.slice(0, 4))).toEqual([[0, 0, 0, 0], [0, 2, 2, 2]]);
  expect(producer.needs.map((n) => n.key.slice(0, 4))).toEqual([[1, 0, 1, 0]]);
  await end();
});

test('what a late producer leaves is made by its helper, elsewhere in the store; its own answer comes to nothing', async () => {
  const { helper, producer, viewer, volume, need, brick, end } = await scene();
  producer.automatic = false;
  const before = (await sidecar.status()).used_bytes;
  need([0, 0, 0, 1, 1], [1, 0, 0, 0, 2]);
  const { frame } = await brick(0, 0, 1);
  expect(Buffer.compare(frame, brickFrame(volume, 'u8', [0, 0, 0, 1]))).toBe(0);
  const late = producer.needs.find((n) => n.key[0] === 0)?.key;
  expect(late?.[5]).not.toBe(helper.needs[0]?.key[5]);
  expect(producer.cancels).toEqual([[0, 0, 0, 1]]);
  expect(viewer.all(FrameType.BRICK)).toHaveLength(1); // level 1 is the producer's alone
  // As long as it is silent, the helper is asked at once, and never the producer.
  need([0, 2, 0, 0, 1]);
  await brick(2, 0, 0);
  expect(producer.needs).toHaveLength(2);
  // It wakes up and writes into the place it still has: nobody else's brick is there.
  if (!late) throw new Error('it was not asked');
  producer.generation = 7;
  producer.answer(volume, late);
  producer.generation = 1;
  producer.answer(volume, await producer.need(volume, [1, 0, 0, 0]));
  await brick(0, 0, 0, 1);
  need([0, 0, 0, 1, 1], [0, 2, 0, 0, 1]);
  await viewer.roundTrip();
  const again = await viewer.until(() => (viewer.all(FrameType.BRICK).length === 5 ? viewer.all(FrameType.BRICK) : undefined), 'both again');
  expect(again.map((f) => f.header.generation)).toEqual([1, 1, 1, 1, 1]);
  const { used_bytes } = await sidecar.status();
  expect(used_bytes - before).toBe(3 * 290_816);
  await end();
});

test('a helper that goes leaves its needs to the producer', async () => {
  const { helper, producer, volume, need, brick, end } = await scene({ first: true });
  helper.automatic = false;
  need([0, 0, 0, 0, 1], [0, 0, 1, 0, 2]);
  const [, , , , , offset] = await helper.need(volume, [0, 0, 0, 0]);
  helper.client.socket.terminate();
  await Promise.all([brick(0, 0, 0), brick(0, 1, 0)]);
  const places = producer.needs.map((n) => n.key[5]);
  expect(places).toHaveLength(2);
  expect(places).not.toContain(offset); // it may still be writing there
  await end();
});

test('a late producer whose helper goes is asked again once it has answered', async () => {
  const { helper, producer, volume, need, brick, end } = await scene();
  producer.automatic = false;
  helper.automatic = false;
  need([0, 0, 0, 0, 1]);
  await helper.need(volume, [0, 0, 0, 0]);
  const first = await producer.need(volume, [0, 0, 0, 0]);
  await helper.close();
  await producer.client.roundTrip();
  expect(producer.needs).toHaveLength(1); // it has not answered the first yet
  producer.client.control(FrameType.ERROR, { code: 4499, message: 'cancelled', volume, key: [0, 0, 0, 0], fatal: false });
  const second = await producer.need(volume, [0, 0, 0, 0], 1);
  expect(second[5]).toBe(first[5]);
  producer.answer(volume, second);
  await brick(0, 0, 0);
  await end();
});

test('a brick made before a change, said after it, is made again', async () => {
  const { helper, producer, volume, viewer, need, brick, end } = await scene({ first: true });
  helper.automatic = false;
  need([0, 1, 0, 0, 1], [0, 2, 2, 2, 2]);
  const [inside, outside] = [await helper.need(volume, [0, 1, 0, 0]), await helper.need(volume, [0, 2, 2, 2])];
  producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 1, 0, 0, 2, 1, 1]] });
  await producer.client.roundTrip();
  helper.answer(volume, inside);
  helper.answer(volume, outside);
  await brick(2, 2, 2); // the change does not reach it
  const again = await helper.need(volume, [0, 1, 0, 0], 2);
  expect(viewer.all(FrameType.BRICK)).toHaveLength(1);
  helper.generation = 2;
  helper.answer(volume, again);
  expect((await brick(1, 0, 0)).header.generation).toBe(2);
  await end();
});

test('a helper ends with its producer, and its ticket too', async () => {
  const { helper, producer, end } = await scene();
  const helps = producer.client.welcome.helper;
  await producer.close();
  expect(await helper.client.closed()).toBe(4503);
  const stranger = await Client.open(sidecar, 'owner');
  stranger.control(FrameType.HELLO, { kind: 'helper', client: 'late', helps });
  expect(await stranger.closed()).toBe(4403);
  await end();
});

test('help for a volume of somebody else is refused', async () => {
  const [one, other] = [await scene(), await scene()];
  other.helper.client.control(FrameType.HELP, { volume: one.volume, boxes: [LEVEL_0], first: true });
  expect((await other.helper.client.next(FrameType.ERROR)).json.code).toBe(4404);
  one.need([0, 0, 0, 0, 1]);
  await one.brick(0, 0, 0);
  expect(other.helper.needs).toHaveLength(0);
  await one.end();
  await other.end();
});

test('a producer that answers no pings is there while its helper is heard, and gone without', async () => {
  const quick = await SidecarProcess.start({ heartbeat_ms: 300 });
  const producer = await GoodProducer.connect(quick);
  const volume = await producer.declare({ shape: SHAPE });
  const helper = await GoodProducer.help(quick, producer);
  helper.client.control(FrameType.HELP, { volume, boxes: [LEVEL_0] });
  producer.client.alive = false;
  await helper.client.until(() => helper.client.all(FrameType.PING).length >= 5, 'five pings: who is silent for two is gone');
  expect(producer.client.closeCode).toBeUndefined();
  await helper.close();
  expect(await producer.client.closed()).toBe(4408);
  await quick.stop();
});
