"""HDF5 whose filters take long is read by several processes: every voxel, and nothing is left of them, however anybody ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import h5py
import hdf5plugin
import numpy as np
import psutil
import pytest

import voxbeam as rv
from conftest import until
from producer_support import check_all
from voxbeam.errors import SourceError
from voxbeam.kept.crew import cores
from voxbeam.sources import hdf5_processes, hdf5_reader_process, open_source
from voxbeam.sources.hdf5_processes import readers

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="readers share memory without a name, which is Linux'"),
    pytest.mark.skipif(cores() < 2, reason="no readers are started where there is one processor"),
]
SECONDS = 60
SHAPE = (160, 192, 192)
BOXES = [tuple((i, i + 32) for i in place) for place in product(range(0, 160, 32), range(0, 192, 32), range(0, 192, 32))]


@pytest.fixture(scope="module")
def array():
    ramp = np.add.outer(np.arange(160), np.add.outer(np.arange(192), np.arange(192)))
    return (64 * ramp + np.random.default_rng(2).integers(0, 16, SHAPE)).astype(np.uint16)


@pytest.fixture(scope="module")
def path(array, tmp_path_factory):
    path = tmp_path_factory.mktemp("hdf5") / "slow.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("d", data=array, chunks=(32, 64, 64), **hdf5plugin.BZip2())
        file.create_dataset("fast", data=array, chunks=(32, 64, 64), compression="lzf")
    return path


def check(source, array):
    def one(box):
        assert (source.read(0, box) == array[tuple(slice(*span) for span in box)]).all(), box

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, BOXES))


def started(path):
    """The readers, once they have begun: a first pass starts them."""
    source = open_source(path)
    for box in BOXES:
        source.read(0, box)
    until(lambda: readers._free and all(reader.ready for reader in readers._free), SECONDS)
    return readers.pids


def test_what_decodes_slowly_is_read_by_other_processes_and_what_does_not_is_not(path, array, monkeypatch):
    used = []
    read = hdf5_reader_process.ReaderProcess.read

    def counted(reader, *args):
        used.append(reader.pid)
        return read(reader, *args)

    monkeypatch.setattr(hdf5_reader_process.ReaderProcess, "read", counted)
    started(path)
    check(open_source(path), array)
    check(open_source(path), array)
    assert len(set(used)) > 1, "several of them"
    used.clear()
    check(open_source(f"{path}:/fast"), array)
    assert not used
    monkeypatch.setenv(hdf5_processes.ENVIRONMENT, "0")
    check(open_source(path), array)
    assert not used


def test_a_reader_that_is_killed_is_replaced_and_every_voxel_comes(path, array):
    killed, ended, said = set(), threading.Event(), []

    def kill():
        while not ended.wait(0.15):
            for child in psutil.Process().children():
                if child.pid not in killed and "hdf5_reader" in " ".join(child.cmdline()):
                    child.send_signal(signal.SIGKILL)
                    killed.add(child.pid)
                    break
            if len(killed) == 4:
                return

    started(path)
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        while len(killed) < 4:
            try:
                check(open_source(path), array)
            except SourceError as error:  # two readers of one block were killed: it is said, and the next attempt reads it
                said.append(str(error))
    finally:
        ended.set()
        killer.join()
    assert all("has ended by signal 9 twice" in words for words in said)
    check(open_source(path), array)
    assert not killed & {child.pid for child in psutil.Process().children()}, "none is left"


def test_what_ends_every_reader_is_one_clear_error_and_the_kernel_lives(path, monkeypatch):
    program = "import os, signal; os.write(1, b'{\"ready\": true}\\n'); os.read(0, 100); os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(hdf5_reader_process, "_PROGRAM", program)
    monkeypatch.setattr(hdf5_processes, "readers", fresh := hdf5_processes.Readers())
    monkeypatch.setattr("voxbeam.sources.hdf5_source.readers", fresh)
    source = open_source(path)

    def read():
        for box in BOXES:
            source.read(0, box)
            time.sleep(0.05)

    with pytest.raises(SourceError, match=r"slow\.h5.*has ended by signal 9 twice"):
        read()


def test_a_damaged_chunk_is_the_librarys_error_and_the_reader_goes_on(path, array, tmp_path):
    damaged = tmp_path / "slow.h5"
    with h5py.File(path) as file:
        info = file["d"].id.get_chunk_info_by_coord((128, 128, 128))
    data = bytearray(path.read_bytes())
    data[info.byte_offset : info.byte_offset + info.size] = bytes(info.size)
    damaged.write_bytes(data)
    pids = started(path)
    source = open_source(damaged)
    with pytest.raises(SourceError, match="cannot be read"):
        check(source, array)
    assert set(readers.pids) >= set(pids)


def test_a_file_that_is_another_one_by_now_is_not_read_for_it(path, array, tmp_path):
    mine = tmp_path / "mine.h5"
    mine.write_bytes(path.read_bytes())
    started(path)
    source = open_source(mine)
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file.create_dataset("d", data=array[::-1], chunks=(32, 64, 64), **hdf5plugin.BZip2())
    other.replace(mine)
    check(source, array)


def test_nothing_is_left_of_readers_when_their_kernel_is_killed(path):
    kernel = (
        "import sys, time, numpy as np\n"
        "from voxbeam.sources import open_source\n"
        "from voxbeam.sources.hdf5_processes import readers\n"
        "if __name__ == '__main__':\n"
        "    import os\n"
        "    forked = 0\n"
        "    while True:\n"
        f"        source = open_source({str(path)!r})\n"
        "        for z in range(0, 160, 32):\n"
        "            source.read(0, ((z, z + 32), (0, 192), (0, 192)))\n"
        "        if readers.pids and not forked:\n"
        "            forked = os.fork()\n"
        "            if not forked: time.sleep(300); os._exit(0)  # has the readers' pipes, and keeps them open\n"
        "            print(forked, *readers.pids, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", kernel], stdout=subprocess.PIPE)
    try:
        forked, *pids = [int(pid) for pid in process.stdout.readline().split()]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    try:
        assert pids
        until(lambda: not any(psutil.pid_exists(pid) for pid in pids), SECONDS)
        assert psutil.pid_exists(forked)
    finally:
        os.kill(forked, signal.SIGKILL)


def test_readers_that_nobody_uses_are_ended(path, monkeypatch):
    monkeypatch.setattr(hdf5_processes, "IDLE_SECONDS", 0.6)
    monkeypatch.setattr("voxbeam.sources.hdf5_source.readers", fresh := hdf5_processes.Readers())
    source = open_source(path)
    for box in BOXES[:40]:
        source.read(0, box)
    children = [child for child in psutil.Process().children() if "hdf5_reader" in " ".join(child.cmdline())]
    assert children
    until(lambda: fresh._count == 0, SECONDS)
    assert not fresh.pids


def test_a_fill_by_readers_is_whole(path, array, instance, reader):
    started(path)
    rv.render_volume(rv.open(path), instance, name="slow")
    volume = instance.producer.volumes[0]
    check_all(reader, volume, array)
