/**
 * Zstandard by WebAssembly. It is compiled with the first frame that needs it, and at once: frames are in order, so none may wait for a promise. Workers
 * may do that, and pages up to some megabytes.
 */

import base64 from 'voxbeam:zstd';
import { FrameError } from '../protocol/frame.js';

interface Exports {
  memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(at: number): void;
  /** The bytes that came out; a number beyond them, or below 0, is an error. */
  ZSTD_decompress(into: number, room: number, from: number, bytes: number): number;
}

let exports: Exports | undefined;

function decoder(): Exports {
  if (!exports) {
    const module = new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
    exports = new WebAssembly.Instance(module, { env: { emscripten_notify_memory_growth: () => undefined } }).exports as unknown as Exports;
  }
  return exports;
}

/**
 * The frame `from`, decompressed so that it fills `into`. It gets room for just that, whatever it says of itself.
 *
 * @throws FrameError 4400 where it does not fill it, or is none
 */
export function zstdDecode(from: Uint8Array, into: Uint8Array): void {
  const { memory, malloc, free, ZSTD_decompress } = decoder();
  const source = malloc(from.length);
  const out = malloc(into.length);
  try {
    if (source === 0 || out === 0) throw new FrameError(4400, `no memory to decode ${from.length} bytes`);
    new Uint8Array(memory.buffer).set(from, source);
    const bytes = ZSTD_decompress(out, into.length, source, from.length);
    if (bytes !== into.length) throw new FrameError(4400, `Zstandard frame of ${from.length} bytes that does not become ${into.length}`);
    into.set(new Uint8Array(memory.buffer, out, bytes));
  } finally {
    free(out);
    free(source);
  }
}
