"""Rows of annotations and what was changed of them, in a document that others have written too."""

from __future__ import annotations

import numpy as np
import pytest
from pycrdt import Map

import voxbeam as rv
from conftest import until
from voxbeam.annotation_map import EDITS, edit_key, read_edit_key
from voxbeam.protocol import FrameType
from voxbeam.scene import Scene

POINT = {"kind": "point", "name": "a", "color": "#ffb000", "coords": [1.5, -2.25, 3.0], "created": "2026-01-02T03:04:05Z"}


class Pair:
    """Two scenes of one document, each of which gets what the other sends once :meth:`meet` is called."""

    def __init__(self) -> None:
        self.sent: list[list[bytes]] = [[], []]
        self.scenes = [Scene(self.sent[0].append), Scene(self.sent[1].append)]

    def meet(self) -> None:
        for sent, other in zip(self.sent, reversed(self.scenes), strict=True):
            for frame in sent:
                assert frame[6] == FrameType.SCENE
                other.receive(None, memoryview(frame)[64:])
            sent.clear()

    def both(self) -> list[dict]:
        self.meet()
        entries = [scene.annotations.entries() for scene in self.scenes]
        assert entries[0] == entries[1]
        return entries[0]


def test_what_two_change_of_one_annotation_is_merged_field_by_field():
    pair = Pair()
    a, b = (scene.annotations for scene in pair.scenes)
    a.put({"x/1": POINT})
    assert pair.both() == {"x/1": POINT}
    a.put({"x/1": {"name": "of a", "props": {"size": 4}}})
    b.put({"x/1": {"coords": [9.0, 9.0, 9.0], "props": {"sure": True}}})
    changed = {**POINT, "name": "of a", "coords": [9.0, 9.0, 9.0], "props": {"size": 4, "sure": True}}
    assert pair.both() == {"x/1": changed}
    b.put({"x/1": {"color": None, "props": {"size": None}}})
    del changed["color"]
    assert pair.both() == {"x/1": {**changed, "props": {"sure": True}}}
    a.remove(["x/1"])
    assert pair.both() == {}
    assert len(pair.scenes[1]._doc.get(EDITS, type=Map)) == 0


def test_many_rows_at_once_are_as_those_one_by_one():
    pair = Pair()
    heard: list[str] = []
    pair.scenes[0].annotations.listen(lambda changes, origin: heard.extend(f"{origin} {one.id}" for one in changes))
    rows = {f"r{n}": {**POINT, "name": str(n), "props": {"n": n, "__proto__": n}} for n in range(1000)}
    pair.scenes[0].annotations.put(rows)
    assert pair.both() == rows
    pair.scenes[1].annotations.put({key: {"name": "again", "props": {"n": None}} for key in rows})
    assert pair.both() == {key: {**row, "name": "again", "props": {"__proto__": row["props"]["n"]}} for key, row in rows.items()}
    pair.scenes[0].annotations.put({"r3": {"name": "alone"}})
    assert pair.both()["r3"]["name"] == "alone"
    assert pair.scenes[1].annotations.wait_for(lambda entries: entries["r3"]["name"] == "alone", 5)


def test_many_changes_at_once_are_as_those_one_by_one():
    rng = np.random.default_rng(4)
    rows = {f"r/{n}": {**POINT, "name": str(n), "props": {"n": n, "gone": "x"}} for n in range(600)}

    def change(n):
        props = {"n": n + 1, "gone": None, "new": True}
        fields = {"coords": [float(n), 0.5, -1.0], "name": None, "deleted": True, "props": props}
        chosen = rng.choice([*fields], int(rng.integers(1, 5)), replace=False)
        return {str(name): fields[str(name)] for name in chosen}

    changes = {entry_id: change(n) for n, entry_id in enumerate(rows)}
    wanted = {**changes, "old 1": {"name": "a new name", "props": {"n": 2, "gone": None}}, "old 2": {"coords": [7.0, 8.0, 9.0]}}
    one_by_one = [{entry_id: entry} for entry_id, entry in wanted.items()]
    found = []
    for parts in ([wanted], one_by_one):
        pair = Pair()
        first = pair.scenes[0].annotations
        first.put(rows)
        # Two as all once were, which are changed in themselves.
        with pair.scenes[0]._edit():
            for old in ("old 1", "old 2"):
                first._map[old] = Map({**POINT, "props": Map({"n": 1, "gone": "x"})})
        pair.both()
        heard: list[str] = []
        first.listen(lambda told, _, heard=heard: heard.extend(one.id for one in told))
        for part in parts:
            first.put(part)
        until(lambda heard=heard: len(heard) == len(wanted))
        found.append(pair.both())
    assert found[0] == found[1]
    assert found[0]["old 1"]["props"] == {"n": 2}
    assert found[0]["r/3"] != rows["r/3"]


def test_entries_that_are_maps_as_all_once_were_are_read_and_changed_as_such():
    pair = Pair()
    scene = pair.scenes[0]
    with scene._edit():
        scene._doc.get("annotations", type=Map)["old"] = Map({**POINT, "props": Map({"size": 1})})
    assert pair.both() == {"old": {**POINT, "props": {"size": 1}}}
    pair.scenes[0].annotations.put({"old": {"name": "new", "props": {"size": 2}}})
    pair.scenes[1].annotations.put({"old": {"color": None, "props": {"sure": True}}})
    entry = pair.both()["old"]
    assert (entry["name"], entry["props"], "color" in entry) == ("new", {"size": 2, "sure": True}, False)
    assert len(scene._doc.get(EDITS, type=Map)) == 0


def test_changes_of_nothing_are_left_out():
    pair = Pair()
    scene = pair.scenes[0]
    with scene._edit():
        for key in ("nobody/name", "x", "/name"):
            scene._doc.get(EDITS, type=Map)[key] = 1
        scene._doc.get("annotations", type=Map)["text"] = "no entry"
    assert pair.both() == {}


@pytest.mark.parametrize("entry_id", ["a", "a/b", "100%", "%2F", "/"])
def test_keys_tell_id_and_field_apart(entry_id):
    assert read_edit_key(edit_key(entry_id, "props.x/y%2F")) == (entry_id, "props.x/y%2F")


def test_one_of_many_is_found_without_looking_at_the_others(instance):
    rv.render_volume(np.zeros((4, 5, 6), "u1"), instance, name="v")
    added = instance.annotations.extend([rv.Point(voxel=(n % 4, 1, 1), name=f"n{n}") for n in range(300)])
    read = []
    reader = instance.annotations._read
    instance.annotations._read = lambda *entry: read.append(entry) or reader(*entry)
    assert instance.annotations[added[7].id].name == "n7"
    assert len(read) == 1
    assert instance.annotations["n8"].id == added[8].id
