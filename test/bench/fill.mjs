// How fast an array becomes a resident volume: levels, halos, ranges and checksums included, beside a bare copy of its bytes.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { bytes, copy, cold, warm } = await pythonJson('fill.py', [512, 5]);
  const rate = (seconds) => bytes / median(seconds) / 1e9;
  return [
    row('512³ uint16, a fresh store (reference: copyto)', rate(cold), 'GB/s', { reference: rate(copy) }),
    row('512³ uint16, slots used before (reference: copyto)', rate(warm), 'GB/s', { reference: rate(copy) }),
  ];
}
