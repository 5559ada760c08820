/** Frames out of a byte stream: each is assembled in a buffer of just its size, so that its voxels can be handed on without a copy. */

import { HEADER_BYTES, MAGIC } from '../protocol/frame.js';
import { MAX_FRAME_BYTES } from '../protocol/limits.js';

/** Bytes of the frame that begins `bytes`, from its header alone; the header's own checksum is tested with the whole frame. */
function frameBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const length = HEADER_BYTES + view.getUint32(32, true);
  if (view.getUint32(0, true) !== MAGIC || length > MAX_FRAME_BYTES) throw new Error('the stream of frames is out of step');
  return length;
}

/**
 * Reads frames until the stream ends. The next frame is expected to be as long as the last one, which most are: then one buffer takes
 * it straight from the stream.
 *
 * @param stream bytes of frames, back to back
 * @param take is given each frame in a buffer of its own
 * @throws Error where the stream breaks, or what it holds are not frames
 */
export async function readFrames(stream: ReadableStream<Uint8Array>, take: (frame: ArrayBuffer) => void): Promise<void> {
  const reader = stream.getReader({ mode: 'byob' });
  let buffer = new ArrayBuffer(HEADER_BYTES);
  let have = 0;
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer, have, buffer.byteLength - have));
    if (done || !value) break;
    buffer = value.buffer;
    have += value.byteLength;
    while (have >= HEADER_BYTES) {
      const length = frameBytes(new Uint8Array(buffer, 0, HEADER_BYTES));
      if (length > buffer.byteLength) buffer = moved(buffer, 0, have, length);
      if (have < length) break;
      const rest = moved(buffer, length, have, Math.max(length, have - length));
      take(length === buffer.byteLength ? buffer : buffer.slice(0, length));
      buffer = rest;
      have -= length;
    }
    if (have === buffer.byteLength) buffer = moved(buffer, 0, have, have + HEADER_BYTES); // part of a header fills it
  }
  if (have > 0) throw new Error(`the stream of frames ended ${have} bytes into one`);
}

/** Bytes `from` to `to` of `buffer` at the start of a new one of `length` bytes. */
function moved(buffer: ArrayBuffer, from: number, to: number, length: number): ArrayBuffer {
  const out = new ArrayBuffer(length);
  if (to > from) new Uint8Array(out).set(new Uint8Array(buffer, from, to - from));
  return out;
}
