/** What comes on upload connections, in pieces and damaged; and places that only one may write to, once. */

import { expect, test } from '@jest/globals';
import { encodeControl, encodeFrame, FrameError, FrameType, HEADER_BYTES, UNIT_BYTES } from '../../../src/protocol/index.js';
import { PlaceGrants } from '../../../src/sidecar/upload/place_grants.js';
import { UploadStream } from '../../../src/sidecar/upload/upload_stream.js';
import { seeded } from '../../seed.js';

const hello = encodeControl(FrameType.HELLO, { kind: 'upload', client: 'test', nonce: '0'.repeat(32), proof: 'a'.repeat(64) });
const brick = (x: number, bytes: number) => encodeFrame(FrameType.BRICK, new Uint8Array(bytes).fill(x), { volume: 1, dtype: 1, x, generation: 1 });

function placed(place: number, frame: Uint8Array): Uint8Array {
  const out = Buffer.alloc(8 + frame.byteLength);
  out.writeBigUInt64LE(BigInt(place));
  out.set(frame, 8);
  return out;
}

/** Everything that a stream makes of `bytes`, given in pieces of at most `size`. */
function read(bytes: Uint8Array, size: number, vouched = false): { hellos: number; bricks: [number, number, number][]; midway: boolean } {
  const found = { hellos: 0, bricks: [] as [number, number, number][], midway: false };
  const stream = new UploadStream({
    hello: () => {
      found.hellos += 1;
    },
    brick: (place, header, frame) => {
      found.bricks.push([place, header.x, frame.byteLength]);
      if (!vouched) expect(frame.subarray(HEADER_BYTES).every((byte) => byte === header.x)).toBe(true);
    },
  }, vouched);
  for (let at = 0; at < bytes.byteLength; ) {
    const piece = bytes.subarray(at, at + Math.min(size, stream.room.byteLength));
    if (piece.byteLength === 0) throw new Error('no room, and more to come');
    stream.room.set(piece);
    at += piece.byteLength;
    stream.filled(piece.byteLength);
  }
  found.midway = stream.midway;
  return found;
}

const whole = Buffer.concat([hello, placed(0, brick(3, 500)), placed(UNIT_BYTES, brick(4, 1)), placed(5 * UNIT_BYTES, brick(5, 3000))]);

test.each([1, 7, 64, 100, 10_000])('pieces of %d bytes make the same frames', (size) => {
  const bricks = [[0, 3, HEADER_BYTES + 500], [UNIT_BYTES, 4, HEADER_BYTES + 1], [5 * UNIT_BYTES, 5, HEADER_BYTES + 3000]];
  expect(read(whole, size)).toEqual({ hellos: 1, bricks, midway: false });
});

test('what ends in the middle is known to', () => {
  expect(read(whole.subarray(0, whole.byteLength - 1), 1000)).toMatchObject({ bricks: { length: 2 }, midway: true });
});

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'), 'the limit is 8388608'],
  ['a brick first', brick(1, 4), 'first frame must be HELLO'],
  ['a long HELLO', encodeFrame(FrameType.HELLO, new Uint8Array(5000)), 'the limit is 4096'],
  ['a frame beyond any slot', Buffer.concat([hello, placed(0, brick(1, 4 * UNIT_BYTES))]), 'the limit is'],
  ['another kind of frame', Buffer.concat([hello, placed(0, encodeControl(FrameType.PING, { t: 1 }))]), 'here come bricks'],
  ['a HELLO of another kind', encodeControl(FrameType.HELLO, { kind: 'viewer', client: 'x' }), 'kind'],
])('%s is refused', (_, bytes, words) => {
  expect(() => read(bytes, 4096)).toThrow(words);
});

test('of 500 damaged streams none ends in anything but an error of the protocol, and no damaged brick is passed on', () => {
  const random = seeded(5);
  for (let turn = 0; turn < 500; turn += 1) {
    const bytes = Buffer.from(whole);
    for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips -= 1) bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
    try {
      read(bytes, 1 + Math.floor(random() * 500));
    } catch (error) {
      expect(error).toBeInstanceOf(FrameError);
    }
  }
});

test('where the connection vouches for every byte payloads of bricks are left to who reads them; headers, and HELLO, are not', () => {
  const flipped = (at: number) => {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 1;
    return bytes;
  };
  const head = hello.byteLength + 8;
  const inPayload = flipped(head + HEADER_BYTES + 100);
  expect(() => read(inPayload, 1000)).toThrow('checksum');
  expect(read(inPayload, 1000, true)).toEqual(read(whole, 1000));
  expect(() => read(flipped(head + 20), 1000, true)).toThrow('checksum');
  expect(() => read(flipped(HEADER_BYTES + 3), 1000, true)).toThrow('checksum');
});

test('a place is written once, by whom it was granted to, and by nothing larger than it', () => {
  const grants = PlaceGrants.forStore(8 * UNIT_BYTES);
  let writes = 0;
  const claim = (place: number, maker: number, bytes = 1000, stored: 'u8' | 'u16' = 'u8') => grants.claim(place, maker, bytes, stored, () => {
    writes += 1;
  });
  grants.grant(2 * UNIT_BYTES, 7, 1);
  expect(claim(2 * UNIT_BYTES, 6)).toBe('refused');
  expect(claim(2 * UNIT_BYTES, 7, UNIT_BYTES + 1)).toBe('misfit');
  expect(claim(2 * UNIT_BYTES, 7, 1000, 'u16')).toBe('misfit');
  for (const place of [2 * UNIT_BYTES + 1, -UNIT_BYTES, 8 * UNIT_BYTES, Number.NaN, 2 ** 60]) expect(claim(place, 7)).toBe('refused');
  expect(writes).toBe(0);
  expect([claim(2 * UNIT_BYTES, 7), claim(2 * UNIT_BYTES, 7), writes]).toEqual(['written', 'refused', 1]);
  grants.grant(0, 7, 1);
  grants.withdraw(0);
  expect(claim(0, 7)).toBe('refused');
  grants.grant(0, 7, 1);
  expect(() => grants.claim(0, 7, 1, 'u8', () => {
    throw new Error('full');
  })).toThrow('full');
  expect(claim(0, 7)).toBe('refused');
});
