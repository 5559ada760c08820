"""Annotations of a live instance: two Python processes' worth of clients see, edit and wait for the same marks."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import voxbeam as rv
from conftest import until

BRAIN = np.arange(20 * 30 * 40, dtype="u2").reshape(20, 30, 40)


def test_what_one_adds_the_other_has_with_voxels_and_world(pair):
    mine, theirs = pair
    point = mine.add(rv.Point(voxel=(4, 5, 6), name="seed"))
    assert re.fullmatch(r"[0-9a-f]{32}", point.id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", point.created)
    assert (point.world, point.volume, point.color) == ((33, 25, 18), "brain", "#ffb000")
    assert point.author
    box = mine.add(rv.Box(world=((29.75, 19.5, 9), (30.75, 21.5, 13)), name="region", color="#00ff00"))
    assert box.slices == (slice(0, 2), slice(0, 2), slice(0, 2))
    until(lambda: len(theirs) == 2)
    assert list(theirs) == [point, box] == list(mine)
    assert BRAIN[theirs["region"].slices].shape == (2, 2, 2)


def test_a_collection_is_read_by_position_id_and_name(pair):
    mine, _ = pair
    a, b, c = mine.extend([rv.Point(world=(n, 0, 0), name=name) for n, name in enumerate("abb")])
    assert (mine[0], mine[-1], mine[a.id], mine["a"]) == (a, c, a, a)
    assert mine[:2] == [a, b]
    assert a in mine
    assert a.id in mine
    assert "nothing" not in mine
    assert repr(mine) == "<Annotations: 3 points, 0 boxes>"
    with pytest.raises(KeyError, match="2 annotations have the name"):
        mine["b"]
    with pytest.raises(KeyError, match="no annotations have the name or id 'z'"):
        mine["z"]
    with pytest.raises(IndexError):
        mine[3]
    assert "<table>" in mine._repr_html_()
    assert mine.to_pandas().loc[a.id, "name"] == "a"
    assert mine.to_table().num_rows == 3


def test_updates_change_only_what_they_name(pair):
    mine, theirs = pair
    point = mine.add(rv.Point(voxel=(1, 1, 1), name="p", color="#123456"))
    until(lambda: point.id in theirs)
    moved = theirs.update(point.id, voxel=(2, 2, 2))
    assert moved.world == (31, 22, 14)
    until(lambda: mine["p"].voxel == (2, 2, 2))
    mine.update("p", name="q", world=(30, 20, 10))
    until(lambda: "q" in [a.name for a in theirs])
    assert (theirs["q"].voxel, theirs["q"].color, theirs["q"].id) == ((0, 0, 0), "#123456", point.id)
    box = mine.add(rv.Box((0, 0, 0), (4, 4, 4), name="box"))
    assert mine.update(box, stop=(8, 8, 8)).slices == (slice(0, 8),) * 3
    for call, error in (
        (lambda: mine.update(box, voxel=(1, 1, 1)), TypeError),
        (lambda: mine.update(box, colour="#000000"), TypeError),
        (lambda: mine.update(box, color="black"), rv.ParameterError),
        (lambda: mine.update(box, start=(0, 0, 0), world=((0, 0, 0), (1, 1, 1))), rv.ParameterError),
        (lambda: mine.update(box, volume="none"), rv.ParameterError),
        (lambda: mine.update("nobody", name="x"), KeyError),
        (lambda: mine.remove("nobody"), KeyError),
        (lambda: mine.remove(rv.Point(world=(0, 0, 0))), rv.ParameterError),
        (lambda: mine.add(rv.Point(voxel=(0, 0, 0), volume="none")), rv.ParameterError),
        (lambda: mine.add((1, 2, 3)), TypeError),
    ):
        with pytest.raises(error):
            call()
    assert len(mine) == 2
    mine.remove("box")
    theirs.clear()
    until(lambda: len(mine) == 0)


def test_all_kinds_are_added_changed_and_read_by_others(pair):
    mine, theirs = pair
    added = mine.extend([
        rv.Line(voxel=[(0, 0, 0), (4, 5, 6)], name="line"),
        rv.Polyline(voxel=[(0, 0, 0), (4, 5, 6), (7, 8, 9)], name="polyline"),
        rv.Polygon(voxel=[(1, 0, 0), (1, 0, 4), (1, 4, 4)], name="polygon"),
        rv.OrientedBox(world=(32, 22, 14), radii=(1, 2, 3), rotation=(0, 0, 0.6, 0.8), name="oriented"),
        rv.Ellipsoid(voxel=(4, 5, 6), voxel_axes=(3, 4, 5), name="ellipsoid"),
    ])
    until(lambda: len(theirs) == 5)
    assert list(theirs) == added
    assert repr(mine) == "<Annotations: 0 points, 1 line, 1 polyline, 1 polygon, 0 boxes, 1 oriented box, 1 ellipsoid>"
    assert theirs.update("ellipsoid", radii=(1, 1, 1)).voxel_axes == ((0, 0, 2), (0, 1, 0), (0.5, 0, 0))
    assert mine.update("oriented", voxel=(0, 0, 0)).world == (30, 20, 10)
    turned = mine.update("oriented", rotation=(0, 0, 2, 0))
    assert (turned.rotation, turned.radii) == ((0, 0, 1, 0), (1, 2, 3))
    assert mine.update("oriented", voxel_axes=(1, 2, 4)).radii == (2, 2, 2)
    bow = [(0, 0, 0), (0, 2, 2), (0, 2, 0), (0, 0, 2)]
    for call, words in (
        (lambda: mine.add(rv.Polygon(voxel=bow)), "crosses itself"),
        (lambda: mine.update("polygon", voxel=bow), "crosses itself"),
        (lambda: mine.extend([rv.Point(world=(0, 0, 0)), rv.Polygon(voxel=bow)]), "crosses itself"),
        (lambda: mine.update("line", voxel=[(0, 0, 0)]), "Give 2 points"),
        (lambda: mine.update("ellipsoid", radii=(1, 1, 1), voxel_axes=(1, 1, 1)), "both given"),
    ):
        with pytest.raises(rv.ParameterError, match=words):
            call()
    assert len(mine) == 5


def test_own_fields_of_two_people_merge(pair):
    mine, theirs = pair
    point = mine.add(rv.Point(voxel=(1, 1, 1), name="p", label="void", props={"score": 0.5, "seen": True}))
    until(lambda: point.id in theirs)
    assert theirs[point.id] == point
    # Neither has seen the other's when it writes.
    with mine._scene._lock, theirs._scene._lock:
        mine.update(point, props={"a": 1, "seen": None})
        theirs.update(point, props={"b": "two"})
    wanted = {"score": 0.5, "a": 1, "b": "two"}
    until(lambda: mine[point.id].props == wanted == theirs[point.id].props)
    assert mine[point.id].modified > point.created
    mine.update(point, props={"score": True})
    until(lambda: theirs[point.id].props["score"] is True)
    with pytest.raises(rv.ParameterError, match=r"props\['c'\]"):
        mine.update(point, props={"c": []})
    with pytest.raises(rv.ParameterError, match="Give a dict"):
        mine.update(point, props="c")


def test_a_callback_that_raises_is_logged_and_others_are_called(pair, caplog):
    mine, theirs = pair
    heard = []

    def bad(events):
        raise ValueError("of the callback")

    stops = [mine.on_change(bad), mine.on_change(heard.extend)]
    theirs.add(rv.Point(voxel=(1, 1, 1)))
    until(lambda: len(heard) == 1)
    theirs.add(rv.Point(voxel=(1, 1, 1)))
    until(lambda: len(heard) == 2)
    assert [str(r.exc_info[1]) for r in caplog.records if r.exc_info] == ["of the callback"] * 2
    for stop in stops:
        stop()


def test_an_unknown_kind_is_not_waited_for(pair):
    with pytest.raises(rv.ParameterError, match="kind is 'sphere'"):
        asyncio.run(pair[0].next("sphere"))


def test_what_is_removed_leaves_a_tombstone_and_comes_back_when_that_is_undone(pair):
    mine, theirs = pair
    point = mine.add(rv.Point(voxel=(1, 1, 1), name="p"))
    until(lambda: point.id in theirs)
    events = []
    stop = theirs.on_change(events.extend)
    mine.remove(point)
    until(lambda: len(events) == 1)
    entry = theirs._scene.entries()[point.id]
    assert (entry["deleted"], entry["modified_by"], entry["coords"]) == (True, point.author, [*point.world])
    assert (len(mine), len(theirs)) == (0, 0)
    with pytest.raises(KeyError):
        mine.update(point, name="q")
    mine._scene.patch(point.id, {"deleted": None})  # as an undo does
    until(lambda: len(events) == 2)
    assert [(e.kind, e.annotation.name, e.by) for e in events] == [("removed", "p", point.author), ("added", "p", point.author)]
    assert theirs[point.id].world == point.world
    stop()


def test_a_plain_script_attaches_by_the_address(pair, instance, monkeypatch):
    mine, _ = pair
    mine.add(rv.Point(voxel=(4, 5, 6), name="seed"))
    script = """
import voxbeam as rv
instance = rv.attach()
seed = instance.annotations["seed"]
print(seed.voxel, list(instance.volumes), list(instance.layers))
instance.annotations.add(rv.Line(voxel=[seed.voxel, (7, 8, 9)], name="from a script"))
instance.annotations.layers.add("made there")
"""
    environment = {**os.environ, "VOXBEAM_ADDRESS": instance.address}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "(4.0, 5.0, 6.0) ['brain'] ['brain']\n"
    until(lambda: "made there" in mine.layers)
    assert mine["from a script"].voxel == ((4, 5, 6), (7, 8, 9))
    assert rv.attach(instance) is instance
    monkeypatch.delenv("VOXBEAM_ADDRESS", raising=False)
    for given, error in (
        (rv.attach, rv.ParameterError),
        (lambda: rv.attach("somewhere"), rv.ParameterError),
        (lambda: rv.attach(7), TypeError),
        (lambda: rv.attach(instance.address, tokn="x"), TypeError),
        (lambda: rv.attach(instance.address.replace("token=", "token=x")), rv.UnauthorizedError),
    ):
        with pytest.raises(error):
            given()
    instance.close()
    with pytest.raises(rv.InstanceGoneError):
        rv.attach(instance)


def test_without_a_volume_only_world_coordinates_make_sense(instance):
    assert instance.annotations.add(rv.Point(world=(1, 2, 3))).voxel is None
    with pytest.raises(rv.ParameterError, match="no volume yet"):
        instance.annotations.add(rv.Point(voxel=(1, 2, 3)))


def test_events_tell_what_who_and_from_where(pair):
    mine, theirs = pair
    events, lock = [], threading.Lock()

    def note(batch):
        with lock:
            events.extend(batch)

    stop = mine.on_change(note)
    point = theirs.add(rv.Point(voxel=(1, 1, 1), name="theirs", author="ann"))
    until(lambda: point.id in mine)
    mine.update(point.id, name="mine")
    mine.remove(point.id)
    until(lambda: len(events) == 3)
    assert [(e.kind, e.origin, e.author, e.annotation.name) for e in events] == [
        ("added", "remote", "ann", "theirs"),
        ("changed", "local", "ann", "mine"),
        ("removed", "local", "ann", "mine"),
    ]
    assert events[0].annotation.voxel == (1, 1, 1)
    mine.extend([rv.Point(world=(0, 0, n)) for n in range(5)])
    until(lambda: len(events) == 8)
    stop()
    mine.clear()
    time.sleep(0.1)
    assert len(events) == 8


def test_next_waits_for_somebody_elses_mark_of_the_kind(pair):
    mine, theirs = pair

    async def session():
        waiting = asyncio.create_task(mine.next("box", timeout=60))
        await asyncio.sleep(0.05)
        mine.add(rv.Box((0, 0, 0), (1, 1, 1), name="own"))
        theirs.add(rv.Point(voxel=(0, 0, 0), name="a point"))
        theirs.add(rv.Box((0, 0, 0), (2, 2, 2), name="wanted"))
        return await waiting

    assert asyncio.run(session()).name == "wanted"
    with pytest.raises(TimeoutError, match=r"no point was added within 0\.05 s"):
        asyncio.run(mine.next("point", timeout=0.05))


def test_next_ends_when_the_instance_does(instance, sidecar):
    async def session():
        waiting = asyncio.create_task(instance.annotations.next())
        await asyncio.sleep(0.05)
        os.kill(sidecar.pid, signal.SIGKILL)
        await asyncio.wait_for(waiting, 10)

    with pytest.raises(rv.InstanceGoneError):
        asyncio.run(session())


def test_many_are_added_quickly(pair):
    mine, theirs = pair
    began = time.monotonic()
    mine.extend([rv.Point(voxel=(n % 20, 1, 1), name=f"n{n}") for n in range(5000)])
    until(lambda: len(theirs) == 5000)
    assert time.monotonic() - began < 60
    assert theirs["n4321"].voxel == (4321 % 20, 1, 1)


def test_marks_of_a_volume_that_went_keep_their_place(pair, instance):
    mine, _ = pair
    point = mine.add(rv.Point(voxel=(1, 2, 3)))
    instance.producer.volumes[0].remove()
    until(lambda: instance.volumes == {})
    assert (mine[point.id].world, mine[point.id].voxel) == (point.world, None)
    rv.render_volume(BRAIN, instance, name="brain", voxel_size=1)
    assert mine[point.id].world == point.world
    assert mine[point.id].voxel == (point.world[2], point.world[1], point.world[0])
