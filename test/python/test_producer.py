"""The producer with a real sidecar: every voxel of every level as a viewer receives it, and what happens when things go wrong."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import tracemalloc
import weakref

import numpy as np
import pytest

from brick_reader import BrickReader
from conftest import until
from voxbeam.errors import InstanceGoneError, ParameterError, SidecarError, SourceError, StoreTooSmallError
from voxbeam.geometry import BrickKey, brick_count, brick_keys
from voxbeam.instance import Instance
from voxbeam.producer import levels as levels_module
from voxbeam.producer.builder import build_levels
from voxbeam.producer.store import Store
from voxbeam.producer.switch_interval import SHORT_SECONDS
from voxbeam.protocol import PREVIEW
from voxbeam.sidecar import start_sidecar
from voxbeam.sources import Source
from voxel_reference import brick, pyramid

SECONDS = 30


@pytest.fixture
def reader(sidecar):
    reader = BrickReader(sidecar)
    yield reader
    reader.close()


@pytest.fixture
def producer(instance):
    return instance.producer


def noise(shape, dtype=np.uint16) -> np.ndarray:
    rng = np.random.default_rng(5)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.standard_normal(shape).astype(kind)
    if kind.kind == "b":
        return rng.integers(0, 2, shape).astype(kind)
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, shape, kind.newbyteorder("=")).astype(kind)


def check_all(reader, volume, stored: np.ndarray, kind: str = "image") -> None:
    """Every brick, as a viewer gets it, against the reference; and every range."""
    d = volume.description
    found = reader.read_all(volume.handle, d.shape)
    assert len(found) == brick_count(d.shape)
    levels = pyramid(stored, kind)
    for key, (header, voxels) in found.items():
        expected = brick(levels[key.level], key)
        if stored.dtype.kind == "f":
            expected = np.where(np.isfinite(expected), expected, np.nan)
            scale = np.nanmax(np.abs(expected), initial=0)  # sums of large numbers that cancel keep the error of the large ones
            np.testing.assert_allclose(voxels, expected, rtol=2e-6, atol=1e-6 * scale, err_msg=str(key))
        else:
            np.testing.assert_array_equal(voxels, expected, err_msg=str(key))
        assert (header.generation, header.flags) == (1, 0)
    reader.until(lambda: all((volume.handle, key) in reader.ranges for key in found))
    for key, (_, voxels) in found.items():
        low, high = reader.ranges[volume.handle, key]
        values = voxels[np.isfinite(voxels)].astype(np.float64) * d.scale + d.offset
        assert low == pytest.approx(values.min(), rel=1e-6)
        assert high == pytest.approx(values.max(), rel=1e-6)


def test_a_filled_volume_is_all_there(producer, reader):
    array = noise((200, 130, 90))
    volume = producer.declare(array, name="noise")
    told = []
    volume.fill(progress=lambda done, total: told.append((done, total)), timeout=SECONDS)
    assert volume.status["complete"]
    assert told[-1] == (volume.description.bricks,) * 2
    assert told == sorted(told)
    check_all(reader, volume, array)
    assert volume.nbytes <= array.nbytes / 6.9


def test_a_fill_takes_a_seventh_of_the_array_and_scratch(producer):
    array = np.zeros((400, 256, 256), np.uint16)  # large enough to be built in the background
    producer.declare(array[:70, :70, :70], name="first").fill(timeout=SECONDS)  # modules, threads and their scratch
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        volume = producer.declare(array)
        volume.fill(timeout=SECONDS)
        after, peak = (bytes_ - before for bytes_ in tracemalloc.get_traced_memory())
    finally:
        tracemalloc.stop()
    assert volume.nbytes < array.nbytes / 7 + 1
    assert after < array.nbytes / 7 + 2**20
    assert peak < array.nbytes / 7 + 12 * 2**20


def test_nobody_asks_a_producer_for_what_is_resident(producer, reader):
    array = noise((70, 70, 70))
    volume = producer.declare(array)
    volume.fill(timeout=SECONDS)
    array[...] = 0
    ((_, voxels),) = reader.read(volume.handle, [BrickKey(0, 0, 0, 0)]).values()
    assert voxels.any()


AS_STORED = {
    "?": lambda a: a.astype("u1"),
    "u1": lambda a: a,
    "i1": lambda a: (a.astype("i4") + 128).astype("u1"),
    ">u2": lambda a: a.astype("u2"),
    "i2": lambda a: (a.astype("i4") + 32768).astype("u2"),
    "i4": lambda a: a.astype("f4"),
    "u8": lambda a: a.astype("f4"),
    "f2": lambda a: a.astype("f4"),
    ">f8": lambda a: a.astype("f4"),
}


@pytest.mark.parametrize("dtype", AS_STORED)
def test_every_dtype_on_every_level(producer, reader, dtype):
    array = noise((67, 65, 130), dtype)
    volume = producer.declare(array, name=f"of {dtype}")
    check_all(reader, volume, AS_STORED[dtype](array))


def test_labels_on_every_level(producer, reader):
    zones = (np.indices((66, 66, 66)).sum(0) // 7).astype(np.int64)
    zones[np.random.default_rng(0).random(zones.shape) < 0.1] = 2**32 - 1
    volume = producer.declare(zones, kind="labels")
    assert volume.description.stored == "u32"
    check_all(reader, volume, zones.astype(np.uint32), "labels")


@pytest.mark.parametrize("shape", [(1, 1, 1), (64, 64, 64), (1, 200, 1), (65, 64, 129)])
def test_odd_shapes(producer, reader, shape):
    array = noise(shape, np.uint8)
    check_all(reader, producer.declare(array), array)


VIEWS = {
    "F": np.asfortranarray,
    "strided": lambda a: a[::2, ::-1, 1:-1],
    "transposed": lambda a: a.transpose(2, 0, 1),
    "broadcast": lambda a: np.broadcast_to(a[3], a.shape),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_strides_are_read_in_place(producer, reader, view):
    array = view(noise((140, 80, 70)))
    volume = producer.declare(array)
    assert volume.source.array.__array_interface__ == array.__array_interface__
    check_all(reader, volume, np.ascontiguousarray(array))


@pytest.fixture
def held_build(monkeypatch):
    """Large volumes' pyramids wait until the test lets them be built."""
    gate = threading.Event()

    def build(volume):
        assert gate.wait(SECONDS)
        build_levels(volume)

    monkeypatch.setattr("voxbeam.producer.producer.build_levels", build)
    monkeypatch.setattr(levels_module, "SMALL_VOXELS", {"image": 0, "labels": 0})
    yield gate
    gate.set()


def test_previews_come_first_then_changed_then_the_truth(producer, reader, held_build):
    array = noise((140, 150, 130))
    volume = producer.declare(array)
    reader.until(lambda: volume.handle in reader.announced)
    coarse = [key for key in brick_keys(array.shape) if key.level]
    previews = reader.read(volume.handle, coarse)
    assert {(h.generation, h.flags) for h, _ in previews.values()} == {(0, PREVIEW)}
    one = previews[BrickKey(2, 0, 0, 0)][1]
    assert one[1, 1, 1] == array[2, 2, 2]
    assert one[20, 30, 10] == array[19 * 4 + 2, 29 * 4 + 2, 9 * 4 + 2]
    low, high = reader.ranges[volume.handle, BrickKey(2, 0, 0, 0)]
    assert (low, high) == (one.min(), one.max())
    held_build.set()
    reader.until(lambda: reader.changed)
    assert reader.changed[0]["generation"] == 1
    assert {box[0] for box in reader.changed[0]["boxes"]} == {1, 2}
    check_all(reader, volume, array)


def test_a_fill_ends_with_the_truth_even_if_it_began_with_previews(producer, reader, held_build):
    array = noise((140, 150, 130))
    volume = producer.declare(array)
    volume.fill(wait=False)
    until(lambda: volume.status["resident"] == volume.status["total"], SECONDS)
    assert not volume.status["complete"]
    held_build.set()
    volume.fill(timeout=SECONDS)
    check_all(reader, volume, array)


def test_no_brick_of_before_is_seen_after_changed(producer, reader, held_build):
    """The gate opens while needs are being answered, again and again."""
    array = noise((140, 150, 130))
    coarse = [key for key in brick_keys(array.shape) if key.level]
    for turn in range(5):
        held_build.clear()
        volume = producer.declare(array, name=f"turn {turn}")
        reader.until(lambda volume=volume: volume.handle in reader.announced)
        reader.order.clear()
        reader.changed.clear()
        reader.need(volume.handle, coarse)
        held_build.set()
        reader.until(lambda: reader.changed)
        reader.need(volume.handle, coarse)
        reader.until(lambda volume=volume: all((volume.handle, key) in reader.bricks for key in coarse))
        changed = [what for what, _, _ in reader.order].index("changed")
        assert all(generation == 1 for what, _, generation in reader.order[changed:] if what == "brick")
        volume.remove()


def test_small_volumes_need_no_previews(producer, reader):
    volume = producer.declare(noise((140, 150, 130)))
    assert volume.built.is_set()
    reader.read_all(volume.handle, volume.description.shape)
    assert reader.changed == []


def test_what_is_not_finite_is_counted_in_the_note(producer, reader):
    array = noise((70, 80, 90), np.float32)
    array[:10, :10, :10] = np.nan
    array[69, 79, 89] = np.inf
    volume = producer.declare(array)
    assert volume.description.note == "1,001 voxels are not finite and are drawn transparent."
    check_all(reader, volume, array)


def test_the_note_reaches_viewers_after_a_build_in_the_background_and_costs_no_brick(producer, reader, held_build):
    array = noise((140, 150, 130), np.float32)
    array[1, 2, 3] = np.nan
    volume = producer.declare(array)
    fine = [key for key in brick_keys(array.shape) if key.level == 0]
    reader.read(volume.handle, fine)
    resident = volume.status["resident"]
    assert volume.description.note is None
    held_build.set()
    reader.until(lambda: "1 voxel is not finite and is" in reader.announced.get(volume.handle, {}).get("note", ""))
    assert volume.handle in reader.announced
    until(lambda: volume.status["resident"] >= len(fine))
    assert resident <= volume.status["resident"]
    check_all(reader, volume, array)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_volume_without_any_finite_voxel_works(producer, reader, value):
    volume = producer.declare(np.full((70, 5, 5), value, np.float32))
    volume.fill(timeout=SECONDS)
    found = reader.read_all(volume.handle, (70, 5, 5))
    assert all(np.isnan(voxels).all() for _, voxels in found.values())
    reader.until(lambda: len(reader.ranges) == len(found))
    assert all(low > high for low, high in reader.ranges.values())
    assert volume.description.note.startswith("1,750 voxels")


def test_a_volume_too_large_for_the_store_is_refused_before_anything_is_filled(producer, instance):
    volume = producer.declare(np.broadcast_to(np.uint16(1), (1024, 1024, 1024)), name="large")
    needed = volume.description.store_bytes
    with pytest.raises(StoreTooSmallError, match=rf"{needed:,}.*{instance.store_bytes:,}.*wait=False.*store_bytes={needed}"):
        volume.fill()
    assert not volume.status["filling"]
    volume.fill(wait=False)
    volume.remove()


def test_a_large_volume_is_shown_as_it_is_needed_through_a_small_store(monkeypatch):
    """More bricks than slots: these are used again, and written through the mapping then."""
    mapped = []
    original = Store.mapped
    monkeypatch.setattr(Store, "mapped", lambda self, *where: mapped.append(found := original(self, *where)) or found)
    sidecar = start_sidecar(store_bytes=64 * 2**20)
    instance = Instance(sidecar.host, sidecar.port, sidecar.token, process=sidecar)
    reader = BrickReader(sidecar)
    try:
        array = np.broadcast_to(noise((1, 448, 448), np.uint8), (448, 448, 448))
        volume = instance.producer.declare(array)
        keys = [key for key in brick_keys(array.shape) if key.level == 0]
        assert volume.description.store_bytes > 1.4 * instance.store_bytes
        for _ in range(2):
            for start in range(0, len(keys), 49):
                part = keys[start : start + 49]
                found = reader.read(volume.handle, part)
                for key in part[::5]:
                    np.testing.assert_array_equal(found[key][1], brick(array, key))
                reader.bricks.clear()
        assert sum(found is not None for found in mapped) > 100
    finally:
        reader.close()
        instance.close()


def test_a_producer_that_cannot_open_the_store_answers_inline(instance, reader, monkeypatch):
    monkeypatch.setattr(Store, "open", classmethod(lambda cls, place: None))  # as on another host
    array = noise((67, 65, 130))
    volume = instance.producer.declare(array)
    volume.fill(timeout=SECONDS)
    check_all(reader, volume, array)


def test_shared_memory_that_is_full_is_said_so(instance, reader, monkeypatch):
    def write(self, offset, data):
        fd = os.open("/dev/full", os.O_WRONLY)
        try:
            os.pwrite(fd, data, offset)
        finally:
            os.close(fd)

    volume = instance.producer.declare(noise((67, 65, 130)))
    monkeypatch.setattr(Store, "write", write)
    with pytest.raises(StoreTooSmallError, match="shared memory is full"):
        volume.fill(timeout=SECONDS)


class FailingSource(Source):
    """Reads level 0 until a file is found damaged."""

    def read(self, level, box):
        if box[0][0] > 60:
            raise SourceError("'scan.x' ends early, at plane 61.", "Copy it again.")
        return np.ones([b - a for a, b in box], np.uint8)


def test_a_file_that_breaks_while_it_is_read_ends_the_fill_with_its_own_words(producer, reader):
    volume = producer.declare(FailingSource(shape=(130, 64, 64), dtype=np.dtype("u1")))
    with pytest.raises(SourceError, match=r"'scan\.x' ends early.*Copy it again"):
        volume.fill(timeout=SECONDS)
    found = reader.read(volume.handle, [BrickKey(0, 0, 0, 0), BrickKey(0, 1, 0, 0), BrickKey(1, 0, 0, 0)])
    assert set(found) == {BrickKey(0, 0, 0, 0)}
    assert any("ends early" in error["message"] for error in reader.errors)
    good = noise((20, 20, 20))
    check_all(reader, producer.declare(good, name="another"), good)


class SlowSource(Source):
    """A lazy source whose first read waits."""

    gate = threading.Event()

    def read(self, level, box):
        assert self.gate.wait(SECONDS)
        return np.full([b - a for a, b in box], 5, np.uint8)


def test_levels_that_have_no_preview_are_answered_once_they_are_built(producer, reader):
    SlowSource.gate.clear()
    volume = producer.declare(SlowSource(shape=(130, 64, 64), dtype=np.dtype("u1")))
    reader.until(lambda: volume.handle in reader.announced)
    reader.need(volume.handle, [BrickKey(2, 0, 0, 0), BrickKey(1, 0, 0, 0)])
    until(lambda: len(volume._waiting) == 2)
    SlowSource.gate.set()
    found = reader.read(volume.handle, [BrickKey(2, 0, 0, 0), BrickKey(1, 0, 0, 0)])
    assert all((voxels == 5).all() and header.generation == 1 for header, voxels in found.values())


def test_a_cancelled_need_that_was_put_off_is_let_go(producer, reader, sidecar):
    SlowSource.gate.clear()
    volume = producer.declare(SlowSource(shape=(130, 64, 64), dtype=np.dtype("u1")))
    other = BrickReader(sidecar)
    other.need(volume.handle, [BrickKey(2, 0, 0, 0)])
    until(lambda: len(volume._waiting) == 1)
    other.close()
    until(lambda: len(volume._waiting) == 0)
    SlowSource.gate.set()
    check_all(reader, volume, np.full((130, 64, 64), 5, np.uint8))


def test_native_levels_are_used_as_they_are(producer, reader):
    class TwoLevels(Source):
        def read(self, level, box):
            return np.full([b - a for a, b in box], 10 + level, np.uint8)

    volume = producer.declare(TwoLevels(shape=(100, 100, 100), dtype=np.dtype("u1"), levels={1: True}))
    found = reader.read_all(volume.handle, (100, 100, 100))
    assert {(key.level, int(voxels.max())) for key, (_, voxels) in found.items()} == {(0, 10), (1, 11)}
    assert reader.changed == []
    reader.until(lambda: len(reader.ranges) == len(found))
    assert reader.ranges[volume.handle, BrickKey(1, 0, 0, 0)] == (11, 11)


def test_native_levels_that_lie_elsewhere_are_previews(producer, reader, held_build):
    class TwoLevels(Source):
        def read(self, level, box):
            return np.full([b - a for a, b in box], 10 + level, np.uint8)

    volume = producer.declare(TwoLevels(shape=(100, 100, 100), dtype=np.dtype("u1"), levels={1: False}))
    ((header, voxels),) = reader.read(volume.handle, [BrickKey(1, 0, 0, 0)]).values()
    assert (header.flags, int(voxels.max())) == (PREVIEW, 11)
    held_build.set()
    check_all(reader, volume, np.full((100, 100, 100), 10, np.uint8))


def test_a_name_taken_again_replaces_the_volume(producer, reader, instance):
    first = producer.declare(noise((20, 20, 20)), name="a")
    array = noise((30, 20, 20), np.uint8)
    second = producer.declare(array, name="a")
    assert list(instance.volumes) == ["a"]
    assert not first.live
    with pytest.raises(SidecarError, match="'a' was removed or replaced"):
        first.fill(timeout=SECONDS)
    check_all(reader, second, array)


def test_a_removed_volume_lets_its_array_go(producer, instance):
    array = noise((70, 70, 70))
    gone = weakref.ref(array)
    volume = producer.declare(array, name="a")
    volume.fill(timeout=SECONDS)
    del array
    gc.collect()
    assert gone() is not None, "the array is kept while it is served"
    volume.remove()
    until(lambda: not instance.volumes)
    del volume
    gc.collect()
    assert gone() is None


def test_a_volume_removed_while_it_is_built_stops_building(producer, held_build):
    volume = producer.declare(noise((140, 150, 130)))
    volume.remove()
    held_build.set()
    until(lambda: not any(t.name == "voxbeam-builder" for t in threading.enumerate()))
    assert volume.nbytes == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"voxel_size": (1, -1, 1)}, "voxel_size"),
        ({"window": (3, 1)}, r"window is \(3.0, 1.0\)"),
        ({"name": "x" * 300}, "1 to 200"),
        ({"kind": "x"}, "'x'"),
    ],
)
def test_bad_parameters_leave_nothing_behind(producer, instance, options, words):
    with pytest.raises(ParameterError, match=words):
        producer.declare(noise((5, 5, 5)), **options)
    assert instance.volumes == {}


def test_an_instance_that_refuses_is_quoted(producer, instance, monkeypatch):
    monkeypatch.setattr("voxbeam.description._text", lambda *_, **__: None)
    with pytest.raises(SidecarError, match=r"refused.*name"):
        producer.declare(noise((5, 5, 5)), name="x" * 300)
    assert producer.volumes == []
    assert instance.volumes == {}


def test_an_instance_that_ends_while_it_is_filled(producer, sidecar, monkeypatch):
    SlowSource.gate.clear()
    volume = producer.declare(SlowSource(shape=(130, 64, 64), dtype=np.dtype("u1")))
    threading.Timer(0.3, sidecar.stop).start()
    with pytest.raises(InstanceGoneError):
        volume.fill(timeout=SECONDS)
    SlowSource.gate.set()
    with pytest.raises(InstanceGoneError):
        producer.declare(noise((5, 5, 5)))
    with pytest.raises(InstanceGoneError):
        volume.fill(wait=False)


def test_after_a_broken_connection_it_is_declared_again_with_its_bricks(producer, reader, instance):
    array = noise((140, 80, 70))
    volume = producer.declare(array)
    volume.fill(timeout=SECONDS)
    handle = volume.handle
    instance._connection._stream.socket.shutdown(2)
    until(lambda: not volume.is_announced)
    until(lambda: volume.is_announced, SECONDS)
    assert volume.handle == handle
    assert volume.status["resident"] == volume.status["total"]
    check_all(reader, volume, array)


def test_a_fill_goes_on_after_a_broken_connection(producer, instance):
    SlowSource.gate.clear()
    volume = producer.declare(SlowSource(shape=(130, 64, 64), dtype=np.dtype("u1")))
    volume.fill(wait=False)
    until(lambda: volume.status["filling"])
    instance._connection._stream.socket.shutdown(2)
    until(lambda: not volume.is_announced)
    SlowSource.gate.set()
    volume.fill(timeout=SECONDS)
    assert volume.status["complete"]


def test_waiting_ends_in_time(producer):
    SlowSource.gate.clear()
    volume = producer.declare(SlowSource(shape=(130, 64, 64), dtype=np.dtype("u1")))
    with pytest.raises(TimeoutError, match=r"0 of \d+ bricks"):
        volume.fill(timeout=0.3)
    SlowSource.gate.set()


def test_the_main_thread_may_be_busy(producer, reader):
    """Needs are answered while this thread never lets go of the interpreter; turns are short meanwhile, and back afterwards."""
    before = sys.getswitchinterval()
    array = noise((250, 250, 250), np.uint8)  # small enough to need no previews
    volume = producer.declare(array)
    reader.until(lambda: volume.handle in reader.announced)
    reader.need(volume.handle, list(brick_keys(array.shape)))
    shortest, end = before, time.monotonic() + SECONDS
    while volume.status["resident"] < volume.status["total"] and time.monotonic() < end:
        shortest = min(shortest, sys.getswitchinterval())
    assert volume.status["resident"] == volume.status["total"]
    assert shortest == pytest.approx(SHORT_SECONDS)
    until(lambda: sys.getswitchinterval() == before)


def test_closing_ends_the_workers(instance):
    instance.producer.declare(noise((20, 20, 20)))
    mine = [t for t in threading.enumerate() if t.name.startswith("voxbeam-worker")]
    assert len(mine) >= 2
    assert all(t.daemon for t in mine)
    instance.close()
    until(lambda: not any(t.is_alive() for t in mine[-2:]))
