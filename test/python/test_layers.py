"""The layers of a live instance: typed settings, strict values, the same for every kernel, whoever changes them."""

from __future__ import annotations

import re
import threading
import time

import numpy as np
import pytest

import voxbeam as rv
from conftest import until
from voxbeam.instance import Instance
from voxbeam.look import LOOK, read_setting

SHARED_SIDECAR = True
CT = np.arange(20 * 30 * 40, dtype="u2").reshape(20, 30, 40)
CELLS = (CT % 7).astype("u4")


@pytest.fixture
def pair(instance, sidecar):
    """The layers of one instance with an image and labels, as two clients have them."""
    rv.render_volume(CT, instance, name="ct", window=(10, 500), colormap="bone")
    rv.render_volume(CELLS, instance, name="cells", kind="labels")
    other = Instance(sidecar.host, sidecar.port, sidecar.token)
    yield instance.layers, other.layers
    other.close()


def test_layers_are_a_mapping_by_volume_name_with_what_the_volume_said(pair):
    mine, theirs = pair
    assert list(mine) == ["ct", "cells"] == list(theirs)
    assert len(mine) == 2
    ct, cells = mine["ct"], mine["cells"]
    assert (ct.kind, ct.window, ct.colormap, ct.mode, ct.opacity) == ("image", (10, 500), "bone", "dvr", 1)
    assert (cells.kind, cells.window, cells.colormap, cells.opacity) == ("labels", None, "labels", 0.5)
    assert set(ct.settings()) == set(LOOK)
    with pytest.raises(KeyError, match="no layer 'brain'; it has 'ct', 'cells'"):
        mine["brain"]
    assert "brain" not in mine


EVERYTHING = {
    "visible": False,
    "opacity": 0.25,
    "order": 7.0,
    "window": (-5.0, 1000.5),
    "colormap": "RdBu_r",
    "points": ((0.0, 0.0), (0.4, 0.0), (0.5, 1.0), (1.0, 0.2)),
    "gamma": 2.5,
    "log": True,
    "mode": "iso",
    "iso": 0.75,
    "shading": "scattering",
    "blend": "additive",
    "transform": {"translate": (1.0, 2.0, 3.0), "rotate": (0.0, 0.0, 1.0, 0.0), "scale": (2.0, 2.0, 2.0)},
    "shader": "vec4 shade(Sample s) { return s.color; }",
    "uniforms": {"gain": 1.5},
    "label_style": "outline",
    "label_colors": {5: "#ff0000", 2**64 - 1: "#00ff00"},
    "selected": (3, 2**63 + 1),
    "isolate": True,
    "radius": 2.0,
    "range": (0.0, 9.0),
}


def test_every_setting_arrives_at_the_other_client_as_it_was_set(pair):
    mine, theirs = pair
    assert set(EVERYTHING) == set(LOOK)
    for name, value in EVERYTHING.items():
        setattr(mine["ct"], name, value)
        assert getattr(mine["ct"], name) == value
    until(lambda: theirs["ct"].settings() == EVERYTHING)
    assert theirs["ct"].settings() == EVERYTHING
    theirs["ct"].reset("window", "selected")
    until(lambda: mine["ct"].window is None)
    until(lambda: mine["ct"].selected == ())
    assert mine["ct"].gamma == 2.5
    cells = mine["cells"].set(opacity=0.1, mode="mip").reset()
    assert (cells.opacity, cells.colormap, cells.mode, cells.order) == (0.5, "labels", "dvr", 1000)


def test_several_settings_are_one_step_for_who_listens(pair):
    mine, theirs = pair
    events, done = [], threading.Event()

    def heard(event: rv.LayerEvent) -> None:
        events.append(event)
        if event.settings.get("opacity") == 0.5:
            done.set()

    stop = theirs["ct"].on_change(heard)
    assert mine["ct"].set(mode="mip", gamma=2, window=np.array([1, 2])) is not None
    mine["cells"].visible = False
    theirs["ct"].opacity = 0.5
    assert done.wait(60)
    until(lambda: len(events) == 2)
    assert {event.origin: event.settings for event in events} == {
        "remote": {"mode": "mip", "gamma": 2.0, "window": (1.0, 2.0)},
        "local": {"opacity": 0.5},
    }
    assert {(event.kind, event.name) for event in events} == {("changed", "ct")}
    stop()
    until(lambda: mine["ct"].opacity == 0.5)  # what is equal to the value known here is not written
    mine["ct"].opacity = 1
    until(lambda: theirs["ct"].opacity == 1)
    time.sleep(0.05)
    assert len(events) == 2


WRONG = [
    ("opacity", 1.5, "opacity is 1.5. Give a number from 0 to 1."),
    ("opacity", "half", "opacity is 'half'."),
    ("opacity", float("nan"), "opacity is nan."),
    ("visible", 1, "visible is 1. Give True or False."),
    ("window", (5, 1), "window is (5, 1). Give two finite numbers, the lower one first, or None."),
    ("window", 3, "window is 3."),
    ("colormap", "virdis", "colormap is 'virdis'. Did you mean 'viridis'?"),
    ("colormap", "#12345", "colormap is '#12345'."),
    ("points", [(0, 0)], "points is [(0, 0)]. Give 2 to 64 pairs"),
    ("points", [(0, 0), (1, 2)], "points is [(0, 0), (1, 2)]."),
    ("gamma", 0, "gamma is 0. Give a number from 0.05 to 20."),
    ("mode", "MIP", "mode is 'MIP'. Give one of 'dvr', 'mip', 'minip', 'mean', 'iso'."),
    ("shading", None, "shading is None. Give one of 'none', 'local', 'scattering', 'occlusion'."),
    ("order", float("inf"), "order is inf. Give a finite number."),
    ("transform", {"scale": 0}, "transform['scale'] is 0. Give factors above 0."),
    ("transform", {"shift": 0}, "transform is {'shift': 0}. Give None, or a dict of translate"),
    ("transform", {"rotate": (0, 0, 0, 0)}, "Give a quaternion"),
    ("shader", "x" * 70_000, "Give GLSL as text of at most 65536 characters"),
    ("uniforms", {"1a": 2}, "a name in uniforms is '1a'."),
    ("uniforms", {"a": None}, "uniforms['a'] is None. Give a finite number."),
    ("selected", [1.5], "selected is 1.5. Give ids as whole numbers"),
    ("selected", [-1], "selected is -1."),
    ("selected", range(5000), "selected is '5000 ids'. Select at most 4096."),
    ("label_colors", {1: "red"}, "a colour in label_colors is 'red'. Give '#rrggbb'."),
    ("radius", 0, "radius is 0."),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(WRONG)])
def test_a_value_that_makes_no_sense_is_named_with_its_remedy(name, value, message):
    with pytest.raises(rv.ParameterError) as caught:
        LOOK[name].check(name, value)
    assert message in str(caught.value)


def test_nothing_is_changed_by_a_call_with_one_wrong_value_or_name(pair):
    layer = pair[0]["ct"]
    before = layer.settings()
    with pytest.raises(rv.ParameterError, match="gamma is -1"):
        layer.set(mode="mip", gamma=-1)
    with pytest.raises(TypeError, match=re.escape("set() got an unexpected keyword argument 'gama'; did you mean 'gamma'?")):
        layer.set(mode="mip", gama=2)
    with pytest.raises(AttributeError, match="no setting 'color_map'; did you mean 'colormap'"):
        layer.color_map = "gray"
    with pytest.raises(AttributeError, match="the kind of a layer cannot be set"):
        layer.kind = "labels"
    assert layer.settings() == before


def test_what_others_wrote_wrongly_reads_as_the_default():
    assert read_setting("opacity", "solid") == 1
    assert read_setting("points", [[0, 0]]) == ((0, 0), (0.15, 0), (1, 0.8))
    assert read_setting("window", [3, 1]) is None
    assert read_setting("selected", ["7", "x"]) == ()
    assert read_setting("mode", "hologram") == "dvr"


def test_settings_are_keywords_of_render_volume_and_view(instance):
    rv.render_volume(CT, instance, name="a", mode="mip", shading="none", opacity=0.5)
    layer = instance.layers["a"]
    assert (layer.mode, layer.shading, layer.opacity) == ("mip", "none", 0.5)
    with rv.view(CT, instance, name="b", mode="iso", iso=0.25) as view:
        assert (view.layers["b"].mode, view.layers["b"].iso) == ("iso", 0.25)
    with pytest.raises(TypeError, match="unexpected keyword argument 'shade'; did you mean 'shader'"):
        rv.render_volume(CT, instance, name="c", shade="none")
    with pytest.raises(rv.ParameterError, match="mode is 'xray'"):
        rv.view(CT, instance, name="c", mode="xray")
    with pytest.raises(rv.ParameterError, match="Did you mean 'magma'"):
        rv.render_volume(CT, instance, name="c", colormap="magna")
    with pytest.raises(rv.ParameterError, match="settings mode were given without a volume"):
        rv.view(instance=instance, mode="mip")
    assert "c" not in instance.volumes


def test_ids_beyond_32_bits_are_in_the_description_and_come_back(instance, sidecar):
    wide = CT.astype("u8") % 3 + 2**40
    rv.render_volume(wide, instance, name="wide", kind="labels", selected=[2**40 + 1])
    other = Instance(sidecar.host, sidecar.port, sidecar.token)
    try:
        assert other.volumes["wide"].description.ids == (0, 2**40, 2**40 + 1, 2**40 + 2)
        assert other.layers["wide"].selected == (2**40 + 1,)
    finally:
        other.close()


def test_a_layer_goes_with_its_volume(pair, instance):
    mine, _ = pair
    layer = mine["ct"]
    instance.remove_volume("ct")
    until(lambda: list(mine) == ["cells"])
    assert repr(layer) == "<Layer 'ct', its volume is gone>"
    with pytest.raises(KeyError, match="no layer 'ct'"):
        layer.mode = "mip"


def test_layers_say_what_differs_and_names_stay_text(instance):
    rv.render_volume(CT, instance, name="<b>ct</b>", gamma=2, selected=[1, 2], isolate=True)
    layer = instance.layers["<b>ct</b>"]
    words = "window auto, colormap gray, mode dvr, shading local, blend over, gamma 2, 2 ids selected, isolated"
    assert repr(layer) == f"<Layer '<b>ct</b>' image: {words}>"
    assert repr(instance.layers) == "<Layers: '<b>ct</b>'>"
    page = instance.layers._repr_html_()
    assert "&lt;b&gt;ct&lt;/b&gt;" in page
    assert "<b>" not in page
    assert words in page
