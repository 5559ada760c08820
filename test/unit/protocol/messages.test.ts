import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Changed, Credit, decodeControl, Done, encodeControl, FrameError, FrameType, HEADER_BYTES, Hello, MAX_CONTROL_BYTES, MAX_NEED_KEYS, Need,
  readHeader, readPayload, VolumeDescription,
} from '../../../src/protocol/index.js';
import { DESCRIPTION } from '../../conformance/good_producer.js';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

test('what is encoded is decoded again', () => {
  const index = fc.nat(0xffffffff);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(25), index, index, index, fc.double({ noNaN: true, noDefaultInfinity: true })), { maxLength: 20 }), (keys) => {
      const message = JSON.parse(JSON.stringify({ volume: 3, keys })); // -0 is 0 in JSON
      const frame = encodeControl(FrameType.NEED, message);
      const header = readHeader(frame);
      expect(header.type).toBe(FrameType.NEED);
      expect(decodeControl(Need, readPayload(frame, header))).toEqual(message);
    }),
  );
});

describe('refused with the name of the field', () => {
  test.each([
    ['not JSON', Credit, '{bytes: 1}', /not JSON/],
    ['an array', Credit, [1], /root/],
    ['unknown field', Credit, { bytes: 1, more: 2 }, /more/],
    ['negative', Credit, { bytes: -1 }, /bytes/],
    ['a fraction', Credit, { bytes: 1.5 }, /bytes/],
    ['no number', Credit, '{"bytes": 1e999}', /bytes/],
    ['a level too high', Need, { volume: 1, keys: [[26, 0, 0, 0, 0]] }, /keys\.0\.0/],
    ['a short key', Need, { volume: 1, keys: [[0, 0, 0, 0]] }, /keys\.0/],
    ['an index over 32 bits', Done, { volume: 1, keys: [[0, 2 ** 32, 0, 0, 0, 0, 0]] }, /keys\.0\.1/],
    ['an unknown kind', Hello, { kind: 'king', client: 'c' }, /kind/],
    ['a name too long', Hello, { kind: 'viewer', client: 'c'.repeat(201) }, /client/],
    ['a box of five', Changed, { volume: 1, generation: 0, boxes: [[0, 0, 0, 0, 1]] }, /boxes\.0/],
    ['wrong rank', VolumeDescription, { ...DESCRIPTION, shape: [1, 2] }, /shape/],
    ['empty axis', VolumeDescription, { ...DESCRIPTION, shape: [1, 0, 2] }, /shape\.1/],
    ['voxel size 0', VolumeDescription, { ...DESCRIPTION, voxel_size: [0, 1, 1] }, /voxel_size\.0/],
    ['origin that is not finite', VolumeDescription, JSON.stringify({ ...DESCRIPTION, origin: [0, 0, 123456] }).replace('123456', '1e999'), /origin\.2/],
  ] as const)('%s', (_, schema, value, message) => {
    let error: unknown;
    try {
      decodeControl(schema as never, bytes(value));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FrameError);
    expect((error as FrameError).code).toBe(4400);
    expect((error as FrameError).message).toMatch(message);
  });
});

test('bytes that are not UTF-8 are refused, not replaced', () => {
  expect(() => decodeControl(Hello, Buffer.from('7b226b696e64223a22ff227d', 'hex'))).toThrow(FrameError);
});

test('limits hold to the unit', () => {
  const keys = Array.from({ length: MAX_NEED_KEYS }, () => [0, 0, 0, 0, 0]);
  expect(decodeControl(Need, bytes({ volume: 1, keys })).keys.length).toBe(MAX_NEED_KEYS);
  expect(() => decodeControl(Need, bytes({ volume: 1, keys: [...keys, keys[0]] }))).toThrow(FrameError);
  const padded = (length: number) => Buffer.concat([bytes({ bytes: 1 }), Buffer.alloc(length - bytes({ bytes: 1 }).length, 0x20)]);
  expect(decodeControl(Credit, padded(MAX_CONTROL_BYTES))).toEqual({ bytes: 1 });
  expect(() => decodeControl(Credit, padded(MAX_CONTROL_BYTES + 1))).toThrow(/limit is 1048576/);
  expect(encodeControl(FrameType.CREDIT, { bytes: 1 }).length).toBe(HEADER_BYTES + 11);
});
