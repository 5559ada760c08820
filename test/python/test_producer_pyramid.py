"""Means, modes, ranges and the passes that make them, against whole-array references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from voxbeam.geometry import BrickKey, brick_grid, level_count, level_shape
from voxbeam.producer.dtype_mapping import DtypeMapping, map_dtype
from voxbeam.producer.levels import Levels
from voxbeam.producer.mean import halve_by_mean
from voxbeam.producer.mode import halve_by_mode
from voxbeam.producer.pyramid import TILE_X, TILE_Y, LevelPass
from voxbeam.producer.ranges import RangeTable
from voxbeam.producer.voxels import ArrayVoxels
from voxbeam.protocol import NUMPY_DTYPE, PREVIEW
from voxbeam.sources import open_source
from voxel_reference import brick, halved_mean, halved_mode, pyramid

small = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=19)


def half(array: np.ndarray) -> np.ndarray:
    return np.empty([-(-n // 2) for n in array.shape], array.dtype)


@settings(deadline=None)
@given(st.sampled_from([np.uint8, np.uint16]).flatmap(lambda d: hnp.arrays(d, small)))
def test_integer_means_are_rounded_half_up(block):
    out = half(block)
    halve_by_mean(block, out)
    np.testing.assert_array_equal(out, halved_mean(block))


@settings(deadline=None)
@given(hnp.arrays(np.float32, small, elements=st.floats(width=32, allow_nan=True, allow_infinity=True)))
def test_float_means_leave_out_what_is_not_finite(block):
    out = half(block)
    halve_by_mean(block, out, finite=bool(np.isfinite(block).all()))
    largest = np.max(np.abs(block), where=np.isfinite(block), initial=0)
    np.testing.assert_allclose(out, halved_mean(block), rtol=1e-5, atol=1e-5 * largest)


@settings(deadline=None)
@given(st.sampled_from([np.uint8, np.uint16, np.uint32]).flatmap(lambda d: hnp.arrays(d, small, elements=st.integers(0, 4))))
def test_modes_and_their_ties(block):
    out = half(block)
    halve_by_mode(block, out)
    np.testing.assert_array_equal(out, halved_mode(block))


def test_a_tie_goes_to_the_first_voxel():
    block = np.array([3, 1, 1, 2, 2, 3, 0, 4], np.uint8).reshape(2, 2, 2)
    out = half(block)
    halve_by_mode(block, out)
    assert out.item() == 3


def run(stored: np.ndarray, *, labels: bool = False):
    """One pass over stored voxels: the next level, ranges by index, count of what is not finite, and the pass."""
    name = next(name for name, dtype in NUMPY_DTYPE.items() if dtype == stored.dtype)
    ranges: dict[BrickKey, tuple[float, float]] = {}
    coarser = half(stored)
    work = LevelPass(labels=labels, put_range=lambda key, low, high: ranges.__setitem__(key, (low, high)), pause=lambda: None)
    count = work.run(ArrayVoxels(stored, DtypeMapping(name, stored.dtype)), 0, coarser)
    return coarser, ranges, count, work


SHAPES = [(1, 1, 1), (64, 64, 64), (65, 129, TILE_X + 3), (130, TILE_Y + 1, 63), (3, 2 * TILE_Y + 65, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_pass_gives_the_next_level_and_every_range(shape, dtype, order):
    stored = np.random.default_rng(0).integers(0, 256, shape).astype(dtype, order=order)
    coarser, ranges, count, _ = run(stored)
    np.testing.assert_array_equal(coarser, halved_mean(np.ascontiguousarray(stored)))
    assert count == 0
    assert len(ranges) == np.prod(brick_grid(shape, 0))
    for key, found in ranges.items():
        whole = brick(stored, key)
        assert found == (whole.min(), whole.max())


@pytest.mark.parametrize("shape", SHAPES[:4])
def test_a_pass_over_labels(shape):
    zoned = np.indices(shape).sum(0) // 40
    stored = np.where(np.random.default_rng(0).random(shape) < 0.02, 7, zoned).astype(np.uint32)
    stored[:64, :64, :64] = 9  # a brick of one label
    coarser, ranges, _, _ = run(stored, labels=True)
    if np.prod(shape) < 2**19:
        np.testing.assert_array_equal(coarser, halved_mode(stored))
    else:
        np.testing.assert_array_equal(coarser[:40, :70, :70], halved_mode(stored[:80, :140, :140])[:40, :70, :70])
    for key, found in ranges.items():
        whole = brick(stored, key)
        assert found == (whole.min(), whole.max())


def test_a_pass_counts_what_is_not_finite_once_and_leaves_it_out():
    stored = np.random.default_rng(0).random((130, 140, 70)).astype(np.float32)
    bad = np.random.default_rng(1).random(stored.shape) < 0.01
    stored[bad] = np.resize([np.nan, np.inf, -np.inf], bad.sum())
    stored[64:, 64:128, :] = np.nan
    coarser, ranges, count, _ = run(stored)
    assert count == np.count_nonzero(~np.isfinite(stored))
    np.testing.assert_allclose(coarser, halved_mean(stored), rtol=1e-6)
    for key, (low, high) in ranges.items():
        whole = brick(stored, key)
        good = whole[np.isfinite(whole)]
        assert (low, high) == ((good.min(), good.max()) if good.size else (np.inf, -np.inf))


def test_scratch_does_not_grow_with_the_volume():
    sizes = []
    for n in (200, 400):
        stored = np.zeros((n, 70, 600), np.float32, order="F")
        sizes.append(run(stored)[3].scratch_bytes)
    assert sizes[0] == sizes[1] <= 2 * 66 * (TILE_Y + 2) * (TILE_X + 2) * 4


def build(array, **options):
    source = open_source(array, **options)
    levels = Levels(source, map_dtype(source))
    table = RangeTable(source.shape, levels.mapping.scale, levels.mapping.offset)
    count = levels.build(table.put, lambda: None)
    levels.publish()
    return levels, table, count


def whole(levels: Levels, level: int) -> np.ndarray:
    voxels = levels.answers[level].voxels
    return voxels.view(tuple((0, n) for n in voxels.shape))


@pytest.mark.parametrize("kind", ["image", "labels"])
def test_all_levels(kind):
    array = np.random.default_rng(0).integers(0, 3 if kind == "labels" else 2**16, (150, 67, 131)).astype(np.uint16)
    levels, _, _ = build(array, kind=kind)
    for level, expected in list(enumerate(pyramid(array, kind)))[1:]:
        np.testing.assert_array_equal(whole(levels, level), expected)
        assert (levels.answers[level].generation, levels.answers[level].flags) == (1, 0)


def test_a_ramp_reads_the_same_at_a_place_on_every_level():
    shape, slope, start = (256, 256, 256), np.array([30.0, 60.0, 90.0]), 100.0
    z, y, x = np.indices(shape)
    array = np.round(z * slope[0] + y * slope[1] + x * slope[2] + start).astype(np.uint16)
    levels, _, _ = build(array)
    for level in range(1, level_count(shape)):
        at = [(np.arange(n) + 0.5) * 2**level - 0.5 for n in level_shape(shape, level)]
        z, y, x = np.meshgrid(*at, indexing="ij")
        expected = z * slope[0] + y * slope[1] + x * slope[2] + start
        assert np.abs(whole(levels, level) - expected).max() <= 1


@pytest.mark.parametrize("dtype", ["u2", "u1", "f4", "f8", "?"])
def test_memory_besides_the_array_is_a_seventh_of_what_is_stored(dtype):
    array = np.zeros((256, 256, 256), dtype)
    levels, _, _ = build(array)
    stored = array.size * levels.mapping.dtype.itemsize
    assert stored / 8 < levels.nbytes < stored / 7
    assert all(not np.shares_memory(whole(levels, level), array) for level in (1, 2))


def test_where_means_take_too_much_memory_previews_stay_and_say_so():
    array = np.random.default_rng(0).integers(0, 99, (130, 70, 70)).astype(np.uint8)
    source = open_source(array)
    levels = Levels(source, map_dtype(source), limit=1000)
    assert levels.unbuilt == []
    assert "1,000" in levels.note
    assert [(a.generation, a.flags) for a in levels.answers] == [(1, 0)] * 3


def test_until_they_are_built_levels_are_previews():
    source = open_source(np.zeros((130, 70, 70), np.uint8))
    levels = Levels(source, map_dtype(source))
    assert [(a.generation, a.flags) for a in levels.answers] == [(1, 0), (0, PREVIEW), (0, PREVIEW)]


def test_a_failed_build_changes_nothing():
    source = open_source(np.zeros((130, 70, 70), np.uint8))
    levels = Levels(source, map_dtype(source))
    before = list(levels.answers)

    def stop():
        raise MemoryError

    with pytest.raises(MemoryError):
        levels.build(lambda *_: None, stop)
    assert levels.answers == before
    assert levels.nbytes == 0


def test_ranges_are_values_and_hold_every_id():
    table = RangeTable((10, 10, 10), 0.5, -100.0)
    table.put(BrickKey(0, 0, 0, 0), 0, 255)
    assert table.take_fresh() == [(0, 0, 0, 0, -100.0, 27.5)]
    assert table.take_fresh() == []
    wide = RangeTable((10, 10, 10), 1.0, 0.0)
    wide.put(BrickKey(0, 0, 0, 0), 2**24 + 1, 2**32 - 1)
    ((*_, low, high),) = wide.rows()
    assert low <= 2**24 + 1
    assert high >= 2**32 - 1
    wide.put(BrickKey(0, 0, 0, 0), np.inf, -np.inf)
    ((*_, low, high),) = wide.rows()
    assert low > high


def test_a_negative_scale_turns_the_range_round():
    table = RangeTable((10, 10, 10), -1.0, 0.0)
    table.put(BrickKey(0, 0, 0, 0), 1, 5)
    assert table.rows() == [(0, 0, 0, 0, -5.0, -1.0)]


def test_rows_come_coarse_levels_first():
    _, table, _ = build(np.zeros((130, 70, 70), np.uint8))
    levels = [row[0] for row in table.rows()]
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == {0, 1, 2}
