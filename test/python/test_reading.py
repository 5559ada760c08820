"""How well sources are read: what is asked for against what is read, counted; and what is said where a layout is hopeless."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import dask.array
import h5py
import numpy as np
import pytest
import tensorstore
import tifffile
import zarr

from voxbeam.geometry import BrickKey, level_count
from voxbeam.producer import sampled_preview
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.sampled_preview import SampledVoxels, can_be_sampled
from voxbeam.producer.scratch import Scratch
from voxbeam.protocol import PREVIEW
from voxbeam.sources import block_cache, open_source, read_planner
from voxbeam.sources.block_cache import BlockCache, BlockPool
from voxbeam.sources.read_planner import ReadCounter, block_cuts, cache_bytes, front_bytes, layout_words

SHARED_SIDECAR = True
SHAPE = (200, 192, 192)
MOST = 1.1


def values() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 999, SHAPE).astype("u2")


def hdf5(path, array, chunks):
    with h5py.File(path / "a.h5", "w") as f:
        f.create_dataset("d", data=array, chunks=chunks)
    return path / "a.h5"


def shards(path, array, _):
    zarr.create_array(str(path / "a.zarr"), shape=SHAPE, dtype="u2", chunks=(32, 48, 64), shards=(64, 96, 192))[...] = array
    return path / "a.zarr"


def tiff(path, array, form):
    tifffile.imwrite(path / "a.tif", array, compression="zlib", **form)
    return path / "a.tif"


def n5(path, array, _):
    spec = {
        "driver": "n5", "kvstore": {"driver": "file", "path": str(path / "a.n5" / "s0")}, "create": True,
        "metadata": {
            "compression": {"type": "raw"}, "dataType": "uint16", "dimensions": [192, 192, 200], "blockSize": [50, 60, 70],
        },
    }
    tensorstore.open(spec).result()[...] = array.T
    (path / "a.n5" / "attributes.json").write_text(json.dumps({"n5": "2.0.0"}))
    return path / "a.n5"


def lazy(_, array, chunks):
    return dask.array.from_array(array, chunks=chunks)


LAYOUTS = {
    "frames": (hdf5, (1, 192, 192)), "bands": (hdf5, (8, 16, 192)), "cubes": (hdf5, (64, 64, 64)), "odd": (hdf5, (90, 50, 70)),
    "columns": (hdf5, (200, 16, 16)), "shards": (shards, None), "tiles": (tiff, {"tile": (64, 48)}),
    "strips": (tiff, {"rowsperstrip": 9}), "n5": (n5, None), "dask": (lazy, ((30, 100, 70), (192,), (100, 92))),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_full_fill_reads_each_chunk_once_a_pass(instance, tmp_path, monkeypatch, layout):
    """One pass makes the coarser levels, one the bricks; the cache holds a layer, not the volume."""
    monkeypatch.setattr(read_planner, "LEAST_CACHE_BYTES", 2**20)
    array = values()
    write, how = LAYOUTS[layout]
    source = open_source(write(tmp_path, array, how))
    volume = instance.producer.declare(source)
    volume.fill(timeout=60)
    assert source.counter.asked >= 2 * array.nbytes
    assert source.counter.amplification <= MOST, source.counter
    assert source.counter.read <= 2 * MOST * array.nbytes, source.counter


def read_from_files() -> int:
    """Bytes that this process has read by system calls."""
    return int(Path("/proc/self/io").read_text("ascii").split()[1])


def test_the_count_is_that_of_the_system(tmp_path):
    array = values()
    source = open_source(hdf5(tmp_path, array, (16, 64, 192)))
    before = read_from_files()
    for z in range(0, 200, 50):
        for y in range(0, 192, 31):
            source.read(0, ((z, z + 50), (y, min(y + 31, 192)), (0, 192)))
    counted = read_from_files() - before
    assert source.counter.read == array.nbytes
    assert array.nbytes <= counted <= MOST * array.nbytes


def test_two_threads_that_want_a_block_read_it_once():
    array, reads, go, twice = values(), [], threading.Event(), threading.Event()

    def read(box):
        reads.append(box)
        if len(reads) > 1:
            twice.set()
        assert go.wait(60)
        return array[tuple(slice(*span) for span in box)]

    cache, found = BlockCache(read, SHAPE, SHAPE, itemsize=2), []
    threads = [threading.Thread(target=lambda: found.append(cache.read(((5, 9), (0, 9), (0, 9))))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert not twice.wait(0.1)  # the second one has asked by then, and waits
    go.set()
    for thread in threads:
        thread.join(60)
    assert len(reads) == 1
    assert all((one == array[5:9, 0:9, 0:9]).all() for one in found)
    assert len(found) == 2


def test_a_failed_reading_is_tried_again_by_who_asks_next():
    answers = [OSError("the disk"), np.ones((4, 4, 4))]

    def read(_box):
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    cache = BlockCache(read, (4, 4, 4), (4, 4, 4), itemsize=8)
    with pytest.raises(OSError, match="disk"):
        cache.read(((0, 1), (0, 1), (0, 1)))
    assert cache.read(((0, 1), (0, 1), (0, 1))) == 1


def test_blocks_that_nobody_uses_are_let_go(monkeypatch):
    pool = BlockPool()
    pool.get((0,), lambda: np.ones(1000, "u1"))
    pool.rest(60)
    assert pool.bytes == 1000
    pool.rest(-1)
    assert pool.bytes == 0
    assert block_cache.IDLE_SECONDS == 30


@pytest.mark.parametrize(
    ("shape", "chunks", "itemsize", "edges"),
    [
        ((256, 256, 256), (64, 64, 64), 2, (64, 64, 64)),
        ((256, 256, 256), (16, 16, 16), 1, (64, 64, 64)),  # small ones together
        ((2048, 2048, 2048), (1, 2048, 2048), 2, (1, 2048, 2048)),  # a frame is a block already
        ((2048, 512, 512), (1, 512, 512), 2, (16, 512, 512)),
        ((100, 100, 100), (300, 70, 70), 4, (100, 70, 70)),
    ],
)
def test_blocks_are_whole_chunks(shape, chunks, itemsize, edges):
    cuts = block_cuts(shape, chunks, itemsize)
    for axis, (n, chunk, edge) in enumerate(zip(shape, chunks, edges, strict=True)):
        assert cuts[axis][:2] == [0, min(edge, n)]
        assert cuts[axis][-1] == n
        assert all(cut % chunk == 0 for cut in cuts[axis][:-1])


def test_a_cache_is_sized_to_the_way_bricks_are_cut():
    cuts = block_cuts((1000, 1000, 1000), (64, 64, 64), 2)
    assert front_bytes(cuts, 2) == 4 * 64 * 1000 * 1000 * 2  # a layer with its halo, wherever it lies, and the next
    assert cache_bytes(cuts, 2, 2**40) == front_bytes(cuts, 2)
    assert cache_bytes(cuts, 2, 2**27) == 2**27
    assert cache_bytes(block_cuts((70, 70, 70), (64, 64, 64), 1), 1, 2**40) == read_planner.LEAST_CACHE_BYTES


@pytest.mark.parametrize(
    ("shape", "chunks", "words"),
    [
        ((2000, 2000, 2000), (64, 64, 64), None),
        ((2000, 2048, 2048), (1, 2048, 2048), None),  # a frame a chunk is read whole, 66 for a layer of bricks
        ((2000, 4096, 4096), (1, 4096, 4096), r"reads 2\.1 GiB, 3,8\d\d times what it shows. rv\.convert\("),
        ((2000, 2560, 2560), (1, 2560, 2560), r"reads 0\.8 GiB, 1,504 times"),
        ((4000, 4000, 4000), (1000, 1000, 1000), r"1000 × 1000 × 1000 voxels: one brick of 64³ reads 14\.9 GiB.*OME-Zarr"),
        ((8000, 8000, 8000), (8000, 16, 16), None),
        ((4000, 4000, 4000), None, r"one compressed stream: 119\.2 GiB.*OME-Zarr"),
        ((500, 500, 500), None, None),
        ((1000, 40000, 40000), (8, 512, 512), r"A layer of its bricks crosses .* up to three times"),
    ],
)
def test_a_hopeless_layout_is_said_in_words(monkeypatch, shape, chunks, words):
    monkeypatch.setattr(read_planner, "cache_limit", lambda: 2**32 if shape[1] == 40000 else 2**50)
    said = layout_words(shape, chunks, 2)
    assert (said is None) if words is None else re.search(words, said)


def test_what_is_hopeless_stands_in_the_note(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:  # nothing is written: the file stays small
        f.create_dataset("d", (2048, 2048, 2048), "u2", chunks=(512, 1024, 1024))
    assert "one brick of 64³ reads" in open_source(tmp_path / "a.h5").note


def test_blocks_of_what_promises_any_size_are_counted_and_not_listed():
    few, many = block_cuts((70, 64, 10**5), (64, 64, 64), 2), block_cuts((2**31, 64, 2**40 + 5), (64, 64, 64), 2)
    assert [*few[2]] == [*range(0, 10**5, 64), 10**5]
    assert (len(many[2]), many[2][-1], many[2][-2], many[2][3]) == (2**34 + 2, 2**40 + 5, 2**40, 192)
    assert front_bytes(many, 2) == front_bytes(block_cuts((2**15, 64, 2**40 + 5), (64, 64, 64), 2), 2)
    assert [*read_planner.EvenCuts(10, 4)] == [0, 4, 8, 10]
    with pytest.raises(IndexError):
        read_planner.EvenCuts(10, 4)[4]


def test_the_counter():
    counter = ReadCounter()
    assert counter.amplification == 0
    counter.ask(100)
    counter.took(250)
    assert counter.amplification == 2.5
    assert "2.50" in repr(counter)


def test_a_hundred_gigabytes_show_a_first_picture_from_few_chunks(tmp_path, monkeypatch, instance, reader):
    monkeypatch.setenv("VOXBEAM_CACHE", str(tmp_path))
    monkeypatch.setattr("voxbeam.producer.builder.HEAD_START_SECONDS", 60)  # what the levels read is not counted here
    edge, chunk = 3712, 128
    with h5py.File(tmp_path / "large.h5", "w") as f:  # sparse: some of the chunks that may be chosen are written
        data = f.create_dataset("d", (edge,) * 3, "u2", chunks=(chunk,) * 3, compression="gzip")
        for at in ((7, 7, 7), (3, 7, 7), (3, 3, 7), (3, 3, 3)):
            data[tuple(slice(i * chunk, (i + 1) * chunk) for i in at)] = 700
    began = time.monotonic()
    source = open_source(tmp_path / "large.h5")
    assert np.prod(source.shape) * 2 > 100e9
    produced = instance.producer.declare(source)
    key = BrickKey(level_count(source.shape) - 1, 0, 0, 0)
    (header, voxels), = reader.read(produced.handle, [key]).values()
    assert time.monotonic() - began < 60
    assert (header.generation, header.flags) == (0, PREVIEW)
    assert source.counter.readings <= 8 + 16 + 32 + 64
    reader.until(lambda: (produced.handle, key) in reader.ranges)
    assert reader.ranges[produced.handle, key] == (0, 700)
    assert (voxels[:6, :6, :6] == 700).all()
    produced.remove()


@pytest.mark.parametrize("chunks", [(32, 32, 32), (1, 256, 260), (200, 16, 16)])
def test_a_preview_holds_the_voxel_nearest_that_was_read(monkeypatch, chunks):
    monkeypatch.setattr(sampled_preview, "LEAST_BYTES", 0)
    monkeypatch.setattr(sampled_preview, "SECONDS", 100)
    z, y, x = np.indices((200, 256, 260), np.float32)
    array = dask.array.from_array((z + 2 * y + 3 * x).astype(np.float32), chunks=chunks)
    source = open_source(array)
    assert can_be_sampled(source)
    voxels = SampledVoxels(source, 3, map_dtype(source))
    out = np.empty(voxels.shape, np.float32)
    voxels.copy(tuple((0, n) for n in out.shape), out, Scratch())
    cz, cy, cx = (8 * n + 3.5 for n in np.indices(out.shape))
    wrong = np.abs(out - (cz + 2 * cy + 3 * cx))
    # Blocks that are read are at most a quarter of an axis apart, or all of it is read.
    assert wrong.max() <= 200 / 4 + 2 * 256 / 4 + 3 * 260 / 4
    assert np.median(wrong) <= 100
    assert source.counter.readings <= 120
