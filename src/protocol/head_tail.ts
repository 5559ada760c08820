/** The form of EDIT and REGION: the length of the head in 4 bytes, the head as JSON, the tail. Without schemas, for pages that only write it. */

import { encodeFrame, type FrameType } from './frame.js';

const encoder = new TextEncoder();

/** An EDIT or REGION frame. */
export function encodeHeadTail(type: FrameType, head: object, tail: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(JSON.stringify(head));
  const payload = new Uint8Array(4 + text.byteLength + tail.byteLength);
  new DataView(payload.buffer).setUint32(0, text.byteLength, true);
  payload.set(text, 4);
  payload.set(tail, 4 + text.byteLength);
  return encodeFrame(type, payload);
}

const decoder = new TextDecoder();

/** The head of a payload from a sidecar, as it says it: whoever reads it believes each field only once it has looked. */
export function headOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  const bytes = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
  return JSON.parse(decoder.decode(payload.subarray(4, 4 + bytes)));
}
