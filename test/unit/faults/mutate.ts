/** Frames that were right, and then hurt: as a broken network, a broken peer or an attacker would send them. */

import { HEADER_BYTES, xxh32 } from '../../../src/protocol/index.js';

const NASTY = [0, 1, 0x7f, 0x80, 0xff];

/** A copy of `frame` with a few bytes changed, cut or added; about half of the time its checksums hold again. */
export function mutated(frame: Uint8Array, chance: () => number): { bytes: Uint8Array<ArrayBuffer>; sealed: boolean } {
  const below = (n: number) => Math.floor(chance() * n);
  let bytes = new Uint8Array(frame);
  for (let wounds = 1 + below(4); wounds > 0; wounds -= 1) {
    // Where the meaning is: the header, and what stands first behind it.
    const at = below(chance() < 0.7 ? Math.min(bytes.length, HEADER_BYTES + 640) : bytes.length);
    const kind = chance();
    if (kind < 0.5) bytes[at] = (bytes[at] as number) ^ (1 << below(8));
    else if (kind < 0.8) bytes[at] = NASTY[below(NASTY.length)] as number;
    else if (kind < 0.88) bytes = bytes.slice(0, at);
    else if (kind < 0.94) bytes = new Uint8Array([...bytes.subarray(0, at), ...Array.from({ length: 1 + below(9) }, () => below(256)), ...bytes.subarray(at)]);
    else bytes.copyWithin(at, below(Math.max(bytes.length, 1)), bytes.length);
  }
  const sealed = chance() < 0.6 && bytes.length >= HEADER_BYTES;
  if (sealed) {
    const view = new DataView(bytes.buffer);
    if (chance() < 0.9) {
      bytes.set(frame.subarray(0, 6)); // magic and version: to be looked at any further
      view.setUint32(32, bytes.length - HEADER_BYTES, true);
    }
    view.setUint32(36, xxh32(bytes.subarray(HEADER_BYTES)), true);
    view.setUint32(60, xxh32(bytes.subarray(0, HEADER_BYTES - 4)), true);
  }
  return { bytes, sealed };
}
