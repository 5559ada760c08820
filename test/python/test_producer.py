"""The producer with a real sidecar: every voxel of every level as a viewer receives it, and what happens when things go wrong."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from brick_reader import BrickReader
from conftest import until
from producer_support import SECONDS, check_all, noise
from voxbeam.errors import StoreTooSmallError
from voxbeam.geometry import BrickKey, brick_keys
from voxbeam.instance import Instance
from voxbeam.producer.store import Store
from voxbeam.protocol import PREVIEW, SLOT_BYTES, brick_template
from voxbeam.sidecar import start_sidecar
from voxel_reference import brick

SHARED_SIDECAR = True


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


@pytest.mark.own_sidecar  # what it has sent is counted
@pytest.mark.parametrize("value", [0, 300, np.nan, -2.5])
def test_constant_bricks_are_small_from_end_to_end(producer, reader, instance, value):
    dtype = np.uint16 if isinstance(value, int) else np.float32
    array = np.full((130, 70, 200), value, dtype)
    array[100, 3, 10:70] = 7  # in two bricks of level 0, and what is above them
    volume = producer.declare(array)
    volume.fill(timeout=SECONDS)
    check_all(reader, volume, array) if value == value else reader.read_all(volume.handle, array.shape)  # noqa: PLR0124
    sent = {key: (header.flags, header.payload_bytes) for (_, key), (header, _) in reader.bricks.items()}
    item = array.itemsize
    full = brick_template("u16" if item == 2 else "f32").frame_bytes - 64
    finest = {key: what for key, what in sent.items() if key.level == 0}
    assert len(finest) == 3 * 2 * 4
    assert {key for key, what in finest.items() if what == (0, full)} == {BrickKey(0, 1, 0, 0), BrickKey(0, 1, 0, 1)}
    assert {what for key, what in finest.items() if what != (0, full)} == {(2, item)}
    status = instance.status()
    assert status["used_bytes"] == sum(what == (0, full) for what in sent.values()) * SLOT_BYTES["u16" if item == 2 else "f32"]
    assert status["sent_bytes"] == sum(size + 64 for _, size in sent.values())


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
    finest = [key for key in brick_keys(array.shape) if not key.level]
    until(lambda: volume.status["resident"] == len(finest), SECONDS)  # previews that nobody waits for are not made
    reader.read(volume.handle, [key for key in brick_keys(array.shape) if key.level])
    assert {reader.bricks[volume.handle, key][0].generation for key in brick_keys(array.shape) if key.level} == {0}
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
    monkeypatch.setenv("VOXBEAM_HELPER", "0")  # what it makes is written elsewhere, and not seen here
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
