"""Measures of labels, brick by brick, beside scikit-image on the whole and faces counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import regionprops

import voxbeam as rv
from voxbeam.errors import ParameterError, ShapeError

SHAPE = (70, 130, 66)


def blobs() -> np.ndarray:
    rng = np.random.default_rng(5)
    labels = np.zeros(SHAPE, "u2")
    for number in range(1, 40):
        low = [int(rng.integers(0, n - 5)) for n in SHAPE]
        labels[tuple(slice(a, a + int(rng.integers(3, 60))) for a in low)] = number * 1000
    return labels


def faces(labels: np.ndarray, size) -> dict[int, float]:
    """The area of each label's open faces, by differences over the padded whole."""
    padded = np.pad(labels.astype(int), 1)
    found: dict[int, float] = {}
    for axis in range(3):
        low, high = (np.take(padded, range(*ends), axis) for ends in ((0, padded.shape[axis] - 1), (1, padded.shape[axis])))
        area = np.prod(size) / size[axis]
        for side in (low[low != high], high[low != high]):
            for one, count in zip(*np.unique(side, return_counts=True), strict=True):
                found[int(one)] = found.get(int(one), 0) + count * area
    return found


def test_it_equals_the_whole_array():
    labels, size = blobs(), (2.0, 0.5, 0.25)
    values = np.random.default_rng(6).normal(1e4, 30, SHAPE).astype("f4")
    table = rv.measure(labels, values, voxel_size=size)
    rows = {row["label"]: row for row in table.to_pylist()}
    regions = regionprops(labels, values.astype("f8"))
    area = faces(labels, size)
    assert sorted(rows) == [region.label for region in regions]
    for region in regions:
        row = rows[region.label]
        inside = values[labels == region.label].astype("f8")
        assert row["count"] == region.area
        assert row["volume"] == pytest.approx(region.area * 0.25)
        assert row["surface"] == pytest.approx(area[region.label])
        assert [row[f"centroid_{axis}"] for axis in "zyx"] == pytest.approx(region.centroid)
        assert [row[name] for name in ("z0", "y0", "x0", "z1", "y1", "x1")] == list(region.bbox)
        assert [row["min"], row["max"]] == [region.intensity_min, region.intensity_max]
        assert row["mean"] == pytest.approx(region.intensity_mean)
        assert row["std"] == pytest.approx(inside.std(), rel=1e-9)
        assert row["sum"] == pytest.approx(inside.sum())
    assert table.to_pandas().set_index("label").loc[1000, "count"] == rows[1000]["count"]


def test_each_voxel_is_read_about_once_and_never_the_whole(monkeypatch):
    labels = blobs()
    read = []

    class Watched:
        shape, dtype = labels.shape, labels.dtype

        def __getitem__(self, where):
            block = labels[where]
            read.append(block.size)
            return block

    monkeypatch.setattr("voxbeam.learning.measure.MAX_PARTS", 3)  # what is put together on the way is the same
    assert rv.measure(Watched()).equals(rv.measure(labels))
    assert max(read) <= 66**3
    assert sum(read) < 1.2 * labels.size


def test_a_box_a_path_and_nothing(tmp_path):
    labels = blobs()
    box = ((10, 60), (60, 100), (3, 66))
    part = labels[10:60, 60:100, 3:66]
    inside = rv.measure(labels, box=box).to_pylist()
    alone = rv.measure(part).to_pylist()
    for name in ("label", "count", "surface"):
        assert [row[name] for row in inside] == [row[name] for row in alone]
    assert [row["y0"] for row in inside] == [row["y0"] + 60 for row in alone]
    np.save(tmp_path / "l.npy", labels)
    assert rv.measure(tmp_path / "l.npy").equals(rv.measure(labels))
    assert rv.measure(np.zeros((3, 4, 5), "u1")).num_rows == 0


def test_what_cannot_be_measured_is_refused():
    labels = np.zeros((3, 4, 5), "u1")
    with pytest.raises(ShapeError, match=r"\(3, 4, 6\).*\(3, 4, 5\)"):
        rv.measure(labels, np.zeros((3, 4, 6)))
    with pytest.raises(ParameterError, match="float64"):
        rv.measure(labels.astype(float))
    with pytest.raises(ParameterError, match="within"):
        rv.measure(labels, box=((0, 4), (0, 4), (0, 5)))
    with pytest.raises(TypeError, match="voxel_size"):
        rv.measure(labels, voxel_sise=1)
