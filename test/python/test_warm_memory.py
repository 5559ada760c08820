"""Memory of coarse levels that was let go is used again, and never while somebody still holds a view of it."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from producer_support import noise
from voxbeam import warm_memory
from voxbeam.geometry import BrickKey, brick_grid, level_count, level_shape
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.levels import Levels
from voxbeam.producer.ranges import RangeTable
from voxbeam.sources import open_source
from voxbeam.warm_memory import LEAST_BYTES, WarmMemory
from voxel_reference import pyramid

U16 = np.dtype(np.uint16)


def built(array: np.ndarray) -> tuple[Levels, dict[tuple[int, ...], tuple[float, float]]]:
    """Its levels, and the range of each brick as building found it."""
    source = open_source(array, name="a")
    levels = Levels(source, map_dtype(source))
    found: dict[tuple[int, ...], tuple[float, float]] = {}
    levels.build(lambda key, low, high: found.__setitem__(tuple(key[:4]), (low, high)), lambda: None)
    levels.publish()
    return levels, found


def start_of(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


@pytest.fixture
def memory():
    memory = WarmMemory()
    yield memory
    if memory._timer is not None:
        memory._timer.cancel()


def test_memory_comes_back_with_the_last_view_and_is_used_again(memory):
    array = memory.take((64, 128, 128), U16)
    array[:] = 7
    start, view = start_of(array), array[3:, ::2].T
    del array
    gc.collect()
    assert memory.nbytes == 0, "a view of it is still held"
    assert (view == 7).all()
    del view
    gc.collect()
    assert memory.nbytes == 64 * 128 * 128 * 2
    other = memory.take((60, 128, 128), U16)
    assert start_of(other) == start
    assert memory.nbytes == 0
    assert start_of(memory.take((60, 128, 128), U16)) != start


def test_what_is_kept_is_bounded_in_size_and_in_time(memory, monkeypatch):
    monkeypatch.setattr(warm_memory, "MOST_BYTES", 3 * LEAST_BYTES)
    arrays = [memory.take((LEAST_BYTES,), np.dtype(np.uint8)) for _ in range(5)]
    arrays.clear()
    gc.collect()
    assert memory.nbytes == 3 * LEAST_BYTES
    monkeypatch.setattr(warm_memory, "KEPT_SECONDS", 0.0)
    memory._let_go()
    assert memory.nbytes == 0


def test_small_arrays_and_far_larger_blocks_are_left(memory):
    memory.take((LEAST_BYTES - 1,), np.dtype(np.uint8))
    large = memory.take((5 * LEAST_BYTES,), np.dtype(np.uint8))
    start = start_of(large)
    del large
    gc.collect()
    assert memory.nbytes == 5 * LEAST_BYTES
    assert start_of(memory.take((LEAST_BYTES,), np.dtype(np.uint8))) != start


@pytest.mark.parametrize("dtype", ["u1", "<u2", "<i2", "<f4"])
@pytest.mark.parametrize("order", [(2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_levels_of_any_order_of_memory_are_those_of_c_order(dtype, order):
    shape = (70, 131, 90)
    array = np.ascontiguousarray(noise(shape, dtype).transpose(order)).transpose(np.argsort(order))
    assert array.shape == shape
    levels, found = built(array)
    plain, ranges = built(np.ascontiguousarray(array))
    assert found == ranges
    stored = array if dtype != "<i2" else (array.astype(np.int32) + 32768).astype(np.uint16)
    wanted = pyramid(stored, "image")
    for level in range(1, level_count(shape)):
        voxels = levels.answers[level].voxels.array
        assert voxels.shape == level_shape(shape, level)
        assert voxels.tobytes() == plain.answers[level].voxels.array.tobytes()
        if dtype == "<f4":  # whose sums are rounded on the way
            wanted[level] = voxels
        np.testing.assert_array_equal(voxels, wanted[level])
    assert {key[1:] for key in found if key[0] == 0} == set(np.ndindex(*brick_grid(shape, 0)))
    for (level, z, y, x), (low, high) in found.items():
        part = wanted[level][tuple(slice(max(64 * i - 1, 0), 64 * i + 65) for i in (z, y, x))]
        assert (low, high) == (part.min(), part.max())


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (-0.1, 3.7), (0.1, -16777217.0)])
def test_ranges_put_together_are_those_put_one_by_one(scale, offset):
    shape = (200, 200, 130)
    one, many = RangeTable(shape, scale, offset), RangeTable(shape, scale, offset)
    bricks = list(np.ndindex(*brick_grid(shape, 0)))
    rng = np.random.default_rng(3)
    lows = rng.integers(0, 30_000, len(bricks)).astype(float)
    highs = lows + rng.integers(0, 30_000, len(bricks))
    lows[4], highs[4] = np.inf, -np.inf
    many.put_new(0, bricks[:3], [1, 2, 3], [5, 6, 7])
    first = many.take_fresh()
    assert [row[:4] for row in first] == [(0, *brick) for brick in bricks[:3]]
    many.put_new(0, bricks, lows.tolist(), highs.tolist())
    assert [row[:4] for row in many.take_fresh()] == [(0, *brick) for brick in bricks[3:]], "those that were known stay"
    for brick, low, high in zip(bricks, lows, highs, strict=True):
        one.put(BrickKey(0, *brick), low, high)
    assert one.rows()[3:] == many.rows()[3:]
    for row, low, high in zip(one.rows(), lows, highs, strict=True):
        if low <= high:
            ends = sorted((low * scale + offset, high * scale + offset))
            assert row[4] <= ends[0] <= ends[1] <= row[5], "a range holds every value, also where float32 does not"
            assert row[5] - row[4] < (ends[1] - ends[0]) * (1 + 1e-6) + 4
