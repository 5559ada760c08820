"""What the tests of the producer share: arrays, every brick checked, and a pyramid that waits."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from brick_reader import BrickReader
from voxbeam.geometry import brick_count
from voxbeam.producer import levels as levels_module
from voxbeam.producer.builder import build_levels
from voxbeam.protocol import CONSTANT
from voxel_reference import brick, pyramid

SECONDS = 60


@pytest.fixture
def reader(sidecar):
    reader = BrickReader(sidecar)
    yield reader
    reader.close()


@pytest.fixture
def producer(instance):
    return instance.producer


@pytest.fixture
def held_build(monkeypatch):
    """Large volumes' pyramids wait until the test lets them be built."""
    gate = threading.Event()

    def build(volume):
        assert gate.wait(SECONDS)
        build_levels(volume)

    for module in ("builder", "producer"):
        monkeypatch.setattr(f"voxbeam.producer.{module}.build_levels", build)
    monkeypatch.setattr(levels_module, "SMALL_VOXELS", {"image": 0, "labels": 0})
    yield gate
    gate.set()


def noise(shape, dtype=np.uint16) -> np.ndarray:
    rng = np.random.default_rng(5)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.standard_normal(shape).astype(kind)
    if kind.kind == "b":
        return rng.integers(0, 2, shape).astype(kind)
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, shape, kind.newbyteorder("=")).astype(kind)


def check_all(reader, volume, stored: np.ndarray, kind: str = "image") -> None:
    """Every brick, as a viewer gets it, against the reference; and every range."""
    d = volume.description
    found = reader.read_all(volume.handle, d.shape)
    assert len(found) == brick_count(d.shape)
    levels = pyramid(stored, kind)
    for key, (header, voxels) in found.items():
        expected = brick(levels[key.level], key)
        if stored.dtype.kind == "f":
            expected = np.where(np.isfinite(expected), expected, np.nan)
            scale = np.nanmax(np.abs(expected), initial=0)  # sums of large numbers that cancel keep the error of the large ones
            np.testing.assert_allclose(voxels, expected, rtol=2e-6, atol=1e-6 * scale, err_msg=str(key))
        else:
            np.testing.assert_array_equal(voxels, expected, err_msg=str(key))
        assert (header.generation, header.flags & ~CONSTANT) == (1, 0)
    reader.until(lambda: all((volume.handle, key) in reader.ranges for key in found))
    for key, (_, voxels) in found.items():
        low, high = reader.ranges[volume.handle, key]
        values = voxels[np.isfinite(voxels)].astype(np.float64) * d.scale + d.offset
        assert low == pytest.approx(values.min(), rel=1e-6)
        assert high == pytest.approx(values.max(), rel=1e-6)
