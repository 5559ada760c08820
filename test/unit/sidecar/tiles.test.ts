/** Tiles through a live sidecar: cut from what a producer makes, cancelled, made anew, refused. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseTile } from '../../../src/protocol/arrow.js';
import { encodeConstant, FrameType, STORED_TILE_EDGE, STORED_TILE_TEXELS, tileFrameBytes } from '../../../src/protocol/index.js';
import { checkFrame } from '../../../src/session/frame_check.js';
import { axisPlane } from '../../../src/volume/plane.js';
import { Client, type Received } from '../../conformance/client.js';
import { GoodProducer, type NeedKey, voxelFrame } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { makeBrick } from './synthetic_bricks.js';

/** 3 × 3 × 4 bricks at level 0: 2 × 2 tiles across z. */
const SHAPE: [number, number, number] = [130, 180, 250];
const field = (z: number, y: number, x: number) => (z * 40 + y * 7 + x * 3) % 60_000;

let sidecar: SidecarProcess;
let producer: GoodProducer;
let names = 0;
beforeAll(async () => {
  sidecar = await SidecarProcess.start({ store_bytes: 32 * 2 ** 20 });
  producer = await GoodProducer.connect(sidecar);
  producer.voxels = ([level, z, y, x]: NeedKey) => makeBrick(field, SHAPE, 'u16', { level, z, y, x });
});
afterAll(() => sidecar?.stop());

const declare = () => {
  names += 1;
  return producer.declare({ name: `volume ${names}`, shape: SHAPE, stored: 'u16', dtype: 'uint16' });
};
const viewer = (fields: object = {}) => Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 64 * 2 ** 20, ...fields });
const need = (client: Client, volume: number, plane: number, frame: object, ...keys: number[][]) =>
  client.control(FrameType.NEED_TILE, { volume, plane, frame, keys });
const texel = (tile: Received, j: number, i: number) => parseTile(new Uint8Array(tile.payload), 'u16')[j * STORED_TILE_EDGE + i];
const places = (frames: Received[]) => frames.map(({ header }) => [header.level, header.z, header.y, header.x]);

test('a tile holds the voxels of its plane, and only the bricks it crosses are made', async () => {
  const volume = await declare();
  const client = await viewer();
  const from = producer.needs.length;
  need(client, volume, 41, axisPlane(0, 100), [0, 1, 1, 0], [0, 0, 0, 1]);
  const first = await client.next(FrameType.TILE, (f) => f.header.y === 1);
  const second = await client.next(FrameType.TILE, (f) => f.header.y === 0);
  expect(places([first, second])).toEqual([[0, 41, 1, 1], [0, 41, 0, 0]]);
  expect(first.frame.byteLength).toBe(tileFrameBytes('u16'));
  expect(first.header).toMatchObject({ volume, generation: 1, flags: 0, dtype: 2 });
  expect(texel(first, 1, 1)).toBe(field(100, 128, 128));
  expect(texel(first, 0, 0)).toBe(field(100, 127, 127));
  expect(texel(second, 129, 129)).toBe(field(100, 128, 128));
  expect(texel(first, 53, 129)).toBe(field(100, 179, 249)); // beyond the volume: its last voxel again
  const made = producer.needs.slice(from).map(({ key }) => key.slice(0, 4).join());
  expect(new Set(made).size).toBe(made.length);
  expect(made).toHaveLength(6); // 1 × 2 and 2 × 2: their halos do for the tiles' borders
  const { sent_tiles, sent_tile_bytes, sent_bricks } = await sidecar.status();
  expect([sent_tiles, sent_tile_bytes, sent_bricks]).toEqual([2, 2 * tileFrameBytes('u16'), 0]);
  await client.close();
});

test('tiles are cut from constant bricks too, and one of a single value is one value', async () => {
  const volume = await declare();
  const client = await viewer();
  const before = await sidecar.status();
  // Bricks of the right half are full, all others are 9.
  producer.frame = (handle, [level, z, y, x]) => {
    const fields = { volume: handle, level, z, y, x, dtype: 2, generation: 1 };
    const brick = x < 2 ? Uint16Array.of(9) : makeBrick(field, SHAPE, 'u16', { level, z, y, x });
    return x < 2 ? encodeConstant(FrameType.BRICK, brick, fields) : voxelFrame(handle, 'u16', [level, z, y, x], brick);
  };
  need(client, volume, 5, axisPlane(0, 70), [0, 0, 0, 0], [0, 0, 1, 1]);
  need(client, volume, 6, axisPlane(2, 120), [0, 0, 0, 2]);
  const [first, second, third] = await Promise.all([[5, 0], [5, 1], [6, 0]].map(([z, x]) => client.next(FrameType.TILE, (f) => f.header.z === z && f.header.x === x)));
  producer.frame = undefined;
  expect([first, third].map((tile) => [tile?.frame.byteLength, tile?.header.flags, tile?.payload.readUInt16LE()])).toEqual([[66, 2, 9], [66, 2, 9]]);
  const checked = checkFrame(Uint8Array.from(first?.frame as Buffer).buffer).frame?.body;
  if (checked?.kind !== 'tile') throw new Error('not a tile');
  expect(checked.voxels).toHaveLength(STORED_TILE_TEXELS);
  expect(checked.voxels.every((v) => v === 9)).toBe(true);
  expect([second?.header.flags, texel(second as Received, 1, 1), texel(second as Received, 0, 0)]).toEqual([0, field(70, 0, 128), field(70, 0, 127)]);
  const after = await sidecar.status();
  expect(after.sent_tile_bytes - before.sent_tile_bytes).toBe(2 * 66 + tileFrameBytes('u16'));
  await client.close();
});

test('what is no longer needed is not made, and what is cancelled does not come', async () => {
  const volume = await declare();
  const client = await viewer();
  producer.automatic = false;
  const from = producer.needs.length;
  need(client, volume, 1, axisPlane(1, 20), [0, 0, 0, 5], [0, 1, 1, 5]);
  await producer.client.until(() => producer.needs.length - from >= 6, 'six needs');
  client.control(FrameType.CANCEL_TILE, { volume, plane: 1, keys: [[0, 0, 0]] });
  await client.roundTrip();
  need(client, volume, 2, axisPlane(1, 150), [1, 0, 0, 0]);
  client.control(FrameType.CANCEL_TILE, { volume, plane: 1 });
  await client.roundTrip();
  await producer.client.until(() => producer.cancels.length >= 6, 'six cancels');
  producer.automatic = true;
  for (const { volume: of, key } of producer.needs.slice(from)) producer.answer(of, key);
  await client.next(FrameType.TILE);
  await client.roundTrip();
  expect(places(client.all(FrameType.TILE))).toEqual([[1, 2, 0, 0]]);
  await client.close();
});

test('a brick that changes while its tile is being cut, or afterwards, is in the next tile', async () => {
  const volume = await declare();
  const client = await viewer();
  const before = producer.voxels;
  producer.flags = 1;
  producer.generation = 0;
  need(client, volume, 3, axisPlane(0, 5), [0, 0, 0, 0]);
  const preview = await client.next(FrameType.TILE);
  expect(preview.header).toMatchObject({ flags: 1, generation: 0 });
  producer.flags = 0;
  producer.generation = 2;
  producer.voxels = (key) => before!(key).map((n) => n + 1);
  producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 0, 0, 0, 1, 1, 1]] });
  await client.next(FrameType.CHANGED);
  need(client, volume, 3, axisPlane(0, 5), [0, 0, 0, 0]);
  const mixed = await client.next(FrameType.TILE, (f) => f !== preview);
  expect(mixed.header).toMatchObject({ flags: 1, generation: 0 }); // three of its bricks are previews still
  expect([texel(mixed, 10, 10), texel(mixed, 100, 100)]).toEqual([field(5, 9, 9) + 1, field(5, 99, 99)]);
  // One brick of four is not answered: the others are cut from already when they change.
  producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 0, 0, 0, 1, 1, 1]] });
  await client.until(() => client.all(FrameType.CHANGED).length === 2, 'the second CHANGED');
  producer.automatic = false;
  const from = producer.needs.length;
  need(client, volume, 3, axisPlane(0, 5), [0, 0, 0, 0]);
  const last = await producer.need(volume, [0, 0, 0, 0], from);
  producer.automatic = true; // what is needed anew is answered at once, however soon it is needed
  producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 0, 0, 0, 3, 3, 4]] });
  await client.until(() => client.all(FrameType.CHANGED).length === 3, 'the third CHANGED');
  producer.answer(volume, last);
  const renewed = await client.next(FrameType.TILE, (f) => f !== preview && f !== mixed);
  expect(renewed.header).toMatchObject({ flags: 0, generation: 2 });
  expect([texel(renewed, 10, 10), texel(renewed, 100, 100)]).toEqual([field(5, 9, 9) + 1, field(5, 99, 99) + 1]);
  producer.voxels = before;
  producer.generation = 1;
  await client.close();
});

test('credit is kept: nothing beyond it is sent', async () => {
  const volume = await declare();
  const bytes = tileFrameBytes('u16');
  const client = await viewer({ credit_bytes: 2 * bytes + 100 });
  need(client, volume, 1, axisPlane(0, 64), [0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 2], [0, 1, 1, 3]);
  await client.until(() => client.all(FrameType.TILE).length === 2, 'two tiles');
  await client.roundTrip();
  expect(places(client.all(FrameType.TILE))).toEqual([[0, 1, 0, 0], [0, 1, 0, 1]]);
  client.control(FrameType.CREDIT, { bytes: 2 * bytes });
  await client.until(() => client.all(FrameType.TILE).length === 4, 'four tiles');
  await client.close();
});

test('a store too small for all of a tile at once still makes it', async () => {
  const small = await SidecarProcess.start({ store_bytes: 19 * 2 ** 20 });
  const own = await GoodProducer.connect(small);
  own.voxels = ([level, z, y, x]) => makeBrick((zz, yy, xx) => zz + yy + xx, [700, 700, 700], 'u16', { level, z, y, x });
  const volume = await own.declare({ name: 'large', shape: [700, 700, 700], stored: 'u16', dtype: 'uint16' });
  const client = await Client.greet(small, 'viewer', 'view');
  // A slab of 40 voxels of level 0 across a slanted plane crosses more bricks than the store has slots for.
  const frame = { origin: [250, 150, 150], u: [0.5, 1, 1.5], v: [1.5, 1, -0.5], slab: { along: [1, 1, 1], thickness: 40, mode: 'max' } };
  need(client, volume, 1, frame, [0, 0, 0, 0]);
  const tile = await client.until(() => client.all(FrameType.TILE)[0], 'the tile');
  expect(own.needs.length).toBeGreaterThan(32);
  // The largest of z + y + x over the slab is that at its upper end.
  const p = [0, 1, 2].map((a) => frame.origin[a]! + 64.5 * frame.u[a]! + 64.5 * frame.v[a]! + 19.5);
  expect(Math.abs((texel(tile, 65, 65) as number) - p.reduce((a, b) => a + b))).toBeLessThanOrEqual(1);
  await small.stop();
});

test('a stored brick that is damaged is made anew before it is cut', async () => {
  const volume = await declare();
  const client = await viewer();
  let damaged = 0;
  // The first frame of the brick is written with one voxel flipped after its checksum was made.
  producer.spoil = ([level, z, y, x]) => {
    damaged += 1;
    return damaged === 1 && level === 0 && z === 0 && y === 0 && x === 0;
  };
  need(client, volume, 1, axisPlane(0, 0), [0, 0, 0, 0]);
  const tile = await client.next(FrameType.TILE);
  expect(texel(tile, 10, 10)).toBe(field(0, 9, 9));
  expect(producer.needs.filter((n) => n.volume === volume && n.key.slice(0, 4).join() === '0,0,0,0')).toHaveLength(2);
  producer.spoil = () => true;
  need(client, volume, 1, axisPlane(0, 129), [0, 0, 0, 0]);
  const { json } = await client.next(FrameType.ERROR);
  expect(json).toMatchObject({ code: 4500, volume, tile: [0, 1, 0, 0], fatal: false });
  expect(json.message).toMatch(/damaged again and again/);
  producer.spoil = undefined;
  expect(sidecar.log).toMatch(/brick 0\/0\/0\/0 of volume \d+ is damaged in the store/);
  await client.close();
});
