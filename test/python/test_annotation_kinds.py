"""All kinds of annotations as values: what they accept, and that voxels, the world and the document agree on where they are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbeam as rv
from voxbeam.annotation import KINDS, from_entry, to_entry
from voxbeam.annotation.spans import voxel_span, world_span
from voxbeam.annotation.table import to_table
from voxbeam.description import VolumeDescription
from voxbeam.geometry import voxel_to_world

BRAIN = VolumeDescription(
    name="brain",
    shape=(40, 50, 60),
    dtype="uint16",
    stored="u16",
    fingerprint="1",
    voxel_size=(2.0, 0.5, 0.25),
    origin=(-10.0, 5.0, 7.0),
)
SQUARE = [(1, 0, 0), (1, 0, 4), (1, 4, 4), (1, 4, 0)]
TURNED = (0.0, 0.0, math.sin(0.3), math.cos(0.3))
ALL = [
    rv.Point(voxel=(1, 2, 3)),
    rv.Line(voxel=[(0, 0, 0), (4, 5, 6)]),
    rv.Polyline(voxel=[(0, 0, 0), (4, 5, 6), (4, 5, 9)]),
    rv.Polygon(voxel=SQUARE),
    rv.Box((0, 0, 0), (1, 2, 4)),
    rv.OrientedBox(world=(8, 6, -4), radii=(1, 2, 3), rotation=TURNED),
    rv.Ellipsoid(voxel=(5, 6, 7), voxel_axes=(3, 4, 5)),
]

coordinate = st.floats(-1e5, 1e5, allow_nan=False)
vector = st.tuples(coordinate, coordinate, coordinate)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
prop = st.one_of(text, st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False))
common = {
    "name": text,
    "color": st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    "label": text,
    "layer": text,
    "author": text,
    "created": text,
    "modified": text,
    "modified_by": text,
    "props": st.dictionaries(text.filter(bool), prop, max_size=4),
}
oriented = {
    "world": vector,
    "radii": st.tuples(*[st.floats(1e-3, 1e3)] * 3),
    "rotation": st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: math.hypot(*q) > 0.1),
}
placed_annotations = st.one_of(
    st.builds(rv.Point, world=vector, **common),
    st.builds(rv.Line, world=st.tuples(vector, vector), **common),
    st.builds(rv.Polyline, world=st.lists(vector, min_size=2, max_size=6), **common),
    st.builds(rv.Polygon, world=st.lists(vector, min_size=3, max_size=6), **common),
    st.builds(rv.Box, world=st.tuples(vector, vector), **common),
    st.builds(rv.OrientedBox, **oriented, **common),
    st.builds(rv.Ellipsoid, **oriented, **common),
)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.kind)
def test_every_kind_has_voxels_and_world_and_comes_back_from_the_document(one):
    placed = one.placed(BRAIN)
    again = from_entry("7", to_entry(placed), BRAIN)
    assert type(again) is KINDS[one.kind] is type(one)
    assert again.coords() == placed.coords()
    # What is read from the document is not checked again, and is the same value all the same.
    assert again == replace(placed, id="7", color=again.color)
    assert (repr(again), hash(again)) == (repr(replace(placed, id="7", color=again.color)), hash(again))
    assert all(getattr(again, name) is not None for pair in one.places for side in pair for name in side)
    # Only of the world it is the same place.
    bare = type(one).from_coords(placed.coords())
    assert bare.placed(BRAIN).coords() == placed.coords()
    assert voxel_span(bare.placed(BRAIN)) == voxel_span(again)
    assert bare.placed(None) == bare
    assert eval(repr(one), vars(rv)) == one


@settings(max_examples=60, deadline=None)
@given(placed_annotations)
def test_an_entry_holds_every_field(one):
    again = from_entry("5", to_entry(one), None)
    for name in ("name", "color", "label", "layer", "author", "created", "modified", "modified_by", "world"):
        assert getattr(again, name) == getattr(one, name)
    assert dict(again.props) == dict(one.props)
    assert again.coords() == one.coords()


@given(st.lists(st.tuples(*[st.integers(-500, 5000)] * 3), min_size=2, max_size=8))
def test_points_in_whole_voxels_come_back_as_they_were(voxels):
    placed = rv.Polyline(voxel=voxels).placed(BRAIN)
    assert placed.world == tuple(voxel_to_world(v, BRAIN.voxel_size, BRAIN.origin) for v in voxels)
    assert rv.Polyline(world=placed.world).placed(BRAIN).voxel == tuple(voxels)


@settings(max_examples=60, deadline=None)
@given(oriented["radii"], oriented["rotation"])
def test_half_axes_in_voxels_say_the_same_as_radii_and_a_rotation(radii, rotation):
    one = rv.Ellipsoid(world=(1, 2, 3), radii=radii, rotation=rotation).placed(BRAIN)
    again = rv.Ellipsoid(voxel=one.voxel, voxel_axes=one.voxel_axes).placed(BRAIN)
    assert again.radii == pytest.approx(radii)
    # A quaternion and its negative are one rotation, and the axes are what counts.
    assert np.allclose(again.half_axes, one.half_axes, atol=1e-9 * max(radii))


def test_a_sphere_in_voxels_is_an_ellipsoid_of_the_world():
    one = rv.Ellipsoid(voxel=(5, 6, 7), voxel_axes=(3, 4, 5)).placed(BRAIN)
    assert (one.world, one.radii, one.rotation) == ((8.75, 8.0, 0.0), (1.25, 2.0, 6.0), (0, 0, 0, 1))
    assert one.voxel_axes == ((0, 0, 5), (0, 4, 0), (3, 0, 0))
    assert voxel_span(one) == ((2, 2, 2), (8, 10, 12))


def test_a_rotated_box_reaches_as_far_as_its_corners():
    quarter = rv.OrientedBox(world=(0, 0, 0), radii=(4, 1, 2), rotation=(0, 0, math.sqrt(0.5), math.sqrt(0.5)))
    low, high = world_span(quarter)
    assert low == pytest.approx((-1, -4, -2))
    assert high == pytest.approx((1, 4, 2))


def test_a_closed_outline_does_not_repeat_its_first_point():
    assert len(rv.Polygon(world=[*SQUARE, SQUARE[0]]).world) == 4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: rv.Line(voxel=[(0, 0, 0)]), "line has 1 points"),
        (lambda: rv.Line(voxel=[(0, 0, 0)] * 3), "Give 2 points"),
        (lambda: rv.Polyline(world=[(0, 0, 0)]), "at least 2"),
        (lambda: rv.Polygon(world=[(0, 0, 0), (1, 1, 1)]), "at least 3"),
        (lambda: rv.Polygon(world=[(0, 0, 0), (1, 1, 1), (0, math.nan, 0)]), "nan"),
        (lambda: rv.Polygon(world=[(0, 0, 0), (1, 1), (0, 0, 1)]), "three finite numbers"),
        (lambda: rv.Polyline(world="abc"), "world is 'abc'"),
        (rv.Polyline, "needs points"),
        (lambda: rv.Polyline(world=np.zeros((16_385, 3))), "16385 points"),
        (lambda: rv.Ellipsoid(world=(0, 0, 0)), "half lengths"),
        (lambda: rv.Ellipsoid(radii=(1, 1, 1)), "centre"),
        (lambda: rv.Ellipsoid(world=(0, 0, 0), radii=(1, 0, 1)), "radii is"),
        (lambda: rv.Ellipsoid(world=(0, 0, 0), radii=(1, 1, 1), rotation=(0, 0, 0, 0)), "rotation is"),
        (lambda: rv.Ellipsoid(voxel=(0, 0, 0), voxel_axes=(1, 1)), "voxel_axes is"),
        (lambda: rv.Ellipsoid(voxel=(0, 0, 0), voxel_axes=(1, 1, 1), rotation=(0, 0, 1, 0)), "leave it out"),
        (lambda: rv.Ellipsoid(voxel=(0, 0, 0), voxel_axes=[(1, 0, 0), (1, 1, 0), (0, 0, 1)]).placed(BRAIN), "not perpendicular"),
        (lambda: rv.Polygon(world=[(0, 0, 0), (2, 2, 0), (2, 0, 0), (0, 2, 0)]).refuse_unusable(), "after its point 0"),
        (lambda: rv.Polygon(world=[(0, 0, 0), (1, 1, 1), (3, 3, 3)]).refuse_unusable(), "in one line"),
        (lambda: rv.Point(world=(0, 0, 0), name="x" * 2**20), r"\(1048578 characters\)"),
        (lambda: rv.Point(world=(0, 0, 0), name="\ud800"), "name is"),
        (lambda: rv.Point(world=(0, 0, 0), name="\U0001f9e0" * 101), "name is"),
        (lambda: rv.Point(world=(0, 0, 0), label=7), "label is 7"),
        (lambda: rv.Point(world=(0, 0, 0), props={"": 1}), "without a name"),
        (lambda: rv.Point(world=(0, 0, 0), color="javascript:alert(1)"), "color is"),
        (lambda: rv.Point(world=(0, 0, 0), color="#fff\n"), "color is"),
        (lambda: rv.Point(world=(0, 0, 0), props={"a": [1]}), r"props\['a'\] is \[1\]"),
        (lambda: rv.Point(world=(0, 0, 0), props={"a": math.inf}), "inf"),
        (lambda: rv.Point(world=(0, 0, 0), props={"a": 2**53}), "2 to the 53rd"),
        (lambda: rv.Point(world=(0, 0, 0), props={"a": 10**5000}), "a int"),
        (lambda: rv.Point(world=(0, 0, 0), props={"a": "x" * 4097}), "4096 characters"),
        (lambda: rv.Point(world=(0, 0, 0), props={1: "x"}), "a name in props is 1"),
        (lambda: rv.Point(world=(0, 0, 0), props={str(n): n for n in range(65)}), "at most 64"),
        (lambda: rv.Point(world=(0, 0, 0), props=[("a", 1)]), "Give a dict"),
    ],
)
def test_what_is_no_annotation_is_refused_in_few_words(make, words):
    with pytest.raises(rv.ParameterError, match=words) as caught:
        make()
    assert caught.value.remedy
    assert len(str(caught.value)) < 400


def test_props_are_copied_and_numbers_of_numpy_are_numbers():
    given_ = {"score": np.float32(0.5), "n": np.int64(3), "ok": np.bool_(True)}
    one = rv.Point(world=(0, 0, 0), props=given_)
    given_["score"] = "changed"
    assert [(n, type(v), v) for n, v in one.props.items()] == [("score", float, 0.5), ("n", int, 3), ("ok", bool, True)]
    assert hash(one) == hash(rv.Point(world=(0, 0, 0)))


def test_fields_of_others_that_make_no_sense_are_left_out():
    entry = {"kind": "point", "coords": [1, 2, 3], "props": {"a": 3.0, "b": 2.5, "c": None, "d": [1], "e": True, "f": "x" * 5000}}
    assert from_entry("1", entry, None).props == {"a": 3, "b": 2.5, "e": True}
    assert from_entry("1", {**entry, "props": "text", "label": {"a": 1}}, None).label == ""


def test_a_freehand_outline_of_the_most_points_is_looked_at_quickly():
    turn = np.linspace(0, 2 * np.pi, 16_384, endpoint=False)
    radius = 100 + 3 * np.sin(40 * turn)
    outline = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.zeros_like(turn)], axis=1)
    rv.Polygon(world=outline).refuse_unusable()
    outline[[5000, 5001]] = outline[[5001, 5000]]
    with pytest.raises(rv.ParameterError, match="crosses itself"):
        rv.Polygon(world=outline).refuse_unusable()


def test_the_table_has_all_kinds():
    table = to_table([one.placed(BRAIN) for one in ALL])
    assert table["kind"].to_pylist() == list(KINDS)
    assert table["x_stop"].to_pylist()[1:5] == [6, 9, 4, 4]
    assert table["world_x"].to_pylist()[0] == 7.75
    assert [len(coords) for coords in table["coords"].to_pylist()] == [3, 6, 9, 12, 6, 10, 10]
