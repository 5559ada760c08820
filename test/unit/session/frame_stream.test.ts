/** Frames out of a byte stream, however the network cuts it. */

import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeFrame, FrameType, HEADER_BYTES } from '../../../src/protocol/frame.js';
import { readFrames } from '../../../src/session/frame_stream.js';

/** A byte stream that hands out `bytes` in pieces of these sizes, over and over. */
function streamOf(bytes: Uint8Array, pieces: readonly number[]): ReadableStream<Uint8Array> {
  let at = 0;
  let turn = 0;
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (at >= bytes.byteLength) {
        controller.close();
        (controller as ReadableByteStreamController).byobRequest?.respond(0);
        return;
      }
      const size = pieces[turn % pieces.length] as number;
      turn += 1;
      controller.enqueue(Uint8Array.from(bytes.subarray(at, at + size)));
      at += size;
    },
  }) as ReadableStream<Uint8Array>;
}

const frameOf = (bytes: number) => encodeFrame(FrameType.SCENE, Uint8Array.from({ length: bytes }, (_, i) => i * 7));

async function read(bytes: Uint8Array, pieces: readonly number[]): Promise<ArrayBuffer[]> {
  const frames: ArrayBuffer[] = [];
  await readFrames(streamOf(bytes, pieces), (frame) => frames.push(frame));
  return frames;
}

test('every frame comes whole, in order, in a buffer of its size', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(5000)), { maxLength: 12 });
  const pieces = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sizes, pieces, async (payloads, cuts) => {
      const sent = payloads.map(frameOf);
      const got = await read(Buffer.concat(sent), cuts);
      expect(got.map((frame) => Buffer.from(frame).toString('base64'))).toEqual(sent.map((frame) => Buffer.from(frame).toString('base64')));
    }),
    { numRuns: 150 },
  );
});

test('bytes that are no frame, a frame too long, and an end within a frame are errors', async () => {
  await expect(read(new Uint8Array(200).fill(1), [50])).rejects.toThrow('out of step');
  const long = frameOf(10);
  new DataView(long.buffer).setUint32(32, 2 ** 31, true);
  await expect(read(long, [70])).rejects.toThrow('out of step');
  await expect(read(frameOf(1000).subarray(0, 600), [128])).rejects.toThrow('ended 600 bytes into one');
  await expect(read(frameOf(1000).subarray(0, HEADER_BYTES - 4), [7])).rejects.toThrow('ended 60 bytes into one');
});
