// What moves when an array is shown from memory that the server looks into, and when a part of a volume changes while it is shown.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { bytes, copy, plain, shared, moved, updates, touched } = await pythonJson('transfer.py', [512, 5]);
  const rate = (seconds) => bytes / median(seconds) / 1e9;
  return [
    row('512³ uint16, resident (reference: copyto)', rate(plain), 'GB/s', { reference: rate(copy) }),
    row('512³ uint16 of rv.empty, resident (reference: copyto)', rate(shared), 'GB/s', { reference: rate(copy) }),
    // Coarser levels, once as previews and once as means: a seventh of the array each time, with halos. Of level 0 nothing.
    row('512³ uint16 of rv.empty, moved (reference: the array)', moved / 2 ** 20, 'MiB', { reference: bytes / 2 ** 20, limit: ['<=', 0.32] }),
    row('64³ of 512³ changes: made anew at every level (reference: copyto of the bricks touched)', 1000 * median(updates), 'ms', { reference: 1000 * median(touched) }),
  ];
}
