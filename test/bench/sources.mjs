// How fast volumes in chunked files become resident, beside their own library reading them chunk by chunk and doing nothing with them.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { bytes, kinds } = await pythonJson('sources.py', [512, 5]);
  const rate = (seconds) => bytes / median(seconds) / 1e9;
  return Object.entries(kinds).flatMap(([kind, { library, fill, kept, amplification }]) => [
    row(`512 × 512 × 256 uint16, ${kind}: resident, all levels (reference: its library reads it)`, rate(fill), 'GB/s', {
      reference: rate(library), limit: ['>=', 0.9],
    }),
    row(`the same, ${kind}, where the levels are kept from before`, rate(kept), 'GB/s', { reference: rate(library), limit: ['>=', 0.9] }),
    row(`the same: bytes read for each one asked`, amplification, '', { limit: ['<=', 1.1] }),
  ]);
}
