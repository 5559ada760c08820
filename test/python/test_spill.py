"""Bricks that the store has no room for go to a folder, where one was named, and come back from there."""

from __future__ import annotations

import numpy as np
import pytest

import voxbeam as rv
from brick_reader import BrickReader
from voxbeam import cli, spill
from voxbeam.errors import ParameterError, StoreTooSmallError
from voxbeam.geometry import brick_keys
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar
from voxel_reference import brick, pyramid

#: 16 groups of slots: 32 bricks of uint16.
LEAST = 16 * 4 * 290_816


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    spill._folder = spill._bytes = None


def test_a_volume_larger_than_the_store_is_resident_with_a_disk_and_is_not_without(tmp_path, capsys):
    array = np.random.default_rng(1).integers(0, 60_000, (70, 300, 330)).astype("u2")  # 60 bricks of level 0
    rv.configure(spill=tmp_path, spill_bytes=2 * LEAST)
    for fields in ({}, spill.sidecar_fields()):
        process = start_sidecar(store_bytes=LEAST, **fields)
        with Instance(process.host, process.port, process.token, process=process) as instance:
            assert instance.store_bytes == LEAST * (3 if fields else 1)
            rv.render_volume(array, instance, name="large")
            volume = instance.volumes["large"]
            assert volume.complete == bool(fields)
            assert ("bricks are made as they are looked at" in capsys.readouterr().out) == (not fields)
            if not fields:
                with pytest.raises(StoreTooSmallError):
                    instance.producer.volumes[0].fill()
                continue
            status = instance.status()
            assert status["used_bytes"] <= LEAST
            assert status["spill"]["used_bytes"] >= (volume.total - 32) * 2 * 290_816 - status["sent_constants"]
            made = status["stored_bytes"]
            reader = BrickReader(process)
            reader.read_all(volume.handle, array.shape)
            levels = pyramid(array, "image")
            for key in brick_keys(array.shape):
                np.testing.assert_array_equal(reader.bricks[volume.handle, key][1], brick(levels[key.level], key))
            assert instance.status()["stored_bytes"] == made  # none was made again
            assert instance.status()["spill"]["read_bytes"] > 0
            reader.close()
    assert list(tmp_path.iterdir()) == []  # nothing has a name there


@pytest.mark.parametrize(
    ("spill_to", "most", "words"),
    [
        ("no/such", None, "no folder '.*no/such'"), (True, None, "spill is True"), (None, 0, "spill_bytes is 0"),
        (None, True, "spill_bytes is True"),
    ],
)
def test_what_cannot_be_spilled_to_is_refused_at_once(spill_to, most, words):
    with pytest.raises(ParameterError, match=words):
        rv.configure(spill=spill_to, spill_bytes=most)


def test_what_was_configured_and_what_is_given(tmp_path):
    assert spill.sidecar_fields() == {}
    with pytest.raises(ParameterError, match="without a folder"):
        spill.sidecar_fields(None, 5)
    rv.configure(spill=str(tmp_path))
    assert spill.sidecar_fields() == {"spill_dir": str(tmp_path), "spill_bytes": None}
    (tmp_path / "other").mkdir()
    assert spill.sidecar_fields(tmp_path / "other", 7) == {"spill_dir": str(tmp_path / "other"), "spill_bytes": 7}
    rv.configure(spill=False)
    assert spill.sidecar_fields() == {}


def test_the_commands_take_a_folder(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 6), "u1"))
    for command in (["serve"], ["view", str(tmp_path / "a.npy")]):
        assert cli.main([*command, "--spill", str(tmp_path / "none")]) == 1
        assert "no folder" in capsys.readouterr().err
