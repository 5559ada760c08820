/** Frames that came coded: what they stand for, and what is refused before anything is allocated for it. */

import zlib from 'node:zlib';
import { expect, test } from '@jest/globals';
import {
  codedFrame, DTYPE_CODE, encodeConstant, encodeTile, Flag, FrameType, HEADER_BYTES, lz4Bound, lz4Encode, readHeader, STORED_TILE_TEXELS, STORED_VOXELS, type VoxelArray, writeHeader, xxh32,
} from '../../../src/protocol/index.js';
import { brickOf } from '../../../src/session/brick_of.js';
import { type CheckedFrame, checkFrame } from '../../../src/session/frame_check.js';
import { HAS_ZSTD, smaller } from '../../../src/sidecar/codec/encode.js';
import { brickFrame, voxelFrame } from '../../conformance/good_producer.js';
import { SEED, seeded } from '../../seed.js';

const KEY = [0, 1, 2, 3];
const chance = seeded(SEED);
const U16 = Uint16Array.from({ length: STORED_VOXELS }, (_, i) => 1000 + (i % 66) * 31 + chance() * 90);
const F32 = Float32Array.from(U16, (v, i) => (i % 1000 === 7 ? Number.NaN : v / 7));
const CODECS = HAS_ZSTD ? (['lz4', 'zstd'] as const) : (['lz4'] as const);

const own = (frame: Uint8Array) => Uint8Array.from(frame).buffer;
const checked = (frame: Uint8Array) => {
  const { frame: seen, refused } = checkFrame(own(frame));
  if (!seen) throw new Error(refused?.message);
  return seen;
};
const bits = ({ buffer, byteOffset, byteLength }: VoxelArray) => new Uint8Array(buffer, byteOffset, byteLength);
const holds = (frame: CheckedFrame, voxels: VoxelArray) => Buffer.compare(bits(brickOf(frame, 1)?.voxels as VoxelArray), bits(voxels)) === 0;

/** A Zstandard frame that holds `bytes` as they are: any encoder may make it. */
function stored(bytes: Uint8Array): Uint8Array {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), Buffer.alloc(4)];
  parts[1]?.writeUInt32LE(bytes.length);
  for (let at = 0; at < bytes.length; at += 2 ** 17) {
    const block = bytes.subarray(at, at + 2 ** 17);
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | Number(at + block.length === bytes.length), 0, 3);
    parts.push(head, Buffer.from(block));
  }
  return Buffer.concat(parts);
}

test('a coded brick is the frame it was made of, byte for byte, whatever it is compressed with', () => {
  for (const codec of CODECS) {
    for (const whole of [voxelFrame(1, 'u16', KEY, U16), voxelFrame(1, 'f32', KEY, F32), brickFrame(1, 'u8', KEY, 3, Flag.PREVIEW)]) {
      const small = smaller(whole, { codec, lossy: false }) as Uint8Array;
      expect(small.byteLength).toBeLessThan(0.75 * whole.byteLength);
      const { message, frame } = checkFrame(own(small));
      expect(Buffer.compare(new Uint8Array(message as ArrayBuffer), whole)).toBe(0);
      expect(frame).toMatchObject({ bytes: small.byteLength, header: readHeader(whole), travelled: { way: codec, bytes: whole.byteLength - HEADER_BYTES } });
      expect(frame?.header.coding).toBeUndefined();
    }
  }
});

test('Zstandard is decoded by the page\'s own decoder, whoever compressed it', () => {
  const whole = voxelFrame(1, 'u16', KEY, U16);
  const payload = whole.subarray(HEADER_BYTES);
  const frame = (compressed: Uint8Array) => codedFrame(readHeader(whole), 'zstd', 1, compressed, payload.length, xxh32(payload));
  expect(holds(checked(frame(stored(payload))), U16)).toBe(true);
  if (HAS_ZSTD) for (const level of [1, 9]) expect(holds(checked(frame(zlib.zstdCompressSync(payload, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } }))), U16)).toBe(true);
  for (const compressed of [stored(payload.subarray(1)), stored(new Uint8Array([...payload, 0])), stored(payload).subarray(0, 5000), new Uint8Array(50), new Uint8Array()]) {
    expect(checkFrame(own(frame(compressed))).refused).toMatchObject({ code: 4400, message: expect.stringMatching(/Zstandard|checksum/) });
  }
});

test('a tile is coded like a brick, and a frame that would be no smaller is not', () => {
  const texels = U16.subarray(0, STORED_TILE_TEXELS);
  const fields = { flags: 0, volume: 1, level: 0, dtype: DTYPE_CODE.u16, z: 4, y: 1, x: 2, generation: 1, time: 0 };
  const whole = encodeTile('u16', texels, fields);
  const small = smaller(whole, { codec: 'lz4', lossy: false }) as Uint8Array;
  expect(checked(small).body).toMatchObject({ kind: 'tile', dtype: 'u16', voxels: texels });
  const noise = Uint16Array.from({ length: STORED_VOXELS }, () => 65_536 * chance());
  for (const codec of CODECS) expect(smaller(voxelFrame(1, 'u16', KEY, noise), { codec, lossy: false })).toBeUndefined();
  expect(smaller(encodeConstant(FrameType.TILE, texels, fields), { codec: 'lz4', lossy: false })).toBeUndefined();
});

test('a preview has half a generation less, no checksum, and is marked; of labels and bytes there is none', () => {
  for (const [dtype, voxels] of [['u16', U16], ['f32', F32]] as const) {
    const whole = voxelFrame(1, dtype, KEY, voxels, 5);
    const small = smaller(whole, { codec: CODECS.at(-1) ?? 'lz4', lossy: true }) as Uint8Array;
    expect(small.byteLength).toBeLessThan(0.55 * whole.byteLength);
    const { frame, message } = checkFrame(own(small));
    expect(message).toBeUndefined(); // nothing to keep
    expect(frame?.travelled?.way).toBe('preview');
    const brick = brickOf(frame as CheckedFrame, 1);
    expect(brick).toMatchObject({ lossy: true, generation: 4.5, dtype });
    expect(brick?.checksum).toBeUndefined();
    const finite = [...voxels].filter((v) => !Number.isNaN(v));
    const step = (Math.max(...finite.slice(0, 60_000)) - Math.min(...finite.slice(0, 60_000))) / 254;
    const worst = voxels.reduce((most, v, i) => (Number.isNaN(v) ? most : Math.max(most, Math.abs(v - (brick?.voxels[i] as number)))), 0);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(0.6 * step + 1);
  }
  for (const [dtype, voxels] of [['u8', new Uint8Array(STORED_VOXELS)], ['u32', new Uint32Array(STORED_VOXELS)]] as const) {
    expect(smaller(voxelFrame(1, dtype, KEY, voxels), { codec: 'lz4', lossy: true })).toBeUndefined();
  }
  const damaged = voxelFrame(1, 'u16', KEY, U16);
  damaged[5000] = (damaged[5000] as number) ^ 1;
  expect(() => smaller(damaged, { codec: 'lz4', lossy: true })).toThrow(/checksum/); // its preview would look sound
});

test('headers that cannot be are refused by what they say, before anything is made', () => {
  const small = smaller(voxelFrame(1, 'u16', KEY, U16), { codec: 'lz4', lossy: false }) as Uint8Array;
  const header = readHeader(small);
  const coding = header.coding as NonNullable<typeof header.coding>;
  const refused = (change: object, coded: object = {}) => {
    const bytes = Uint8Array.from(small);
    writeHeader(bytes, { ...header, ...change, coding: { ...coding, ...coded } });
    return checkFrame(bytes.buffer).refused?.message;
  };
  expect(refused({})).toBeUndefined();
  expect(refused({}, { bytes: 0xffffffff, item: 1 })).toMatch(/4294967295 bytes; the limit is 581568/);
  expect(refused({}, { bytes: 0 })).toMatch(/0 bytes/);
  expect(refused({}, { bytes: coding.bytes + 2 })).toMatch(/LZ4 block/);
  expect(refused({}, { bytes: coding.bytes - 2 })).toMatch(/LZ4 block/);
  expect(refused({}, { item: 4 })).toMatch(/items of 4/);
  expect(refused({}, { item: 0 })).toMatch(/items of 0/);
  expect(refused({}, { codec: 3 })).toMatch(/codec 3/);
  expect(refused({}, { codec: 2 })).toMatch(/Zstandard/);
  expect(refused({}, { checksum: coding.checksum ^ 1 })).toMatch(/checksum of the decoded payload/);
  expect(refused({ flags: Flag.CONSTANT })).toMatch(/flags 2/);
  expect(refused({ flags: Flag.LOSSY })).toMatch(/coded preview of/);
  expect(refused({ dtype: 9 })).toMatch(/dtype 9/);
  expect(refused({ type: FrameType.RANGES })).toMatch(/type 12/);
  expect(refused({ type: FrameType.TILE })).toMatch(/the limit is 68624/);
  const raw = voxelFrame(1, 'u16', KEY, U16, 1, Flag.LOSSY);
  expect(checkFrame(own(raw)).refused?.message).toMatch(/not coded/);
});

test('a bomb takes no more memory than a brick', () => {
  const bomb = new Uint8Array(100_000).fill(255); // a length of 25 MB, in LZ4
  bomb[0] = 0x0f;
  const payload = new Uint8Array(1000);
  const block = new Uint8Array(lz4Bound(1000));
  lz4Encode(payload, block);
  const header = readHeader(brickFrame(1, 'u8', KEY));
  expect(checkFrame(codedFrame(header, 'lz4', 1, bomb, 290_000, 0).buffer).refused?.code).toBe(4400);
  const rle = Buffer.from('28b52ffda000e1f505', 'hex'); // says it is 100 MB
  expect(checkFrame(codedFrame(header, 'zstd', 1, rle, 290_000, 0).buffer).refused?.code).toBe(4400);
});
