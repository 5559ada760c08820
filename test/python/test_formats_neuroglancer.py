"""Annotations to neuroglancer and back: its state and its precomputed files, read and written by its own library."""

from __future__ import annotations

import json

import neuroglancer
import numpy as np
import pytest
from neuroglancer.read_precomputed_annotations import AnnotationReader
from neuroglancer.write_annotations import AnnotationWriter

import voxbeam as rv
from format_marks import KNOWN, ORIGIN, SIZE, VOLUME, WORLD, marks, write
from voxbeam.formats.spatial_index import spatial_levels


def test_a_box_has_the_faces_of_its_voxels_in_neuroglancer(tmp_path):
    box = rv.Box((4, 33, 71), (5, 34, 72), volume="scan").placed(VOLUME)
    path = write(tmp_path, ".ng.json", [box, marks()[0]], volume=rv.open(np.zeros((9, 9, 9)), voxel_size=SIZE, unit="µm"))
    state = neuroglancer.ViewerState(json.loads(path.read_text()))
    layer = state.layers["annotations"]
    assert layer.type == "annotation"
    assert (state.dimensions.scales.tolist(), state.dimensions.units) == ([0.25e-6, 0.5e-6, 2e-6], ("m", "m", "m"))
    shift = np.array([-30 / 0.25, 20 / 0.5, 10 / 2])  # the world's zero is the centre of voxel 0 of a volume at 0
    held = {one.type: one for one in layer.annotations}
    np.testing.assert_allclose(held["axis_aligned_bounding_box"].point_a, np.array([71, 33, 4]) + shift)
    np.testing.assert_allclose(held["axis_aligned_bounding_box"].point_b, np.array([72, 34, 5]) + shift)
    np.testing.assert_allclose(held["point"].point, np.array([71.5, 33.5, 4.5]) + shift)
    assert held["point"].description == 'seed "1", <i>ü</i>'
    specs = {spec.id: spec for spec in layer.annotation_properties}
    assert list(specs["class"].enum_labels) == ["", "void & <b>"]
    assert [spec.id for spec in layer.annotation_properties] == ["score", "count", "class", "color"]
    assert list(held["point"].props) == [0.5, 3, 1, "#12ab9f"]


def test_a_state_that_neuroglancer_writes_is_read(tmp_path):
    state = neuroglancer.ViewerState()
    state.dimensions = neuroglancer.CoordinateSpace(names=["x", "y", "z"], units="nm", scales=[250, 500, 2000])
    points = [neuroglancer.PointAnnotation(id="a", point=[71.5, 33.5, 4.5], description="here")]
    points += [neuroglancer.EllipsoidAnnotation(id="b", center=[1.5, 1.5, 1.5], radii=[4, 2, 1])]
    ring = [[0.5, 0.5, 0.5], [4.5, 0.5, 0.5], [4.5, 8.5, 0.5], [0.5, 0.5, 0.5]]
    points += [neuroglancer.PolyLineAnnotation(id="c", points=ring)]
    state.layers["marks"] = neuroglancer.LocalAnnotationLayer(dimensions=state.dimensions, annotations=points)
    state.layers["far"] = neuroglancer.AnnotationLayer(source="precomputed://https://nowhere.example/a")
    path = tmp_path / "state.ng.json"
    path.write_text(json.dumps(state.to_json()))
    with pytest.warns(rv.LossWarning, match="'far' names annotations that lie elsewhere"):
        found = rv.import_annotations(path)
    assert [one.kind for one in found] == ["point", "ellipsoid", "polygon"]
    np.testing.assert_allclose(found[0].world, (71 * 250, 33 * 500, 4 * 2000))  # nm, where no volume says another unit
    assert found[0].name == "here"
    assert found[1].radii == (1000, 1000, 2000)
    np.testing.assert_allclose(found[2].world, [(0, 0, 0), (1000, 0, 0), (1000, 4000, 0)])
    at_zero = rv.open(np.zeros((9, 9, 9)), voxel_size=SIZE, unit="µm")
    with pytest.warns(rv.LossWarning, match="lie elsewhere"):
        placed = rv.import_annotations(path, volume=at_zero)[0].placed(at_zero.sources[0])
    np.testing.assert_allclose(placed.voxel, KNOWN, atol=1e-6)


def test_neuroglancers_reader_reads_precomputed_annotations(tmp_path):
    path = write(tmp_path, ".precomputed", marks())
    found = {}
    for folder in sorted(path.iterdir()):
        reader = AnnotationReader(f"file://{folder}/")
        assert reader.annotation_type == folder.name
        found[folder.name] = [reader.by_id[number] for number in range(2 if folder.name == "polyline" else 1)]
        spatial = reader.spatial[0][(0, 0, 0)]
        assert sorted(one.id for one in spatial) == sorted(one.id for one in found[folder.name])
        classes = [spec for spec in reader.properties if spec.id == "class"]
        assert list(classes[0].enum_labels) == ["void & <b>"]
    shift = np.array([-120, 40, 5])
    np.testing.assert_allclose(found["point"][0].point, np.array([71.5, 33.5, 4.5]) + shift)
    np.testing.assert_allclose(found["axis_aligned_bounding_box"][0].point_a, np.array([20, 10, 4]) + shift)
    np.testing.assert_allclose(found["axis_aligned_bounding_box"][0].point_b, np.array([50, 30, 5]) + shift)
    np.testing.assert_allclose(found["ellipsoid"][0].radii, [8, 6, 3], rtol=1e-6)
    assert [len(one.points) for one in found["polyline"]] == [3, 4]
    assert np.asarray(found["point"][0].props[-1]).tolist() == [0x12, 0xAB, 0x9F]


def test_what_neuroglancers_writer_writes_is_read(tmp_path):
    space = neuroglancer.CoordinateSpace(names=["x", "y", "z"], units="um", scales=[0.25, 0.5, 2])
    specs = [
        neuroglancer.AnnotationPropertySpec(id="tone", type="rgba"),
        neuroglancer.AnnotationPropertySpec(id="size", type="float32"),
        neuroglancer.AnnotationPropertySpec(id="what", type="uint8", enum_values=[0, 7], enum_labels=["no", "yes"]),
    ]
    for kind in ("point", "polyline"):
        writer = AnnotationWriter(space, kind, properties=specs)
        for n in range(5):
            at = [71.5 + n, 33.5, 4.5]
            said = {"id": 9 - n, "tone": "#10203040", "size": n / 2, "what": 7 * (n % 2)}
            if kind == "point":
                writer.add_point(at, **said)
            else:
                writer.add_polyline([at, [1, 2, 3]], **said)
        writer.write(tmp_path / f"{kind}.precomputed")
    found = rv.import_annotations(tmp_path / "point.precomputed", volume=VOLUME)
    assert len(found) == 5
    np.testing.assert_allclose(found[4].world, np.array(WORLD) - np.array(ORIGIN[::-1]), atol=1e-5)
    assert (found[4].color, found[4].props) == ("#102030", {"size": 0.0, "what": "no"})
    assert found[3].props == {"size": 0.5, "what": "yes"}
    lines = rv.import_annotations(tmp_path / "polyline.precomputed", volume=VOLUME)
    assert [one.kind for one in lines] == ["polyline"] * 5
    np.testing.assert_allclose(lines[4].world[0], found[4].world)


def test_many_points_are_shared_out_over_levels(tmp_path):
    at = np.random.default_rng(2).random((9000, 3)) * (1000, 100, 10)
    levels = spatial_levels(at, at, at.min(axis=0), at.max(axis=0), limit=500)
    assert [one.grid for one in levels[:3]] == [(1, 1, 1), (2, 1, 1), (4, 1, 1)]
    assert len(levels) > 3
    assert max(one.limit for one in levels) <= 700
    held = [index for level in levels for members in level.cells.values() for index in members]
    assert sorted(held) == list(range(9000))  # points: each in one cell of one level
    points = [rv.Point(world=tuple(one)) for one in at[:2500]]
    path = write(tmp_path, ".precomputed", points)
    assert len(json.loads((path / "info").read_text())["spatial"]) > 1
    found = rv.import_annotations(path, volume=VOLUME)
    np.testing.assert_allclose([one.world for one in found], at[:2500], rtol=1e-5, atol=1e-3)
