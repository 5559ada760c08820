"""Features: the same however the volume is cut, those of well-known filters, and computed where somebody has drawn only."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from learning_support import scribbles, two_halves
from voxbeam.errors import ParameterError, ShapeError
from voxbeam.learning import Features
from voxbeam.learning.block_reader import BlockReader, open_image, same_shape
from voxbeam.learning.derivatives import eigenvalues
from voxbeam.learning.labelled_voxels import gather
from voxbeam.learning.training import SampleRows

SHAPE = (40, 50, 45)
BOXES = [((0, 20), (0, 20), (0, 20)), ((19, 40), (30, 50), (10, 45)), ((7, 8), (0, 50), (0, 45)), ((3, 4), (49, 50), (2, 3))]


STRUCTURE = Features(sigmas=(0.7, 1.5), kinds=("structure", "intensity"))


@pytest.mark.parametrize("features", [Features(), STRUCTURE, Features(kinds=())])
def test_a_block_has_the_features_of_the_whole_to_the_last_bit(features):
    image = open_image(np.random.default_rng(1).integers(0, 60_000, SHAPE).astype("u2"))
    whole = features.read(image, tuple((0, n) for n in SHAPE))
    assert whole.shape == (len(features.names()), *SHAPE)
    for box in BOXES:
        part = whole[(slice(None), *(slice(*span) for span in box))]
        np.testing.assert_array_equal(features.read(image, box), part, err_msg=str(box))


def test_they_are_the_filters_that_they_are_called():
    voxels = np.random.default_rng(2).normal(100, 20, SHAPE).astype("f4")
    features = Features(sigmas=(2.0,))
    found = dict(zip(features.names(), features.read(open_image(voxels), tuple((0, n) for n in SHAPE)), strict=True))
    smooth = ndimage.gaussian_filter(voxels.astype("f8"), 2, truncate=3)
    slopes = [ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis) for axis in range(3)]
    np.testing.assert_array_equal(found["value"], voxels)
    np.testing.assert_allclose(found["gaussian 2"], smooth, rtol=1e-5)
    np.testing.assert_allclose(found["gradient magnitude 2"], np.sqrt(sum(s * s for s in slopes)), atol=1e-3)
    laplacian = sum(ndimage.correlate1d(smooth, [1, -2, 1], axis) for axis in range(3))
    np.testing.assert_allclose(found["laplacian 2"], laplacian, atol=1e-3)
    trace = sum(found[f"hessian {i} 2"] for i in (1, 2, 3))
    np.testing.assert_allclose(trace, laplacian, atol=1e-3)


def test_eigenvalues():
    tensor = np.random.default_rng(3).normal(0, 1e3, (6, 500)).astype("f4")
    tensor[:, 0] = 0
    tensor[3:, 1] = 0
    matrices = tensor[[0, 3, 4, 3, 1, 5, 4, 5, 2]].T.reshape(-1, 3, 3).astype("f8")
    np.testing.assert_allclose(np.stack(eigenvalues(tensor), 1), np.linalg.eigvalsh(matrices)[:, ::-1], atol=0.2)


def test_channels_are_told_apart_and_what_is_not_finite_is_zero():
    image = np.zeros((2, 9, 9, 9), "f4")
    image[1, 4, 4, 4] = np.nan
    image[0] = 5
    reader = BlockReader([*map(open_source_of, image)])
    found = Features(sigmas=(1.0,), kinds=("intensity",)).read(reader, ((4, 5), (4, 5), (4, 5))).ravel()
    np.testing.assert_allclose(found, [5, 5, 0, 0], rtol=1e-6)
    assert Features(sigmas=(), raw=True).names(2) == ["0: value", "1: value"]


def open_source_of(array):
    from voxbeam.sources import open_source

    return open_source(array)


def test_only_what_is_labelled_is_computed_and_once():
    shape = (128, 128, 128)
    image = open_image(two_halves(shape))
    read = []
    reading = image.read
    image.read = lambda box: read.append(np.prod([high - low for low, high in box])) or reading(box)
    labels = scribbles(shape)
    rows = SampleRows(image, Features(sigmas=(1.0,)))
    first = rows.of(gather(labels))
    assert rows.computed == np.count_nonzero(labels)
    assert sum(read) < 0.2 * np.prod(shape), "flat strokes are read as flat boxes"
    labels[60, 60, 60:64] = 1
    read.clear()
    again = rows.of(gather(labels))
    assert rows.computed == np.count_nonzero(labels)
    assert sum(read) == 9 * 9 * 12
    assert len(again) == len(first) + 4
    whole = Features(sigmas=(1.0,)).read(image, ((59, 61), (59, 61), (59, 65)))
    where = gather(labels).voxels.tolist().index([60, 60, 62])
    np.testing.assert_array_equal(again[where], whole[:, 1, 1, 3])


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(ParameterError, match=r"sigmas has 0\.1"):
        Features(sigmas=(0.1,))
    with pytest.raises(ParameterError, match="kinds has 'colour'"):
        Features(kinds=("colour",))
    with pytest.raises(ParameterError, match="no features"):
        Features(sigmas=(), raw=False)
    with pytest.raises(ShapeError, match=r"\(3, 3, 4\).*\(3, 3, 3\)"):
        same_shape((3, 3, 4), open_image(np.zeros((3, 3, 3), "u1")), "The labels")
