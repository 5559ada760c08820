"""Descriptions: there and back, and refused before the sidecar would."""

from __future__ import annotations

import numpy as np
import pytest

from voxbeam.description import VolumeDescription, triple
from voxbeam.errors import ParameterError, ShapeError


def make(**fields):
    usual = {"name": "v", "shape": (100, 2, 3), "dtype": "int16", "stored": "u16", "fingerprint": "f"}
    return VolumeDescription(**usual | fields)


def test_it_comes_back_from_the_wire():
    full = make(
        window=(0, 5), colormap="gray", unit="mm", origin=(1, 2, 3), voxel_size=(0.5, 1, 1), offset=-32768.0, note="words"
    )
    back = VolumeDescription.from_wire(full.to_wire())
    assert back == full
    assert back.note == "words"
    assert VolumeDescription.from_wire(make().to_wire()) == make()


def test_what_all_bricks_take():
    assert make().bricks == 2 + 1
    assert make().store_bytes == 3 * 2 * 290_816


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"name": ""}, ParameterError, "name is ''"),
        ({"name": "n" * 201}, ParameterError, "1 to 200"),
        ({"kind": "picture"}, ParameterError, "'picture'"),
        ({"shape": (1, 2)}, ShapeError, r"\(1, 2\)"),
        ({"shape": (1, 0, 2)}, ShapeError, r"\(1, 0, 2\)"),
        ({"voxel_size": (1, 0, 1)}, ParameterError, r"voxel_size is \(1, 0, 1\)"),
        ({"origin": (0, float("nan"), 0)}, ParameterError, "origin is"),
        ({"window": (5, 5)}, ParameterError, r"window is \(5, 5\)"),
        ({"window": (0, float("inf"))}, ParameterError, "finite"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_value(fields, error, words):
    with pytest.raises(error, match=words):
        make(**fields)


@pytest.mark.parametrize("value", ["abc", None, (1, 2), (1, 2, 3, 4), (1, 2, "x"), (1, -2, 3), float("inf")])
def test_a_voxel_size_is_three_positive_numbers(value):
    with pytest.raises(ParameterError, match="voxel_size"):
        triple("voxel_size", value, positive=True)


def test_one_number_stands_for_all_axes():
    assert triple("voxel_size", np.float32(2)) == (2.0, 2.0, 2.0)
    assert triple("voxel_size", 2) == (2.0, 2.0, 2.0)
