"""Points and boxes as values: what they accept, and where voxels and the world meet."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import voxbeam as rv
from voxbeam.annotation import PALETTE, from_entry, next_color, placed, to_entry
from voxbeam.annotation.rows_html import to_html
from voxbeam.annotation.table import SCHEMA, to_table
from voxbeam.description import VolumeDescription

BRAIN = VolumeDescription(
    name="brain",
    shape=(40, 50, 60),
    dtype="uint16",
    stored="u16",
    fingerprint="1",
    voxel_size=(2.0, 0.5, 0.25),
    origin=(-10.0, 5.0, 7.0),
)


def test_a_voxel_is_placed_at_its_centre():
    point = placed(rv.Point(voxel=(1, 2, 3)), BRAIN)
    assert point.world == (7 + 3 * 0.25, 5 + 2 * 0.5, -10 + 1 * 2.0)
    assert placed(rv.Point(world=point.world), BRAIN).voxel == (1, 2, 3)


def test_a_box_has_the_faces_of_its_voxels():
    box = placed(rv.Box((0, 0, 0), (1, 2, 4)), BRAIN)
    assert box.world == ((7 - 0.125, 5 - 0.25, -10 - 1), (7 + 3.5 * 0.25, 5 + 1.5 * 0.5, -10 + 1))
    assert box.slices == (slice(0, 1), slice(0, 2), slice(0, 4))
    assert rv.Box((5, 5, 5), (1, 9, 2)).start == (1, 5, 2)
    assert rv.Box(world=((5, 5, 5), (1, 9, 2))).world == ((1, 5, 2), (5, 9, 5))


@given(
    st.lists(st.integers(0, 2000), min_size=3, max_size=3),
    st.lists(st.integers(1, 500), min_size=3, max_size=3),
    st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3),
    st.lists(st.floats(-1e5, 1e5), min_size=3, max_size=3),
)
def test_a_box_comes_back_from_the_document_with_the_same_voxels(start, size, voxel_size, origin):
    volume = VolumeDescription(
        name="v",
        shape=(4000, 4000, 4000),
        dtype="u1",
        stored="u8",
        fingerprint="1",
        voxel_size=tuple(voxel_size),
        origin=tuple(origin),
    )
    stop = [a + b for a, b in zip(start, size, strict=True)]
    box = placed(rv.Box(start, stop, volume="v"), volume)
    again = from_entry("id", to_entry(box), volume)
    assert again.slices == tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    assert again.world == box.world


def test_slices_cut_what_the_box_holds():
    array = np.arange(10 * 10 * 10).reshape(10, 10, 10)
    box = placed(rv.Box((8, 0, 0), (12, 2, 3)), BRAIN)
    assert array[box.slices].shape == (2, 2, 3)
    assert rv.Box((-3.2, 0.4, 0.6), (2.5, 1, 1)).slices == (slice(0, 2), slice(0, 1), slice(1, 1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (rv.Point, "needs a position"),
        (lambda: rv.Point(voxel=(1, 2)), r"voxel is \(1, 2\)"),
        (lambda: rv.Point(voxel=(1, 2, float("inf"))), "inf"),
        (lambda: rv.Point(world="abc"), "world is 'abc'"),
        (lambda: rv.Point(voxel=(1, 2, 3), color="red"), "color is 'red'"),
        (lambda: rv.Point(voxel=(1, 2, 3), color="#12345g"), "color is"),
        (lambda: rv.Point(voxel=(1, 2, 3), name="x" * 201), "name is"),
        (lambda: rv.Box((1, 2, 3)), "two corners"),
        (rv.Box, "two corners"),
        (lambda: rv.Box((1, 2, 3), (1, 2)), "stop is"),
        (lambda: rv.Box(world=((1, 2, 3),)), "world is"),
        (lambda: rv.Box(world=((1, 2, 3), (1, 2))), r"world\[1\]"),
        (lambda: placed(rv.Point(voxel=(1, 2, 3)), None), "no volume yet"),
        (lambda: placed(rv.Box((0, 0, 0), (1, 1, 1), volume="gone"), None), "no volume called 'gone'"),
        (lambda: rv.Box(world=((0, 0, 0), (1, 1, 1))).slices, "no voxel coordinates"),
    ],
)
def test_what_nobody_could_show_is_refused_with_a_remedy(make, words):
    with pytest.raises(rv.ParameterError, match=words) as caught:
        make()
    assert caught.value.remedy


def test_unknown_fields_are_refused():
    with pytest.raises(TypeError, match="colour"):
        rv.Point(voxel=(1, 2, 3), colour="#ffffff")


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"kind": "line", "coords": [1, 2, 3]},
        {"kind": "sphere", "coords": [1, 2, 3]},
        {"kind": ["point"], "coords": [1, 2, 3]},
        {"kind": "point", "coords": [1, 2, 3], "deleted": True},
        {"kind": "polygon", "coords": [1, 2, 3, 4, 5, 6]},
        {"kind": "polyline", "coords": [1, 2, 3, 4, 5, 6, 7]},
        {"kind": "ellipsoid", "coords": [1, 2, 3, 1, 1, 1, 0, 0, 0, 0]},
        {"kind": "oriented_box", "coords": [1, 2, 3, 1, 0, 1, 0, 0, 0, 1]},
        {"kind": "line", "coords": [0, 0, 0, 1, float("nan"), 0]},
        {"kind": "point"},
        {"kind": "point", "coords": [1, 2]},
        {"kind": "point", "coords": "123"},
        {"kind": "point", "coords": [1, 2, None]},
        {"kind": "box", "coords": [1, 2, 3]},
        {"kind": "box", "coords": {"a": 1}},
    ],
)
def test_entries_that_are_no_annotation_are_left_out(entry):
    assert from_entry("id", entry, BRAIN) is None


def test_an_entry_keeps_what_makes_sense():
    found = from_entry("id", {"kind": "point", "coords": [1, 2, 3], "color": "url(evil)", "name": 7, "author": None}, None)
    assert (found.color, found.name, found.author, found.volume, found.voxel) == (PALETTE[0], "7", "", None, None)


def test_colours_are_used_evenly():
    used = Counter()
    for _ in range(16):
        used[next_color(used)] += 1
    assert used == dict.fromkeys(PALETTE, 2)
    assert next_color(Counter(PALETTE[:3])) == PALETTE[3]


def test_tables_hold_voxel_and_world_coordinates():
    point = placed(rv.Point(voxel=(1, 2, 3), name="p", id="1", volume="brain"), BRAIN)
    box = placed(rv.Box((0, 0, 0), (1, 2, 4), name="b", id="2"), BRAIN)
    table = to_table([point, box, rv.Point(world=(1, 2, 3), id="3")])
    assert table.schema == SCHEMA
    assert table["name"].to_pylist() == ["p", "b", ""]
    assert table["x"].to_pylist() == [3, 0, None]
    assert table["x_stop"].to_pylist() == [None, 4, None]
    assert table["world_z"].to_pylist() == [-8, -11, 3]
    assert to_table([]).num_rows == 0
    assert to_table([]).schema == SCHEMA


def test_the_table_for_the_eye_escapes_what_people_wrote():
    html = to_html(
        [rv.Point(world=(1, 2, 3), id="<i>", name="<script>alert(1)</script>", author="a&b", volume='"v"', color="#ffffff")]
    )
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "a&amp;b" in html
    assert "#ffffff" in html
    assert to_html([rv.Point(world=(0, 0, 0))] * 101).count("<tr>") == 101
    assert "1 more" in to_html([rv.Point(world=(0, 0, 0))] * 101)
    assert "No annotations yet" in to_html([])


def test_reprs_say_what_is_known():
    assert repr(rv.Point(voxel=(1, 2, 3), name="a")) == "Point(name='a', voxel=(1.0, 2.0, 3.0))"
    assert repr(rv.Box((0, 0, 0), (1, 1, 1))) == "Box(start=(0.0, 0.0, 0.0), stop=(1.0, 1.0, 1.0))"
