"""The producer with a real sidecar when things go wrong: files, budgets, connections, and ends."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import weakref

import numpy as np
import pytest

from brick_reader import BrickReader
from conftest import until
from producer_support import SECONDS, check_all, noise
from voxbeam.errors import InstanceGoneError, ParameterError, SidecarError, SourceError, StoreTooSmallError
from voxbeam.geometry import BrickKey, brick_keys
from voxbeam.producer.store import Store
from voxbeam.producer.switch_interval import SHORT_SECONDS
from voxbeam.protocol import CONSTANT, PREVIEW
from voxbeam.sources import Source


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
    assert (header.flags, int(voxels.max())) == (PREVIEW | CONSTANT, 11)
    held_build.set()
    reader.until(lambda: reader.changed)
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


def test_a_volume_removed_while_it_is_built_stops_building(producer, held_build, caplog):
    volume = producer.declare(noise((140, 150, 130)))
    volume.remove()
    held_build.set()
    until(lambda: not any(t.name == "voxbeam-builder" for t in threading.enumerate()))
    assert volume.nbytes == 0
    assert caplog.records == []  # nobody is told that it could not be built


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"voxel_size": (1, -1, 1)}, "voxel_size"),
        ({"window": (3, 1)}, r"window is \(3, 1\)"),
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
