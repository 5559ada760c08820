"""Machine code: the same bits as NumPy's for every dtype, shape and stride, and nothing is lost where it is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xxhash import xxh32_intdigest

import voxbeam as rv
from producer_support import check_all, noise
from voxbeam import cache, cli
from voxbeam.compiled import elf_linker, loader
from voxbeam.compiled.kernels import Frames, Job, address_of
from voxbeam.geometry import STORED_EDGE, BrickKey, brick_keys
from voxbeam.producer import builder, fill_along, pyramid
from voxbeam.producer.cutter import cut_brick
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.frame_buffer import FrameBuffer
from voxbeam.producer.pyramid import LevelPass
from voxbeam.producer.ranges import block_range
from voxbeam.producer.scratch import Scratch
from voxbeam.producer.together import cut_alone
from voxbeam.producer.voxels import ArrayVoxels
from voxbeam.protocol import DTYPE_CODE, HEADER_BYTES, PREVIEW, FrameType, Header, brick_template, pack_header
from voxbeam.sources import open_source

pytest.importorskip("numba")
pytestmark = pytest.mark.skipif(loader._name() is None, reason="no machine code for this system")

LIGHT = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
DTYPES = ["?", "u1", "i1", "<u2", ">u2", "<i2", ">i2", "<f4", ">f4", "<u4", "<f8"]


@pytest.fixture(scope="session")
def folder(request):
    """Compiled once for these sources, and found again by the next run."""
    folder = request.config.cache.mkdir("voxbeam-code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOXBEAM_CACHE", str(folder))
        patch.setattr(loader, "PAUSE_SECONDS", 0.0)
        loader.wish(loader.WORTH_BYTES)
        if loader._compiling is not None:
            loader._compiling.join(600)
        assert loader.kernels() is not None
    return folder


@pytest.fixture
def compiled(folder, monkeypatch):
    monkeypatch.setenv("VOXBEAM_CACHE", str(folder))
    assert loader.kernels() is not None
    return loader.kernels()


def array_of(dtype: str, shape, order, steps, seed: int, special: bool) -> np.ndarray:
    """Noise of `shape` in memory of any order, at a stride, mirrored where it is negative."""
    memory = [shape[axis] * abs(steps[axis]) for axis in order]
    raw = noise(memory, np.dtype(dtype).newbyteorder("=")).astype(dtype)
    if special and raw.dtype.kind == "f":
        raw.reshape(-1)[seed % raw.size :: 7] = np.nan
        raw.reshape(-1)[:: 11 + seed % 5] = [np.inf, -np.inf][seed % 2]
    return raw.transpose(np.argsort(order))[tuple(slice(None, None, step) for step in steps)]


@LIGHT
@given(
    dtype=st.sampled_from(DTYPES), shape=st.tuples(*[st.integers(1, 90)] * 3), order=st.permutations((0, 1, 2)),
    steps=st.tuples(*[st.sampled_from((1, 1, 2, -1))] * 3), seed=st.integers(0, 99), special=st.booleans(), labels=st.booleans(),
)
def test_bricks_have_the_same_bits_and_checksum(compiled, dtype, shape, order, steps, seed, special, labels):
    array = array_of(dtype, shape, order, steps, seed, special)
    labels = labels and dtype in ("u1", "<u2", "<u4")
    mapping = map_dtype(open_source(array, name="a", kind="labels" if labels else "image"))
    voxels = ArrayVoxels(array, mapping)
    for key in list(brick_keys(array.shape))[:3]:
        ours, plain = FrameBuffer(mapping.stored), FrameBuffer(mapping.stored)
        cut_brick(voxels, key, plain.voxels, Scratch())
        found = cut_alone(voxels, key, ours, mapping.stored)
        if mapping.write_as.itemsize != array.itemsize or (mapping.stored == "f32") != (array.dtype.kind == "f"):  # by NumPy
            assert found is None
            continue
        assert ours.voxels.tobytes() == plain.voxels.tobytes()
        assert found.checksum == xxh32_intdigest(plain.bytes[64:])
        assert (found.low, found.high) == block_range(plain.voxels)
        assert found.constant == plain.constant


@LIGHT
@given(
    dtype=st.sampled_from(["u1", "<u2", "<f4", "<u4", "<i2"]), shape=st.tuples(*[st.integers(1, 140)] * 3), few=st.booleans(),
    special=st.booleans(), huge=st.booleans(), seed=st.integers(0, 99), labels=st.booleans(),
)
def test_levels_and_ranges_have_the_same_bits(compiled, monkeypatch, dtype, shape, few, special, huge, seed, labels):
    array = array_of(dtype, shape, (0, 1, 2), (1, 1, 1), seed, special and not few)
    array = array % array.dtype.type(5) if few else array
    if huge and array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            array = np.abs(array) * np.float32(3e38)
    labels = labels and dtype in ("u1", "<u2", "<u4")
    voxels = ArrayVoxels(array, map_dtype(open_source(array, name="a", kind="labels" if labels else "image")))
    found = []
    for machine in (compiled, None):
        monkeypatch.setattr(pyramid, "kernels", lambda machine=machine: machine)
        rows: list = []
        coarser = np.zeros([(n + 1) // 2 for n in shape], voxels.mapping.dtype)
        work = LevelPass(labels=labels, put_range=lambda *row, rows=rows: rows.append(row))
        bad = work.run(voxels, 0, coarser)
        found.append((rows, bad, coarser.tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["uint16", "float32", "uint8"])
def test_what_a_viewer_gets_is_the_same_when_slots_are_used_again(compiled, instance, reader, producer, dtype, monkeypatch):
    calls = []
    cut = type(compiled).cut
    monkeypatch.setattr(type(compiled), "cut", lambda self, *a: calls.append(len(a[3])) or cut(self, *a))
    stored = noise((150, 140, 200), dtype)
    for turn in range(4):
        stored = np.roll(stored, 1, axis=2)
        stored[:70, :70, :70] = turn + 3  # a brick of one voxel, where a whole one stood
        volume = producer.declare(np.asfortranarray(stored) if turn == 2 else stored, name="v")
        volume.fill(timeout=60)
        check_all(reader, volume, stored)
        assert instance.status()["volumes"][0]["status"]["resident"] == volume.description.bricks, turn
    assert max(calls) > 1  # several in one call


@pytest.mark.parametrize("dtype", [">i2", "<f4", "<f8"])
def test_bricks_of_files_are_cut_in_rows_from_their_chunks(compiled, tmp_path, producer, reader, monkeypatch, dtype):
    calls = []
    cut = type(compiled).cut
    monkeypatch.setattr(type(compiled), "cut", lambda self, *a: calls.append(len(a[3])) or cut(self, *a))
    array = noise((70, 66, 140), np.dtype(dtype).newbyteorder("=")).astype(dtype)
    for turn in range(2):
        stored = np.roll(array, turn, axis=2)
        with h5py.File(tmp_path / f"{turn}.h5", "w") as file:
            file.create_dataset("d", data=stored, chunks=(40, 50, 70), compression="lzf")
        volume = producer.declare(rv.open(tmp_path / f"{turn}.h5"), name="v")
        volume.fill(timeout=60)
        mapping = volume.levels.mapping
        whole = stored.astype(mapping.write_as).view(mapping.dtype)
        mapping.finish(whole)
        check_all(reader, volume, whole)
    assert max(calls, default=0) > 1 or dtype == "<f8"  # several in one call; those that must be converted, by NumPy


@pytest.mark.parametrize("dtype", ["<u2", "<i2", "<f4"])
def test_bricks_cut_as_the_pass_comes_by_have_the_same_bits(compiled, tmp_path, producer, reader, monkeypatch, dtype):
    monkeypatch.setattr(builder, "HEAD_START_SECONDS", 60)
    monkeypatch.setattr(fill_along, "PATIENCE_SECONDS", 60)
    who = set()
    cut = type(compiled).cut
    monkeypatch.setattr(type(compiled), "cut", lambda self, *a: who.add(threading.current_thread().name) or cut(self, *a))
    array = noise((330, 130, 140), dtype)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("d", data=array, chunks=(1, 130, 140), shuffle=True)
    volume = producer.declare(rv.open(tmp_path / "a.h5"), name="v")
    volume.fill(timeout=60)
    mapping = volume.levels.mapping
    whole = array.astype(mapping.write_as).view(mapping.dtype)
    mapping.finish(whole)
    check_all(reader, volume, whole)
    assert any(name.startswith("voxbeam-crew") for name in who), who


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4"])
def test_bricks_cut_together_are_those_cut_alone(compiled, dtype):
    array = noise((70, 80, 64 * 17 + 5), dtype)
    mapping = map_dtype(open_source(array, name="a"))
    voxels = ArrayVoxels(array, mapping)
    keys = [BrickKey(0, number % 2, number % 2, number) for number in range(18)]
    alone = [FrameBuffer(mapping.stored) for _ in keys]
    found = [cut_alone(voxels, key, frame, mapping.stored) for key, frame in zip(keys, alone, strict=True)]
    template = brick_template(mapping.stored)
    sealing = Frames(template.frame_bytes - HEADER_BYTES, template.voxels_offset - HEADER_BYTES)
    for count in (2, 3, 4, 7, 8, 9, 15, 16, 18):
        frames = [FrameBuffer(mapping.stored) for _ in range(count)]
        jobs = [Job(*key[1:4], address_of(frame.voxels) - sealing.before) for key, frame in zip(keys, frames, strict=False)]
        memory = voxels.memory(((0, 1), (0, 1), (0, 1)))
        findings = compiled.cut(memory, mapping.stored, mapping.sign_bit, jobs, sealing)
        assert [findings.of(number) for number in range(count)] == found[:count]
        assert [bytes(frame.bytes) for frame in frames] == [bytes(frame.bytes) for frame in alone[:count]]
        assert found[0].checksum == xxh32_intdigest(frames[0].bytes[HEADER_BYTES:])


@LIGHT
@given(
    dtype=st.sampled_from(["u1", "i1", "<u2", ">u2", "<i2", "<u4", "<f4"]), order=st.permutations((0, 1, 2)),
    misplaced=st.sampled_from((0, 16, 4)), few=st.booleans(), count=st.integers(1, 17), labels=st.booleans(),
)
def test_frames_sealed_by_machine_code_are_those_of_numpy(compiled, dtype, order, misplaced, few, count, labels):
    array = array_of(dtype, (70, 65, 140), order, (1, 1, 1), 1, special=True)
    array[:66, :, 60:132] = array[0, 0, 66] if few else array[:66, :, 60:132]  # a brick of one voxel
    labels = dtype == "<u4" or (labels and dtype in ("u1", "<u2"))
    mapping = map_dtype(open_source(array, name="a", kind="labels" if labels else "image"))
    stored, voxels = mapping.stored, ArrayVoxels(array, mapping)
    template = brick_template(stored)
    keys = [key._replace(time=5) for key in brick_keys(array.shape) if key.level == 0]
    keys = (keys * 2)[:count]
    memory = np.full(count * 2_000_000 + 64, 171, np.uint8)  # each frame in memory that was used for something else
    first = -address_of(memory) % 64 + misplaced
    places = [first + 1_163_264 * number for number in range(count)]
    jobs = [Job(*key[1:4], address_of(memory) + place + HEADER_BYTES) for key, place in zip(keys, places, strict=True)]
    header = Header(FrameType.BRICK, PREVIEW, 7, 0, DTYPE_CODE[stored], generation=3, time=5)
    around = bytes(pack_header(header)) + template.prefix + template.suffix
    sealing = Frames(template.frame_bytes - HEADER_BYTES, template.voxels_offset - HEADER_BYTES, around)
    box = tuple((0, n) for n in array.shape)
    findings = compiled.cut(voxels.memory(box), stored, mapping.sign_bit, jobs, sealing)
    for number, (key, place) in enumerate(zip(keys, places, strict=True)):
        plain = FrameBuffer(stored)
        cut_brick(voxels, key, plain.voxels, Scratch())
        sealed = bytes(plain.seal(7, key, 3, PREVIEW))
        assert memory[place : place + len(sealed)].tobytes() == sealed
        assert findings.of(number)[:3] == (*block_range(plain.voxels), plain.constant)
        assert (memory[place - 64 if number else 0 : place] == 171).all()
        assert memory[place + template.frame_bytes] == 171


def test_a_fill_makes_no_brick_twice(compiled, instance, producer, held_build):
    """The previews of a fill would be made anew as soon as the true levels are there."""
    volume = producer.declare(noise((200, 200, 200)), name="v")
    volume.fill(wait=False)
    held_build.set()
    volume.fill(timeout=60)
    frame = instance.status()["stored_bytes"] / volume.description.bricks
    assert 575_000 < frame < 576_000


@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty", "open to others", "another format"])
def test_a_damaged_file_is_not_used(folder, tmp_path, monkeypatch, damage):
    monkeypatch.setenv("VOXBEAM_CACHE", str(folder))
    data = bytearray(loader.image_path().read_bytes())
    monkeypatch.setenv("VOXBEAM_CACHE", str(tmp_path))
    path = loader.image_path()
    path.parent.mkdir(parents=True)
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    path.write_bytes({"truncated": data[:-1], "empty": b"", "another format": b"\x7fELF" + data[4:]}.get(damage, data))
    path.chmod(0o666 if damage == "open to others" else 0o600)
    assert loader.kernels() is None
    array = noise((80, 80, 80))
    frame = FrameBuffer("u16")
    voxels = ArrayVoxels(array, map_dtype(open_source(array, name="a")))
    assert cut_alone(voxels, BrickKey(0, 0, 0, 0), frame, "u16") is None
    cut_brick(voxels, BrickKey(0, 0, 0, 0), frame.voxels, Scratch())
    assert frame.voxels.shape == (STORED_EDGE,) * 3


def test_it_can_be_switched_off_and_needs_a_cache(folder, monkeypatch):
    monkeypatch.setenv("VOXBEAM_CACHE", "off")
    assert loader.kernels() is None
    monkeypatch.setenv("VOXBEAM_CACHE", str(folder))
    assert loader.kernels() is not None
    monkeypatch.setenv(loader.ENVIRONMENT, "0")
    assert loader.kernels() is None


def test_small_volumes_compile_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("VOXBEAM_CACHE", str(tmp_path))
    monkeypatch.setattr(loader, "_compiling", None)
    loader.wish(loader.WORTH_BYTES - 1)
    assert loader._compiling is None
    assert list(tmp_path.iterdir()) == []


def test_the_cache_lists_bounds_and_clears_it(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VOXBEAM_CACHE", str(tmp_path))
    path = loader.image_path()
    path.parent.mkdir(parents=True)
    for age in range(6):
        one = path.with_name(f"{age:016x}")
        one.write_bytes(bytes(5000))
        os.utime(one, (1e9 - age, 1e9 - age))
    path.write_bytes(bytes(5000))
    cache.trim_code(path)
    assert sorted(entry.key for entry in cache.entries()) == sorted([path.name, *(f"{age:016x}" for age in range(3))])
    assert cli.main(["cache", "list"]) == 0
    assert capsys.readouterr().out.count("machine code") == cache.MOST_CODE
    assert len(cache.clear()) == cache.MOST_CODE
    assert cache.entries() == []


def test_neither_numba_nor_llvm_comes_into_this_process(folder):
    text = (
        "import sys, numpy as np, voxbeam as rv\nfrom voxbeam.compiled.loader import kernels\nassert kernels() is not None\n"
        "from voxbeam.producer import pyramid, together\nassert not {'numba', 'llvmlite'} & set(sys.modules)"
    )
    environment = {**os.environ, "VOXBEAM_CACHE": str(folder), "PYTHONPATH": str(Path(cache.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", text], check=True, env=environment, timeout=60)


def test_what_is_not_pure_code_is_not_linked():
    with pytest.raises(elf_linker.LinkError, match="not an object"):
        elf_linker.link({"f": b"\x7fELF\x01\x01" + bytes(100)})
