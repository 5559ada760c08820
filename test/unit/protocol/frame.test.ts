import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  encodeFrame, FrameError, type FrameHeader, FrameType, HEADER_BYTES, MAX_FRAME_BYTES, readHeader, readPayload, xxh32,
} from '../../../src/protocol/index.js';

const u32 = fc.nat(0xffffffff);
const header = fc.record({
  flags: fc.nat(255), volume: u32, level: fc.nat(25), dtype: fc.nat(4), z: u32, y: u32, x: u32, generation: u32, time: u32,
});
const type = fc.constantFrom(...Object.values(FrameType));

/** The code with which a frame is refused; undefined when it is accepted. */
function refused(bytes: Uint8Array): number | undefined {
  try {
    readPayload(bytes, readHeader(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error; // nothing else may be thrown, whatever the bytes
  }
}

/** Makes the header's checksum right again. */
function reseal(frame: Uint8Array): Uint8Array {
  new DataView(frame.buffer, frame.byteOffset).setUint32(60, xxh32(frame.subarray(0, 60)), true);
  return frame;
}

const ping = () => encodeFrame(FrameType.PING, new TextEncoder().encode('{"t":1}'));

test('what is written is read again', () => {
  fc.assert(
    fc.property(type, fc.uint8Array({ maxLength: 300 }), header, (kind, payload, fields) => {
      const frame = encodeFrame(kind, payload, fields);
      const read = readHeader(frame);
      expect(read).toEqual({ ...fields, type: kind, payloadBytes: payload.length, checksum: xxh32(payload) } satisfies FrameHeader);
      expect(Buffer.compare(readPayload(frame, read), payload)).toBe(0);
    }),
  );
});

test('a flipped bit anywhere is found', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), header, fc.nat(), (payload, fields, at) => {
      const frame = encodeFrame(FrameType.BRICK, payload, fields);
      const bit = at % (frame.length * 8);
      frame[bit >> 3] = (frame[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([4400, 4409]).toContain(refused(frame));
    }),
    { numRuns: 2_000 },
  );
});

test('arbitrary bytes are refused, never thrown over', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => [4400, 4409, 4413].includes(refused(bytes) ?? 0)), { numRuns: 2_000 });
});

test('a frame cut or prolonged anywhere is refused', () => {
  const frame = ping();
  for (let length = 0; length < frame.length; length += 1) expect(refused(frame.subarray(0, length))).toBe(4400);
  expect(refused(Buffer.concat([frame, Buffer.from([0])]))).toBe(4400);
});

describe('the order of checks', () => {
  const spoil = (at: number, bytes: number[], sealed = true) => {
    const frame = ping();
    frame.set(bytes, at);
    return sealed ? reseal(frame) : frame;
  };

  test.each([
    ['magic before version', spoil(0, [0, 0, 0, 0, 9, 9]), 4400, /^magic/],
    ['version before header checksum', spoil(4, [9, 0], false), 4409, /^protocol version 9/],
    ['header checksum before type', spoil(6, [99], false), 4400, /^header checksum/],
    ['type before length', (() => reseal(Object.assign(spoil(6, [99]), { 32: 1 })))(), 4400, /^unknown frame type 99/],
    ['length before payload checksum', spoil(32, [200]), 4400, /^header says 200 payload bytes; the frame holds 7/],
    ['payload checksum', spoil(64, [0], false), 4400, /^payload checksum/],
  ] as const)('%s', (_, frame, code, message) => {
    expect(refused(frame)).toBe(code);
    expect(() => readPayload(frame, readHeader(frame))).toThrow(message);
  });

  test('size before all: nothing is read of a frame that is too large', () => {
    expect(() => readHeader(new Uint8Array(4), MAX_FRAME_BYTES + 1)).toThrow(/limit is 8388608/);
    expect(refused(new Uint8Array(MAX_FRAME_BYTES + 1))).toBe(4413);
  });
});

test('a header alone tells the frame\'s length', () => {
  const frame = ping();
  expect(readHeader(frame.subarray(0, HEADER_BYTES), frame.length).type).toBe(FrameType.PING);
  expect(() => readHeader(frame.subarray(0, HEADER_BYTES), frame.length + 1)).toThrow(FrameError);
});
