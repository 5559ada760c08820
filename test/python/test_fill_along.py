"""A fill of a file whose levels are built: bricks are cut as the pass comes by, and every chunk is read once."""

from __future__ import annotations

import os
import threading
import time

import h5py
import numpy as np
import pytest
import zarr

from producer_support import SECONDS, check_all, noise
from voxbeam import cache
from voxbeam.errors import SourceError
from voxbeam.geometry import BrickKey
from voxbeam.kept import crew
from voxbeam.producer import builder, fill_along
from voxbeam.sources import hdf5_source, open_source, read_planner

SHAPE = (520, 130, 140)
MOST = 1.1


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """Levels are kept, the cache holds no more than the way through the file asks, and the pass waits for its fill."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    monkeypatch.setattr(read_planner, "LEAST_CACHE_BYTES", 2**20)
    monkeypatch.setattr(builder, "HEAD_START_SECONDS", SECONDS)
    monkeypatch.setattr(fill_along, "PATIENCE_SECONDS", SECONDS)


def until(holds):
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def frames(path, array):
    with h5py.File(path / "a.h5", "w") as file:
        file.create_dataset("d", data=array, chunks=(1, *array.shape[1:]), shuffle=True)
    return path / "a.h5"


def cubes(path, array):
    store = path / "a.zarr"
    zarr.create_array(str(store), shape=array.shape, dtype=array.dtype, chunks=(48, 40, 64))[...] = array
    for place in store.rglob("*"):
        os.utime(place, (0, 0))  # levels of what was written a moment ago are not kept
    return store


@pytest.mark.parametrize(("write", "dtype", "kind"), [
    (frames, "uint16", "image"), (cubes, "int16", "image"), (frames, "float32", "image"), (cubes, "uint8", "labels"),
])
def test_a_fill_that_builds_the_levels_reads_each_chunk_once(instance, reader, tmp_path, write, dtype, kind):
    array = noise(SHAPE, dtype)
    if kind == "labels":
        array = noise((13, 13, 14), dtype).repeat(40, 0).repeat(10, 1).repeat(10, 2)
    if dtype == "float32":
        array[::5, 3, 7] = np.nan
    source = open_source(write(tmp_path, array), kind=kind)
    volume = instance.producer.declare(source, kind=kind)
    volume.fill(timeout=SECONDS)
    assert source.counter.read <= MOST * array.nbytes, source.counter
    flipped = array if dtype != "int16" else (array.astype("i4") + 32768).astype("u2")
    check_all(reader, volume, flipped, kind)


def begin(volume):
    """The pass has begun, and then a fill."""
    volume.hurry.set()
    until(lambda: volume.points.first.along.comes_by(BrickKey(0, 5, 1, 1)))
    volume.fill(wait=False)


@pytest.fixture
def held_pass(monkeypatch):
    """The threads that build wait before each chunk until the test lets them go on; others read."""
    gate = threading.Event()
    read = hdf5_source._Dataset.read

    def waits(self, *place):
        if threading.current_thread().name.startswith("voxbeam-crew"):
            assert gate.wait(SECONDS)
        return read(self, *place)

    monkeypatch.setattr(hdf5_source._Dataset, "read", waits)
    monkeypatch.setattr(crew, "cores", lambda: 2)  # more would be at more blocks
    yield gate
    gate.set()


def test_a_viewer_does_not_wait_for_the_pass(instance, reader, tmp_path, held_pass):
    array = noise(SHAPE)
    volume = instance.producer.declare(open_source(frames(tmp_path, array)))
    begin(volume)
    key = BrickKey(0, 6, 1, 1)  # of other blocks than those that the pass is at
    until(lambda: key in volume.put_off_keys)
    _, voxels = reader.read(volume.handle, [key])[key]
    np.testing.assert_array_equal(voxels[1:-1, 1:-1, 1:-1], array[384:448, 64:128, 64:128])
    held_pass.set()
    volume.fill(timeout=SECONDS)
    check_all(reader, volume, array)


def test_a_chunk_that_cannot_be_read_ends_the_pass_and_the_fill_and_keeps_nobody_waiting(instance, tmp_path):
    path = cubes(tmp_path, noise(SHAPE))
    chunk = path / "c" / "7" / "2" / "1"
    chunk.write_bytes(chunk.read_bytes()[:100])
    volume = instance.producer.declare(open_source(path))
    with pytest.raises(SourceError):
        volume.fill(timeout=SECONDS)
    assert volume.built.wait(SECONDS)
    assert not volume.points.first.along.comes_by(BrickKey(0, 5, 1, 1))
    until(lambda: not volume.put_off_keys)  # what was left is put into the queue right after


def test_a_volume_that_is_removed_meanwhile_lets_go_of_all(instance, tmp_path, held_pass):
    volume = instance.producer.declare(open_source(frames(tmp_path, noise(SHAPE))))
    begin(volume)
    until(lambda: len(volume.put_off_keys) > 9)
    volume.remove()
    assert not volume.put_off_keys
    held_pass.set()
    until(lambda: not any(thread.name.startswith("voxbeam-builder") for thread in threading.enumerate()))
    assert not volume.points.first.along.comes_by(BrickKey(0, 5, 1, 1))
