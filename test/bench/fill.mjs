// How fast an array becomes a resident volume: levels, halos, ranges and checksums included, beside a bare copy of its bytes.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { bytes, small, compiled, ...seconds } = await pythonJson('fill.py', [512, 5]);
  const rate = (name, size) => size / median(seconds[name]) / 1e9;
  const by = compiled ? 'compiled' : 'NumPy';
  const [copy, c] = [rate('copy', bytes), rate('c', small)];
  return [
    row(`1 GiB uint16, slots used before, ${by} (reference: copyto)`, rate('warm', bytes), 'GB/s', { reference: copy, limit: ['>=', 0.2] }),
    row('the same, levels built before: all bricks alone (reference: copyto)', rate('cut', bytes), 'GB/s', { reference: copy, limit: ['>=', 0.35] }),
    row('512³ uint16, a fresh store (reference: copyto)', rate('cold', small), 'GB/s', { reference: rate('copy_small', small) }),
    row('512³ uint16, Fortran order, slots used before (reference: C order)', rate('fortran', small), 'GB/s', { reference: c, limit: ['>=', 0.4] }),
    row('512³ uint16, every second voxel, slots used before (reference: C order)', rate('strided', small), 'GB/s', { reference: c, limit: ['>=', 0.4] }),
  ];
}
