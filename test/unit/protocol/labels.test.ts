import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeControl, decodeHeadTail, EditHead, encodeHeadTail, FrameError, FrameType, HEADER_BYTES, LabelsRequest, MAX_CONTROL_BYTES,
  MAX_STROKE_POINTS, ReadLabels, readHeader, readPayload,
} from '../../../src/protocol/index.js';

const HEAD = { id: 'a', volume: 3, author: 'Ann', op: { kind: 'box', start: [0, 0, 0], stop: [1, 2, 3] }, label: 2, mode: { write: 'all' } };
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const payloadOf = (head: object, tail?: Uint8Array) => encodeHeadTail(FrameType.EDIT, head, tail).subarray(HEADER_BYTES);

test('head and tail are decoded as they were encoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.string({ maxLength: 50, unit: 'binary' }), fc.nat(0xffffffff), (tail, author, label) => {
      const frame = encodeHeadTail(FrameType.EDIT, { ...HEAD, author, label }, tail);
      const header = readHeader(frame);
      expect(header.type).toBe(25);
      const decoded = decodeHeadTail(EditHead, readPayload(frame, header));
      expect(decoded.head).toEqual({ ...HEAD, author, label });
      expect([...decoded.tail]).toEqual([...tail]);
    }),
  );
});

describe('refused with the name of the field', () => {
  const stroke = { kind: 'stroke', points: [[0, 0, 0]], radius: [1, 1, 1] };
  test.each([
    ['an unknown op', { ...HEAD, op: { kind: 'wand' } }, /op/],
    ['a stroke without points', { ...HEAD, op: { ...stroke, points: [] } }, /op\.points/],
    ['a stroke of too many points', { ...HEAD, op: { ...stroke, points: new Array(MAX_STROKE_POINTS + 1).fill([0, 0, 0]) } }, /op\.points/],
    ['a radius below 0', { ...HEAD, op: { ...stroke, radius: [1, -1, 1] } }, /op\.radius\.1/],
    ['a radius beyond the limit', { ...HEAD, op: { ...stroke, radius: [1, 1, 513] } }, /op\.radius\.2/],
    ['fewer scales than points', { ...HEAD, op: { ...stroke, scales: [] } }, /as many scales/],
    ['a scale beyond 1', { ...HEAD, op: { ...stroke, scales: [1.5] } }, /op\.scales\.0/],
    ['a supervoxel of no size', { ...HEAD, op: { kind: 'supervoxel', seeds: [[0, 0, 0]], image: 1, cell: [0, 8, 8], contrast: 1 } }, /op\.cell\.0/],
    ['a cell of too many voxels', { ...HEAD, op: { kind: 'supervoxel', seeds: [[0, 0, 0]], image: 1, cell: [64, 64, 64], contrast: 1 } }, /32768 voxels/],
    ['a polygon of two points', { ...HEAD, op: { kind: 'polygon', axis: 0, index: [0, 0], points: [[0, 0], [1, 1]] } }, /op\.points/],
    ['a box of fractions', { ...HEAD, op: { kind: 'box', start: [0, 0, 0.5], stop: [1, 1, 1] } }, /op\.start\.2/],
    ['a fill of one dimension', { ...HEAD, op: { kind: 'fill', seed: [0, 0, 0], box: [[0, 0, 0], [1, 1, 1]], dims: 1 } }, /op\.dims/],
    ['a label below 0', { ...HEAD, label: -1 }, /label/],
    ['a mode without its label', { ...HEAD, mode: { write: 'only' } }, /mode\.label/],
    ['an unknown field', { ...HEAD, colour: 'red' }, /colour/],
  ])('%s', (_, head, field) => {
    expect(() => decodeHeadTail(EditHead, payloadOf(head))).toThrow(field);
  });

  test('labels as floats, a level beyond all', () => {
    const labels = { name: 'a', shape: [1, 1, 1], voxel_size: [1, 1, 1], origin: [0, 0, 0], dtype: 'f32' };
    expect(() => decodeControl(LabelsRequest, json(labels))).toThrow(/dtype/);
    expect(() => decodeControl(ReadLabels, json({ volume: 1, id: 'a', start: [0, 0, 0], stop: [1, 1, 1], level: 26 }))).toThrow(FrameError);
  });
});

test('a coordinate that is not finite does not pass', () => {
  const text = JSON.stringify({ ...HEAD, op: { kind: 'stroke', points: [[0, 0, 123456]], radius: [1, 1, 1] } }).replace('123456', '1e999');
  const head = new TextEncoder().encode(text);
  const payload = new Uint8Array(4 + head.byteLength);
  new DataView(payload.buffer).setUint32(0, head.byteLength, true);
  payload.set(head, 4);
  expect(() => decodeHeadTail(EditHead, payload)).toThrow(/op\.points\.0\.2/);
});

describe('a payload whose head is cut short or too long is refused before it is read', () => {
  test.each([
    ['of 3 bytes', Uint8Array.of(1, 0, 0), 4400],
    ['that ends in its head', Uint8Array.of(9, 0, 0, 0, 123, 125), 4400],
    ['whose head is over the limit', Uint8Array.from([...new Uint8Array(new Uint32Array([MAX_CONTROL_BYTES + 1]).buffer), 123]), 4413],
  ])('%s', (_, payload, code) => {
    let error: unknown;
    try {
      decodeHeadTail(EditHead, payload);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as FrameError).code).toBe(code);
  });
});
