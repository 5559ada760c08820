/**
 * XXH32, the checksum of frames: fast in Python (the `xxhash` package) and in plain JavaScript, so that no page needs
 * WebAssembly, which a strict content policy forbids.
 */

const { imul } = Math;

const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f | 0;
const P5 = 0x165667b1 | 0;

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The 32-bit words of `bytes` from its start; a view where alignment allows it, a copy where it does not. */
function words(bytes: Uint8Array, count: number): Uint32Array {
  if (littleEndian && bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  const copy = new Uint32Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i += 1) copy[i] = view.getUint32(4 * i, true);
  return copy;
}

/**
 * XXH32 of `bytes`.
 *
 * @param bytes the data; fastest where its offset in its buffer is a multiple of 4
 * @param seed 32-bit seed, 0 on the wire
 * @returns the hash as an unsigned 32-bit integer
 */
export function xxh32(bytes: Uint8Array, seed = 0): number {
  const length = bytes.byteLength;
  const count = length >>> 2;
  const w = words(bytes, count);
  let i = 0;
  let h: number;
  if (length >= 16) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    const stripes = count & ~3;
    for (; i < stripes; i += 4) {
      a = (a + imul(w[i] as number, P2)) | 0;
      a = imul((a << 13) | (a >>> 19), P1);
      b = (b + imul(w[i + 1] as number, P2)) | 0;
      b = imul((b << 13) | (b >>> 19), P1);
      c = (c + imul(w[i + 2] as number, P2)) | 0;
      c = imul((c << 13) | (c >>> 19), P1);
      d = (d + imul(w[i + 3] as number, P2)) | 0;
      d = imul((d << 13) | (d >>> 19), P1);
    }
    h = (((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14))) | 0;
  } else {
    h = (seed + P5) | 0;
  }
  h = (h + length) | 0;
  for (; i < count; i += 1) {
    h = (h + imul(w[i] as number, P3)) | 0;
    h = imul((h << 17) | (h >>> 15), P4);
  }
  for (let j = count * 4; j < length; j += 1) {
    h = (h + imul(bytes[j] as number, P5)) | 0;
    h = imul((h << 11) | (h >>> 21), P1);
  }
  h = imul(h ^ (h >>> 15), P2);
  h = imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}
