"""Own files and GeoJSON: what is saved comes back bit for bit, what is damaged is refused, what lies in a slice is there."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import voxbeam as rv
from test_annotation_kinds import ALL, BRAIN, placed_annotations
from voxbeam.annotation.annotation_layers import AnnotationLayer
from voxbeam.annotation.files import SavedAnnotations, load_file, save_file
from voxbeam.annotation.geojson import feature_collection
from voxbeam.annotation.table import to_frame

SUFFIXES = pytest.mark.parametrize("suffix", [".json", ".arrow"])
LAYERS = [
    AnnotationLayer("", "Annotations"),
    AnnotationLayer("7", "<b>vessels</b>", 2.5, visible=False, locked=True, color="#00ff00"),
]
HEAD = {"format": "voxbeam.annotations", "version": 1, "annotations": []}


def typed(one):
    """Own fields with their order and types: 1, 1.0 and True are equal to Python."""
    return [(name, type(value), value) for name, value in one.props.items()]


@SUFFIXES
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(placed_annotations, max_size=4))
def test_every_field_comes_back_from_a_file(tmp_path, suffix, annotations):
    usable = []
    for at, one in enumerate(annotations):
        try:
            one.refuse_unusable()
        except rv.ParameterError:
            continue
        usable.append(replace(one, id=str(at), volume="brain"))
    path = tmp_path / f"marks{suffix}"
    save_file(path, SavedAnnotations(usable, LAYERS, {"void": "#123456", "crack": "#654321"}))
    again = load_file(path)
    assert again.annotations == usable
    assert [typed(a) for a in again.annotations] == [typed(a) for a in usable]
    assert again.layers == LAYERS
    assert list(again.classes.items()) == [("void", "#123456"), ("crack", "#654321")]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@SUFFIXES
def test_a_file_cut_short_anywhere_is_refused(tmp_path, suffix):
    path = tmp_path / f"marks{suffix}"
    save_file(path, SavedAnnotations([one.placed(BRAIN) for one in ALL]))
    whole = path.read_bytes()
    assert len(load_file(path).annotations) == len(ALL)
    for length in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:length])
        with pytest.raises(rv.SourceError, match="truncated or damaged") as caught:
            load_file(path)
        assert len(str(caught.value)) < 400 + len(str(path))


def record(**changes):
    return {"id": "1", "kind": "point", "coords": [1, 2, 3], **changes}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "truncated or damaged"),
        (b"[" * 100_000, "truncated or damaged"),
        ([], "holds no annotations"),
        ({"format": "other", "annotations": []}, "holds no annotations"),
        ({"format": "voxbeam.annotations", "version": 9, "annotations": []}, "version 9"),
        ([record(coords=[1, 2])], r"annotations\[0\]: coords is"),
        ([record(), record(kind="sphere")], r"annotations\[1\]: kind is 'sphere'"),
        ([record(colour="#ffffff")], "a field 'colour'"),
        ([record(color="red")], "color is 'red'"),
        ([record(name="x" * 2**20)], "1048578 characters"),
        ([record(coords=[1, 2, float("nan")])], "NaN is no number"),
        ([record(coords="123")], "finite numbers"),
        ([record(kind="polygon", coords=[0, 0, 0, 1, 1, 1])], "at least 3"),
        ([record(kind="polygon", coords=[0, 0, 0, 2, 2, 0, 2, 0, 0, 0, 2, 0])], "crosses itself"),
        ([record(props={"a": [1]})], r"props\['a'\]"),
        (["text"], r"annotations\[0\] is 'text'"),
        ({**HEAD, "layers": [{"id": "1"}]}, r"layers\[0\]"),
        ({**HEAD, "classes": [{"name": "a", "color": "b"}]}, "color is 'b'"),
        ({**HEAD, "classes": "a"}, "classes is 'a'"),
    ],
)
def test_a_file_with_anything_wrong_in_it_says_what(tmp_path, content, words):
    path = tmp_path / "marks.json"
    if isinstance(content, list) and content:
        content = {"format": "voxbeam.annotations", "version": 1, "annotations": content}
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(rv.SourceError, match=words):
        load_file(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(rv.ParameterError, match=r"ends in '\.csv'"):
        save_file(tmp_path / "marks.csv", SavedAnnotations([]))
    with pytest.raises(rv.SourceError, match="cannot be read"):
        load_file(tmp_path / "none.json")
    with pytest.raises(rv.ParameterError, match="no place in the world"):
        save_file(tmp_path / "marks.json", SavedAnnotations([rv.Point(voxel=(1, 2, 3))]))
    with pa.OSFile(str(tmp_path / "other.arrow"), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("a", pa.int64())])):
        pass
    with pytest.raises(rv.SourceError, match="holds no annotations"):
        load_file(tmp_path / "other.arrow")


def test_a_save_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "marks.json"
    path.write_text("before")
    bad = rv.Point(world=(1, 2, 3))
    object.__setattr__(bad, "props", {"a": object()})
    with pytest.raises(TypeError):
        save_file(path, SavedAnnotations([bad]))
    assert [p.read_text() for p in tmp_path.iterdir()] == ["before"]


def test_a_frame_has_a_column_for_each_own_field():
    scored = rv.Point(world=(1, 2, 3), id="1", props={"score": 0.5})
    frame = to_frame([scored, rv.Point(world=(1, 2, 3), id="2", props={"ok": True})])
    assert frame.loc["1", "props.score"] == 0.5
    assert frame.loc["2", "props.ok"] is True
    assert frame.loc["2", "world_z"] == 3
    assert "props" not in frame


def cut(one, index, axis="z"):
    found = feature_collection([one.placed(BRAIN)], index, axis)["features"]
    return [feature["geometry"] for feature in found]


def test_what_lies_in_a_slice_is_there_as_what_it_is():
    assert cut(rv.Point(voxel=(1.4, 2, 3)), 1) == [{"type": "Point", "coordinates": [3, 2]}]
    assert cut(rv.Point(voxel=(1.5, 2, 3)), 1) == []
    assert cut(rv.Point(voxel=(1, 2, 3)), 2, "y") == [{"type": "Point", "coordinates": [3, 1]}]
    assert cut(rv.Point(voxel=(1, 2, 3)), 3, "x") == [{"type": "Point", "coordinates": [2, 1]}]
    assert cut(rv.Line(voxel=[(0, 0, 0), (4, 4, 8)]), 2) == [{"type": "LineString", "coordinates": [[3, 1.5], [5, 2.5]]}]
    assert cut(rv.Line(voxel=[(0, 5, 6), (4, 5, 6)]), 2) == [{"type": "Point", "coordinates": [6, 5]}]
    there_and_back = rv.Polyline(voxel=[(0, 0, 0), (4, 0, 0), (4, 0, 8), (0, 0, 8)])
    assert cut(there_and_back, 2) == [{"type": "MultiPoint", "coordinates": [[0, 0], [8, 0]]}]
    assert cut(there_and_back, 4) == [{"type": "LineString", "coordinates": [[0, 0], [8, 0]]}]
    square = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    flat = rv.Polygon(voxel=[(1, 0, 0), (1, 0, 4), (1, 4, 4), (1, 4, 0)])
    assert cut(flat, 1) == [{"type": "Polygon", "coordinates": [square]}]
    upright = rv.Polygon(voxel=[(0, 0, 0), (0, 0, 4), (4, 0, 4), (4, 0, 0)])
    assert cut(upright, 2) == [{"type": "LineString", "coordinates": [[0, 0], [4, 0]]}]


def test_a_box_is_in_the_slices_of_its_voxels():
    box = rv.Box((2, 3, 4), (5, 7, 9))
    found = feature_collection([box.placed(BRAIN)], None, "z")["features"]
    assert [feature["properties"]["slice"] for feature in found] == [2, 3, 4]
    assert found[0]["geometry"]["coordinates"] == [[[3.5, 2.5], [8.5, 2.5], [8.5, 6.5], [3.5, 6.5], [3.5, 2.5]]]
    thin = rv.Box((2.7, 0, 0), (3.2, 4, 4))
    assert [f["properties"]["slice"] for f in feature_collection([thin.placed(BRAIN)], None, "z")["features"]] == [2]


@pytest.mark.parametrize("index", [2, 4, 5, 7])
def test_the_cut_of_an_ellipsoid_lies_on_it(index):
    one = rv.Ellipsoid(voxel=(5, 6, 7), voxel_axes=(3, 4, 5)).placed(BRAIN)
    geometries = cut(one, index)
    ring = np.array(geometries[0]["coordinates"][0]) if geometries else np.empty((0, 2))
    assert len(ring) == (0 if index == 2 else 65)
    inside = ((ring[:, 0] - 7) / 5) ** 2 + ((ring[:, 1] - 6) / 4) ** 2 + ((index - 5) / 3) ** 2
    assert inside == pytest.approx(np.ones(len(ring)))


def test_the_cut_of_a_turned_box_is_its_outline_there():
    one = rv.OrientedBox(world=(8, 6, 0), radii=(1, 1, 4), rotation=(0, 0, np.sin(np.pi / 8), np.cos(np.pi / 8))).placed(BRAIN)
    ring = np.array(cut(one, 5)[0]["coordinates"][0])
    assert len(ring) == 5
    size = np.array([0.25, 0.5])  # voxels x, y
    world = (ring - [one.voxel[2], one.voxel[1]]) * size
    assert sorted(map(tuple, np.round(np.abs(world[:4]), 9))) == [(0, 1.414213562)] * 2 + [(1.414213562, 0)] * 2


def test_properties_are_all_fields_and_bad_slices_are_refused():
    one = rv.Point(voxel=(1, 2, 3), id="9", name="<i>", label="void", props={"score": 1}).placed(BRAIN)
    feature = feature_collection([one], 1, "z")["features"][0]
    assert feature["id"] == "9"
    assert feature["properties"]["props"] == {"score": 1}
    assert (feature["properties"]["name"], feature["properties"]["label"], feature["properties"]["slice"]) == ("<i>", "void", 1)
    assert json.loads(json.dumps(feature)) == feature
    for arguments, words in (((1, "t"), "axis is 't'"), ((1.5, "z"), "index is 1.5")):
        with pytest.raises(rv.ParameterError, match=words):
            feature_collection([one], *arguments)
    huge = rv.Box((0, 0, 0), (2_000_000, 1, 1)).placed(BRAIN)
    with pytest.raises(rv.ParameterError, match="more than 1000000"):
        feature_collection([huge], None, "z")
