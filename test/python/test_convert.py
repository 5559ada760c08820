"""Conversion to OME-Zarr: equal voxels, the right places, whole or not there, taken up again, in bounded memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import ome_zarr_models
import pytest
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader

import voxbeam as rv
from voxbeam.cli import main
from voxbeam.errors import ParameterError
from voxbeam.geometry import level_shape
from voxbeam.producer.mean import halve_by_mean
from voxel_reference import halved_mean, pyramid

SHAPE = (70, 140, 530)


def volume(dtype="uint16", shape=SHAPE) -> np.ndarray:
    values = np.random.default_rng(4).random(shape) * 200
    return (values if np.dtype(dtype).kind != "i" else values - 100).astype(dtype)


def levels_of(path) -> list[np.ndarray]:
    group = zarr.open_group(str(path), mode="r")
    return [group[dataset["path"]][:] for dataset in group.attrs["ome"]["multiscales"][0]["datasets"]]


def check_by_ome_zarr(path, levels: int) -> None:
    """The model of the specification and its reader take it."""
    model = ome_zarr_models.open_ome_zarr(zarr.open_group(str(path), mode="r"), version="0.5")
    assert len(model.ome_attributes.multiscales[0].datasets) == levels
    nodes = list(Reader(parse_url(str(path)))())
    assert len(nodes[0].data) == levels


def test_an_image_is_read_back_as_it_was(tmp_path):
    array = volume()
    found = rv.open(array, voxel_size=(2, 0.5, 0.25), origin=(10, 20, 30), unit="µm", name="cells")
    path = rv.convert(found, tmp_path / "cells.ome.zarr", progress=False)
    expected = pyramid(array)
    held = levels_of(path)
    assert len(held) == len(expected) == 5
    for level, (one, other) in enumerate(zip(held, expected, strict=True)):
        np.testing.assert_array_equal(one, other, err_msg=str(level))
    check_by_ome_zarr(path, 5)
    back = rv.open(path)
    assert (back.voxel_size, back.origin, back.unit) == ((2, 0.5, 0.25), (10, 20, 30), "µm")
    assert back.levels == [level_shape(SHAPE, level) for level in range(5)]
    assert back.sources[0].levels == dict.fromkeys(range(1, 5), True)  # they lie where the half-voxel rule puts them
    np.testing.assert_array_equal(back.sources[0].read(0, tuple((0, n) for n in SHAPE)), array)
    first = zarr.open_group(str(path), mode="r")["0"]
    assert (first.chunks, first.shards) == ((64, 64, 64), (64, 128, 576))
    assert list(tmp_path.iterdir()) == [path]
    assert sorted(entry.name for entry in path.iterdir()) == ["0", "1", "2", "3", "4", "zarr.json"]
    assert not list(path.rglob("*.partial"))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint64", "float16", "float32", "float64", ">u2"])
def test_dtypes_stay_what_they_are(tmp_path, dtype):
    array = volume(dtype, (20, 70, 90))
    if dtype == "uint64":
        array += np.uint64(2**63)
    if array.dtype.kind == "f":
        array[3, 4, 5], array[4] = np.inf, np.nan
    held = levels_of(rv.convert(array, tmp_path / "a.zarr", progress=False))
    native = array.astype(np.uint8) if dtype == "bool" else array.astype(array.dtype.newbyteorder("="))
    assert held[0].dtype == native.dtype
    np.testing.assert_array_equal(held[0], native)
    if array.dtype.kind == "f":
        mean = halved_mean(array)
        np.testing.assert_allclose(held[1], mean, rtol=2e-3 if dtype == "float16" else 1e-6)
    elif dtype == "uint64":
        low = (native - np.uint64(2**63)).astype(np.uint16)
        np.testing.assert_array_equal(held[1] - np.uint64(2**63), halved_mean(low))
    else:
        shifted = (native.astype(np.int64) + 128).astype(np.uint16)
        np.testing.assert_array_equal(held[1].astype(np.int64) + 128, halved_mean(shifted))


def test_the_largest_whole_numbers_have_means():
    for dtype in (np.int64, np.uint64, np.int16, np.uint32):
        ends = np.iinfo(dtype)
        block = np.full((2, 2, 2), ends.max, dtype)
        block[0, 0, 0] = ends.min
        out = np.empty((1, 1, 1), dtype)
        halve_by_mean(block, out)
        assert int(out.item()) == (7 * int(ends.max) + int(ends.min) + 4) // 8


def test_labels_are_modes_and_say_so(tmp_path):
    labels = (np.indices((70, 66, 80)).sum(0) // 9 % 5).astype(np.int32)
    path = rv.convert(rv.open(labels, kind="labels"), tmp_path / "labels.ome.zarr", progress=False)
    for one, other in zip(levels_of(path), pyramid(labels, "labels"), strict=True):
        np.testing.assert_array_equal(one, other)
    assert rv.open(path).kind == "labels"
    check_by_ome_zarr(path, 2)


def test_times_and_channels(tmp_path):
    array = volume("uint8", (2, 3, 10, 66, 70))
    found = rv.open(array, axes="tczyx", channels=["a", "b", "c"], time_step=2.5, time_unit="s", name="movie")
    path = rv.convert(found, tmp_path / "movie.ome.zarr", progress=False)
    check_by_ome_zarr(path, 2)
    np.testing.assert_array_equal(levels_of(path)[0], array)
    np.testing.assert_array_equal(levels_of(path)[1][1, 2], pyramid(array[1, 2])[1])
    back = rv.open(path)
    assert (back.axes, back.channels) == ("tczyx", ["a", "b", "c"])
    assert (back.times.count, back.times.step, back.times.unit) == (2, 2.5, "s")


def test_values_that_are_scaled_are_written_as_values(tmp_path):
    source = rv.open(volume("uint8", (5, 6, 7))).sources[0]
    source.scale, source.offset = 0.5, -3.0
    held = levels_of(rv.convert(source, tmp_path / "v.zarr", progress=False))
    np.testing.assert_array_equal(held[0], volume("uint8", (5, 6, 7)).astype("float32") * 0.5 - 3)


def test_what_is_there_is_not_overwritten_unless_told(tmp_path):
    path = tmp_path / "a.zarr"
    rv.convert(volume(shape=(4, 5, 6)), path, progress=False)
    with pytest.raises(ParameterError, match="exists"):
        rv.convert(volume(shape=(4, 5, 7)), path)
    assert rv.open(path).shape == (4, 5, 6)
    rv.convert(volume(shape=(4, 5, 7)), path, progress=False, overwrite=True)
    assert rv.open(path).shape == (4, 5, 7)
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ParameterError, match="There is no folder"):
        rv.convert(volume(), tmp_path / "no" / "a.zarr")
    with pytest.raises(ParameterError, match="codec is 'zip'"):
        rv.convert(volume(), tmp_path / "b.zarr", codec="zip")
    with pytest.raises(TypeError, match="did you mean 'overwrite'"):
        rv.convert(volume(), tmp_path / "b.zarr", overwritten=True)


def hdf5(tmp_path, array):
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=array, chunks=(16, 64, 64))
    return path


KILLED = """
import os, sys
import voxbeam as rv
def told(done, total):
    if done == {count}:
        os.kill(os.getpid(), 9)
rv.convert({source!r}, {target!r}, progress=told)
"""


@pytest.mark.parametrize("count", [3, 7])
def test_killed_it_goes_on_where_it_was(tmp_path, count):
    array = volume(shape=(150, 200, 100))
    source, target = hdf5(tmp_path, array), tmp_path / "scan.ome.zarr"
    code = KILLED.format(source=str(source), target=str(target), count=count)
    ended = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    part = tmp_path / ".scan.ome.zarr.part"
    assert part.is_dir()
    assert not target.exists()
    assert "ome" not in json.loads((part / "zarr.json").read_text())["attributes"]  # nobody takes it for whole
    chunks = [path for path in part.rglob("*") if "c" in path.parts and path.is_file() and path.suffix != ".partial"]
    before = {path: path.stat().st_mtime_ns for path in chunks}
    assert len(before) >= count
    told = []
    rv.convert(source, target, progress=lambda done, total: told.append((done, total)))
    total = 6 + 2 + 1  # rows of tiles: 3 × 2, 2 × 1, 1
    assert told == [(done, total) for done in range(count + 1, total + 1)]
    after = {path: path.stat().st_mtime_ns for path in target.rglob("*") if "c" in path.parts and path.is_file()}
    kept = [path for path, when in before.items() if after[target / path.relative_to(part)] == when]
    assert len(kept) >= count  # what was finished was not written again
    for one, other in zip(levels_of(target), pyramid(array), strict=True):
        np.testing.assert_array_equal(one, other)
    assert sorted(tmp_path.iterdir()) == sorted([source, target])


def test_a_source_that_has_changed_begins_anew(tmp_path):
    array = volume(shape=(150, 200, 100))
    source, target = hdf5(tmp_path, array), tmp_path / "scan.ome.zarr"
    with pytest.raises(KeyboardInterrupt):
        rv.convert(source, target, progress=interrupt)
    source.unlink()
    hdf5(tmp_path, array // 2)
    rv.convert(source, target, progress=False)
    np.testing.assert_array_equal(levels_of(target)[0], array // 2)


def interrupt(_done, _total):
    raise KeyboardInterrupt


def test_one_process_at_a_time(tmp_path):
    seen = []

    def second(_done, _total):
        with pytest.raises(ParameterError, match="being written by another"):
            rv.convert(volume(shape=(4, 5, 6)), tmp_path / "a.zarr", progress=False)
        seen.append(1)

    rv.convert(volume(shape=(4, 5, 6)), tmp_path / "a.zarr", progress=second)
    assert seen


def test_a_full_disk_is_one_clear_word(tmp_path):
    source, target = hdf5(tmp_path, volume(shape=(150, 200, 100))), tmp_path / "a.zarr"
    code = f"""
import resource
import voxbeam as rv
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
rv.convert({str(source)!r}, {str(target)!r}, progress=False)
"""
    ended = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, check=False)
    last = ended.stderr.decode().strip().splitlines()[-1]
    assert "cannot be written: File too large. Free some of its disk; called again, it goes on." in last
    assert not target.exists()
    rv.convert(source, target, progress=False)
    np.testing.assert_array_equal(levels_of(target)[0], volume(shape=(150, 200, 100)))


def test_memory_does_not_grow_with_the_volume(tmp_path):
    code = """
import resource, sys
import numpy as np
import voxbeam as rv
def voxels(level, z, y, x):
    shape = [a.stop - a.start for a in (z, y, x)]
    return np.full(shape, z.start % 251, np.uint8)
peaks = []
for depth in (128, 640):
    rv.convert(rv.from_function(voxels, (depth, 512, 512), "uint8"), sys.argv[1] + str(depth), progress=False)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(peaks[1] - peaks[0])
"""
    target = str(tmp_path / "f.zarr")
    ended = subprocess.run([sys.executable, "-c", code, target], timeout=100, capture_output=True, check=True)
    assert int(ended.stdout) < 100 * 1024  # KiB; the volume grew by 128 MiB


def test_the_command(tmp_path, capsys):
    np.save(tmp_path / "a.npy", volume(shape=(5, 6, 7)))
    target = tmp_path / "a.ome.zarr"
    assert main(["convert", str(tmp_path / "a.npy"), str(target), "--voxel-size", "3,2,1", "--unit", "nm", "--codec", "lz4"]) == 0
    assert str(target) in capsys.readouterr().out
    assert rv.open(target).voxel_size == (3, 2, 1)
    assert rv.open(target).unit == "nm"
    assert main(["convert", str(tmp_path / "a.npy"), str(target)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "a.npy"), str(target), "--overwrite"]) == 0


def test_the_folder_is_as_open_as_others_of_its_owner(tmp_path):
    path = rv.convert(volume(shape=(4, 5, 6)), tmp_path / "a.zarr", progress=False)
    (tmp_path / "other").mkdir()
    assert path.stat().st_mode == Path(tmp_path / "other").stat().st_mode
    assert os.access(path, os.R_OK)
