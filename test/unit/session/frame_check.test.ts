import { describe, expect, test } from '@jest/globals';
import { HEADER_BYTES } from '../../../src/protocol/frame.js';
import { DTYPE_CODE, encodeConstant, encodeFrame, FrameType } from '../../../src/protocol/index.js';
import { BrickCache, bytesOf } from '../../../src/session/brick_cache.js';
import { brickOf } from '../../../src/session/brick_of.js';
import { type CheckedFrame, checkFrame } from '../../../src/session/frame_check.js';
import type { Brick } from '../../../src/session/types.js';
import { brickFrame, rangesFrame } from './frames.js';

const key = { level: 1, z: 2, y: 3, x: 4 };

describe('a good frame', () => {
  test('a brick comes without a copy: its voxels are a view of the message', () => {
    const message = brickFrame(key, { value: 513, generation: 4 }).buffer;
    const { frame } = checkFrame(message);
    if (frame?.body.kind !== 'brick') throw new Error('not a brick');
    expect(frame.body.voxels.buffer).toBe(message);
    expect(frame.body.voxels).toHaveLength(66 ** 3);
    expect([frame.body.voxels[0], frame.body.voxels.at(-1)]).toEqual([513, 513]);
    expect(frame.header).toMatchObject({ ...key, generation: 4, volume: 1 });
    expect(frame.bytes).toBe(message.byteLength);
  });

  test('ranges are parsed', () => {
    const { frame } = checkFrame(rangesFrame(3, [[0, 1, 0, 1, -2, 5]]).buffer);
    if (frame?.body.kind !== 'ranges') throw new Error('not ranges');
    expect([frame.header.volume, frame.body.rows.z[0], frame.body.rows.min[0], frame.body.rows.max[0]]).toEqual([3, 1, -2, 5]);
  });
});

describe('a constant brick', () => {
  const message = () => encodeConstant(FrameType.BRICK, Float32Array.of(2.5), { ...key, volume: 1, dtype: DTYPE_CODE.f32, generation: 3 });
  const brick = () => brickOf(checkFrame(message().buffer).frame as CheckedFrame, 1) as Brick;

  test('stays one value until somebody looks, and then shares its voxels with its like', () => {
    const { frame } = checkFrame(message().buffer);
    expect([frame?.bytes, frame?.body.kind === 'brick' && frame.body.voxels.length]).toEqual([68, 1]);
    const [one, other] = [brick(), brick()];
    expect(bytesOf(one)).toBeLessThan(1000);
    expect(one.voxels).toHaveLength(66 ** 3);
    expect(one.voxels.every((v) => v === 2.5)).toBe(true);
    expect(other.voxels).toBe(one.voxels);
    expect(one).toMatchObject({ ...key, generation: 3, preview: false, constant: true, dtype: 'f32' });
  });

  test('a thousand of them take the browser memory of one', () => {
    const cache = new BrickCache(2 ** 20);
    for (let x = 0; x < 1000; x += 1) cache.put({ ...brick(), x } as Brick);
    expect(cache.bytes).toBeLessThanOrEqual(2 ** 20);
    expect([cache.fresh(1, { ...key, x: 0 })?.x, cache.fresh(1, { ...key, x: 999 })?.x]).toEqual([0, 999]);
  });

  test('each flipped bit is refused', () => {
    for (let bit = 0; bit < 8 * 68; bit += 1) {
      const damaged = message();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(checkFrame(damaged.buffer).refused).toBeDefined();
    }
  });

  test('of points, or of a dtype that is none, is refused', () => {
    for (const dtype of [DTYPE_CODE.points, 9]) {
      expect(checkFrame(encodeFrame(FrameType.BRICK, new Uint8Array(4), { dtype, flags: 2 }).buffer).refused).toMatchObject({ code: 4400 });
    }
  });
});

describe('a damaged frame', () => {
  test('each flipped bit of a brick is refused, wherever it is', () => {
    const whole = brickFrame(key);
    // All of the header and Arrow metadata would take minutes; a stride prime to 8 meets every bit of a byte.
    for (let bit = 0; bit < 8 * whole.byteLength; bit += bit < 8 * 600 ? 13 : 100_003) {
      const damaged = whole.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const { refused } = checkFrame(damaged.buffer);
      if (!refused) throw new Error(`bit ${bit} flipped and not noticed`);
      expect([4400, 4409, 4413]).toContain(refused.code);
    }
  });

  test('damage in the payload still says which brick it was', () => {
    const damaged = brickFrame(key);
    damaged[HEADER_BYTES + 5000] = 99;
    expect(checkFrame(damaged.buffer).refused).toMatchObject({ code: 4400, header: key, bytes: damaged.byteLength });
  });

  test('a cut frame, an empty one and one that goes on too long', () => {
    const whole = brickFrame(key);
    expect(checkFrame(whole.slice(0, 1000).buffer).refused?.message).toMatch(/payload bytes/);
    expect(checkFrame(new ArrayBuffer(0)).refused?.message).toMatch(/0 bytes/);
    expect(checkFrame(new ArrayBuffer(8 * 2 ** 20 + 1)).refused?.code).toBe(4413);
  });

  test('a sound checksum around what is not Arrow, another dtype, or no dtype', () => {
    const noise = encodeFrame(FrameType.BRICK, new Uint8Array(200).fill(3), { dtype: 2 });
    expect(checkFrame(noise.buffer).refused).toBeDefined();
    const arrow = brickFrame(key).subarray(HEADER_BYTES);
    expect(checkFrame(encodeFrame(FrameType.BRICK, arrow, { dtype: 1 }).buffer).refused?.message).toMatch(/Uint8Array/);
    expect(checkFrame(encodeFrame(FrameType.BRICK, arrow, { dtype: 0 }).buffer).refused?.message).toMatch(/dtype 0/);
  });
});
