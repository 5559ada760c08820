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
from voxbeam.producer.pyramid import LevelPass
from voxbeam.sources import hdf5_source, open_source, read_planner
from voxbeam.sources.block_cache import BlockPool

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


@pytest.fixture
def held_tiles(monkeypatch):
    """The threads that build wait before each tile until the test lets them go on."""
    gate, tile = threading.Event(), LevelPass.tile

    def held(self, *given, **named):
        assert not threading.current_thread().name.startswith("voxbeam-crew") or gate.wait(SECONDS)
        return tile(self, *given, **named)

    monkeypatch.setattr(LevelPass, "tile", held)
    monkeypatch.setattr(crew, "cores", lambda: 2)
    yield gate
    gate.set()


def held_ahead(monkeypatch, gate):
    """Who decodes what: names of threads, and planes. The thread that reads ahead waits with its second part for the gate."""
    decode, decoded, second = hdf5_source._Dataset._decode, [], threading.Event()
    monkeypatch.setattr(hdf5_source, "PART_BYTES", 2**18)  # a block of 64 planes is some six parts

    def seen(self, spans, out):
        name = threading.current_thread().name
        if name == "voxbeam-read-ahead" and any(who == name for who, _, _ in decoded):
            second.set()
            assert gate.wait(SECONDS)
        decoded.append((name, *spans[0]))
        decode(self, spans, out)

    monkeypatch.setattr(hdf5_source._Dataset, "_decode", seen)
    return decoded, second


def planes_once(decoded, depth):
    assert sorted(z for _, low, high in decoded for z in range(low, high)) == list(range(depth))


def test_the_next_layer_is_decoded_while_one_is_cut_and_no_more(instance, reader, tmp_path, monkeypatch, held_tiles):
    """Blocks are 64 planes: a row of the second layer needs the first three, and nothing beyond is read before its time."""
    array, opened = noise(SHAPE), threading.Event()
    decoded, _ = held_ahead(monkeypatch, opened)
    opened.set()
    put, peak = BlockPool._put, []
    monkeypatch.setattr(BlockPool, "_put", lambda self, *given: (put(self, *given), peak.append(self.bytes)))
    source = open_source(frames(tmp_path, array))
    volume = instance.producer.declare(source)
    volume.hurry.set()
    until(lambda: source.counter.read == 3 * 64 * array[0].nbytes)
    time.sleep(0.1)
    assert source.counter.read == 3 * 64 * array[0].nbytes
    assert {who for who, _, _ in decoded} == {"voxbeam-read-ahead"}
    held_tiles.set()
    volume.fill(timeout=SECONDS)
    assert source.counter.read == array.nbytes, source.counter
    planes_once(decoded, len(array))
    assert max(peak) <= 4 * 64 * array[0].nbytes  # what the pass alone would keep
    until(lambda: not any(thread.name == "voxbeam-read-ahead" for thread in threading.enumerate()))
    check_all(reader, volume, array)


def test_a_viewer_goes_on_with_the_block_that_was_begun_ahead(instance, reader, tmp_path, monkeypatch, held_tiles):
    array, gate = noise(SHAPE), threading.Event()
    decoded, second = held_ahead(monkeypatch, gate)
    source = open_source(frames(tmp_path, array))
    volume = instance.producer.declare(source)
    volume.hurry.set()
    assert second.wait(SECONDS)
    key, got = BrickKey(0, 0, 1, 1), []  # of the first block, which it is at
    viewer = threading.Thread(target=lambda: got.append(reader.read(volume.handle, [key])[key][1]))
    viewer.start()
    until(lambda: volume.awaited)
    gate.set()
    viewer.join(SECONDS)
    np.testing.assert_array_equal(got[0][1:-1, 1:-1, 1:-1], array[:64, 64:128, 64:128])
    assert {who for who, low, _ in decoded if 0 < low < 64} > {"voxbeam-read-ahead"}  # the others are a worker's
    held_tiles.set()
    volume.fill(timeout=SECONDS)
    planes_once(decoded, len(array))
    check_all(reader, volume, array)


def test_what_cannot_be_read_ahead_is_said_by_the_pass(instance, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("d", data=noise(SHAPE), chunks=(1, *SHAPE[1:]), fletcher32=True)
        place = dataset.id.get_chunk_info_by_coord((300, 0, 0)).byte_offset
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes(100))
    os.utime(path, (0, 0))
    volume = instance.producer.declare(open_source(path))
    with pytest.raises(SourceError, match="cannot be read"):
        volume.fill(timeout=SECONDS)
    assert volume.built.wait(SECONDS)
    until(lambda: not any(thread.name == "voxbeam-read-ahead" for thread in threading.enumerate()))


def test_nothing_is_read_ahead_that_would_not_stay(tmp_path, monkeypatch):
    def room(planes, height=128):
        monkeypatch.setattr(read_planner, "LEAST_CACHE_BYTES", planes * 2**19)
        source = open_source(file)
        with source.room_ahead(0, height) as first, source.room_ahead(0, height) as second:
            assert not (first and second)
            return first

    file = frames(tmp_path, np.zeros((300, 512, 512), "u2"))  # blocks of 16 planes
    assert room(160)
    assert not room(159)
    assert not room(160, 512)  # rows that share no blocks
