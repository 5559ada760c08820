"""What a sidecar refuses leaves the process that wrote it, is told, and takes nothing of anybody else's with it."""

from __future__ import annotations

import random
import threading

import pytest

import voxbeam as rv
from conftest import MIB, until
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar

POINT = {"kind": "point", "color": "#ffb000", "coords": [1.0, 2.0, 3.0], "created": "2026-01-02T03:04:05.678Z", "author": "Ada"}
LARGE = "x" * (3 * 2**20)


@pytest.fixture
def pair(tmp_path):
    process = start_sidecar(store_bytes=64 * MIB, scene_file=str(tmp_path / "refused.vxscene"))
    one = Instance(process.host, process.port, process.token, process=process)
    other = Instance(process.host, process.port, process.token)
    yield one, other
    other.close()
    one.close()


def scenes(*instances):
    for instance in instances:
        assert len(instance.annotations) == 0
    return [instance._scene for instance in instances]


def test_a_value_that_is_too_large_goes_and_what_was_made_after_it_stays(pair, caplog):
    mine, theirs = scenes(*pair)
    theirs.annotations.put({"shared": {**POINT, "name": "shared"}})
    until(lambda: mine.annotations.entry("shared"))
    told, held = [], threading.Lock()

    def listener(changes, origin):
        with held:
            told.extend((one.id, one.after is not None, origin) for one in changes)

    mine.annotations.listen(listener)
    before = mine._doc
    mine.annotations.put({"huge": {**POINT, "name": "huge", "note": LARGE}})
    mine.annotations.put({"huge": {"name": "renamed"}})
    mine.annotations.put({"shared": {"name": "seen"}, "later": POINT})
    mine.classes.put({"vessel": {"color": "#ff0000", "order": 0}})
    theirs.annotations.put({"shared": {"color": "#00ff00"}})
    with pytest.raises(rv.VoxbeamError, match=r"Not kept: 1 annotation \(huge\): a value of 31\d+ bytes; the limit is 3145728"):
        pair[0].annotations.flush(30)
    pair[0].annotations.flush(30)  # said once
    expected = {"shared": {**POINT, "name": "seen", "color": "#00ff00"}, "later": POINT}
    for scene in (mine, theirs):
        until(lambda one=scene: one.annotations.entries() == expected and "vessel" in one.classes.entries())
    assert mine._doc is not before
    assert "what it changes was refused itself" in caplog.text
    until(lambda: ("huge", False, "remote") in told)
    mine.annotations.remove(["later"])
    until(lambda: "later" not in theirs.annotations.entries())


def test_whatever_is_refused_all_are_equal_in_the_end(pair):
    chance = random.Random(7)
    replicas = scenes(*pair)
    good: set[str] = set()
    refused = 0
    for n in range(60):
        scene = chance.choice(replicas)
        known = sorted(scene.annotations.entries())
        dice = chance.random()
        if dice < 0.06:
            scene.annotations.put({f"bad{n}": {**POINT, "note": LARGE}, f"beside{n}": POINT})
            refused += 1
        elif dice < 0.1 and known:
            scene.annotations.patch(chance.choice(known), {"note": LARGE})
            refused += 1
        elif dice < 0.6 or not known:
            scene.annotations.put({f"good{n}": POINT})
            good.add(f"good{n}")
        elif known:
            scene.annotations.patch(chance.choice(known), {"name": f"n{n}"})
    assert refused > 2
    for instance in pair:
        for _ in range(refused + 1):
            try:
                instance.annotations.flush(60)
                break
            except rv.VoxbeamError:
                continue

    def equal():
        first, second = (one.annotations.entries() for one in replicas)
        return first == second and good <= first.keys()

    until(equal)
    entries = replicas[0].annotations.entries()
    assert not [one for one in entries if one.startswith(("bad", "beside"))]
    assert not [one for one in entries.values() if "note" in one]
