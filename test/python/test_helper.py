"""The process beside the kernel: bricks while the kernel is held up; its start, end and death; memory that is gone."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import mmap
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import weakref
import zlib
from pathlib import Path

import numpy as np
import psutil
import pytest

from conftest import STORE_BYTES, until
from producer_support import noise
from voxbeam.geometry import BrickKey, brick_keys
from voxbeam.instance import Instance
from voxbeam.producer import levels as levels_module
from voxbeam.producer.dtype_mapping import DtypeMapping
from voxbeam.producer.helper import helper_process
from voxbeam.producer.helper.process_memory import MemoryLostError, ProcessMemory
from voxbeam.producer.helper.remote_voxels import Place, RemoteVoxels, forget_gathered
from voxbeam.producer.helper.told_volume import ToldVolume
from voxbeam.producer.scratch import Scratch
from voxbeam.sidecar import start_sidecar
from voxel_reference import brick, pyramid

SHAPE = (100, 130, 210)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Nothing here waits for a first picture."""
    monkeypatch.setattr(helper_process, "PAUSES_SECONDS", (0.1, *helper_process.PAUSES_SECONDS[1:]))


@pytest.fixture
def large(monkeypatch):
    """Any array counts as one that is worth a helper."""
    monkeypatch.setattr(levels_module, "SMALL_VOXELS", {"image": 0, "labels": 0})


@pytest.fixture(scope="module")
def sidecar():
    """One for all: no test here ends it, and a volume goes with the instance that declared it."""
    process = start_sidecar(store_bytes=STORE_BYTES)
    yield process
    process.stop()


@pytest.fixture
def instance(sidecar):
    """One that leaves the sidecar as it is."""
    instance = Instance(sidecar.host, sidecar.port, sidecar.token)
    yield instance
    instance.close()


class Watcher:
    """A viewer in a process of its own."""

    def __init__(self, sidecar) -> None:
        program = Path(__file__).with_name("brick_times.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program), sidecar.host, str(sidecar.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self._send(sidecar.token)
        self.process.stdout.readline()

    def _send(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ask(self, volume, keys) -> None:
        """Each key by itself, after a moment in which the kernel can be held up."""
        self._send(json.dumps({"volume": volume.handle, "groups": [[list(key)] for key in keys], "after": 0.05}))

    def answer(self) -> dict[BrickKey, int]:
        """The sum of each brick's voxels; until they are there, C code lets no other thread of this process run."""
        wanted = struct.pack("@ihh", self.process.stdout.fileno(), select.POLLIN, 0)
        assert ctypes.PyDLL(None).poll(ctypes.create_string_buffer(wanted), 1, 15_000) == 1, "no answer while Python stood still"
        found = json.loads(self.process.stdout.readline())
        assert found["errors"] == []
        return {BrickKey(*key): crc for key, _, _, crc in found["bricks"]}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


@pytest.fixture(scope="module")
def watcher(sidecar):
    watcher = Watcher(sidecar)
    yield watcher
    watcher.close()


def sums(array, keys) -> dict[BrickKey, int]:
    """What `keys` of an image hold."""
    levels = pyramid(np.ascontiguousarray(array), "image")
    return {key: zlib.crc32(brick(levels[key.level], key).tobytes()) for key in keys}


def ready(producer, volume) -> int:
    """Wait until the helper knows the volume as it is now; returns its pid."""
    assert volume.built.wait(60)
    until(lambda: producer.helper.pid and len(producer.helper._held) == 1 and _all_heard(producer.helper))
    return producer.helper.pid


def _all_heard(helper) -> bool:
    """What was told last is the only thing it may be reading, and the sidecar has heard of it."""
    return list(helper._held) == [helper._number] and helper.heard == helper._number


LAYOUTS = {
    "C order": lambda a: a,
    "Fortran order": np.asfortranarray,
    "a strided view, mirrored": lambda a: np.repeat(np.repeat(a, 2, 2), 2, 1)[::-1, :, ::-1].copy()[::-1, ::2, ::-2],
    "axes in another order": lambda a: np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bricks_come_while_c_code_holds_the_interpreter(layout, large, producer, watcher):
    array = LAYOUTS[layout](noise(SHAPE))
    volume = producer.declare(array, name=layout)
    ready(producer, volume)
    keys = [*brick_keys(SHAPE)]
    assert len(keys) == 24 + 4 + 1
    watcher.ask(volume, keys)
    assert watcher.answer() == sums(array, keys)


@pytest.mark.parametrize("dtype", ["int16", ">f4", "bool", "uint64"])
def test_every_dtype_is_stored_as_the_kernel_would(dtype, large, producer, watcher, reader):
    array = noise((70, 66, 130), dtype)
    if array.dtype.kind == "f":
        array[3, 4, 5] = np.inf
    volume = producer.declare(array.astype(dtype), name=dtype)
    ready(producer, volume)
    keys = [key for key in brick_keys(array.shape) if key.level == 0]
    watcher.ask(volume, keys)
    by_helper = watcher.answer()
    producer.connection.send_control(17, {"volume": volume.handle, "generation": 1, "boxes": [[0, 0, 0, 0, 2, 2, 3]]})
    producer.helper.stop()
    by_kernel = reader.read(volume.handle, keys)
    assert by_helper == {k: zlib.crc32(v.tobytes()) for k, (_, v) in by_kernel.items()}


def test_a_killed_helper_is_replaced(large, producer, watcher):
    volume = producer.declare(noise(SHAPE), name="killed")
    first = ready(producer, volume)
    os.kill(first, signal.SIGKILL)
    until(lambda: producer.helper.pid not in (first, None))
    assert ready(producer, volume) != first
    watcher.ask(volume, [BrickKey(0, 0, 0, 0)])
    assert len(watcher.answer()) == 1


def test_a_volume_is_let_go_once_the_helper_reads_it_no_more(large, producer):
    array = noise(SHAPE)
    kept = weakref.ref(array)
    volume = producer.declare(array, name="let go")
    ready(producer, volume)
    volume.remove()
    until(lambda: not producer.helper._held)
    del array, volume
    until(lambda: gc.collect() >= 0 and kept() is None)


def test_changed_voxels_are_never_shown_as_they_were(large, producer, watcher):
    array = noise(SHAPE)
    volume = producer.declare(array, name="changes")
    ready(producer, volume)
    keys = [BrickKey(0, 0, 0, 0), BrickKey(1, 0, 0, 0), BrickKey(0, 0, 1, 2)]
    watcher.ask(volume, keys)
    assert watcher.answer() == sums(array, keys)
    array[:32, :64, :64] += 1
    volume.updater.changed(((0, 32), (0, 64), (0, 64)))
    until(lambda: volume.updater.idle)
    assert volume.levels.generation == 2
    watcher.ask(volume, keys)
    assert watcher.answer() == sums(array, keys)


def test_it_ends_with_the_kernel(sidecar):
    program = """
import os, sys, time
import numpy as np
from voxbeam.instance import Instance
from voxbeam.producer import levels
from voxbeam.producer.helper import helper_process
helper_process.PAUSES_SECONDS = (0.1, 0.5)
levels.SMALL_VOXELS = {"image": 0}
instance = Instance("127.0.0.1", int(sys.argv[1]), sys.stdin.readline().strip())
instance.producer.declare(np.zeros((70, 70, 70), np.uint16), name="v")
while not instance.producer.helper.pid:
    time.sleep(0.01)
if os.fork() > 0:  # the child holds the pipe open
    print(instance.producer.helper.pid, flush=True)
time.sleep(300)
"""
    kernel = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, str(sidecar.port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    kernel.stdin.write(f"{sidecar.token}\n")
    kernel.stdin.flush()
    helper = psutil.Process(int(kernel.stdout.readline()))
    children = psutil.Process(kernel.pid).children()
    kernel.kill()
    kernel.wait()
    try:
        until(lambda: not helper.is_running() or helper.status() == psutil.STATUS_ZOMBIE)
    finally:
        for child in children:
            if child.is_running() and child.pid != helper.pid:
                child.kill()
    kernel.stdin.close()
    kernel.stdout.close()


def test_one_whose_kernel_is_killed_before_it_has_begun_ends_at_once(instance):
    """It reads its kernel's memory, is about to connect, and then the kernel dies: whose child it is by then is no kernel's."""
    program = """
import os, subprocess, sys, time
import numpy as np
from voxbeam.producer.helper.helper_process import _PROGRAM
from voxbeam.producer.helper.process_memory import let_read
probe = np.frombuffer(os.urandom(16), np.uint8).copy()
helper = subprocess.Popen([sys.executable, "-c", _PROGRAM])
let_read(helper.pid)
print(helper.pid, probe.ctypes.data, probe.tobytes().hex(), flush=True)
time.sleep(300)
"""
    connection = instance.producer.connection
    with socket.create_server(("127.0.0.1", 0)) as door:
        kernel = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        helper, address, probe = kernel.stdout.readline().decode().split()
        helper = psutil.Process(int(helper))
        start = {
            "pid": kernel.pid, "address": int(address), "probe": probe, "client": "test", "host": "127.0.0.1",
            "port": door.getsockname()[1], "helps": connection.welcome["helper"], "ticket": connection.ticket(),
        }
        kernel.stdin.write(json.dumps(start).encode() + b"\n")
        kernel.stdin.flush()  # and stays open: nobody tells it by that
        door.settimeout(30)
        near, _ = door.accept()
        kernel.kill()
        kernel.wait()
        with near, socket.create_connection((connection.host, connection.port)) as far:
            for here, there in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(here, there), daemon=True).start()
            try:
                until(lambda: not helper.is_running() or helper.status() == psutil.STATUS_ZOMBIE, 30)
                assert json.loads(kernel.stdout.readline())["ready"] == helper.pid, "it had connected"
            finally:
                if helper.is_running():
                    helper.kill()
    kernel.stdin.close()
    kernel.stdout.close()


def _pass_on(here, there):
    with contextlib.suppress(OSError):
        while data := here.recv(2**16):
            there.sendall(data)


def test_none_is_started_where_the_environment_says_so(large, monkeypatch, instance):
    monkeypatch.setenv("VOXBEAM_HELPER", "0")
    producer = instance.producer
    volume = producer.declare(noise(SHAPE), name="alone")
    assert volume.built.wait(60)
    assert (producer.helper.pid, producer.helper._thread) == (None, None)


# Reading, without a kernel beside: a process may read its own memory in the same way


def test_boxes_of_any_array_are_read_as_numpy_reads_them():
    rng = np.random.default_rng(2)
    base = rng.integers(0, 60_000, (40, 50, 60), np.uint16)
    memory, scratch = ProcessMemory(os.getpid()), Scratch()
    flat = np.broadcast_to(base[0], (9, 50, 60))
    views = [base, np.asfortranarray(base), base[::-1, :, ::-3], base.transpose(2, 0, 1)[5:, ::2], flat]
    for array in views:
        voxels = RemoteVoxels(memory, Place.of(array), DtypeMapping("u16", np.dtype("<u2")))
        for _ in range(20):
            low = [int(rng.integers(0, n)) for n in array.shape]
            box = tuple((a, int(rng.integers(a + 1, n + 1))) for a, n in zip(low, array.shape, strict=True))
            out = np.zeros([b - a for a, b in box], np.uint16)
            voxels.copy(box, out, scratch)
            np.testing.assert_array_equal(out, array[tuple(slice(*span) for span in box)])


def test_what_was_gathered_serves_until_it_is_forgotten():
    array = np.arange(4 * 4 * 300, dtype=np.uint16).reshape(4, 4, 300)
    voxels = RemoteVoxels(ProcessMemory(os.getpid()), Place.of(array), DtypeMapping("u16", np.dtype("<u2")))
    out, scratch, box = np.zeros((2, 2, 2), np.uint16), Scratch(), ((0, 2), (1, 3), (10, 12))
    voxels.gather(((0, 3), (0, 4), (5, 100)))
    before = array[0:2, 1:3, 10:12].copy()
    array += 7
    voxels.copy(box, out, scratch)
    np.testing.assert_array_equal(out, before)
    forget_gathered()
    voxels.copy(box, out, scratch)
    np.testing.assert_array_equal(out, before + 7)


def test_memory_that_is_no_longer_mapped_is_an_error_not_a_wrong_voxel():
    region = mmap.mmap(-1, 2**20)
    array = np.frombuffer(region, np.uint8).reshape(4, 512, 512)
    voxels = RemoteVoxels(ProcessMemory(os.getpid()), Place.of(array), DtypeMapping("u8", np.dtype("u1")))
    del array
    region.close()
    with pytest.raises(MemoryLostError, match="Bad address"):
        voxels.copy(((0, 4), (0, 66), (0, 66)), np.zeros((4, 66, 66), np.uint8), Scratch())
    with pytest.raises(MemoryLostError, match="No such process"):
        ProcessMemory(2**22 + 5).read(np.array([4096], np.uint64), 16, np.zeros(16, np.uint8))


def test_news_of_a_volume_wait_for_who_reads_what_was_told_before():
    array = np.zeros((64, 64, 64), np.uint16)
    place = Place.of(array)
    level = {
        "level": 0, "address": place.address, "shape": place.shape, "strides": place.strides, "dtype": "<u2", "write_as": "<u2",
        "sign_bit": 0, "generation": 1, "flags": 0,
    }
    facts = {"handle": 1, "name": "v", "stored": "u16", "shape": (64, 64, 64), "time_points": 1, "level_count": 1}
    message = {**facts, "levels": [level]}
    volume = ToldVolume(ProcessMemory(os.getpid()), message)
    told = threading.Event()
    teller = threading.Thread(target=lambda: (volume.tell({**message, "levels": [{**level, "generation": 2}]}), told.set()))
    with volume._turn():
        teller.start()
        until(lambda: volume.levels.answers[0].generation == 2)
        with volume._turn():  # one that began with the news does not hold them up
            assert not told.wait(0.05)
    assert told.wait(60)
    teller.join()
