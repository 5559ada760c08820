"""Arrays that the sidecar looks into: every voxel of level 0, nothing moved for it, and nothing left behind however it ends."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import voxbeam as rv
from brick_reader import BrickReader
from conftest import until
from producer_support import SECONDS, check_all, noise
from voxbeam.geometry import BrickKey, brick_count, brick_keys
from voxbeam.instance import Instance
from voxbeam.protocol import SLOT_BYTES, brick_template
from voxbeam.shared_memory import place_of
from voxbeam.sidecar import start_sidecar

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="shared memory without a name is Linux'")


def holders(inode: int) -> set[int]:
    """Processes that hold a file."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.stat().st_ino == inode and "memfd:voxbeam" in str(link.readlink()):
                found.add(int(link.parts[2]))
        except OSError:
            continue
    return found


def read_bytes(shape: tuple[int, int, int], item: int, key: BrickKey) -> int:
    """Bytes of the array that are read for a brick: of short lines also what lies between its own."""
    planes, rows, columns = (min(64 * i + 65, n) - max(64 * i - 1, 0) for i, n in zip(key[1:4], shape, strict=True))
    line = (rows - 1) * shape[2] + columns if shape[2] * item <= 8192 else rows * columns
    return planes * line * item


@pytest.mark.parametrize(
    "case",
    [
        ("u1", (130, 70, 201), "image"),
        ("<u2", (65, 64, 129), "image"),
        ("<f4", (70, 130, 64), "image"),
        ("<u4", (3, 70, 66), "labels"),
        ("<f4", (66, 3, 4000), "image"),  # lines too long to be read together
    ],
)
def test_every_voxel_of_a_shared_array_and_nothing_moved_for_level_0(producer, reader, instance, case):
    dtype, shape, kind = case
    array = rv.share(noise(shape, dtype))
    if dtype == "<f4":
        array[1, 2, 3], array[0, 0, 0], array[-1, -1, -1] = np.inf, np.nan, -np.inf
    volume = producer.declare(array, kind=kind)
    volume.fill(timeout=SECONDS)
    stored = {"u1": "u8", "<u2": "u16", "<f4": "f32", "<u4": "u32"}[dtype]
    level0 = sum(key.level == 0 for key in brick_keys(shape))
    coarse = brick_count(shape) - level0
    assert volume.status["lent"] == level0
    assert volume.status["resident"] == volume.status["total"] == brick_count(shape)
    status = instance.status()
    assert status["used_bytes"] == coarse * SLOT_BYTES[stored] == volume.store_bytes
    assert status["stored_bytes"] == coarse * brick_template(stored).frame_bytes  # of level 0: none
    check_all(reader, volume, np.asarray(array), kind)
    after = instance.status()
    assert (after["used_bytes"], after["stored_bytes"]) == (status["used_bytes"], status["stored_bytes"])
    assert after["sent_bytes"] - status["sent_bytes"] == brick_count(shape) * brick_template(stored).frame_bytes
    # What is sent of level 0 was read once and written once; what is sent of the store was read once.
    made = sum(66**3 * array.itemsize + read_bytes(shape, array.itemsize, key) for key in brick_keys(shape) if key.level == 0)
    assert after["copied_bytes"] - status["copied_bytes"] == made + coarse * brick_template(stored).frame_bytes


def test_the_frame_is_that_of_a_producer_byte_for_byte(producer, reader):
    values = noise((70, 70, 70))
    shared, plain = producer.declare(rv.share(values), name="shared"), producer.declare(values, name="plain")
    key = BrickKey(0, 1, 0, 1)
    (one, voxels), (other, same) = (reader.read(volume.handle, [key])[key] for volume in (shared, plain))
    assert replace(one, volume=0) == replace(other, volume=0)
    np.testing.assert_array_equal(voxels, same)


def test_parts_of_it_are_shared_and_what_is_not_whole_is_made_as_ever(producer, reader):
    array = rv.share(noise((100, 80, 70)))
    part, strided = producer.declare(array[30:], name="part"), producer.declare(array[:, ::2], name="strided")
    assert part.status.get("lent") == 2 * 2 * 2
    assert "lent" not in strided.status
    check_all(reader, part, np.asarray(array[30:]))
    check_all(reader, strided, np.asarray(array[:, ::2]))


def test_what_is_written_is_seen_by_who_looks_next(producer, reader):
    array = rv.empty((70, 70, 70), "uint16")
    volume = producer.declare(array)
    volume.fill(timeout=SECONDS)
    array[3, 4, 5] = 777
    ((_, voxels),) = reader.read(volume.handle, [BrickKey(0, 0, 0, 0)]).values()
    assert voxels[4, 5, 6] == 777


def test_it_is_an_array_like_any_other_and_goes_with_its_last_view():
    array = rv.empty((4, 5, 6), "uint16")
    assert (type(array), array.dtype, array.shape, int(array.max())) == (np.ndarray, np.uint16, (4, 5, 6), 0)
    place = place_of(array)
    assert place is not None
    assert Path(place.path).stat().st_mode & 0o777 == 0o600
    assert str(Path(place.path).readlink()).endswith(" (deleted)")
    view = array[2, 1:]
    del array
    gc.collect()
    assert holders(place.inode) == {os.getpid()}
    view[...] = 1
    del view
    gc.collect()
    assert holders(place.inode) == set()
    assert place_of(np.zeros((4, 5, 6))) is None
    with pytest.raises(rv.ShapeError):
        rv.empty((4, 5), "uint16")


def test_a_wrong_place_is_not_looked_into(producer, reader, monkeypatch):
    values = noise((70, 70, 70))
    array = rv.share(values)
    place = place_of(array)
    monkeypatch.setattr("voxbeam.producer.producer.place_of", lambda _: place._replace(inode=place.inode + 1))
    volume = producer.declare(array)
    assert "lent" not in volume.status
    check_all(reader, volume, values)


VALUES = np.random.default_rng(5).integers(0, 60000, (70, 130, 66), np.uint16)
KERNEL = """
import sys, numpy as np, voxbeam as rv
from voxbeam.instance import Instance
from voxbeam.shared_memory import place_of
array = rv.share(np.random.default_rng(5).integers(0, 60000, (70, 130, 66), np.uint16))
instance = Instance("127.0.0.1", int(sys.argv[1]), sys.argv[2])
rv.render_volume(array, instance, name="kept")
print(place_of(array).inode, flush=True)
sys.stdin.readline()
print(int(array.astype(np.uint64).sum()), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def apart():
    """A sidecar, and a kernel of its own that shows a shared array in it."""
    before = set(Path("/dev/shm").iterdir())
    sidecar = start_sidecar(store_bytes=64 * 2**20)
    command = [sys.executable, "-c", KERNEL, str(sidecar.port), sidecar.token]
    kernel = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    inode = int(kernel.stdout.readline())
    assert holders(inode) == {kernel.pid, sidecar.pid}
    yield sidecar, kernel, inode
    kernel.kill()
    kernel.wait()
    kernel.stdin.close()
    kernel.stdout.close()
    sidecar.stop()
    until(lambda: holders(inode) == set())
    assert not [path for path in set(Path("/dev/shm").iterdir()) - before if f"voxbeam-{sidecar.pid}-" in path.name]


def test_a_killed_kernel_leaves_its_volume_resident_and_no_memory_once_it_is_removed(apart):
    sidecar, kernel, inode = apart
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.wait()
    assert holders(inode) == {sidecar.pid}
    reader = BrickReader(sidecar)
    found = reader.read_all(1, VALUES.shape)
    np.testing.assert_array_equal(found[BrickKey(0, 0, 1, 0)][1][1:65, 1:65, 1:65], VALUES[:64, 64:128, :64])
    reader.close()
    with Instance(sidecar.host, sidecar.port, sidecar.token) as instance:
        instance.producer.declare(np.zeros((2, 2, 2), np.uint8), name="kept")  # another of its name
    until(lambda: holders(inode) == set())


def test_a_killed_sidecar_leaves_the_array_alone(apart):
    sidecar, kernel, inode = apart
    os.kill(sidecar.pid, signal.SIGKILL)
    until(lambda: holders(inode) == {kernel.pid})
    kernel.stdin.write("\n")
    kernel.stdin.flush()
    assert int(kernel.stdout.readline()) == int(VALUES.astype(np.uint64).sum())
