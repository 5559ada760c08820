"""The need queue, the store's file and the turns of threads."""

from __future__ import annotations

import errno
import gc
import mmap
import os
import resource
import sys
import threading
import time
from pathlib import Path

import pytest

from voxbeam.geometry import BrickKey
from voxbeam.producer.need_queue import FILL_PRIORITY, Need, NeedQueue
from voxbeam.producer.store import Store
from voxbeam.producer.switch_interval import SHORT_SECONDS, short_turns


class SomeVolume:
    """Needs are told apart by their volume; nothing of it is used."""


def need(volume, x: int, priority: float = 0, offset: int = 0) -> Need:
    return Need(None, volume, BrickKey(0, 0, 0, x), priority, offset)


def take_all(queue: NeedQueue) -> list[Need]:
    out = []
    while taken := queue.take(1, wait=False):
        out += taken
    return out


def test_small_priorities_come_first_and_equal_ones_in_order():
    volume, queue = SomeVolume(), NeedQueue()
    queue.put([need(volume, 1, 5), need(volume, 2, 1), need(volume, 3, 1), need(volume, 4, 0)])
    assert [n.key.x for n in take_all(queue)] == [4, 2, 3, 1]


def test_needing_again_changes_priority_and_place_and_gives_one_brick():
    volume, queue = SomeVolume(), NeedQueue()
    queue.put([need(volume, 1, 5, offset=10), need(volume, 2, 3)])
    queue.put([need(volume, 1, 1, offset=20)])
    taken = take_all(queue)
    assert [(n.key.x, n.offset) for n in taken] == [(1, 20), (2, 0)]


def test_cancelled_needs_come_back_to_be_answered():
    one, other, queue = SomeVolume(), SomeVolume(), NeedQueue()
    queue.put([need(one, 1), need(one, 2), need(other, 1)])
    assert [n.key.x for n in queue.cancel(one, [BrickKey(0, 0, 0, 1), BrickKey(0, 0, 0, 99)])] == [1]
    assert [n.volume for n in queue.cancel(one, None)] == [one]
    assert [n.volume for n in take_all(queue)] == [other]


def test_a_turn_leaves_work_for_others():
    volume, queue = SomeVolume(), NeedQueue()
    queue.put(need(volume, x) for x in range(100))
    assert len(queue.take(8)) == 8
    queue.clear()
    queue.put(need(volume, x) for x in range(4))
    assert len(queue.take(8)) == 2


def test_a_turn_of_a_fill_is_of_one_level_and_whole_where_there_are_as_many():
    volume, queue = SomeVolume(), NeedQueue()
    keys = [BrickKey(1, 0, 0, x) for x in range(5)] + [BrickKey(0, 0, 0, x) for x in range(40)]
    queue.put(Need(None, volume, key, FILL_PRIORITY, 0) for key in keys)
    turns = []
    while taken := queue.take(8, wait=False, most_of_fill=16):
        turns.append([(need.key.level, need.key.x) for need in taken])
    assert [key for turn in turns for key in turn] == [(key.level, key.x) for key in keys]
    assert [len(turn) for turn in turns[:3]] == [5, 16, 16]
    assert len(turns[3]) == 4, "what is less than a turn is shared"
    queue.put([need(volume, 99), *(Need(None, volume, key, FILL_PRIORITY, 0) for key in keys)])
    assert len(queue.take(8, most_of_fill=16)) == 8, "somebody waits for the first"


def test_those_who_wait_are_woken_by_a_need_and_by_the_end():
    volume, queue, got = SomeVolume(), NeedQueue(), []

    def take_twice():
        got.append(queue.take(8))
        got.append(queue.take(8))

    thread = threading.Thread(target=take_twice)
    thread.start()
    queue.put([need(volume, 1)])
    deadline = time.monotonic() + 60
    while not got and time.monotonic() < deadline:
        time.sleep(0.005)
    queue.close()
    thread.join(60)
    assert not thread.is_alive()
    assert len(got[0]) == 1
    assert got[1] == []


def store_of(tmp_path, size: int = 1 << 20) -> Store:
    path = tmp_path / "store"
    path.write_bytes(b"")
    os.truncate(path, size)
    return Store(str(path), size)


def test_the_second_write_to_an_offset_goes_through_the_mapping(tmp_path):
    store = store_of(tmp_path)
    assert store.mapped(4096, 100) is None
    store.write(4096, memoryview(b"a" * 100))
    mapped = store.mapped(4096, 100)
    assert bytes(mapped) == b"a" * 100
    mapped[:] = b"b" * 100
    assert (tmp_path / "store").read_bytes()[4095:4197] == b"\0" + b"b" * 100 + b"\0"
    assert store.mapped(4096, 101) is None, "only what was written is known to have pages"
    assert store.mapped(8192, 1) is None


@pytest.mark.skipif(sys.platform != "linux", reason="pages are fetched on Linux")
def test_pages_of_a_frame_are_mapped_in_one_call(tmp_path):
    def faults() -> int:
        return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt

    size, page = 1 << 20, mmap.PAGESIZE
    with os.fdopen(os.memfd_create("store")) as file:
        os.truncate(file.fileno(), 4 * size)
        store = Store(f"/proc/self/fd/{file.fileno()}", 4 * size)
        store.write(size + 100, memoryview(bytes(size)))
        mapped = store.mapped(size + 100, size)
        began = faults()
        for at in range(0, size, page):
            mapped[at] = 1
        assert faults() - began < size // page // 8
        del mapped, store


def test_all_threads_get_one_mapping(tmp_path, monkeypatch):
    """Machine code writes to its address: it must stay."""
    begun = threading.Barrier(4)
    mapped = mmap.mmap

    def slowly(*args):
        time.sleep(0.05)
        return mapped(*args)

    monkeypatch.setattr(mmap, "mmap", slowly)
    store = store_of(tmp_path)
    found = []

    def look():
        begun.wait(60)
        found.append((store.address, store.mapping))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert all(at == store.address and view is store.mapping for at, view in found)


def test_nothing_is_written_outside_the_store(tmp_path):
    store = store_of(tmp_path, 1000)
    assert store.holds(0, 1000)
    assert not store.holds(1, 1000)
    assert not store.holds(-1, 10)


def test_a_store_that_cannot_be_opened_is_none(tmp_path):
    assert Store.open(None) is None
    assert Store.open({"path": str(tmp_path / "absent"), "bytes": 10}) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_store_is_an_error_of_the_write():
    store = Store("/dev/full", 1 << 20)
    with pytest.raises(OSError, match="No space") as caught:
        store.write(0, memoryview(b"abc"))
    assert caught.value.errno == errno.ENOSPC
    assert store.mapped(0, 3) is None


def test_the_file_is_closed_when_nobody_holds_the_store(tmp_path):
    def handles() -> int:
        return sum(fd.resolve() == tmp_path / "store" for fd in Path("/proc/self/fd").iterdir())

    store = store_of(tmp_path)
    assert handles() == 1
    del store
    gc.collect()
    assert handles() == 0


def test_turns_are_short_while_anyone_needs_them():
    before = sys.getswitchinterval()
    assert before > SHORT_SECONDS
    with short_turns():
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(SHORT_SECONDS)
        assert sys.getswitchinterval() == pytest.approx(SHORT_SECONDS)
    assert sys.getswitchinterval() == before
