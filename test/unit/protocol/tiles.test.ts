/** TILE frames and the messages that ask for them. */

import { expect, test } from '@jest/globals';
import { parseTile } from '../../../src/protocol/arrow.js';
import {
  decodeControl, DTYPE_CODE, encodeControl, encodeTile, FrameType, HEADER_BYTES, ITEM_BYTES, NeedTile, readHeader, readPayload, slabLevel,
  STORED_DTYPES, STORED_TILE_TEXELS, tileFrameBytes,
} from '../../../src/protocol/index.js';

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;
const fields = { flags: 1, volume: 7, level: 3, z: 9, y: 2, x: 4, generation: 5, time: 3 };

test.each(STORED_DTYPES.filter((stored) => stored !== 'points'))('a tile of %s is one Arrow batch whose texels are a view of the message', (stored) => {
  const texels = ARRAY_OF[stored].from({ length: STORED_TILE_TEXELS }, (_, i) => (i * 7) % 251);
  const frame = encodeTile(stored, texels, { ...fields, dtype: DTYPE_CODE[stored] });
  expect(frame.byteLength).toBe(tileFrameBytes(stored));
  const header = readHeader(frame);
  expect(header).toMatchObject({ ...fields, type: FrameType.TILE, dtype: DTYPE_CODE[stored] });
  const parsed = parseTile(readPayload(frame, header), stored);
  expect(parsed).toEqual(texels);
  expect(parsed.buffer).toBe(frame.buffer);
  expect(parsed.byteOffset % 64).toBe(0);
  expect(frame.byteLength - STORED_TILE_TEXELS * ITEM_BYTES[stored]).toBeLessThan(HEADER_BYTES + 400);
});

test('a tile of another size or dtype is refused', () => {
  const frame = encodeTile('u16', new Uint16Array(STORED_TILE_TEXELS), { ...fields, dtype: 2 });
  expect(() => parseTile(frame.subarray(HEADER_BYTES), 'u8')).toThrow(/not Uint8Array/);
});

const plane = { origin: [0, -0.5, -0.5], u: [0, 0, 1], v: [0, 1, 0] };
const need = (frame: object, keys: unknown = [[0, 0, 0, 1]]) =>
  decodeControl(NeedTile, encodeControl(FrameType.NEED_TILE, { volume: 1, plane: 2, frame, keys }).subarray(HEADER_BYTES));

test('a plane is bounded: steps, slabs and places', () => {
  expect(need(plane).frame).toEqual(plane);
  expect(() => need({ ...plane, u: [0, 0, 2.1] })).toThrow(/frame\.u\.2/);
  expect(() => need({ ...plane, v: [0, 0, 0] })).toThrow(/shorter than 1\/64/);
  expect(() => need({ ...plane, origin: [0, 0, 1e12] })).toThrow(/origin\.2/);
  expect(() => need({ ...plane, slab: { along: [1, 0, 0], thickness: 0, mode: 'max' } })).toThrow(/thickness/);
  expect(() => need({ ...plane, slab: { along: [1, 0, 0], thickness: 3, mode: 'sum' } })).toThrow(/mode/);
  expect(() => need(plane, [[0, -1, 0, 1]])).toThrow(/keys\.0\.1/);
  expect([1, 64, 65, 128, 1000].map(slabLevel)).toEqual([0, 0, 1, 1, 4]);
});
