"""Coarser levels that are kept: built once, taken up again, never wrong, bounded, and done without where that cannot be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr

from voxbeam import cache
from voxbeam.cli import main
from voxbeam.errors import ParameterError
from voxbeam.geometry import level_shape
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.levels import Levels
from voxbeam.producer.ranges import RangeTable
from voxbeam.sources import open_source
from voxel_reference import pyramid

SHAPE = (70, 100, 330)


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache" / "pyramids"


def volume(dtype="uint16", shape=SHAPE) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.random(shape) * 60000).astype(dtype)


def written(path, array) -> Path:
    with h5py.File(path, "w") as held:
        held.create_dataset("data", data=array, chunks=(16, 64, 64))
    return path


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "scan.h5", volume())


def open_levels(path, *, limit=None, **options):
    source = open_source(path, **options)
    levels = Levels(source, map_dtype(source), limit, name=(source.fingerprint, 0) if source.lasting else None)
    return source, levels


def build(levels, pause=lambda: None):
    table = RangeTable(levels.shape, levels.mapping.scale, levels.mapping.offset)
    count = levels.build(table.put, pause)
    levels.publish()
    return table, count


def whole(levels, level):
    out = np.empty(level_shape(levels.shape, level), levels.mapping.dtype)
    levels.answers[level].voxels.copy(tuple((0, n) for n in out.shape), out, None)
    return out


def check(levels, array, kind="image"):
    for level, expected in list(enumerate(pyramid(array, kind)))[1:]:
        np.testing.assert_array_equal(whole(levels, level), expected, err_msg=str(level))
        assert (levels.answers[level].generation, levels.answers[level].flags) == (1, 0)


@pytest.mark.parametrize(("dtype", "kind"), [("uint16", "image"), ("uint8", "labels"), ("int16", "image")])
def test_levels_are_built_once_and_the_second_opening_reads_nothing(tmp_path, dtype, kind):
    array = volume(dtype) if dtype != "int16" else (volume("int32") - 30000).astype("int16")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as held:
        held.create_dataset("data", data=array, chunks=(16, 64, 64))
    source, levels = open_levels(path, kind=kind)
    first, _ = build(levels)
    assert source.counter.read == array.nbytes  # once each
    stored = array if dtype != "int16" else (array.astype("int32") + 32768).astype("uint16")
    check(levels, stored, kind)

    again, levels = open_levels(path, kind=kind)
    assert levels.answers[1].generation == 1  # from the beginning
    second, _ = build(levels)
    check(levels, stored, kind)
    assert (again.counter.read, again.counter.readings) == (0, 0)
    assert sorted(second.rows()) == sorted(first.rows())
    assert levels.nbytes <= 2 * array.nbytes  # nothing but blocks in use


def test_render_volume_of_an_unchanged_file_reads_no_voxel_for_its_levels(file, sidecar):
    from voxbeam.instance import Instance

    readings = []
    for _ in range(2):
        with Instance(sidecar.host, sidecar.port, sidecar.token) as instance:
            source = open_source(file, name=f"scan {len(readings)}")
            produced = instance.producer.declare(source)
            assert produced.built.wait(60)
            readings.append(source.counter.read)
    assert readings == [volume().nbytes, 0]


def test_a_file_that_has_changed_is_built_anew(file):
    build(open_levels(file)[1])
    array = volume() // 2
    with h5py.File(file.with_suffix(".new"), "w") as held:
        held.create_dataset("data", data=array, chunks=(16, 64, 64))
    file.with_suffix(".new").replace(file)
    source, levels = open_levels(file)
    build(levels)
    assert source.counter.read == array.nbytes
    check(levels, array)


@pytest.mark.parametrize("version", [2, 3])
def test_levels_that_a_zarr_store_lacks_are_kept_until_a_chunk_changes(tmp_path, version):
    array, path = volume(), tmp_path / "a.zarr"
    held = zarr.create_array(path, shape=array.shape, dtype=array.dtype, chunks=(64,) * 3, zarr_format=version)
    held[:] = array
    assert not open_source(path).lasting  # it was written a moment ago, and may be again
    minutes_ago(path)
    readings = []
    for _ in range(2):
        source, levels = open_levels(path)
        build(levels)
        check(levels, array)
        readings.append(source.counter.read)
    assert readings == [array.nbytes, 0]
    held[0, 0, 0] = array[0, 0, 0] = 999
    minutes_ago(path)
    source, levels = open_levels(path)
    build(levels)
    assert source.counter.read == array.nbytes
    check(levels, array)
    (path / "link").symlink_to(tmp_path)
    assert not open_source(path).lasting


def minutes_ago(folder):
    """Files that are young, as if written two minutes before they were."""
    for file in folder.rglob("*"):
        stamp = file.stat().st_mtime_ns
        if file.is_file() and time.time_ns() - stamp < 60e9:
            os.utime(file, ns=(stamp - 120 * 10**9,) * 2)


def test_arrays_and_small_volumes_are_not_kept(kept, tmp_path):
    source = open_source(volume())
    assert not source.lasting
    np.save(tmp_path / "small.npy", volume())
    source, levels = open_levels(tmp_path / "small.npy")
    assert source.lasting
    build(levels)
    check(levels, volume())
    assert not kept.exists()


KILLED = """
import os, sys, threading
from voxbeam.producer import levels
sys.path.insert(0, {tests!r})
import test_kept
source, found = test_kept.open_levels({path!r})
rows = []
def pause():
    rows.append(1)
    print(len(rows), flush=True)
    if len(rows) == {count}:
        os.kill(os.getpid(), 9)
test_kept.build(found, pause)
"""


@pytest.mark.parametrize("count", [2, 5])
def test_killed_while_it_builds_the_next_takes_it_up(tmp_path, count, kept):
    array = volume(shape=(150, 200, 330))
    file = written(tmp_path / "many rows.h5", array)
    code = KILLED.format(tests=str(Path(__file__).parent), path=str(file), count=count)
    ended = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    source, levels = open_levels(file)
    assert levels.answers[1].voxels is None  # not complete
    done = []
    build(levels, lambda: done.append(1))
    rows = 3 * 2 + 2 * 1 + 1 + 1  # rows of tiles of the four levels
    assert len(done) == rows - count
    if count == 5:  # all but one row of level 0 were there, and its halo
        assert source.counter.asked < 0.3 * array.nbytes
    check(levels, array)


@pytest.mark.parametrize("damage", ["flip", "truncate", "rows", "torn", "gone"])
def test_damage_is_never_seen(file, kept, damage):
    build(open_levels(file)[1])
    folder = next(kept.iterdir())
    path = folder / ("rows" if damage in ("rows", "torn") else "level-1")
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 4
    elif damage == "rows":
        data[60] ^= 1
    elif damage == "torn":
        data = data[:-11]
    else:
        data = data[: len(data) // 2]
    path.unlink() if damage == "gone" else path.write_bytes(data)
    source, levels = open_levels(file)
    build(levels)
    check(levels, volume())
    # Only the block that was damaged is made again, and then it is whole.
    assert source.counter.read < (volume().nbytes if damage in ("flip", "torn") else 2 * volume().nbytes)
    again, levels = open_levels(file)
    build(levels)
    check(levels, volume())
    assert again.counter.read == 0


def test_a_file_cut_off_while_it_is_open_is_mended(file, kept):
    build(open_levels(file)[1])
    _, levels = open_levels(file)
    os.truncate(next(kept.iterdir()) / "level-1", 1000)
    check(levels, volume())


def test_two_processes_build_it_once(file):
    reads = []

    def one():
        source, levels = open_levels(file)
        build(levels)
        check(levels, volume())
        reads.append(source.counter.read)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(reads) == [0, 0, volume().nbytes]


def test_what_was_used_longest_ago_goes_first(tmp_path, kept, monkeypatch):
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.h5")
        with h5py.File(paths[-1], "w") as held:
            held.create_dataset("data", data=volume(), chunks=(16, 64, 64))
    one = open_levels(paths[0])[1]._kept.nbytes
    monkeypatch.setenv(cache.BYTES_ENVIRONMENT, str(int(2.5 * one)))
    for age, number in enumerate((0, 1)):
        build(open_levels(paths[number])[1])
        os.utime(kept / cache.entries()[0].key / "about.json", (age, age + 1))
    open_levels(paths[0])  # used now: the other one is the oldest
    build(open_levels(paths[2])[1])
    assert [entry.name for entry in cache.entries()] == ["2", "0"]
    monkeypatch.setenv(cache.BYTES_ENVIRONMENT, "1000")
    assert open_levels(paths[1])[1]._kept is None  # larger than the bound


def test_a_full_disk_is_said_once_and_done_without(file, kept, monkeypatch):
    code = """
import resource, sys
sys.path.insert(0, {tests!r})
import test_kept
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
source, levels = test_kept.open_levels({path!r})
test_kept.build(levels)
test_kept.check(levels, test_kept.volume())
print(levels.word)
source, levels = test_kept.open_levels({path!r}, limit=1000)
try:
    test_kept.build(levels)
except Exception as error:
    print(type(error).__name__)
"""
    code = code.format(tests=str(Path(__file__).parent), path=str(file))
    ended = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, check=False)
    assert ended.stdout.decode().splitlines() == [f"Coarser levels are not kept: {str(kept)!r}: File too large.", "NotKeptError"]
    assert list(kept.iterdir()) == []


def test_without_a_folder_it_is_as_it_was(file, kept, monkeypatch):
    monkeypatch.setenv(cache.ENVIRONMENT, "off")
    _, levels = open_levels(file)
    build(levels)
    check(levels, volume())
    assert cache.path() is None
    assert cache.entries() == []
    assert not kept.exists()


def test_what_memory_cannot_hold_is_kept_on_disk(file):
    _, levels = open_levels(file, limit=1000)
    assert levels.note is None
    build(levels)
    check(levels, volume())


def test_the_command_lists_and_clears(file, kept, capsys):
    assert main(["cache"]) == 0
    assert "Nothing is kept" in capsys.readouterr().out
    build(open_levels(file)[1])
    assert main(["cache", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    key = cache.entries()[0].key
    assert lines[0].split() == ["KEY", "NAME", "SHAPE", "DTYPE", "SIZE", "USED"]
    assert lines[1].startswith(key)
    assert "70 × 100 × 330" in lines[1]
    assert "just now" in lines[1]
    assert main(["cache", "path"]) == 0
    assert capsys.readouterr().out.strip() == str(kept)
    assert main(["cache", "clear", "zz"]) == 1
    assert "begin with 'zz'" in capsys.readouterr().err
    assert main(["cache", "clear", key[:6]]) == 0
    assert "1 removed, 660 KiB" in capsys.readouterr().out
    assert cache.entries() == []


def test_the_bound_is_checked(monkeypatch):
    monkeypatch.setenv(cache.BYTES_ENVIRONMENT, "much")
    with pytest.raises(ParameterError, match="VOXBEAM_CACHE_BYTES is 'much'"):
        cache.most_bytes()
    with pytest.raises(ParameterError, match="cache_bytes is -1"):
        cache.configure(most=-1)


def test_what_is_kept_is_for_its_owner_alone(file, kept):
    build(open_levels(file)[1])
    folder = next(kept.iterdir())
    assert folder.stat().st_mode & 0o77 == 0
    assert json.loads((folder / "about.json").read_text())["name"] == "scan"
