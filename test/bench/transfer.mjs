// What moves when an array is shown from memory that the server looks into, and when a part of a volume changes while it is shown.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { bytes, copy, floats, float_bytes, plain, shared, moved, finest, updates, touched } = await pythonJson('transfer.py', [512, 5]);
  const rate = (seconds) => bytes / median(seconds) / 1e9;
  return [
    row('512³ uint16, resident (reference: copyto)', rate(plain), 'GB/s', { reference: rate(copy) }),
    row('512³ uint16 of rv.empty, resident (reference: copyto)', rate(shared), 'GB/s', { reference: rate(copy) }),
    row('512³ float32, resident (reference: 2048³ float32 in 6.0 s, by RDMA between two hosts)', float_bytes / median(floats) / 1e9, 'GB/s', { reference: (2048 ** 3 * 4) / 6.0 / 1e9 }),
    // Coarser levels: a seventh of the array, with halos.
    row('512³ uint16 of rv.empty, moved (reference: the array)', moved / 2 ** 20, 'MiB', { reference: bytes / 2 ** 20, limit: ['<=', 0.17] }),
    row('the same, of level 0', finest / 2 ** 20, 'MiB', { limit: ['<=', 0] }),
    row('64³ of 512³ changes: made anew at every level (reference: copyto of the bricks touched)', 1000 * median(updates), 'ms', { reference: 1000 * median(touched) }),
  ];
}
