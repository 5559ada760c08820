"""Bricks as they are cut, against whole-array references, for all dtypes, strides and odd shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxbeam.errors import ShapeError, UnsupportedDtypeError
from voxbeam.geometry import BrickKey, brick_grid
from voxbeam.producer.cutter import cut_brick
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.scratch import Scratch
from voxbeam.producer.voxels import ArrayVoxels, strided_preview
from voxbeam.sources import open_source
from voxel_reference import brick

DTYPES = ["?", "u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", "<u8", ">i8", "<f2", ">f4", "<f4", "<f8", ">f8"]


def cut(source, key: BrickKey) -> tuple[np.ndarray, np.ndarray]:
    """A brick as stored, and as values."""
    mapping = map_dtype(source)
    out = np.empty((66, 66, 66), mapping.dtype)
    cut_brick(ArrayVoxels(source.array, mapping), key, out, Scratch())
    return out, out.astype(np.float64) * mapping.scale + mapping.offset


def full_range(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Random values from all of a dtype's range, its ends included."""
    rng, kind = np.random.default_rng(3), np.dtype(dtype)
    if kind.kind == "b":
        return rng.integers(0, 2, shape).astype(kind)
    if kind.kind == "f":
        return (rng.standard_normal(shape) * 1e3).astype(kind)
    info = np.iinfo(kind)
    values = rng.integers(info.min, info.max, shape, kind.newbyteorder("="), endpoint=True).astype(kind)
    values[0, 0, 0], values[-1, -1, -1] = info.min, info.max
    return values


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_keeps_its_values(dtype):
    array = full_range(dtype, (70, 3, 5))
    _, values = cut(open_source(array), BrickKey(0, 1, 0, 0))
    expected = brick(array, BrickKey(0, 1, 0, 0)).astype(np.float64)
    if np.dtype(dtype).itemsize > 2:  # stored as float32
        expected = expected.astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize(
    ("dtype", "stored"), [("?", "u8"), ("u1", "u8"), ("i1", "u8"), ("u2", "u16"), (">u4", "u32"), ("i8", "u32")]
)
def test_labels_keep_their_ids(dtype, stored):
    array = np.arange(70 * 3 * 5).reshape(70, 3, 5) % 100
    array = (array % 2 if dtype == "?" else array).astype(dtype)
    source = open_source(array, kind="labels")
    found, _ = cut(source, BrickKey(0, 1, 0, 0))
    assert map_dtype(source).stored == stored
    np.testing.assert_array_equal(found, brick(array, BrickKey(0, 1, 0, 0)).astype(found.dtype))


def test_ids_beyond_32_bits_are_numbered_by_a_table():
    array = np.zeros((70, 5, 6), np.uint64)
    array[3], array[60, 2], array[69] = 2**64 - 1, 2**32, 7
    source = open_source(array, kind="labels")
    mapping = map_dtype(source)
    assert mapping.ids is not None
    assert [int(n) for n in mapping.ids.table] == [0, 7, 2**32, 2**64 - 1]
    found, _ = cut(source, BrickKey(0, 0, 0, 0))
    np.testing.assert_array_equal(mapping.ids.table[found], brick(array, BrickKey(0, 0, 0, 0)))
    array[0, 0, 0] = 2**40
    with pytest.raises(UnsupportedDtypeError, match="id 1099511627776 was not in the labels when"):
        mapping.ids.stored(array)
    many = (np.arange(5000, dtype=np.uint64) + 2**33).reshape(5, 10, 100)
    with pytest.raises(UnsupportedDtypeError, match=r"more than 4095 different ones.*astype\('uint32'\)"):
        map_dtype(open_source(many, kind="labels"))


def test_the_largest_id_is_kept_and_one_below_zero_is_refused():
    array = np.full((2, 2, 2), 2**32 - 1, np.int64)
    found, _ = cut(open_source(array, kind="labels"), BrickKey(0, 0, 0, 0))
    assert found.max() == found.min() == 2**32 - 1
    array[1, 1, 1] = -7
    with pytest.raises(UnsupportedDtypeError, match="id -7"):
        map_dtype(open_source(array, kind="labels"))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 2, 2), np.complex64), r"complex64.*numpy\.abs"),
        (np.zeros((2, 2, 2), object), r"object.*astype\('float32'\)"),
        (np.zeros((2, 2, 2), [("a", "u1"), ("b", "f4")]), r"'a'.*volume\['name'\]"),
        (np.zeros((2, 2, 2), "M8[s]"), r"datetime64\[s\].*int64"),
        (np.zeros((2, 2, 2), "U3"), "U3.*numeric dtype"),
    ],
)
def test_dtypes_without_a_stored_form_are_refused_with_a_remedy(array, words):
    with pytest.raises(UnsupportedDtypeError, match=words):
        map_dtype(open_source(array))


def test_labels_that_are_not_whole_numbers_are_refused():
    with pytest.raises(UnsupportedDtypeError, match=r"float32.*astype\('uint32'\)"):
        map_dtype(open_source(np.zeros((2, 2, 2), "f4"), kind="labels"))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 2), r"2 axes.*volume\[None\]"),
        ((1, 2, 2, 2), r"4 axes.*volume\[0\]"),
        ((), "0 axes"),
        ((2, 0, 2), r"empty axis.*\(2, 0, 2\)"),
    ],
)
def test_only_three_axes_with_voxels_make_a_volume(shape, words):
    with pytest.raises(ShapeError, match=words):
        open_source(np.zeros(shape))


def test_lossy_dtypes_say_so():
    notes = {dtype: map_dtype(open_source(np.zeros((1, 1, 1), dtype))).note for dtype in DTYPES}
    lossy = {dtype for dtype, note in notes.items() if note}
    assert lossy == {"<u4", ">u4", "<i4", "<u8", ">i8", "<f8", ">f8"}
    assert "16,777,216" in notes["<i4"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_stored_as_nan(bad):
    array = np.ones((4, 4, 4), "f4")
    array[1, 2, 3] = bad
    found, _ = cut(open_source(array), BrickKey(0, 0, 0, 0))
    assert np.isnan(found[2, 3, 4:]).all()  # with its repetition beyond the edge
    assert np.isfinite(np.delete(found.ravel(), np.flatnonzero(np.isnan(found)))).all()


def test_a_double_beyond_float32_is_not_finite():
    array = np.full((2, 2, 2), 1e300)
    found, _ = cut(open_source(array), BrickKey(0, 0, 0, 0))
    assert np.isnan(found).all()


def views(array: np.ndarray) -> dict[str, np.ndarray]:
    """The same kind of values behind all kinds of strides."""
    return {
        "C": array,
        "F": np.asfortranarray(array),
        "middle axis first": np.ascontiguousarray(array.transpose(1, 0, 2)).transpose(1, 0, 2),
        "every other": array[::2, ::1, ::2],
        "backwards": array[::-1, ::-1, ::-1],
        "F backwards": np.asfortranarray(array)[::-1, :, ::-1],
        "one plane for all": np.broadcast_to(array[:1], array.shape),
        "read only": np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
        "unaligned": np.frombuffer(b"x" + array.tobytes(), array.dtype, offset=1).reshape(array.shape),
    }


@pytest.mark.parametrize("name", views(np.zeros((2, 2, 2), "u2")))
@pytest.mark.parametrize("dtype", [">u2", "i2", "f8"])
def test_any_strides(name, dtype):
    array = views(full_range(dtype, (131, 70, 67)))[name]
    source = open_source(array)
    assert source.array is array or source.array.base is not None or np.shares_memory(source.array, array)
    for key in (BrickKey(0, 0, 0, 0), BrickKey(0, 1, 1, 1), BrickKey(0, 0, 1, 0)):
        if any(i >= n for i, n in zip(key[1:4], brick_grid(source.shape, 0), strict=True)):
            continue
        _, values = cut(source, key)
        np.testing.assert_array_equal(values, brick(array, key).astype("f4" if dtype == "f8" else "f8"))


edges = st.one_of(st.integers(1, 4), st.integers(62, 68), st.integers(126, 131))


@settings(max_examples=60, deadline=None)
@given(st.tuples(edges, edges, edges), st.permutations(range(3)), st.tuples(*[st.booleans()] * 3), st.data())
def test_a_brick_is_its_box_with_repeated_edges(shape, order, flips, data):
    stored_shape = [0, 0, 0]
    for place, axis in enumerate(order):
        stored_shape[place] = shape[axis]
    memory = np.random.default_rng(0).integers(0, 2**16, stored_shape, dtype=np.uint16)
    array = memory.transpose(np.argsort(order))[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    grid = brick_grid(shape, 0)
    key = BrickKey(0, *(data.draw(st.integers(0, n - 1)) for n in grid))
    found, _ = cut(open_source(array), key)
    np.testing.assert_array_equal(found, brick(array, key))


@pytest.mark.parametrize("shape", [(200, 130, 90), (65, 1, 1), (3, 129, 64)])
def test_a_preview_takes_voxels_near_the_middle_of_each_group(shape):
    array = np.random.default_rng(0).integers(0, 2**16, shape, dtype=np.uint16)
    source = open_source(array)
    mapping = map_dtype(source)
    for level in (1, 2, 3):
        stride = 2**level
        out = np.empty((66, 66, 66), np.uint16)
        cut_brick(strided_preview(array, level, mapping), BrickKey(level, 0, 0, 0), out, Scratch())
        inner = [range(min(64, -(-n // stride))) for n in shape]
        for axis, n in enumerate(shape):
            picked = [min(i * stride + stride // 2, n - 1) for i in inner[axis]]
            lines = array.take(picked[:-1], axis)  # the last group may be cut off by the volume's end
            got = np.moveaxis(out[1:-1, 1:-1, 1:-1], axis, 0)[: len(picked) - 1]
            others = [range(len(inner[a]) - 1) for a in range(3) if a != axis]
            want = np.moveaxis(lines, axis, 0)
            rest = [[min(i * stride + stride // 2, shape[a] - 1) for i in inner[a]][:-1] for a in range(3) if a != axis]
            want = want[:, rest[0]][:, :, rest[1]]
            np.testing.assert_array_equal(got[:, : len(others[0]), : len(others[1])], want)
