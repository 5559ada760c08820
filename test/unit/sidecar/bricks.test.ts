/** Bricks through a live sidecar: priority, cancel, credit, one question for many viewers, and what happens when things break. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DTYPE_CODE, encodeConstant, encodeFrame, FrameType } from '../../../src/protocol/index.js';
import { Client } from '../../conformance/client.js';
import { brickFrame, GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

const U8 = brickFrame(1, 'u8', [0, 0, 0, 0]).byteLength;
const CREDIT = 64 * 2 ** 20;
/** 27 bricks at level 0, 8 at 1, 1 at 2. */
const SHAPE = [192, 192, 192];

let sidecar: SidecarProcess;
let producer: GoodProducer;
let names = 0;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
  producer = await GoodProducer.connect(sidecar);
});
afterAll(() => sidecar?.stop());

const declare = (fields: object = {}) => {
  names += 1;
  return producer.declare({ name: `volume ${names}`, shape: SHAPE, ...fields });
};
const viewer = (fields: object = {}) => Client.greet(sidecar, 'viewer', 'view', { credit_bytes: CREDIT, ...fields });
const keyOf = (f: { header: { level: number; z: number; y: number; x: number } }) => [f.header.level, f.header.z, f.header.y, f.header.x];
const need = (client: Client, volume: number, ...keys: number[][]) => client.control(FrameType.NEED, { volume, keys });

/** Runs `body` while the producer answers only what it is told to. */
async function held(body: () => Promise<void>): Promise<void> {
  producer.automatic = false;
  try {
    await body();
  } finally {
    producer.automatic = true;
  }
}

test('starts within two seconds, five times over', async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const other = await SidecarProcess.start();
    times.push(other.startMs);
    await other.stop();
  }
  expect(Math.min(...times)).toBeLessThan(2000); // what else the machine does is no matter of the sidecar
});

test.each([false, true])('a brick arrives byte for byte as the producer wrote it (inline: %s)', async (inline) => {
  const own = inline ? await GoodProducer.connect(sidecar, { inline }) : producer;
  for (const stored of ['u8', 'u16', 'f32'] as const) {
    names += 1;
    const volume = await own.declare({ name: `volume ${names}`, shape: SHAPE, stored });
    const client = await viewer();
    need(client, volume, [0, 1, 2, 0, 5]);
    const { frame } = await client.next(FrameType.BRICK);
    expect(Buffer.compare(frame, brickFrame(volume, stored, [0, 1, 2, 0]))).toBe(0);
    own.client.control(FrameType.VOLUME_GONE, { volume });
    await client.next(FrameType.VOLUME_GONE, (f) => f.json.volume === volume);
    await client.close();
  }
  if (inline) await own.close();
});

test('a constant brick is 66 bytes on the wire, takes no slot, is copied nowhere, and is made once', async () => {
  const volume = await declare({ stored: 'u16', dtype: 'uint16' });
  const client = await viewer();
  const before = await sidecar.status();
  producer.frame = (handle, [level, z, y, x]) => encodeConstant(FrameType.BRICK, Uint16Array.of(700 + x), { volume: handle, level, z, y, x, dtype: DTYPE_CODE.u16, generation: 1 });
  try {
    for (let round = 0; round < 2; round += 1) {
      const from = client.frames.length;
      need(client, volume, [0, 1, 0, 0, 0], [0, 1, 0, 2, 1]);
      await client.until(() => client.frames.slice(from).filter((f) => f.header.type === FrameType.BRICK).length === 2, 'two bricks');
    }
  } finally {
    producer.frame = undefined;
  }
  for (const { header, payload, frame } of client.all(FrameType.BRICK)) {
    expect([frame.byteLength, header.flags, payload.readUInt16LE()]).toEqual([66, 2, 700 + header.x]);
  }
  const after = await sidecar.status();
  expect(after.sent_bytes - before.sent_bytes).toBe(4 * 66);
  expect([after.sent_constants, after.copied_bytes, after.used_bytes]).toEqual([4, before.copied_bytes, before.used_bytes]);
  expect(producer.needs.filter((n) => n.volume === volume)).toHaveLength(2);
  // Changed: the small frame is forgotten like any other, and an ordinary one takes its place.
  producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 1, 0, 0, 2, 1, 1]] });
  await client.next(FrameType.CHANGED);
  producer.generation = 2;
  const from = client.frames.length;
  need(client, volume, [0, 1, 0, 0, 0]);
  expect((await client.next(FrameType.BRICK, () => true, from)).header).toMatchObject({ generation: 2, flags: 0 });
  producer.generation = 1;
  await client.close();
});

test('a brick that the viewer holds is a header, constant or not; any other comes whole', async () => {
  const volume = await declare();
  const client = await viewer();
  need(client, volume, [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]);
  await client.until(() => client.all(FrameType.BRICK).length === 2, 'two bricks');
  const [first, second] = client.all(FrameType.BRICK).map(({ header }) => header.checksum) as [number, number];
  const before = await sidecar.status();
  const from = client.frames.length;
  const keys = [[0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 2, 2]];
  client.control(FrameType.NEED, { volume, keys, if_hash: [first, second + 1, null] });
  const bricks = () => client.frames.slice(from).filter((f) => f.header.type === FrameType.BRICK);
  await client.until(() => bricks().length === 3, 'three answers');
  expect(bricks().map(({ header, frame }) => [header.x, header.flags, frame.byteLength])).toEqual([[0, 4, 64], [1, 0, U8], [2, 0, U8]]);
  expect(bricks()[0]?.header).toMatchObject({ volume, level: 0, z: 0, y: 0, generation: 1, dtype: 1, payloadBytes: 0 });
  const after = await sidecar.status();
  expect([after.sent_same - before.sent_same, after.sent_bytes - before.sent_bytes, after.copied_bytes - before.copied_bytes]).toEqual([1, 64 + 2 * U8, 2 * U8]);
  await client.close();
});

test('each byte sent was copied once, and bricks in the store are not asked for again', async () => {
  const volume = await declare();
  const client = await viewer();
  const before = await sidecar.status();
  for (let round = 0; round < 3; round += 1) {
    const from = client.frames.length;
    need(client, volume, [1, 0, 0, 0, 0], [1, 0, 0, 1, 1]);
    await client.until(() => client.frames.slice(from).filter((f) => f.header.type === FrameType.BRICK).length === 2, 'two bricks');
  }
  const after = await sidecar.status();
  expect(after.sent_bricks - before.sent_bricks).toBe(6);
  expect(after.sent_bytes - before.sent_bytes).toBe(6 * U8);
  expect(after.copied_bytes - before.copied_bytes).toBe(after.sent_bytes - before.sent_bytes);
  expect(producer.needs.filter((n) => n.volume === volume).length).toBe(2);
  await client.close();
});

test('several viewers, one question; each gets the brick', async () => {
  const volume = await declare();
  const viewers = await Promise.all([viewer(), viewer(), viewer()]);
  await held(async () => {
    for (const [i, client] of viewers.entries()) need(client, volume, [0, 0, 0, 0, 10 - i]);
    await Promise.all(viewers.map((client) => client.roundTrip()));
    const key = await producer.need(volume, [0, 0, 0, 0]);
    expect(producer.needs.filter((n) => n.volume === volume).length).toBe(1);
    producer.answer(volume, key);
    await Promise.all(viewers.map((client) => client.next(FrameType.BRICK)));
  });
  await Promise.all(viewers.map((client) => client.close()));
});

test('stored bricks come in the order of priority, whatever the order of asking; asking again changes it', async () => {
  const volume = await declare();
  const client = await viewer({ credit_bytes: 0 });
  need(client, volume, [0, 0, 0, 0, 30], [0, 0, 0, 1, 10], [0, 0, 0, 2, 20], [0, 0, 1, 0, 40]);
  await producer.client.until(() => producer.needs.filter((n) => n.volume === volume).length === 4, 'four needs');
  await producer.client.roundTrip();
  need(client, volume, [0, 0, 1, 0, 0]);
  await client.roundTrip();
  client.control(FrameType.CREDIT, { bytes: 4 * U8 });
  await client.until(() => client.all(FrameType.BRICK).length === 4, 'four bricks');
  expect(client.all(FrameType.BRICK).map(keyOf)).toEqual([[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 0]]);
  await client.close();
});

test('another order moves what waits, and brings nothing again that was sent', async () => {
  const volume = await declare();
  const client = await viewer({ credit_bytes: U8 });
  const reorder = (...keys: number[][]) => client.control(FrameType.NEED, { volume, reorder: true, keys });
  need(client, volume, [0, 0, 0, 0, 1], [0, 0, 0, 1, 2], [0, 0, 0, 2, 3]);
  await client.next(FrameType.BRICK);
  await producer.client.until(() => producer.needs.filter((n) => n.volume === volume).length === 3, 'three needs');
  await producer.client.roundTrip();
  reorder([0, 0, 0, 0, 0], [0, 0, 0, 2, 1], [0, 0, 0, 3, 0]); // sent; waiting; never asked for
  await client.roundTrip();
  client.control(FrameType.CREDIT, { bytes: 5 * U8 });
  await client.until(() => client.all(FrameType.BRICK).length >= 3, 'three bricks');
  await client.roundTrip();
  expect(client.all(FrameType.BRICK).map(keyOf)).toEqual([[0, 0, 0, 0], [0, 0, 0, 2], [0, 0, 0, 1]]);
  await client.close();
});

test('the producer is asked for the most urgent brick of all viewers first', async () => {
  const volume = await declare();
  const [a, b] = await Promise.all([viewer(), viewer()]);
  await held(async () => {
    // 80 needs are under way; what comes after waits in the sidecar and is put in order there.
    const many = Array.from({ length: 27 }, (_, i) => [0, Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, 1]);
    const others = await Promise.all([declare({ shape: [320, 256, 256] })]);
    const filler = Array.from({ length: 80 }, (_, i) => [0, Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4, 0]);
    need(a, others[0] as number, ...filler);
    await producer.client.until(() => producer.needs.filter((n) => n.volume === others[0]).length === 80, 'the first 80 needs');
    need(a, volume, ...many);
    need(b, volume, [0, 2, 2, 2, -5]);
    await Promise.all([a.roundTrip(), b.roundTrip()]);
    expect(producer.needs.filter((n) => n.volume === volume)).toEqual([]);
    const first = producer.needs.find((n) => n.volume === others[0]) as (typeof producer.needs)[number];
    producer.answer(first.volume, first.key);
    expect((await producer.need(volume, [0, 2, 2, 2])).slice(0, 5)).toEqual([0, 2, 2, 2, -5]);
    for (const n of producer.needs.filter((n) => n.volume === others[0]).slice(1)) producer.answer(n.volume, n.key);
    await producer.client.until(() => producer.needs.filter((n) => n.volume === volume).length === 27, 'all needs');
    for (const n of producer.needs.filter((n) => n.volume === volume)) producer.answer(n.volume, n.key);
    await a.until(() => a.all(FrameType.BRICK).length === 107, 'all bricks');
  });
  await Promise.all([a.close(), b.close()]);
});

test('credit bounds what is sent, to the byte', async () => {
  const volume = await declare();
  const client = await viewer({ credit_bytes: 2 * U8 + 1 });
  need(client, volume, ...Array.from({ length: 5 }, (_, i) => [0, 0, Math.floor(i / 3), i % 3, i]));
  await client.until(() => client.all(FrameType.BRICK).length === 2, 'two bricks');
  await producer.client.until(() => producer.needs.filter((n) => n.volume === volume).length === 5, 'all needs');
  await producer.client.roundTrip();
  await client.roundTrip();
  client.control(FrameType.CREDIT, { bytes: U8 - 2 });
  await client.roundTrip();
  expect(client.all(FrameType.BRICK).length).toBe(2);
  client.control(FrameType.CREDIT, { bytes: 1 });
  await client.until(() => client.all(FrameType.BRICK).length === 3, 'the third brick');
  await client.roundTrip();
  expect(client.all(FrameType.BRICK).length).toBe(3);
  await client.close();
});

test('a viewer that does not read costs its credit and delays no other', async () => {
  const volume = await declare({ stored: 'f32' });
  const [stalled, quick] = await Promise.all([viewer(), viewer()]);
  stalled.socket.pause();
  const keys = Array.from({ length: 27 }, (_, i) => [0, Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, i]);
  need(stalled, volume, ...keys);
  const before = performance.now();
  need(quick, volume, ...keys);
  await quick.until(() => quick.all(FrameType.BRICK).length === 27, 'all bricks');
  expect(performance.now() - before).toBeLessThan(30_000);
  stalled.socket.terminate();
  await quick.close();
});

describe('cancel', () => {
  test('a cancelled brick is not sent, and is taken back from the producer only when nobody else waits', async () => {
    const volume = await declare();
    const [a, b] = await Promise.all([viewer(), viewer()]);
    await held(async () => {
      need(a, volume, [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]);
      need(b, volume, [0, 0, 0, 1, 0]);
      const [alone, shared] = [await producer.need(volume, [0, 0, 0, 0]), await producer.need(volume, [0, 0, 0, 1])];
      a.control(FrameType.CANCEL, { volume, keys: [[0, 0, 0, 0], [0, 0, 0, 1]] });
      await a.roundTrip();
      await producer.client.until(() => producer.cancels.length > 0, 'the cancel');
      expect(producer.cancels).toEqual([[0, 0, 0, 0]]);
      producer.answer(volume, alone); // it was begun already
      producer.answer(volume, shared);
      await b.next(FrameType.BRICK);
      await a.roundTrip();
      expect(a.all(FrameType.BRICK)).toEqual([]);
      need(a, volume, [0, 0, 0, 0, 0]); // the brick made in vain is kept
      await a.next(FrameType.BRICK);
      expect(producer.needs.filter((n) => n.volume === volume).length).toBe(2);
    });
    await Promise.all([a.close(), b.close()]);
  });

  test('a brick wanted again after a cancel is asked for again once the producer has let go of it', async () => {
    const volume = await declare();
    const client = await viewer();
    await held(async () => {
      need(client, volume, [0, 0, 0, 0, 0]);
      await producer.need(volume, [0, 0, 0, 0]);
      client.control(FrameType.CANCEL, { volume });
      need(client, volume, [0, 0, 0, 0, 0]);
      await client.roundTrip();
      expect(producer.needs.filter((n) => n.volume === volume).length).toBe(1);
      const from = producer.needs.length;
      producer.client.control(FrameType.ERROR, { code: 4499, message: 'cancelled', volume, key: [0, 0, 0, 0], fatal: false });
      producer.answer(volume, await producer.need(volume, [0, 0, 0, 0], from));
      await client.next(FrameType.BRICK);
    });
    await client.close();
  });

  test('a viewer that leaves takes its needs with it', async () => {
    const volume = await declare();
    const client = await viewer();
    await held(async () => {
      need(client, volume, [0, 0, 0, 0, 0]);
      const key = await producer.need(volume, [0, 0, 0, 0]);
      const before = producer.cancels.length;
      await client.close();
      await producer.client.until(() => producer.cancels.length > before, 'the cancel');
      producer.answer(volume, key);
      await producer.client.roundTrip();
    });
  });
});

describe('what a producer gets wrong', () => {
  const wrong = (volume: number, fields: object) => {
    const payload = new Uint8Array(U8 - 64);
    return encodeFrame(FrameType.BRICK, payload, { volume, dtype: DTYPE_CODE.u8, generation: 1, ...fields });
  };

  test.each([
    ['another brick', { x: 1 }],
    ['another volume', { volume: 4_000_000_000 }],
    ['another stored dtype', { dtype: DTYPE_CODE.u16 }],
    ['another generation than DONE says', { generation: 9 }],
  ])('a stored frame of %s is not accepted; after three times the viewer hears of it', async (_, fields) => {
    const volume = await declare();
    const client = await viewer();
    await held(async () => {
      const { openSync, writeSync, closeSync } = await import('node:fs');
      const fd = openSync(producer.client.welcome.store.path, 'r+');
      need(client, volume, [0, 0, 0, 0, 0]);
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const found = () => producer.needs.filter((n) => n.volume === volume)[attempt]?.key;
        const offset = (await producer.client.until(found, `need ${attempt}`))[5];
        const frame = wrong(volume, fields);
        writeSync(fd, frame, 0, frame.byteLength, offset);
        producer.client.control(FrameType.DONE, { volume, keys: [[0, 0, 0, 0, offset, frame.byteLength, 1]] });
      }
      closeSync(fd);
      const { json } = await client.next(FrameType.ERROR);
      expect(json).toMatchObject({ code: 4500, volume, key: [0, 0, 0, 0], fatal: false });
      expect(client.all(FrameType.BRICK)).toEqual([]);
    });
    await client.close();
  });

  test('a frame longer than its slot, a DONE for another place and a DONE nobody asked for are harmless', async () => {
    const volume = await declare();
    const client = await viewer();
    await held(async () => {
      need(client, volume, [0, 0, 0, 0, 0]);
      const key = await producer.need(volume, [0, 0, 0, 0]);
      producer.client.control(FrameType.DONE, { volume, keys: [[0, 0, 0, 1, key[5], U8, 1]] });
      producer.client.control(FrameType.DONE, { volume, keys: [[0, 0, 0, 0, key[5] + 4096, U8, 1]] });
      producer.client.control(FrameType.DONE, { volume, keys: [[0, 0, 0, 0, 2 ** 50, U8, 1]] });
      await producer.client.roundTrip();
      const from = producer.needs.length;
      producer.client.control(FrameType.DONE, { volume, keys: [[0, 0, 0, 0, key[5], 8_000_000, 1]] });
      producer.answer(volume, await producer.need(volume, [0, 0, 0, 0], from));
      await client.next(FrameType.BRICK);
      expect(client.all(FrameType.BRICK).length).toBe(1);
    });
    await client.close();
  });

  test('a brick it cannot make is told to those who wait, and may be asked for again', async () => {
    const volume = await declare();
    const client = await viewer();
    await held(async () => {
      need(client, volume, [0, 0, 0, 0, 0]);
      await producer.need(volume, [0, 0, 0, 0]);
      producer.client.control(FrameType.ERROR, {
        code: 4500, message: 'the file ends early', remedy: 'copy it again', volume, key: [0, 0, 0, 0], fatal: false,
      });
      const { json } = await client.next(FrameType.ERROR);
      expect(json).toEqual({ code: 4500, message: 'the file ends early', remedy: 'copy it again', volume, key: [0, 0, 0, 0], fatal: false });
      const from = producer.needs.length;
      need(client, volume, [0, 0, 0, 0, 0]);
      producer.answer(volume, await producer.need(volume, [0, 0, 0, 0], from));
      await client.next(FrameType.BRICK);
    });
    await client.close();
  });
});

test('a brick that got damaged in the store is made anew when a viewer reports it', async () => {
  const volume = await declare();
  const client = await viewer();
  need(client, volume, [0, 0, 0, 0, 0]);
  await client.next(FrameType.BRICK);
  const offset = (await producer.need(volume, [0, 0, 0, 0]))[5];
  const { openSync, writeSync, closeSync } = await import('node:fs');
  const fd = openSync(producer.client.welcome.store.path, 'r+');
  writeSync(fd, Buffer.from([0xff]), 0, 1, offset + 5000);
  closeSync(fd);
  const complain = () => client.control(FrameType.ERROR, { code: 4400, message: 'checksum', volume, key: [0, 0, 0, 0], fatal: false });
  complain();
  const from = client.frames.length;
  const asked = producer.needs.length;
  need(client, volume, [0, 0, 0, 0, 0]);
  const { frame } = await client.next(FrameType.BRICK, () => true, from);
  expect(Buffer.compare(frame, brickFrame(volume, 'u8', [0, 0, 0, 0]))).toBe(0);
  expect(producer.needs.length).toBe(asked + 1);
  complain(); // this copy is sound: it stays
  need(client, volume, [0, 0, 0, 0, 0]);
  await client.roundTrip();
  expect(producer.needs.length).toBe(asked + 1);
  await client.close();
});
