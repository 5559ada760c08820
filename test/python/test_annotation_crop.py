"""The voxels under an annotation: read lazily, and exactly those."""

from __future__ import annotations

import math

import numpy as np
import pytest

import voxbeam as rv
from voxbeam.annotation.inside import even_odd
from voxbeam.description import VolumeDescription

SHAPE = (20, 24, 28)
VOLUME = np.arange(math.prod(SHAPE), dtype="u2").reshape(SHAPE)
PLACE = VolumeDescription(
    name="v", shape=SHAPE, dtype="uint16", stored="u16", fingerprint="1", voxel_size=(2.0, 1.0, 0.5), origin=(5.0, 6.0, 7.0)
)
GRID = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1).astype(float)


class Counted:
    """An array that counts what is read of it."""

    shape, dtype = SHAPE, VOLUME.dtype

    def __init__(self):
        self.read = 0

    def __getitem__(self, index):
        found = VOLUME[index]
        self.read += found.size
        return found


def test_only_what_is_asked_for_is_read():
    volume = Counted()
    crop = rv.Box((2, 3, 4), (6, 8, 10)).crop(volume)
    assert (crop.shape, crop.dtype, crop.ndim, crop.size, len(crop), volume.read) == ((4, 5, 6), "uint16", 3, 120, 4, 0)
    assert crop[1, 2, 3] == VOLUME[3, 5, 7]
    assert volume.read == 1
    assert (crop[1:3, -1] == VOLUME[3:5, 7, 4:10]).all()
    assert volume.read == 1 + 12
    assert (np.asarray(crop) == VOLUME[2:6, 3:8, 4:10]).all()
    assert np.asarray(crop, dtype="f4").dtype == np.float32
    assert (crop[::2, [0, 1]] == VOLUME[2:6, 3:8, 4:10][::2, [0, 1]]).all()
    assert crop[5:2].shape == (0, 5, 6)
    assert crop.mask().all()
    with pytest.raises(IndexError, match="axis 1 with 5"):
        crop[0, 5]
    assert repr(crop) == "<Crop [2:6, 3:8, 4:10] uint16, box ''>"


@pytest.mark.parametrize("kind", [rv.Ellipsoid, rv.OrientedBox])
@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_the_mask_of_a_solid_is_that_of_its_formula(kind, turn):
    axis = np.array([0.6, 0.0, 0.8]) * math.sin(turn / 2)
    one = kind(world=(13.1, 17.2, 24.3), radii=(4, 3, 8), rotation=(*axis, math.cos(turn / 2))).placed(PLACE)
    world = (GRID * PLACE.voxel_size + PLACE.origin)[..., ::-1] - one.world
    along = np.stack([world @ (np.array(a) / np.dot(a, a)) for a in one.half_axes], axis=-1)
    wanted = (along**2).sum(axis=-1) <= 1 if kind is rv.Ellipsoid else np.abs(along).max(axis=-1) <= 1
    crop = one.crop(VOLUME)
    assert wanted.sum() > 300
    whole = np.zeros(SHAPE, bool)
    whole[crop.slices] = crop.mask()
    assert (whole == wanted).all()
    assert (crop.values() == VOLUME[wanted]).all()
    assert (crop.masked(7)[~crop.mask()] == 7).all()
    assert (crop.mask(slice(1, 3), slice(2, 5)) == crop.mask()[1:3, 2:5]).all()


def test_a_line_has_the_voxels_it_passes_through():
    crop = rv.Line(voxel=[(3, 4, 5), (3, 4, 9)]).placed(PLACE).crop(VOLUME)
    assert crop.slices == (slice(3, 4), slice(4, 5), slice(5, 10))
    assert crop.mask().all()
    askew = rv.Line(voxel=[(3, 4, 5), (3, 6, 9)]).placed(PLACE).crop(VOLUME)
    dense = np.linspace((3, 4, 5), (3, 6, 9), 100_001)[1:-1]
    wanted = np.zeros(SHAPE, bool)
    wanted[tuple(np.floor(dense + 0.5).astype(int).T)] = True
    whole = np.zeros(SHAPE, bool)
    whole[askew.slices] = askew.mask()
    assert (whole == wanted).all()
    point = rv.Point(voxel=(3.4, 4.6, 5)).placed(PLACE).crop(VOLUME)
    assert (point.shape, point[0, 0, 0]) == ((1, 1, 1), VOLUME[3, 5, 5])
    assert point.mask().all()


def test_a_polygon_has_the_voxels_within_half_a_voxel_of_its_plane():
    flat = rv.Polygon(voxel=[(6, 2.5, 3.5), (6, 2.5, 9.5), (6, 7.5, 9.5), (6, 7.5, 3.5)]).placed(PLACE).crop(VOLUME)
    assert flat.slices[0] == slice(6, 7)
    wanted = np.zeros(SHAPE, bool)
    wanted[6, 3:8, 4:10] = True
    whole = np.zeros(SHAPE, bool)
    whole[flat.slices] = flat.mask()
    assert (whole == wanted).all()
    # The plane z = y: as many voxels as its shadow has.
    steep = rv.Polygon(voxel=[(2.5, 2.5, 3.5), (2.5, 2.5, 9.5), (7.5, 7.5, 9.5), (7.5, 7.5, 3.5)]).placed(PLACE).crop(VOLUME)
    z, y, _ = np.nonzero(steep.mask())
    assert (z == y).all()
    assert len(z) == 5 * 6


def test_even_odd_is_that_of_the_definition():
    outline = np.array([(0.2, 0.3), (9.1, 1.2), (5.3, 4.4), (8.7, 9.6), (1.5, 7.7), (3.1, 4.9)])
    at_a, at_b = np.arange(0, 10.0), np.arange(0, 11.0)
    wanted = np.zeros((10, 11), bool)
    for i, a in enumerate(at_a):
        for j, b in enumerate(at_b):
            for (a0, b0), (a1, b1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
                if (a0 < a) != (a1 < a) and b < b0 + (a - a0) * (b1 - b0) / (a1 - a0):
                    wanted[i, j] ^= True
    assert (even_odd(outline, at_a, at_b) == wanted).all()
    assert wanted.sum() > 30


def test_what_cannot_be_cropped_is_refused():
    box = rv.Box((0, 0, 0), (2, 2, 2))
    for make, words in (
        (lambda: rv.Point(world=(0, 0, 0)).crop(VOLUME), "no voxel coordinates"),
        (lambda: rv.Box((30, 0, 0), (40, 2, 2)).crop(VOLUME), "no voxel of the volume"),
        (lambda: rv.Box((0, 0, 0), (0.2, 2, 2)).crop(VOLUME[:0]), "no voxel"),
        (lambda: box.crop(np.zeros((2, 2))), "2 axes"),
        (lambda: box.crop(VOLUME).mask(slice(0, 4, 2)), "without a step"),
    ):
        with pytest.raises(rv.ParameterError, match=words):
            make()
    with pytest.raises(ValueError, match="no array to share"):
        np.array(box.crop(VOLUME), copy=False)


def test_a_file_is_cropped_by_its_path(tmp_path):
    VOLUME.tofile(tmp_path / "v.raw")
    crop = rv.Box((2, 3, 4), (6, 8, 10)).crop(rv.open(tmp_path / "v.raw", shape=SHAPE, dtype="uint16"))
    assert (np.asarray(crop) == VOLUME[2:6, 3:8, 4:10]).all()
