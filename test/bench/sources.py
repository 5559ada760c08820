"""Volumes in chunked files becoming resident, beside the best that the file's own library does with them, chunk by chunk."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import hdf5plugin
import numpy as np
import tifffile
import volumes
import zarr

import voxbeam as rv
from voxbeam import cache
from voxbeam.embedded import embedded_instance
from voxbeam.kept.crew import cores

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE, RUNS = int(sys.argv[1]), int(sys.argv[2])
SHAPE = (SIDE // 2, SIDE, SIDE)


def write_hdf5(path: Path, volume: np.ndarray, **options: object) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("d", data=volume, **options)


def write_zarr(path: Path, volume: np.ndarray, **form: object) -> None:
    array = zarr.create_array(path, shape=volume.shape, dtype=volume.dtype, compressors=zarr.codecs.ZstdCodec(level=1), **form)
    array[:] = volume


def read_hdf5(path: Path, out: np.ndarray) -> None:
    """One thread, which is its best: the library has one lock."""
    with h5py.File(path) as file:
        dataset = file["d"]
        for box in dataset.iter_chunks():
            dataset.read_direct(out, box, box)


def read_zarr(path: Path, out: np.ndarray) -> None:
    array = zarr.open_array(path, mode="r")
    edges = array.shards or array.chunks
    places = product(*(range(0, n, edge) for n, edge in zip(array.shape, edges, strict=True)))

    def read(place: tuple[int, ...]) -> None:
        box = tuple(slice(low, low + edge) for low, edge in zip(place, edges, strict=True))
        out[box] = array[box]

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(read, places))


def read_tiff(path: Path, out: np.ndarray) -> None:
    tifffile.imread(path, out=out, maxworkers=cores())


def fill(path: Path, other: np.ndarray, seconds: list[float]) -> rv.Opened:
    """One fill from a file that was opened anew, into a store whose slots have been used."""
    with embedded_instance() as instance:
        rv.render_volume(other, instance, name="volume")
        opened = rv.open(path)
        seconds.append(volumes.seconds(lambda: rv.render_volume(opened, instance, name="volume")))
    return opened


KINDS: dict[str, tuple[str, Callable[[Path, np.ndarray], None], Callable[[Path, np.ndarray], None]]] = {
    "HDF5, frames, bitshuffle with LZ4": (
        "frames.h5", lambda path, v: write_hdf5(path, v, chunks=(1, *SHAPE[1:]), **hdf5plugin.Bitshuffle()), read_hdf5,
    ),
    "HDF5, chunks of 32 × 64 × 64, Blosc with Zstandard": (
        "blosc.h5", lambda path, v: write_hdf5(path, v, chunks=(32, 64, 64), **hdf5plugin.Blosc(cname="zstd", clevel=1)), read_hdf5,
    ),
    "HDF5, chunks of 32 × 64 × 64, gzip after shuffle": (
        "gzip.h5", lambda path, v: write_hdf5(path, v, chunks=(32, 64, 64), compression="gzip", compression_opts=1, shuffle=True),
        read_hdf5,
    ),
    "HDF5, chunks of 32 × 64 × 64, bzip2": (
        "bzip2.h5", lambda path, v: write_hdf5(path, v, chunks=(32, 64, 64), **hdf5plugin.BZip2()), read_hdf5,
    ),
    "Zarr, chunks of 64³, Zstandard": ("plain.zarr", lambda path, v: write_zarr(path, v, chunks=(64,) * 3), read_zarr),
    "Zarr, chunks of 64³ in shards of 64 × 128 × 512": (
        "shards.zarr", lambda path, v: write_zarr(path, v, chunks=(64,) * 3, shards=(64, 128, 512)), read_zarr,
    ),
    "TIFF, a page a plane, Zstandard": (
        "pages.tif",
        lambda path, v: tifffile.imwrite(path, v, compression="zstd", predictor=True, photometric="minisblack"), read_tiff,
    ),
    "TIFF, tiles of 256 × 256, deflated": (
        "tiles.tif",
        lambda path, v: tifffile.imwrite(path, v, tile=(256, 256), compression="zlib", photometric="minisblack"), read_tiff,
    ),
}
only = sys.argv[3] if len(sys.argv) > 3 else ""
compiled = volumes.machine_code()

with tempfile.TemporaryDirectory() as name:
    volume = volumes.make(SIDE, "uint16")[: SHAPE[0]]
    other = volume[::-1].copy()
    out = np.zeros(SHAPE, "u2")
    found = {}
    for kind, (file, write, read) in KINDS.items():
        if only not in kind:
            continue
        path = Path(name) / file
        write(path, volume)
        library, filled, kept = [], [], []
        for _ in range(RUNS):
            library.append(volumes.seconds(lambda read=read, path=path: read(path, out)))
            shutil.rmtree(cache.path(), ignore_errors=True)  # the levels are built in the first fill, and found by the second
            opened = fill(path, other, filled)
            fill(path, other, kept)
        assert (out == volume).all(), kind
        found[kind] = {"library": library, "fill": filled, "kept": kept, "amplification": opened.amplification}
    print(json.dumps({"bytes": out.nbytes, "compiled": compiled, "kinds": found}))
