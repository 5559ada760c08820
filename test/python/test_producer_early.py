"""An array in memory is passed over at once, so that nobody asks for its empty bricks, nor for previews."""

from __future__ import annotations

import numpy as np
import pytest

from producer_support import SECONDS, noise
from voxbeam.geometry import brick_keys
from voxbeam.producer import brick_maker, builder, levels

SHARED_SIDECAR = True

#: Voxels up to here are noise that shows nothing.
FAINT = 4000


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_what_is_asked_for_by_ranges_is_each_brick_once(producer, reader, monkeypatch, dtype):
    monkeypatch.setattr(builder, "HEAD_START_SECONDS", 10 * SECONDS)  # that of files
    monkeypatch.setattr(levels, "SMALL_VOXELS", {"image": 0, "labels": 0})
    said = []
    say_done = brick_maker._say_done

    def note_and_say(volume, made):
        said.extend(one.need.key for one in made)
        return say_done(volume, made)

    monkeypatch.setattr(brick_maker, "_say_done", note_and_say)
    array = (noise((200, 330, 270)) % FAINT).astype(dtype)
    array[70:120, 70:250, 70:120] += 30_000
    volume = producer.declare(array)
    keys = list(brick_keys(array.shape))
    reader.until(lambda: all((volume.handle, key) in reader.ranges for key in keys))
    assert said == []  # all ranges are there before anything was asked for
    shown = [key for key in keys if reader.ranges[volume.handle, key][1] > FAINT]
    assert 0 < len(shown) < len(keys) / 4
    found = reader.read(volume.handle, shown)
    assert {(header.generation, header.flags) for header, _ in found.values()} == {(1, 0)}
    assert sorted(said) == sorted(shown)
