"""The coarser levels of a mapped file and of HDF5, kept; converting; beside memcpy, tensorstore and a plain write by zarr."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import tensorstore
import volumes
import zarr

import voxbeam as rv
from voxbeam import cache
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.levels import Levels
from voxbeam.producer.ranges import RangeTable
from voxbeam.sources import open_source

SIDE, RUNS = int(sys.argv[1]), int(sys.argv[2])


def seconds(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def levels(path: Path) -> Levels:
    source = open_source(path)
    return Levels(source, map_dtype(source), name=(source.fingerprint, 0))


def build(path: Path) -> None:
    found = levels(path)
    table = RangeTable(found.shape, 1.0, 0.0)
    found.build(table.put, lambda: None)
    found.publish()


def by_tensorstore(volume: np.ndarray) -> None:
    finer = tensorstore.array(volume)
    while max(finer.shape) > 64:
        finer = tensorstore.array(tensorstore.downsample(finer, [2, 2, 2], "mean").read().result())


def plain_zarr(volume: np.ndarray, path: Path) -> None:
    """The same chunks and shards, written by two threads at once."""
    shutil.rmtree(path, ignore_errors=True)
    codec = zarr.codecs.ZstdCodec(level=1)
    form = {"chunks": (64,) * 3, "shards": (64, 128, 512), "compressors": codec}
    array = zarr.create_array(path, shape=volume.shape, dtype=volume.dtype, **form)
    places = [(z, y) for z in range(0, SIDE, 64) for y in range(0, SIDE, 128)]

    def write(mine: list[tuple[int, int]]) -> None:
        for z, y in mine:
            array[z : z + 64, y : y + 128] = volume[z : z + 64, y : y + 128]

    threads = [threading.Thread(target=write, args=(places[i::2],)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    compiled = volumes.machine_code()
    volume = volumes.make(SIDE, "uint16")
    np.save(folder / "a.npy", volume)
    with h5py.File(folder / "a.h5", "w") as file:
        options = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        file.create_dataset("d", data=volume[: SIDE // 2], chunks=(32, 64, 64), **options)
    target = np.zeros_like(volume)
    names = ("copy", "tensorstore", "mapped", "again", "inflate", "hdf5", "zarr", "convert")
    found: dict[str, list[float]] = {name: [] for name in names}
    half = np.zeros((SIDE // 2, SIDE, SIDE), "u2")
    for _ in range(RUNS):
        cache.clear(entry.key for entry in cache.entries() if entry.name != "machine code")
        found["copy"].append(seconds(lambda: np.copyto(target, volume)))
        found["tensorstore"].append(seconds(lambda: by_tensorstore(np.load(folder / "a.npy", mmap_mode="r"))))
        found["mapped"].append(seconds(lambda: build(folder / "a.npy")))
        found["again"].append(seconds(lambda: levels(folder / "a.npy")))
        with h5py.File(folder / "a.h5") as file:
            found["inflate"].append(seconds(lambda: file["d"].read_direct(half)))
        found["hdf5"].append(seconds(lambda: build(folder / "a.h5")))
        found["zarr"].append(seconds(lambda: plain_zarr(volume, folder / "plain.zarr")))
        found["convert"].append(seconds(lambda: rv.convert(volume, folder / "b.zarr", overwrite=True, progress=False)))
    print(json.dumps({"bytes": volume.nbytes, **found}))
