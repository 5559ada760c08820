"""Where a view looks, as traits and as bookmarks, against a real sidecar."""

from __future__ import annotations

import base64
import json
import re
import time
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np
import pytest
import traitlets

import voxbeam as rv
from voxbeam.errors import ParameterError
from voxbeam.instance import Instance
from voxbeam.widget import VolumeView

SHARED_SIDECAR = True
CAMERA = {"target": [1.0, 2.0, 3.0], "distance": 50.0, "yaw": 0.5, "pitch": -0.25}


@pytest.fixture
def view(instance):
    view = VolumeView(instance)
    yield view
    view.close()


def test_traits_take_what_is_meant_and_give_plain_numbers(view):
    assert (view.camera, view.cross, view.clip, view.light, view.measurements) == ({}, [], {}, [], [])
    view.camera = {**CAMERA, "target": (1, 2, 3)}
    assert view.camera == CAMERA
    view.cross = (1, 2.5, np.float32(3))
    assert view.cross == [1.0, 2.5, 3.0]
    view.clip = {"box": {"min": np.zeros(3), "max": (4, 5, 6)}, "planes": [{"normal": (0, 0, 2)}]}
    assert view.clip["box"] == {"min": [0.0] * 3, "max": [4.0, 5.0, 6.0]}
    assert view.clip["planes"] == [{"normal": [0.0, 0.0, 2.0], "offset": 0.0}]
    view.measurements = [{"start": (0, 0, 0), "end": (3, 4, 0)}]
    assert view.measurements[0]["length"] == 5.0
    view.planes = {"axial": "textured", "cut": True}
    assert view.planes == {"axial": "textured", "cut": True}
    view.clip, view.light, view.measurements, view.camera = {}, [], [], {}
    assert (view.slab, view.turn, view.slice_frame, view.views) == ({}, [], {}, "four")
    view.slab = {"thickness": np.int64(30), "mode": "max"}
    assert view.slab == {"thickness": 30.0, "mode": "max"}
    view.slab = {"thickness": 2}
    assert view.slab == {"thickness": 2.0, "mode": "mean"}
    view.slab = {"thickness": 0}
    assert view.slab == {}
    view.turn = (0, 0, 2, 2)
    assert view.turn == pytest.approx([0, 0, 0.5**0.5, 0.5**0.5])
    turned = list(view.turn)
    view.turn = turned
    assert view.turn == turned
    view.slice_frame = {"pixel_size": 0.5}
    assert view.slice_frame == {"pixel_size": 0.5}
    view.turn, view.slice_frame = [], {}


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("camera", {"target": (0, 0, 0)}, "no 'distance'"),
        ("camera", {**CAMERA, "distance": 0}, "distance is 0"),
        ("camera", {**CAMERA, "pitch": 2}, "pitch is 2"),
        ("camera", {**CAMERA, "zoom": 2}, "'zoom'"),
        ("camera", {**CAMERA, "target": (0, float("nan"), 0)}, "3 finite"),
        ("cross", [1, 2], "3 finite"),
        ("clip", {"box": {"min": (0, 0, 0), "max": (1, 0, 1)}}, "above"),
        ("policy", "hasty", "'exploration', 'playback', 'low-bandwidth', 'no-prefetch'"),
        ("policy", "exploration:prefetch,prefetch", "orders 'prefetch', which is unknown or there twice"),
        ("policy", "exploration:soon", "Order some of 'visible-coarse', 'visible-fine', 'prefetch', 'other-times'"),
        ("policy", "playback:", "orders ''"),
        ("clip", {"planes": [{"normal": (0, 0, 0)}]}, "direction"),
        ("clip", {"planes": [{"normal": (0, 0, 1)}] * 5}, "5 planes"),
        ("light", [0, 0, 0], "direction"),
        ("planes", {"axial": "thick"}, "'none', 'outline', 'textured'"),
        ("planes", {"front": "none"}, "'front'"),
        ("planes", {"cut": 1}, "True or False"),
        ("measurements", [{"start": (0, 0, 0)}], "end"),
        ("slab", {"thickness": -1}, "thickness is -1"),
        ("slab", {"mode": "max"}, "thickness is"),
        ("slab", {"thickness": 1, "mode": "sum"}, "'mean', 'max', 'min'"),
        ("slab", {"depth": 1}, "'depth'"),
        ("turn", [0, 0, 1], "4 finite"),
        ("turn", [0, 0, 0, 0], "quaternion"),
        ("slice_frame", {"pixel_size": 0}, "pixel_size is 0"),
        ("slice_frame", {"center": (1, 2)}, "3 finite"),
        ("slice_frame", {"zoom": 2}, "'zoom'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_changes_nothing(view, trait, value, words):
    before = getattr(view, trait)
    with pytest.raises(ParameterError, match=words):
        setattr(view, trait, value)
    assert getattr(view, trait) == before


def test_a_link_holds_the_view_behind_a_ticket_of_its_own(view):
    view.cross, view.slab, view.views = (1, 2, 3), {"thickness": 4}, "slices"
    address, _, text = view.link().partition("&view=")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{43}", address)
    assert view.link().partition("&view=")[0] != address
    fields = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert (fields["cross"], fields["slab"], fields["views"]) == ([1, 2, 3], {"thickness": 4, "mode": "mean"}, "slices")
    assert list(fields) == ["views", "camera", "cross", "clip", "light", "time", "planes", "slab", "turn", "slice_frame"]


@pytest.mark.parametrize("role", ["edit", "view"])
def test_a_link_lets_in_for_the_role_that_was_asked_for(view, role):
    address = urlsplit(view.link(role))
    ticket = address.fragment.partition("&")[0]
    origin = f"http://{address.netloc}"
    headers = {"Content-Type": "application/json", "Origin": origin}
    request = Request(f"{origin}/v1/session", json.dumps({"ticket": ticket}).encode(), headers)
    with urlopen(request, timeout=60) as answer:
        assert json.load(answer)["role"] == role


def test_a_role_that_no_page_has_is_refused(view):
    with pytest.raises(ParameterError, match=r"role is 'owner'.*'edit', 'view'"):
        view.link("owner")


def test_a_policy_in_another_order_is_set_by_its_text(view):
    order = ["prefetch", "visible-coarse", "visible-fine"]
    view.policy = rv.loading_policy("low-bandwidth", order=order)
    assert view.policy == "low-bandwidth:prefetch,visible-coarse,visible-fine"
    assert rv.loading_policy("playback") == "playback"
    with pytest.raises(ParameterError, match="'hasty:prefetch"):
        rv.loading_policy("hasty", order=order)


def test_linked_views_follow_each_other_and_settle(instance):
    one, two = VolumeView(instance), VolumeView(instance)
    changes = []
    link = traitlets.link((one, "camera"), (two, "camera"))
    two.observe(lambda change: changes.append(change["new"]), "camera")
    one.camera = CAMERA
    assert two.camera == CAMERA
    two.camera = {**CAMERA, "yaw": 1.0}
    assert one.camera["yaw"] == 1.0
    assert len(changes) == 2
    link.unlink()
    one.close()
    two.close()


def test_bookmarks_are_shared_named_and_gone_to(view, sidecar):
    view.camera, view.clip = CAMERA, {"planes": [{"normal": (1, 0, 0), "offset": 4}]}
    saved = view.save_view("front")
    assert saved.view["camera"] == CAMERA
    assert "cross" not in saved.view
    other = Instance(sidecar.host, sidecar.port, sidecar.token)
    end = time.monotonic() + 60
    while [b.name for b in other.bookmarks] != ["front"]:
        assert time.monotonic() < end, other.bookmarks
        time.sleep(0.02)
    other.close()
    view.camera, view.clip = {**CAMERA, "yaw": 3.0}, {}
    # What was empty comes back empty.
    view.slab, view.turn, view.planes = {"thickness": 3}, (0, 1, 0, 0), {"axial": "outline"}
    view.views = "slices"
    view.go_to("front")
    assert (view.camera["yaw"], view.clip["planes"][0]["offset"]) == (0.5, 4.0)
    assert (view.slab, view.turn, view.planes, view.views) == ({}, [], {}, "four")
    slices = {"slab": {"thickness": 8, "mode": "min"}, "turn": (0, 2, 0, 0), "slice_frame": {"pixel_size": 2}}
    thick = view.bookmarks.add("thick", **slices, time=3, layout="slices")
    view.go_to("thick")
    assert (view.slab, view.turn) == ({"thickness": 8.0, "mode": "min"}, [0.0, 1.0, 0.0, 0.0])
    assert view.slice_frame == {"pixel_size": 2.0}
    assert (view.time, view.views, view.camera["yaw"]) == (3, "slices", 0.5)
    view.bookmarks.remove(thick)
    with pytest.raises(ParameterError, match="time is -1"):
        view.bookmarks.add("back", time=-1)
    with pytest.raises(ParameterError, match="'front'"):
        view.bookmarks.add("front")
    with pytest.raises(ParameterError, match="'zoom'"):
        view.bookmarks.add("back", zoom=1)
    with pytest.raises(ParameterError, match="layout"):
        view.bookmarks.add("back", layout="five")
    view.bookmarks.rename("front", "left")
    with pytest.raises(KeyError, match="'left'"):
        view.go_to("front")
    second = view.bookmarks.add("second", light=(0, 0, 1), planes={"coronal": "outline"}, layout="volume")
    assert view.bookmarks[1] == second
    assert repr(view.bookmarks) == "<Bookmarks: left, second>"
    view.bookmarks.remove("left")
    view.bookmarks.remove(second)
    assert len(view.bookmarks) == 0


def test_bookmarks_that_others_wrote_badly_are_left_out(view, instance):
    instance._sync_scene()
    instance._scene.bookmarks.put({"x": {"name": "broken", "view": 3}, "y": {"name": "fine", "view": {}, "created": "2026"}})
    assert [b.name for b in view.bookmarks] == ["fine"]


def test_what_is_picked_is_told_as_python_has_it(view):
    heard = []
    view.observe(lambda change: heard.append(change["new"]), "picked")
    view._picked = {"volume": "cells", "voxel": [1, 2, 3], "world": [3.0, 2.0, 1.0], "id": str(2**64 - 1)}
    point = {"volume": "beads", "world": [0.5, 1.0, 2.0], "value": 0.7, "point": 1234, "properties": {"speed": 2.5, "mass": None}}
    view._picked = point
    assert heard == [
        {"volume": "cells", "voxel": (1, 2, 3), "world": (3.0, 2.0, 1.0), "id": 2**64 - 1},
        {**point, "world": (0.5, 1.0, 2.0)},
    ]
