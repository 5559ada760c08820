"""Volumes that are written while they are shown: every viewer has what was written, at every level, and no more is sent."""

from __future__ import annotations

import time

import numpy as np
import pytest

import voxbeam as rv
from brick_reader import BrickReader
from conftest import until
from tcp_relay import TcpRelay
from voxbeam.errors import ParameterError, ShapeError
from voxbeam.geometry import BrickKey, brick_keys
from voxbeam.instance import Instance
from voxbeam.producer.pyramid import LevelPass
from voxbeam.producer.updater import brick_boxes, level_box, union
from voxbeam.protocol import brick_template
from voxel_reference import brick, pyramid

SHARED_SIDECAR = True
SHAPE = (140, 70, 130)


def noise(shape, dtype="u2") -> np.ndarray:
    return np.random.default_rng(8).integers(0, 999, shape).astype(dtype)


def check(reader, volume, expected: np.ndarray, kind: str = "image") -> None:
    """Once all changes have been told of and answered, each brick is that of the reference."""
    until(lambda: volume.updater.idle)
    keys = list(brick_keys(volume.description.shape))
    generation = volume.levels.generation

    def settled() -> bool:
        told = any(message["generation"] == generation for message in reader.changed) or generation == 1
        return told and all((volume.handle, key) in reader.bricks for key in keys)

    reader.until(settled)
    levels = pyramid(expected, kind)
    for key in keys:
        np.testing.assert_array_equal(reader.bricks[volume.handle, key][1], brick(levels[key.level], key), err_msg=str(key))


@pytest.mark.parametrize(("kind", "path"), [("image", False), ("labels", False), ("image", True)])
def test_an_acquisition_is_seen_frame_by_frame(instance, sidecar, tmp_path, kind, path):
    shape = (140, 20, 30) if kind == "labels" else SHAPE  # the reference counts modes voxel by voxel
    scan = rv.growing(shape, "u2", name="scan", kind=kind, window=(0, 999), path=tmp_path / "scan.raw" if path else None)
    volume = instance.producer.declare(scan)
    volume.fill(timeout=60)
    reader = BrickReader(sidecar)
    reader.read_all(volume.handle, shape)
    frames, expected = noise(shape), np.zeros(shape, "u2")
    for first, last in ((0, 1), (1, 63), (63, 66), (66, 140)):
        assert scan.append(frames[first:last] if last - first > 1 else frames[first]) == last
        expected[first:last] = frames[first:last]
        check(reader, volume, expected, kind)
    assert [message["generation"] for message in reader.changed] == list(range(2, len(reader.changed) + 2))
    until(lambda: volume.status["complete"])
    ranges = [reader.ranges[volume.handle, key] for key in brick_keys(shape) if key.level == 0]
    assert min(low for low, _ in ranges) == expected.min()
    assert max(high for _, high in ranges) == expected.max()
    if path:
        np.testing.assert_array_equal(np.fromfile(tmp_path / "scan.raw", "u2").reshape(shape), expected)
    reader.close()


def test_only_what_a_change_touches_is_sent_again(instance, sidecar):
    scan = rv.growing(SHAPE, "u1", name="scan")
    volume = instance.producer.declare(scan)
    reader = BrickReader(sidecar)
    reader.read_all(volume.handle, SHAPE)
    scan[10:20, 66, 5:9] = 77
    expected = np.zeros(SHAPE, "u1")
    expected[10:20, 66, 5:9] = 77
    check(reader, volume, expected)
    fresh = {key for (_, key), (header, _) in reader.bricks.items() if header.generation > 1}
    assert fresh == {BrickKey(0, 0, 1, 0), BrickKey(1, 0, 0, 0), BrickKey(2, 0, 0, 0)}
    assert volume.levels.generation == 2
    reader.close()


def test_a_change_while_the_pyramid_is_built_is_not_lost(instance, sidecar, held_build):
    scan = rv.growing(SHAPE, "u2", name="scan")
    volume = instance.producer.declare(scan)
    frames = noise(SHAPE)
    scan.append(frames[:80])
    held_build.set()
    scan.append(frames[80:])
    reader = BrickReader(sidecar)
    reader.read_all(volume.handle, SHAPE)
    check(reader, volume, frames)
    reader.close()


def test_what_changed_while_the_connection_was_cut_is_seen_when_it_is_back(sidecar):
    relay = TcpRelay(sidecar.host, sidecar.port)
    instance = Instance("127.0.0.1", relay.port, sidecar.token)
    scan = rv.growing(SHAPE, "u2", name="scan")
    volume = instance.producer.declare(scan)
    volume.fill(timeout=60)
    reader = BrickReader(sidecar)
    reader.read_all(volume.handle, SHAPE)
    relay.cut()
    until(lambda: not volume.is_announced)
    frames = noise(SHAPE)
    scan.append(frames[:70])
    until(lambda: volume.levels.generation > 1)
    scan.append(frames[70:])
    check(reader, volume, frames)
    reader.close()
    instance.close()
    relay.close()


def test_thirty_changes_a_second_of_a_64_cube_in_512_keep_up(instance, sidecar, monkeypatch):
    first = 100  # eight bricks of level 0
    shape, region = (512, 512, 512), (slice(first, first + 64),) * 3
    scan = rv.growing(shape, "u2", name="scan", window=(0, 30))
    volume = instance.producer.declare(scan)
    volume.built.wait(60)
    touched = {
        BrickKey(level, z, y, x)
        for level, z0, y0, x0, z1, y1, x1 in brick_boxes(shape, ((first, first + 64),) * 3)
        for z in range(z0, z1) for y in range(y0, y1) for x in range(x0, x1)
    }
    read = []
    tile = LevelPass.tile

    def counted(work, voxels, box, target):
        read.append((voxels.shape, box))
        return tile(work, voxels, box, target)

    monkeypatch.setattr(LevelPass, "tile", counted)
    reader = BrickReader(sidecar)
    reader.read(volume.handle, sorted(touched))
    before = instance.status()["stored_bytes"]
    began = time.monotonic()
    for step in range(30):
        scan[region] = step + 1
        time.sleep(max(0.0, began + (step + 1) / 30 - time.monotonic()))
    until(lambda: volume.updater.idle)
    assert time.monotonic() - began < 60  # a second of changes
    # What an update passes over and tells of is what it touches: bricks at all levels, halo included, and nothing more.
    updates = volume.levels.generation - 1
    assert 5 <= updates <= 31
    at_level0 = sum(np.prod([high - low for low, high in box]) for whole, box in read if whole == shape)
    assert at_level0 == updates * sum(key.level == 0 for key in touched) * 64**3
    corner = np.zeros((256, 256, 256), "u2")  # all that is not zero, with room around it
    corner[region] = 30
    levels = pyramid(corner, "image")
    reader.until(lambda: len(reader.changed) == updates and all((volume.handle, key) in reader.bricks for key in touched))
    for key in touched:
        header, voxels = reader.bricks[volume.handle, key]
        if key.level < len(levels):
            np.testing.assert_array_equal(voxels, brick(levels[key.level], key), err_msg=str(key))
        assert header.generation == updates + 1
    assert instance.status()["stored_bytes"] - before <= updates * len(touched) * brick_template("u16").frame_bytes
    reader.close()


@pytest.mark.parametrize(("kind", "order"), [("image", "C"), ("image", "F"), ("labels", "C")])
def test_an_array_that_is_written_to_is_shown_as_it_is_once_it_is_told(instance, sidecar, kind, order):
    shape = (70, 20, 30) if kind == "labels" else SHAPE
    array = np.asarray(noise(shape), order=order)
    rv.render_volume(array, instance, name="ct", kind=kind)
    [volume] = instance.declared(array, {})
    reader = BrickReader(sidecar)
    reader.read_all(volume.handle, shape)
    before = instance.status()["stored_bytes"]
    array[64:66, :5, -1] += 7
    instance.volumes["ct"].update(np.s_[64:66, :5, -1])
    check(reader, volume, array, kind)
    touched = {key for key in brick_keys(shape) if _holds(key, ((64, 66), (0, 5), (shape[2] - 1, shape[2])))}
    until(lambda: volume.status["complete"])
    assert instance.status()["stored_bytes"] - before == len(touched) * brick_template("u16").frame_bytes
    array += 1
    instance.volumes["ct"].update()
    check(reader, volume, array, kind)
    assert volume.levels.generation == 3
    instance.volumes["ct"].update(np.s_[5:5])  # nothing
    assert volume.updater.idle
    wrong = [(np.s_[::2], "step 1"), (np.s_[0, 0, 0, 0], "more than three axes"), (np.s_[99999], "below"), (True, "below")]
    for region, words in wrong:
        with pytest.raises(ParameterError, match=words):
            instance.volumes["ct"].update(region)
    reader.close()


def _holds(key: BrickKey, box) -> bool:
    spans = level_box(box, key.level)
    return all(64 * i - 1 < high and 64 * (i + 1) + 1 > low for i, (low, high) in zip(key[1:4], spans, strict=True))


def test_only_an_array_in_this_kernel_is_updated(instance, sidecar, tmp_path):
    np.save(tmp_path / "file.npy", noise((5, 6, 7)))
    rv.render_volume(tmp_path / "file.npy", instance)
    rv.render_volume(noise((2, 5, 6, 7)), instance, name="times", axes="tzyx")
    for name in ("file", "times"):
        with pytest.raises(ParameterError, match="not read from one array in memory"):
            instance.volumes[name].update()
    other = Instance(sidecar.host, sidecar.port, sidecar.token)
    with pytest.raises(ParameterError, match="'times' was not rendered here"):
        other.volumes["times"].update()
    other.close()


def test_a_volume_that_was_removed_follows_no_more(instance):
    scan = rv.growing((70, 70, 70), "u1", name="scan")
    volume = instance.producer.declare(scan)
    volume.remove()
    scan.append(np.ones((70, 70), "u1"))
    again = instance.producer.declare(scan)
    scan.append(np.ones((70, 70), "u1"))
    until(lambda: again.levels.generation > 1)
    assert volume.levels.generation == 1


def test_what_cannot_be_written_is_refused():
    scan = rv.growing((3, 4, 5), "u1")
    with pytest.raises(ShapeError, match=r"shape \(1, 5, 5\).*\(4, 5\)"):
        scan.append(np.zeros((5, 5)))
    scan.append(np.zeros((2, 4, 5)))
    with pytest.raises(ShapeError, match="declared for 3 frames; these would make 4"):
        scan.append(np.zeros((2, 4, 5)))
    with pytest.raises(ParameterError, match="step 1"):
        scan[::2] = 1
    with pytest.raises(ParameterError, match="below 3"):
        scan[3] = 1
    with pytest.raises(ParameterError, match="kind is 'mask'"):
        rv.growing((3, 4, 5), "u1", kind="mask")
    scan[..., 2] = 9
    scan[-1] = 4
    assert (int(scan[0, 0, 2]), int(scan[2, 3, 4]), scan.frames) == (9, 4, 2)


def test_boxes():
    box = ((10, 20), (70, 71), (5, 9))
    assert level_box(box, 1) == ((5, 10), (35, 36), (2, 5))
    assert union(box, ((0, 1), (99, 100), (6, 7))) == ((0, 20), (70, 100), (5, 9))
    assert brick_boxes((200, 200, 200), ((63, 64), (0, 200), (65, 66))) == [
        [0, 0, 0, 1, 2, 4, 2], [1, 0, 0, 0, 1, 2, 1], [2, 0, 0, 0, 1, 1, 1],
    ]
