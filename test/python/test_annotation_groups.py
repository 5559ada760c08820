"""Classes, layers and files of a live instance's annotations, and lines of as many points as there may be."""

from __future__ import annotations

import numpy as np
import pytest

import voxbeam as rv
from conftest import until

BRAIN = np.arange(20 * 30 * 40, dtype="u2").reshape(20, 30, 40)


def test_classes_are_a_palette_with_counts(pair):
    mine, theirs = pair
    mine.classes["void"] = "#111111"
    a = mine.add(rv.Point(voxel=(1, 1, 1), label="void"))
    b = mine.add(rv.Point(voxel=(1, 1, 1), label="crack"))
    mine.add(rv.Point(voxel=(1, 1, 1), label="crack", color="#222222"))
    assert (a.color, mine.classes["crack"]) == ("#111111", b.color)
    until(lambda: theirs.classes.counts() == {"void": 1, "crack": 2})
    assert list(theirs.classes.items()) == [("void", "#111111"), ("crack", b.color)]
    theirs.classes["void"] = "#333333"
    until(lambda: mine.classes["void"] == "#333333")
    theirs.update(b.id, label="void")
    del theirs.classes["crack"]
    until(lambda: mine.classes.counts() == {"void": 2, "crack": 1})
    assert "&lt;i&gt;" in (mine.classes.update({"<i>": "#444444"}) or mine.classes)._repr_html_()
    for call, error in (
        (lambda: mine.classes["none"], KeyError),
        (lambda: mine.classes.__delitem__("none"), KeyError),
        (lambda: mine.classes.__setitem__("x", "red"), rv.ParameterError),
        (lambda: mine.classes.__setitem__("", "#000000"), rv.ParameterError),
        (lambda: mine.classes.__setitem__("x" * 201, "#000000"), rv.ParameterError),
    ):
        with pytest.raises(error):
            call()
    mine.extend([rv.Point(voxel=(1, 1, 1), label=f"c{n}") for n in range(300)])
    assert len(mine.classes) == 256
    with pytest.raises(rv.ParameterError, match="256"):
        mine.classes["one more"] = "#000000"


def test_layers_are_hidden_and_locked_together(pair):
    mine, theirs = pair
    vessels = mine.layers.add("vessels", color="#00ff00")
    point = mine.add(rv.Point(voxel=(1, 1, 1), layer="vessels", name="p"))
    other = mine.add(rv.Point(voxel=(1, 1, 1)))
    assert (point.layer, other.layer) == (vessels.id, "")
    until(lambda: theirs.layers.counts() == {"": 1, vessels.id: 1})
    assert [layer.name for layer in theirs.layers] == ["Annotations", "vessels"]
    assert theirs.layers.update("vessels", locked=True, visible=False) == theirs.layers[1]
    until(lambda: mine.layers["vessels"].locked)
    for call in (lambda: mine.update(point, name="q"), lambda: mine.remove("p"), mine.clear):
        with pytest.raises(rv.ParameterError, match="'p' is on the layer 'vessels', which is locked"):
            call()
    assert len(mine) == 2
    for call, error in (
        (lambda: mine.add(rv.Point(voxel=(1, 1, 1), layer="none")), rv.ParameterError),
        (lambda: mine.layers.add("vessels"), rv.ParameterError),
        (lambda: mine.layers.add(""), rv.ParameterError),
        (lambda: mine.layers.update("vessels", hidden=True), TypeError),
        (lambda: mine.layers.update("vessels", visible=1), rv.ParameterError),
        (lambda: mine.layers.update("vessels", color="red"), rv.ParameterError),
        (lambda: mine.layers.update("vessels", order=float("nan")), rv.ParameterError),
        (lambda: mine.layers.remove(""), rv.ParameterError),
        (lambda: mine.layers["none"], KeyError),
    ):
        with pytest.raises(error):
            call()
    mine.layers.update("", name="marks", order=5)
    assert [layer.name for layer in mine.layers] == ["vessels", "marks"]
    mine.layers.remove(vessels)
    mine.update(point, name="q", layer="")
    assert mine.layers.counts() == {"": 2}


def test_what_was_saved_is_loaded_with_its_ids(pair, tmp_path):
    mine, theirs = pair
    layer = mine.layers.add("vessels")
    mine.classes["void"] = "#111111"
    mine.extend([
        rv.Ellipsoid(voxel=(4, 5, 6), voxel_axes=(3, 4, 5), name="a", label="void", color="#222222", props={"n": 1}),
        rv.Line(voxel=[(0, 0, 0), (1, 1, 1)], name="b", layer="vessels", author="ann"),
    ])
    mine.update("a", props={"n": 2})
    before = list(mine)
    for name in ("marks.json", "marks.arrow"):
        mine.save(tmp_path / name)
        with pytest.raises(rv.ParameterError, match="2 of 2 clash"):
            mine.load(tmp_path / name)
        with pytest.raises(rv.ParameterError, match="clash is 'merge'"):
            mine.load(tmp_path / name, clash="merge")
        mine.update("a", name="changed", props={"more": True})
        assert mine.load(tmp_path / name, clash="replace") == before == list(mine)
        mine.clear()
        mine.layers.remove(layer)
        del mine.classes["void"]
        assert mine.load(tmp_path / name) == before == list(mine)
        assert (mine.layers["vessels"], mine.classes["void"]) == (layer, "#111111")
    until(lambda: list(theirs) == before)
    renamed = theirs.load(tmp_path / "marks.json", clash="rename")
    until(lambda: len(mine) == 4)
    assert {a.id for a in renamed}.isdisjoint(a.id for a in before)
    assert [a.created for a in renamed] == [a.created for a in before]
    twice = [rv.Point(world=(0, 0, 0), id="same"), rv.Point(world=(0, 0, 0), id="same")]
    for clash in ("refuse", "replace"):
        with pytest.raises(rv.ParameterError, match="'same' is another"):
            mine.merge(twice, clash)
    assert len(mine) == 4
    assert mine.to_geojson(0)["features"][0]["properties"]["name"] == "b"
    assert mine.to_pandas()["props.n"].dropna().tolist() == [2, 2]
    crop = mine["a" if len(mine) < 4 else before[0].id].crop(BRAIN)
    assert crop.shape == (7, 9, 11)


def test_large_paths_are_sent_in_several_steps(pair):
    mine, theirs = pair
    path = np.random.default_rng(1).random((16_384, 3)) * 20
    mine.extend([rv.Polyline(voxel=path, name=f"n{n}") for n in range(8)])
    until(lambda: len(theirs) == 8, 60)
    assert theirs["n7"].world == mine["n7"].world
