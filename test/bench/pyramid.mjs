// How fast the coarser levels of a file are built and kept, found again, and a volume converted.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { bytes, copy, tensorstore, mapped, again, hdf5, inflate, zarr, convert } = await pythonJson('pyramid.py', [512, 5]);
  const rate = (seconds, share = 1) => (share * bytes) / median(seconds) / 1e9;
  return [
    row('512³ uint16, mapped: kept levels and ranges (reference: tensorstore, means alone, of the same mapping)', rate(mapped), 'GB/s', {
      reference: rate(tensorstore),
      limit: ['>=', 1],
    }),
    row('the same (reference: copyto)', rate(mapped), 'GB/s', { reference: rate(copy) }),
    row('found again, nothing of the file is read', median(again) * 1000, 'ms', { limit: ['<=', 100] }),
    row('512 × 512 × 256, HDF5, deflated: kept levels and ranges (reference: h5py reads it)', rate(hdf5, 0.5), 'GB/s', { reference: rate(inflate, 0.5) }),
    row('512³ to OME-Zarr with its pyramid, zstd (reference: zarr writes level 0, two threads)', rate(convert), 'GB/s', { reference: rate(zarr) }),
  ];
}
