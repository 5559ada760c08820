"""Annotations to other programs and back: the known voxel where it was, checked by their own libraries."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import shapely.geometry

import voxbeam as rv
from format_marks import ENDINGS, KNOWN, ORIGIN, SIZE, VOLUME, WORLD, back, marks, write
from voxbeam.cli import main
from voxbeam.formats import ANNOTATION_FORMATS, LABEL_FORMATS

#: These hold all kinds, to the last bit.
EXACT = (".geojson", ".json", ".arrow")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_known_voxel_comes_back(tmp_path, ending):
    kinds = [one for one in marks() if one.kind != "point" or ending != ".csv"]
    if ending == ".csv":
        point = back(write(tmp_path, ending, marks()[:1]))[0]
        (tmp_path / "marks.csv").unlink()
    path = write(tmp_path, ending, kinds)
    found = back(path)
    point = point if ending == ".csv" else next(one for one in found if one.kind == "point")
    np.testing.assert_allclose(point.voxel, KNOWN, atol=2e-5)
    np.testing.assert_allclose(point.world, WORLD, atol=2e-5)
    held = {one.kind: one for one in found}
    for one in kinds:
        if one.kind not in held:
            assert one.kind in {"oriented_box", "ellipsoid"}
            continue
        assert held[one.kind].color == one.color
        assert held[one.kind].volume == "scan"
        assert held[one.kind].label == one.label
        assert held[one.kind].name == (one.name if ending != ".precomputed" else "")
        if one.kind != "ellipsoid" or ending != ".csv":
            tolerance = 2e-5 if ending in (".ng.json", ".precomputed") else 1e-9
            if one.kind in ("oriented_box", "ellipsoid"):
                np.testing.assert_allclose(held[one.kind].world, one.world, atol=tolerance)
                np.testing.assert_allclose(reach(held[one.kind]), reach(one), atol=1e-5)
            else:
                np.testing.assert_allclose(held[one.kind].coords(), one.coords(), atol=tolerance)
    missing = {".mrk.json": {"ellipsoid"}, ".csv": {"oriented_box", "point"}} | {one: set() for one in EXACT}
    assert {one.kind for one in marks()} - set(held) == missing.get(ending, {"oriented_box"})
    assert sorted(tmp_path.iterdir()) == [path]


def reach(one):
    """What does not depend on the order of axes: the matrix of the solid."""
    axes = np.array(one.half_axes)
    return axes.T @ axes


def several(least, most, **item):
    return {"type": "array", "minItems": least, "maxItems": most, "items": {"type": "number", **item}}


COLOR = several(3, 3, minimum=0, maximum=1)
CONTROL = {
    "required": ["id", "label", "position", "positionStatus"],
    "properties": {
        "position": several(3, 3), "orientation": several(9, 9), "positionStatus": {"enum": ["undefined", "preview", "defined"]},
        **{name: {"type": "string"} for name in ("id", "label", "description", "associatedNodeID")},
        **{name: {"type": "boolean"} for name in ("selected", "locked", "visibility")},
    },
}
#: What version 1.0.3 asks of the fields that are written.
MARKUP = {
    "required": ["type", "coordinateSystem", "controlPoints"],
    "properties": {
        "type": {"enum": ["Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI"]}, "name": {"type": "string"},
        "coordinateSystem": {"enum": ["LPS", "RAS"]}, "coordinateUnits": {"enum": ["mm", "um"]}, "roiType": {"type": "string"},
        "center": several(3, 3), "size": several(3, 3), "orientation": several(9, 9),
        "controlPoints": {"type": "array", "items": {"type": "object", **CONTROL}},
        "display": {"properties": {"color": COLOR, "selectedColor": COLOR, "opacity": {"type": "number"}}},
        **{name: {"type": "boolean"} for name in ("locked", "fixedNumberOfControlPoints", "insideOut")},
    },
}


def test_from_one_program_to_another_by_our_own_file(tmp_path):
    mine = rv.export_annotations(rv.import_annotations(write(tmp_path, ".geojson", marks())), tmp_path / "a.arrow")
    found = [one.placed(VOLUME) for one in rv.import_annotations(mine)]
    assert [one.coords() for one in found] == [one.coords() for one in marks()]
    with pytest.warns(rv.LossWarning, match="names of layers"):
        rv.export_annotations([rv.Point(world=(1, 2, 3), layer="x")], tmp_path / "b.json")


def test_markups_are_what_the_schema_asks(tmp_path):
    said = json.loads(write(tmp_path, ".mrk.json", marks()).read_text())
    for one in said["markups"]:
        jsonschema.validate(one, {"type": "object", **MARKUP})
    said["markups"][0]["controlPoints"][0]["position"].pop()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(said["markups"][0], {"type": "object", **MARKUP})


def test_slicer_gets_millimetres_and_its_own_axes(tmp_path):
    path = write(tmp_path, ".mrk.json", marks())
    said = json.loads(path.read_text())
    assert said["@schema"].endswith("markups-schema-v1.0.3.json#")
    point, line, curve, closed, box, askew = said["markups"]
    assert [one["type"] for one in said["markups"]] == ["Fiducial", "Line", "Curve", "ClosedCurve", "ROI", "ROI"]
    control = point["controlPoints"][0]
    assert (control["positionStatus"], point["coordinateSystem"], point["coordinateUnits"]) == ("defined", "LPS", "mm")
    np.testing.assert_allclose(control["position"], np.array(WORLD) / 1000, rtol=1e-12)
    np.testing.assert_allclose(line["controlPoints"][0]["position"], np.array(WORLD) / 1000, rtol=1e-12)
    assert [len(one["controlPoints"]) for one in (curve, closed)] == [3, 3]
    np.testing.assert_allclose(np.array(box["size"]) * 1000, [30 * 0.25, 20 * 0.5, 2], rtol=1e-12)
    turn = np.array(askew["orientation"]).reshape(3, 3)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn[:, 0], [0.28, 0.96, 0], atol=1e-12)
    (tmp_path / "marks.mrk.json").unlink()
    turned = json.loads(write(tmp_path, ".mrk.json", marks(), world="RAS").read_text())["markups"]
    x, y, z = np.array(WORLD) / 1000
    np.testing.assert_allclose(turned[0]["controlPoints"][0]["position"], [-x, -y, z], rtol=1e-12)
    np.testing.assert_allclose(np.array(turned[5]["orientation"]).reshape(3, 3)[:, 0], [-0.28, -0.96, 0], atol=1e-12)
    found = {one.kind: one for one in back(tmp_path / "marks.mrk.json", world="RAS")}
    np.testing.assert_allclose(found["point"].voxel, KNOWN, atol=1e-9)
    np.testing.assert_allclose(found["oriented_box"].coords()[:6], marks()[5].coords()[:6], atol=1e-9)
    np.testing.assert_allclose(found["box"].coords(), marks()[4].coords(), atol=1e-9)


def test_a_file_of_slicer_in_ras_is_read(tmp_path):
    point = {"id": "1", "label": "F-1", "position": [1, 2, 3], "positionStatus": "defined"}
    unset = {"id": "2", "label": "F-2", "position": [0, 0, 0], "positionStatus": "undefined"}
    roi = {
        "type": "ROI", "name": "R", "coordinateSystem": "RAS", "coordinateUnits": "mm", "roiType": "Box", "center": [10, 20, 30],
        "orientation": [1, 0, 0, 0, 1, 0, 0, 0, 1], "size": [2, 4, 6], "controlPoints": [],
    }
    said = {
        "@schema": "https://raw.githubusercontent.com/slicer/slicer/master/Markups/markups-schema-v1.0.0.json#",
        "markups": [{"type": "Fiducial", "coordinateSystem": "RAS", "controlPoints": [point, unset]}, roi, {"type": "Plane"}],
    }
    path = tmp_path / "F.mrk.json"
    path.write_text(json.dumps(said))
    with pytest.warns(rv.LossWarning, match="1 points without a place are left out; a markup of type 'Plane' is left out"):
        found = rv.import_annotations(path)
    assert [(one.kind, one.name) for one in found] == [("point", "F-1"), ("box", "R")]
    assert found[0].world == (-1, -2, 3)
    assert found[1].world == ((-11, -22, 27), (-9, -18, 33))


def test_napari_gets_voxel_centres(tmp_path):
    table = pd.read_csv(write(tmp_path, ".csv", [marks()[0], rv.Point(voxel=(1, 2, 3.5), props={"good": True})]))
    assert list(table.columns) == ["index", "axis-0", "axis-1", "axis-2", "name", "label", "color", "score", "count", "good"]
    assert table.loc[0, ["axis-0", "axis-1", "axis-2"]].tolist() == [4, 33, 71]
    found = rv.import_annotations(tmp_path / "marks.csv")  # voxels need no volume
    assert (found[0].voxel, found[0].world, found[1].voxel) == (KNOWN, None, (1, 2, 3.5))
    assert (found[0].props, found[1].props) == ({"score": 0.5, "count": 3}, {"good": True})
    (tmp_path / "marks.csv").unlink()
    with pytest.warns(rv.LossWarning, match="fields called 'axis-9, index'"):
        rv.export_annotations([rv.Point(voxel=(1, 2, 3), props={"axis-9": 1, "index": 2, "good": 3})], tmp_path / "marks.csv")
    assert rv.import_annotations(tmp_path / "marks.csv")[0].props == {"good": 3}
    (tmp_path / "marks.csv").unlink()
    table = pd.read_csv(write(tmp_path, ".csv", marks()))
    assert list(table.columns[:6]) == ["index", "shape-type", "vertex-index", "axis-0", "axis-1", "axis-2"]
    corners = table[table["shape-type"] == "rectangle"][["axis-0", "axis-1", "axis-2"]].to_numpy()
    # Voxel i reaches from i - 1/2 to i + 1/2.
    assert corners.tolist() == [[4, 9.5, 19.5], [4, 9.5, 49.5], [4, 29.5, 49.5], [4, 29.5, 19.5]]
    corners = table[table["shape-type"] == "ellipse"][["axis-0", "axis-1", "axis-2"]].to_numpy()
    np.testing.assert_allclose([corners.min(axis=0), corners.max(axis=0)], [(9, 24, 32), (9, 36, 48)], atol=1e-9)
    grain = next(one for one in back(tmp_path / "marks.csv") if one.kind == "ellipsoid")
    np.testing.assert_allclose(grain.voxel, (9, 30, 40), atol=1e-6)
    np.testing.assert_allclose(np.abs(grain.voxel_axes).max(axis=0), (0.5, 6, 8), rtol=1e-6)


def test_a_table_as_napari_writes_it_is_read(tmp_path):
    rows = ["index,shape-type,vertex-index,axis-0,axis-1,axis-2"]
    turned = [(3, 1, 5), (3, 5, 9), (3, 9, 5), (3, 5, 1)]
    for index, (kind, corners) in enumerate([("ellipse", turned), ("rectangle", turned), ("path", turned[:2])]):
        rows += [f"{float(index)},{kind},{n},{','.join(map(str, corner))}" for n, corner in enumerate(corners)]
    (tmp_path / "s.csv").write_text("\n".join(rows) + "\n")
    ellipse, polygon, path = back(tmp_path / "s.csv")
    assert (ellipse.kind, polygon.kind, path.kind) == ("ellipsoid", "polygon", "polyline")
    np.testing.assert_allclose(polygon.voxel, turned)
    # A circle of voxels is an ellipse in a world whose voxels are no squares.
    np.testing.assert_allclose(sorted(ellipse.radii), sorted([1, np.sqrt(8) * 0.25, np.sqrt(8) * 0.5]), rtol=1e-6)
    assert ellipse.voxel == (3, 5, 5)


def test_shapely_reads_the_figures(tmp_path):
    said = json.loads(write(tmp_path, ".geojson", marks()).read_text())
    held = {}
    for one in said["features"]:
        held.setdefault(one["properties"]["kind"], []).append(one)
    shapes = {kind: [shapely.geometry.shape(one["geometry"]) for one in several] for kind, several in held.items()}
    assert {kind: {one.geom_type for one in several} for kind, several in shapes.items()} == {
        "point": {"Point"}, "line": {"LineString"}, "polyline": {"LineString"}, "polygon": {"Polygon"}, "box": {"Polygon"},
        "oriented_box": {"Polygon"}, "ellipsoid": {"Polygon"},
    }
    assert all(one.is_valid for several in shapes.values() for one in several)
    assert all(one.exterior.is_ccw for several in shapes.values() for one in several if one.geom_type == "Polygon")
    assert (shapes["point"][0].x, shapes["point"][0].y) == KNOWN[:0:-1]
    assert shapes["box"][0].area == pytest.approx(20 * 30)
    # Slices across z that are touched, and of an ellipsoid the middle one.
    assert [one["properties"]["slice"] for one in held["ellipsoid"]] == [7, 8, 9, 10, 11]
    assert shapes["ellipsoid"][2].area == pytest.approx(np.pi * 6 * 8, rel=2e-3)
    assert [one["properties"]["slice"] for one in held["line"]] == [4, 5]
    assert sum("coords" in one["properties"] for one in said["features"]) == 7


def test_geojson_of_other_programs_is_read(tmp_path):
    shape = shapely.geometry.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2)]])
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": {"name": "cell", "plane": {"z": 3}}},
        {"type": "Feature", "geometry": {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4, 5]]}, "properties": None},
    ]
    features.append({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2], "plane": {"z": 7}}})
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.warns(rv.LossWarning, match="1 holes of feature 0 are left out"):
        found = rv.import_annotations(tmp_path / "a.geojson")  # voxels need no volume
    assert [one.kind for one in found] == ["polygon", "point", "point", "point"]
    assert (found[0].name, found[0].voxel) == ("cell", ((3, 0, 0), (3, 0, 9), (3, 9, 9), (3, 9, 0)))
    assert [one.voxel for one in found[1:]] == [(0, 2, 1), (5, 4, 3), (7, 2, 1)]


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (".mrk.json", "fields of one's own cannot be kept; 1 ellipsoid left out: 3D Slicer has no such markup"),
        (".csv", "1 ellipsoids become ellipses .*; 1 point left out: .*; 1 oriented box left out"),
        (".ng.json", "1 oriented box left out: neuroglancer has none"),
        (".precomputed", "names cannot be kept; 1 oriented box left out"),
    ],
)
def test_losses_are_told_by_name(tmp_path, ending, words):
    with pytest.warns(rv.LossWarning, match=words):
        rv.export_annotations(marks(), tmp_path / f"a{ending}", volume=VOLUME)


def test_annotations_of_an_instance_go_out_and_come_in(tmp_path, instance):
    rv.render_volume(np.zeros((40, 80, 120), "uint8"), instance, name="scan", voxel_size=SIZE, origin=ORIGIN, unit="µm")
    instance.annotations.extend([rv.Point(voxel=KNOWN, name="seed"), rv.Polygon(voxel=[(4, 10, 10), (4, 10, 20), (4, 25, 20)])])
    path = rv.export_annotations(instance.annotations, tmp_path / "a.mrk.json")  # its first volume is what counts
    np.testing.assert_allclose(json.loads(path.read_text())["markups"][0]["controlPoints"][0]["position"], np.array(WORLD) / 1000)
    added = instance.annotations.extend(rv.import_annotations(path, volume=instance.volumes["scan"]))
    assert [one.kind for one in added] == ["point", "polygon"]
    np.testing.assert_allclose(added[0].voxel, KNOWN, atol=1e-6)
    assert added[0].volume == "scan"
    assert len(instance.annotations) == 4


def test_the_command(tmp_path, capsys):
    source = write(tmp_path, ".mrk.json", marks()[:3])
    np.save(tmp_path / "scan.npy", np.zeros((40, 80, 120), "uint8"))
    (tmp_path / "scan.json").write_text("{}")
    target = str(tmp_path / "marks.ng.json")
    assert main(["annotations", "convert", str(source), target, "--volume", str(tmp_path / "scan.npy")]) == 0
    assert capsys.readouterr().out.strip() == target
    assert len(json.loads((tmp_path / "marks.ng.json").read_text())["layers"][0]["annotations"]) == 3
    assert main(["annotations", "convert", str(source), target, "--volume", str(tmp_path / "scan.npy")]) == 1
    assert "exists" in capsys.readouterr().err
    assert main(["annotations", "convert", str(source), str(tmp_path / "m.csv")]) == 1
    assert "napari counts in voxels, and no volume was given" in capsys.readouterr().err
    labels = rv.export_labels(np.eye(9, dtype="uint8")[None], tmp_path / "l.nii", classes={1: "a"}, unit="mm", progress=False)
    assert main(["annotations", "convert", "--labels", str(labels), str(tmp_path / "l.seg.nrrd")]) == 0
    assert np.asarray(rv.import_labels(tmp_path / "l.seg.nrrd")).sum() == 9
    assert main(["annotations", "list"]) == 0
    assert "precomputed   .precomputed" in capsys.readouterr().out


def test_the_page_tells_of_every_format():
    page = (Path(__file__).parents[2] / "docs" / "annotation_formats.md").read_text("utf-8")
    for one in (*ANNOTATION_FORMATS, *LABEL_FORMATS):
        assert all(f"`{ending}`" in page for ending in one.endings if ending not in {".nrrd", ".neuroglancer.json"}), one.name
