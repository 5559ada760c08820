"""Levels, bricks and places: the same numbers as the specification's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxbeam.geometry import (
    BRICK_EDGE,
    BrickKey,
    brick_count,
    brick_grid,
    brick_keys,
    has_brick,
    level_count,
    level_shape,
    level_to_voxel,
    voxel_to_world,
    world_to_voxel,
)

shapes = st.tuples(*[st.integers(1, 500)] * 3)


@given(shapes)
def test_the_last_level_is_the_first_that_is_one_brick(shape):
    last = level_count(shape) - 1
    assert max(level_shape(shape, last)) <= BRICK_EDGE
    assert last == 0 or max(level_shape(shape, last - 1)) > BRICK_EDGE
    assert brick_grid(shape, last) == (1, 1, 1)


@given(shapes, st.integers(0, 5))
def test_halving_again_and_again_is_the_same_as_at_once(shape, levels):
    here = shape
    for _ in range(levels):
        here = tuple((n + 1) // 2 for n in here)
    assert level_shape(shape, levels) == here


@given(shapes)
def test_keys_are_counted_once(shape):
    keys = list(brick_keys(shape))
    assert len(set(keys)) == len(keys) == brick_count(shape)
    assert all(has_brick(shape, key) for key in keys)
    assert keys[0].level == level_count(shape) - 1
    assert not has_brick(shape, BrickKey(level_count(shape), 0, 0, 0))
    assert not has_brick(shape, BrickKey(0, brick_grid(shape, 0)[0], 0, 0))
    assert not has_brick(shape, BrickKey(-1, 0, 0, 0))


def test_a_coarse_voxel_lies_in_the_middle_of_its_fine_ones():
    assert [level_to_voxel(1, level) for level in range(3)] == [1.0, 2.5, 5.5]


def test_the_world_is_x_y_z():
    assert voxel_to_world((1, 2, 3), (10, 5, 1), (100, 0, 0)) == (3.0, 10.0, 110.0)


triples = st.tuples(*[st.floats(-1e6, 1e6)] * 3)


@given(triples, st.tuples(*[st.floats(1e-3, 1e3)] * 3), triples)
def test_there_and_back(voxel, size, origin):
    back = world_to_voxel(voxel_to_world(voxel, size, origin), size, origin)
    assert back == pytest.approx(voxel, rel=1e-6, abs=1e-3 * 1e3 / min(size) * 1e-3)
