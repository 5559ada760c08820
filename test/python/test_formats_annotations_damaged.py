"""Annotation files that are damaged or hold what could not be shown: one clear message each, and nothing half-written."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

import voxbeam as rv
from format_marks import ENDINGS, VOLUME, marks, write


@pytest.mark.parametrize("ending", [".mrk.json", ".geojson", ".ng.json"])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_json_that_is_cut_off_is_one_error(tmp_path, ending, part):
    path = write(tmp_path, ending, marks())
    text = path.read_text()
    path.write_text(text[: int(len(text) * part)])
    with pytest.raises(rv.FormatError, match=r"marks.*cannot be read as .* Is it complete"):
        rv.import_annotations(path, volume=VOLUME)


@pytest.mark.parametrize(
    ("ending", "old", "new", "words"),
    [
        (".mrk.json", "schema-v1.0.3", "schema-v9.0.0", "Markups of version 1 are read"),
        (".mrk.json", '"position": [', '"position": [NaN, ', "markup 0"),
        (".mrk.json", '"size": [', '"size": [-', "markup 4: ValueError: size is"),
        (".mrk.json", '"type": "Fiducial"', '"typ": "Fiducial"', "markup 0: KeyError: 'type'"),
        (".geojson", '"FeatureCollection"', '"Topology"', "is of type 'Topology'"),
        (".geojson", '"kind": "point"', '"kind": "sphere"', None),
        (".geojson", '"coords": [', '"coords": [NaN, ', "feature 0: ValueError: coords are"),
        (".ng.json", '"layers"', '"layer"', "has no list of layers"),
        (".ng.json", '"type": "point"', '"type": "cube"', "type is 'cube'"),
        (".ng.json", '"pointA": [', '"pointA": [7, ', "Is it complete, and of three dimensions"),
        (".csv", "axis-2", "axis-7", "has the columns"),
        (".csv", ",axis-2", ",axis-2,axis-3", "in three dimensions"),
        (".csv", "polygon", "hexagon", "vertices of a 'hexagon'"),
        (".csv", "33.0", "thirty", "line 2: could not convert string to float: 'thirty'"),
        (".csv", "33.0", "nan", "annotation '0'"),
    ],
)
def test_what_could_not_be_shown_is_named(tmp_path, ending, old, new, words):
    path = write(tmp_path, ending, marks() if ending != ".csv" else marks()[1:])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    if words is None:  # another program's kind: its figure is taken
        assert rv.import_annotations(path, volume=VOLUME)[0].kind == "point"
        return
    with pytest.raises(rv.FormatError, match=words):
        rv.import_annotations(path, volume=VOLUME)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[0, 0], [1, 1]], "has 2 points"),
        ([[0, 0], [5, 5], [5, 0], [0, 5]], "crosses itself"),
        ([[0, 0], [1, 1], [2, 2]], "one line"),
    ],
)
def test_polygons_that_are_none_are_named(tmp_path, points, words):
    said = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [points]}, "properties": {}}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [said]}))
    with pytest.raises(rv.FormatError, match=rf"annotation 0: .*{words}"):
        rv.import_annotations(tmp_path / "a.geojson")


def test_precomputed_folders_that_cannot_be(tmp_path):
    path = write(tmp_path, ".precomputed", marks()[:1])
    cell = path / "spatial0" / "0_0_0"
    raw, info = cell.read_bytes(), (path / "info").read_text()
    cases = {raw[:-3]: "Is it complete", struct.pack("<Q", 2**60) + raw[8:]: "promises 1,152,921,504,606,846,976 annotations"}
    for bad, words in (cases | {b"": "Is it complete", raw + b"12345678": "8 bytes are left over"}).items():
        cell.write_bytes(bad)
        with pytest.raises(rv.FormatError, match=words):
            rv.import_annotations(path, volume=VOLUME)
    cell.write_bytes(raw)
    for old, new, words in (
        ("annotations_v1", "annotations_v7", "Known is 'neuroglancer_annotations_v1'"),
        ('"spatial0"', '"../../.."', "which lies elsewhere"),
        ('"z": [', '"zz": [', "It needs x, y and z"),
        ('"point"', '"cone"', "holds 'cone'"),
    ):
        (path / "info").write_text(info.replace(old, new))
        with pytest.raises(rv.FormatError, match=words):
            rv.import_annotations(path, volume=VOLUME)
    (path / "info").unlink()
    with pytest.raises(rv.FormatError, match="it has no info"):
        rv.import_annotations(path, volume=VOLUME)


def test_names_are_text_and_are_cut_to_their_limit(tmp_path):
    long = "<script>alert(1)</script>" + "x" * 2**20
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"name": long}}
    table = f"index,axis-0,axis-1,axis-2,name,color\n0,1,2,3,{'<b>' * 30_000},red\n"
    for ending, said in ((".geojson", json.dumps(point)), (".csv", table)):
        path = tmp_path / f"a{ending}"
        path.write_text(said)
        (found,) = rv.import_annotations(path)
        assert found.name.startswith(("<script>", "<b>"))
        assert (len(found.name), found.color) == (200, None)


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_of_what_cannot_be_written(tmp_path, ending):
    unplaced = rv.Box((1, 2, 3), (4, 5, 6)) if ending != ".csv" else rv.Box(world=((1, 2, 3), (4, 5, 6)))
    with pytest.raises(rv.ParameterError, match=r"volume="):
        rv.export_annotations([rv.OrientedBox(voxel=(1, 2, 3), voxel_axes=(1, 2, 3)), unplaced], tmp_path / f"a{ending}")
    with pytest.raises(rv.ParameterError, match="is a str"):
        rv.export_annotations(["point"], tmp_path / f"a{ending}", volume=VOLUME)
    assert list(tmp_path.iterdir()) == []
    path = write(tmp_path, ending, marks()[:1])
    with pytest.raises(rv.ParameterError, match="exists"):
        write(tmp_path, ending, marks()[:1])
    write(tmp_path, ending, [], overwrite=True)
    assert rv.import_annotations(path, volume=VOLUME) == []
    assert list(tmp_path.iterdir()) == [path]


def test_arguments_are_checked(tmp_path):
    with pytest.raises(rv.ParameterError, match=r"format is 'svg'\. Known are slicer, geojson, napari"):
        rv.export_annotations(marks(), tmp_path / "a.svg", format="svg")
    with pytest.raises(rv.ParameterError, match="says no format of annotations"):
        rv.import_annotations(tmp_path / "a.svg")
    with pytest.raises(rv.FormatError, match="There is no file"):
        rv.import_annotations(tmp_path / "a.csv")
    with pytest.raises(rv.ParameterError, match=r"volume.voxel_size is \(1, 0, 1\)"):
        rv.export_annotations(marks(), tmp_path / "a.csv", volume=type("V", (), {"voxel_size": (1, 0, 1)}))
    with pytest.raises(TypeError, match="did you mean 'volume'"):
        rv.import_annotations(tmp_path / "a.csv", volum=VOLUME)
    assert np.size(list(tmp_path.iterdir())) == 0
