/** Volumes through a live sidecar: fills, changes, producers that go and come back, ranges, and a store that is too small. */

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encodeFrame, FrameType } from '../../../src/protocol/index.js';
import { Client } from '../../conformance/client.js';
import { DESCRIPTION, GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

/** 27 + 8 + 1 bricks. */
const SHAPE = [192, 192, 192];
const TOTAL = 36;
const GROUP = 4 * 290_816;

let sidecar: SidecarProcess;
let names = 0;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar?.stop());

const fresh = () => {
  names += 1;
  return { name: `volume ${names}`, shape: SHAPE };
};
const view = (role = 'view', at = sidecar) => Client.greet(at, 'viewer', role, { credit_bytes: 64 * 2 ** 20 });
const need = (client: Client, volume: number, ...keys: number[][]) => client.control(FrameType.NEED, { volume, keys });
const fill = (producer: GoodProducer, volume: number) => producer.client.control(FrameType.FILL, { volume });
// biome-ignore lint/suspicious/noExplicitAny: messages of every form
const status = (client: Client, volume: number, matches: (s: any) => boolean, from = 0) =>
  client.next(FrameType.STATUS, (f) => f.json.volume === volume && matches(f.json), from);

describe('a fill', () => {
  test('makes every brick resident, coarse to fine, and everybody hears when it is complete', async () => {
    const [producer, client] = [await GoodProducer.connect(sidecar), await view()];
    const volume = await producer.declare(fresh());
    fill(producer, volume);
    for (const who of [producer.client, client]) {
      const { json } = await status(who, volume, (s) => s.complete);
      expect(json).toEqual({ volume, producer: 'alive', resident: TOTAL, total: TOTAL, filling: false, complete: true });
    }
    const levels = producer.needs.map((n) => n.key[0]);
    expect(levels).toEqual([...levels].sort((a, b) => b - a));
    expect(levels.length).toBe(TOTAL);
    expect(client.all(FrameType.STATUS).length).toBeLessThan(TOTAL); // not one for each brick
    await Promise.all([producer.close(), client.close()]);
  });

  test('lets viewers go first, also for a brick it had asked for already', async () => {
    const [producer, client] = [await GoodProducer.connect(sidecar), await view()];
    producer.automatic = false;
    const volume = await producer.declare({ ...fresh(), shape: [256, 256, 256] }); // 64 + 8 + 1
    fill(producer, volume);
    await producer.client.until(() => producer.needs.length === 64, 'four fifths of the needs under way');
    await producer.client.roundTrip();
    expect(producer.needs.length).toBe(64);
    need(client, volume, [0, 3, 3, 3, 7], [2, 0, 0, 0, 3]);
    const key = await producer.need(volume, [0, 3, 3, 3]);
    expect(key[4]).toBe(7);
    expect(producer.needs.every((n) => n.key[4] > 7 || n.key === key)).toBe(true);
    await producer.client.until(() => producer.cancels.length > 0, 'the coarse brick taken back');
    expect(producer.cancels).toEqual([[2, 0, 0, 0]]);
    producer.client.control(FrameType.ERROR, { code: 4499, message: 'cancelled', volume, key: [2, 0, 0, 0], fatal: false });
    const again = await producer.need(volume, [2, 0, 0, 0], 64);
    expect(again[4]).toBe(3);
    await Promise.all([producer.close(), client.close()]);
  });

  test('is asked for by turns of sixteen bricks', async () => {
    const producer = await GoodProducer.connect(sidecar);
    producer.automatic = false;
    const volume = await producer.declare({ ...fresh(), shape: [256, 256, 256] }); // 64 + 8 + 1
    fill(producer, volume);
    await producer.client.until(() => producer.needs.length === 64, 'four turns');
    const first = producer.needs.slice(0, 16);
    for (const n of first.slice(0, 15)) producer.answer(n.volume, n.key);
    await producer.client.roundTrip();
    expect(producer.needs.length).toBe(64);
    for (const n of first.slice(15)) producer.answer(n.volume, n.key);
    await producer.client.until(() => producer.needs.length === 73, 'the rest');
    await producer.close();
  });

  test('goes on when the viewer who asked for the same brick leaves', async () => {
    const [producer, client] = [await GoodProducer.connect(sidecar), await view()];
    producer.automatic = false;
    const volume = await producer.declare(fresh());
    const keys = Array.from({ length: 27 }, (_, i) => [0, Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, 1]);
    need(client, volume, ...keys);
    await producer.client.until(() => producer.needs.length === 27, 'the needs');
    fill(producer, volume);
    await client.close();
    await producer.client.roundTrip();
    producer.automatic = true;
    for (const n of [...producer.needs]) producer.answer(n.volume, n.key);
    await status(producer.client, volume, (s) => s.complete);
    await producer.close();
  });

  test('is not complete while bricks are previews, and fills again what changes', async () => {
    const [producer, client] = [await GoodProducer.connect(sidecar), await view()];
    producer.flags = 1;
    producer.generation = 0;
    const volume = await producer.declare(fresh());
    fill(producer, volume);
    await status(client, volume, (s) => s.resident === TOTAL && s.filling && !s.complete);
    producer.flags = 0;
    producer.generation = 1;
    const from = client.frames.length;
    const boxes = [[0, 0, 0, 0, 3, 3, 3], [1, 0, 0, 0, 2, 2, 2], [2, 0, 0, 0, 1, 1, 1]];
    producer.client.control(FrameType.CHANGED, { volume, generation: 1, boxes });
    expect((await client.next(FrameType.CHANGED, () => true, from)).json).toEqual({ volume, generation: 1, boxes });
    await status(client, volume, (s) => s.complete, from);

    const asked = producer.needs.length;
    producer.generation = 2;
    producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 1, 1, 1, 2, 3, 2]] });
    await producer.client.until(() => producer.needs.length === asked + 2, 'the two changed bricks');
    await status(client, volume, (s) => s.complete, client.frames.length);
    need(client, volume, [0, 1, 2, 1, 0]);
    expect((await client.next(FrameType.BRICK)).header.generation).toBe(2);
    await Promise.all([producer.close(), client.close()]);
  });

  test('stops with the reason when a brick cannot be made', async () => {
    const producer = await GoodProducer.connect(sidecar);
    producer.automatic = false;
    const volume = await producer.declare(fresh());
    fill(producer, volume);
    const key = await producer.need(volume, [2, 0, 0, 0]);
    producer.client.control(FrameType.ERROR, { code: 4500, message: 'the file ends early', volume, key: key.slice(0, 4), fatal: false });
    const { json } = await producer.client.next(FrameType.ERROR);
    expect(json).toMatchObject({ code: 4500, volume, message: 'the file ends early', fatal: false });
    expect((await status(producer.client, volume, (s) => s.message)).json).toMatchObject({ filling: false, message: 'the file ends early' });
    await producer.close();
  });
});

describe('a small store', () => {
  let small: SidecarProcess;
  beforeAll(async () => {
    small = await SidecarProcess.start({ store_bytes: 16 * GROUP }); // 64 bricks of u8, 32 of u16
  });
  afterAll(() => small?.stop());

  test('refuses to fill a volume that does not fit, with numbers and a remedy, and still shows it', async () => {
    const [producer, client] = [await GoodProducer.connect(small), await view('view', small)];
    const volume = await producer.declare({ ...fresh(), stored: 'u16' });
    fill(producer, volume);
    const { json } = await producer.client.next(FrameType.ERROR);
    expect(json).toMatchObject({ code: 4507, volume, fatal: false });
    expect(json.message).toContain(String(16 * GROUP));
    expect(json.remedy).toContain('store_bytes');
    for (let i = 0; i < 27; i += 1) {
      const from = client.frames.length;
      need(client, volume, [0, Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, 0], [1, 0, 0, i % 2, 1]);
      await client.until(() => client.frames.slice(from).filter((f) => f.header.type === FrameType.BRICK).length === 2, 'the bricks');
      client.control(FrameType.CREDIT, { bytes: 2 * 575_448 });
    }
    expect((await small.status()).used_bytes).toBeLessThanOrEqual(16 * GROUP);
    producer.client.control(FrameType.VOLUME_GONE, { volume });
    await client.next(FrameType.VOLUME_GONE);
    expect((await small.status()).used_bytes).toBe(0);
    await Promise.all([producer.close(), client.close()]);
  });

  test('evicts other volumes for a fill; counts stay right; the top of a pyramid stays', async () => {
    const [producer, client] = [await GoodProducer.connect(small), await view('view', small)];
    const [a, b] = [await producer.declare(fresh()), await producer.declare(fresh())];
    fill(producer, a);
    await status(client, a, (s) => s.complete);
    fill(producer, b);
    await status(client, b, (s) => s.complete);
    const { json } = await status(client, a, (s) => s.resident === 64 - TOTAL);
    expect(json).toMatchObject({ complete: false, filling: false });
    const asked = producer.needs.length;
    need(client, a, [2, 0, 0, 0, 0]);
    await client.next(FrameType.BRICK);
    expect(producer.needs.length).toBe(asked);
    await Promise.all([producer.close(), client.close()]);
  });
});

describe('shared memory that is full', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-full-'));
  let mounted = false;
  beforeAll(() => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', folder], { stdio: 'ignore' });
      mounted = true;
    } catch {
      // not root: the same fault is told by the producer instead, below
    }
  });
  afterAll(() => {
    if (mounted) execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the store goes on with what was written, and says so', async () => {
    const full = await SidecarProcess.start({ store_bytes: 40 * GROUP, ...(mounted ? { store_dir: folder } : {}) });
    const [producer, client] = [await GoodProducer.connect(full), await view('view', full)];
    try {
      const volume = await producer.declare({ ...fresh(), stored: 'f32' });
      const keys = Array.from({ length: 27 }, (_, i) => [0, Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, i]);
      need(client, volume, ...keys.slice(0, 6));
      await client.until(() => client.all(FrameType.BRICK).length === 6, 'bricks while there was room');
      if (mounted) fillUp(path.join(folder, 'other'));
      else producer.automatic = false;
      need(client, volume, ...keys.slice(6, 12));
      if (!mounted) {
        for (const key of keys.slice(6, 12)) await producer.need(volume, key);
        producer.automatic = true;
        for (const key of keys.slice(6, 12)) {
          producer.client.control(FrameType.ERROR, { code: 4507, message: 'ENOSPC', volume, key: key.slice(0, 4), fatal: false });
        }
      }
      await client.until(() => client.all(FrameType.BRICK).length === 12, 'bricks afterwards, in slots used before');
      expect((await status(client, volume, (s) => s.message)).json.message).toMatch(/shared memory is full/);
      if (mounted) {
        const small = await producer.declare({ ...fresh(), shape: [9, 9, 9] });
        fill(producer, small);
        expect((await status(client, small, (s) => s.complete)).json.resident).toBe(1);
        fill(producer, volume);
        const { json } = await producer.client.next(FrameType.ERROR);
        expect(json).toMatchObject({ code: 4507, volume });
        expect(json.remedy).toContain('shared memory');
        expect(client.all(FrameType.STATUS).findLast((f) => f.json.volume === small)?.json).toMatchObject({ complete: true, resident: 1 });
        rmSync(path.join(folder, 'other'));
      }
      // Room was made, as the remedy says: the same fill succeeds.
      const from = client.frames.length;
      fill(producer, volume);
      expect((await status(client, volume, (s) => s.complete, from)).json.message).toBeUndefined();
    } finally {
      await Promise.all([producer.close(), full.stop()]);
    }
  });

  test('from the start: each brick is answered, none is made up', async () => {
    const full = await SidecarProcess.start({ store_bytes: 40 * GROUP });
    const [producer, client] = [await GoodProducer.connect(full), await view('view', full)];
    producer.automatic = false;
    const volume = await producer.declare(fresh());
    need(client, volume, [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]);
    for (const x of [0, 1]) {
      await producer.need(volume, [0, 0, 0, x]);
      producer.client.control(FrameType.ERROR, { code: 4507, message: 'ENOSPC', volume, key: [0, 0, 0, x], fatal: false });
    }
    await client.until(() => client.all(FrameType.ERROR).length === 2, 'two answers');
    expect(client.all(FrameType.ERROR).map((f) => [f.json.code, f.json.key])).toEqual([[4507, [0, 0, 0, 0]], [4507, [0, 0, 0, 1]]]);
    await full.stop();
  });
});

/** Takes all that is left of a file system. */
function fillUp(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(2 ** 20));
  } catch {
    closeSync(fd); // there is nothing left
  }
}

describe('a producer that goes', () => {
  test('leaves its bricks; needs wait a while for it, then fail', async () => {
    const [producer, client] = [await GoodProducer.connect(sidecar), await view()];
    const volume = await producer.declare(fresh());
    need(client, volume, [1, 0, 0, 0, 0]);
    await client.next(FrameType.BRICK);
    producer.client.socket.terminate();
    await status(client, volume, (s) => s.producer === 'gone');
    const before = performance.now();
    need(client, volume, [0, 0, 0, 0, 0]);
    const { json } = await client.next(FrameType.ERROR);
    expect(performance.now() - before).toBeGreaterThan(2_000);
    expect(json).toMatchObject({ code: 4503, volume, key: [0, 0, 0, 0], fatal: false });
    expect(json.remedy).toBeTruthy();
    const from = client.frames.length;
    need(client, volume, [1, 0, 0, 0, 0], [0, 0, 0, 1, 0]);
    await client.next(FrameType.BRICK, () => true, from);
    await client.next(FrameType.ERROR, (f) => f.json.code === 4503, from);
    await client.close();
  });

  test('and comes back in time finds its bricks, and the needs that waited', async () => {
    const [first, client] = [await GoodProducer.connect(sidecar), await view()];
    const description = fresh();
    const volume = await first.declare(description);
    need(client, volume, [1, 0, 0, 0, 0]);
    await client.next(FrameType.BRICK);
    first.automatic = false;
    need(client, volume, [0, 0, 0, 0, 0]);
    await first.need(volume, [0, 0, 0, 0]);
    first.client.socket.terminate();
    await status(client, volume, (s) => s.producer === 'gone');
    const second = await GoodProducer.connect(sidecar);
    expect(second.client.welcome.volumes.find((v: { volume: number }) => v.volume === volume).status.producer).toBe('gone');
    expect(await second.declare(description)).toBe(volume);
    await client.until(() => client.all(FrameType.BRICK).length === 2, 'the brick that waited');
    expect(second.needs.length).toBe(1);
    expect(client.all(FrameType.VOLUME_GONE)).toEqual([]);
    await Promise.all([second.close(), client.close()]);
  });

  test('and comes back with other voxels has a new handle; the layer stays', async () => {
    const [producer, client] = [await GoodProducer.connect(sidecar), await view()];
    const description = fresh();
    const old = await producer.declare(description);
    const shown = await producer.declare({ ...description, display: { window: [1, 2] } } as object);
    expect(shown).toBe(old); // how it is first shown is no other volume
    for (const other of [{ fingerprint: 'other' }, { fingerprint: 'other', voxel_size: [2, 1, 1] }]) {
      const from = client.frames.length;
      const last = (await producer.declare({ ...description, ...other })) as number;
      expect(last).toBeGreaterThan(old);
      await client.next(FrameType.VOLUME_GONE, () => true, from);
    }
    need(client, old, [0, 0, 0, 0, 0]);
    expect((await client.next(FrameType.ERROR)).json).toMatchObject({ code: 4404, volume: old });
    await Promise.all([producer.close(), client.close()]);
  });
});

test('a viewer that joins gets the ranges told before; a volume declared again forgets them', async () => {
  const producer = await GoodProducer.connect(sidecar);
  const description = fresh();
  const volume = await producer.declare(description);
  const frames = [1, 2, 3].map((n) => encodeFrame(FrameType.RANGES, new Uint8Array(100 * n).fill(n), { volume }));
  for (const frame of frames) producer.client.send(frame);
  await producer.client.roundTrip();
  const early = await view();
  await early.until(() => early.all(FrameType.RANGES).filter((f) => f.header.volume === volume).length === 3, 'the ranges');
  expect(early.all(FrameType.RANGES).filter((f) => f.header.volume === volume).map((f) => Buffer.compare(f.frame, frames[f.payload[0]! - 1]!))).toEqual([0, 0, 0]);
  await producer.declare(description);
  const late = await view();
  await late.roundTrip();
  expect(late.all(FrameType.RANGES).filter((f) => f.header.volume === volume)).toEqual([]);
  producer.client.send(frames[0] as Uint8Array);
  await late.next(FrameType.RANGES, (f) => f.header.volume === volume);
  await Promise.all([producer.close(), early.close(), late.close()]);
});

test('an instance holds 256 volumes, and says so', async () => {
  const own = await SidecarProcess.start();
  const producer = await GoodProducer.connect(own);
  const note = 'x'.repeat(2000);
  for (let i = 0; i < 256; i += 1) producer.client.control(FrameType.VOLUME, { ...DESCRIPTION, name: `v${i}`, note });
  await producer.client.until(() => producer.client.all(FrameType.VOLUME).length === 256, 'all volumes');
  producer.client.control(FrameType.VOLUME, { ...DESCRIPTION, name: 'one more' });
  expect((await producer.client.next(FrameType.ERROR)).json).toMatchObject({ code: 4422, message: expect.stringContaining('256') });
  const client = await view('view', own); // more than one control message holds
  await client.roundTrip();
  expect(client.welcome.volumes.length + client.all(FrameType.VOLUME).length).toBe(256);
  await own.stop();
});
