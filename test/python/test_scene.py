"""The scene against real Yjs and y-protocols: the same bytes, the same document, whoever edits."""

from __future__ import annotations

import base64
import json
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pycrdt import Doc, Map, Text

from voxbeam.protocol import FrameType, unpack_frame
from voxbeam.scene import Scene
from voxbeam.scene_parts import update_parts
from voxbeam.sidecar import find_node

if TYPE_CHECKING:
    from voxbeam.scene_map import Change

POINT = {
    "kind": "point",
    "name": "seed <b>é</b>",
    "color": "#ffb000",
    "volume_name": "brain",
    "coords": [1.5, -2.25, 1e-9],
    "created": "2026-01-02T03:04:05.678Z",
    "author": "someone",
}


class YjsPeer:
    """A process with Yjs: messages to it and from it, in order."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("yjs_peer.mjs")
        self.process = subprocess.Popen([find_node(), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.scene = Scene(self.send_frame)
        self.answers: queue.Queue[dict] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def command(self, **command) -> None:
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def send_frame(self, frame: bytes) -> None:
        header, payload = unpack_frame(frame)
        assert header.type == FrameType.SCENE
        self.command(message=base64.b64encode(payload).decode())

    def _read(self) -> None:
        for line in self.process.stdout:
            answer = json.loads(line)
            if "message" in answer:
                self.scene.receive(None, memoryview(base64.b64decode(answer["message"])))
            else:
                self.answers.put(answer)

    def annotations(self) -> dict:
        self.command(read=True)
        return self.answers.get(timeout=60)["annotations"]

    def until(self, entries: dict) -> None:
        deadline = time.monotonic() + 60
        while self.scene.annotations.entries() != entries:
            assert time.monotonic() < deadline, self.scene.annotations.entries()
            time.sleep(0.005)

    def close(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(60) == 0


@pytest.fixture
def peer():
    peer = YjsPeer()
    yield peer
    peer.close()


def test_what_stands_there_before_arrives_with_the_first_sync(peer):
    peer.command(set="a", entry=POINT)
    assert peer.annotations() == {"a": POINT}  # the update itself reached the scene too: it must not matter
    fresh = Scene(peer.send_frame)
    peer.scene = fresh
    assert not fresh.wait_synced(0)
    fresh.opened()
    assert fresh.wait_synced(10)
    assert fresh.annotations.entries() == {"a": POINT}


def test_edits_travel_both_ways_field_by_field(peer):
    peer.scene.opened()
    assert peer.scene.wait_synced(10)
    peer.scene.annotations.put({"a": POINT})
    assert peer.annotations() == {"a": POINT}
    peer.command(change="a", name="name", value="from there")
    peer.until({"a": {**POINT, "name": "from there"}})
    peer.scene.annotations.put({"a": {"coords": [4, 5, 6], "author": None}})
    expected = {**POINT, "name": "from there", "coords": [4, 5, 6]}
    del expected["author"]
    assert peer.annotations() == {"a": expected}
    peer.command(delete="a")
    peer.until({})
    peer.scene.annotations.put({"b": POINT, "c": POINT})
    peer.scene.annotations.remove(["b", "never was"])
    assert peer.annotations() == {"c": POINT}


def test_what_was_edited_apart_comes_together_when_both_ask(peer):
    sent, send = [], peer.scene._send
    peer.scene._send = sent.append  # the connection is broken
    peer.scene.annotations.put({"mine": POINT})
    peer.scene._send = send
    peer.command(set="theirs", entry={**POINT, "name": "theirs"})
    assert set(peer.annotations()) == {"theirs"}
    assert len(sent) == 1
    peer.scene.opened()
    peer.command(sync=True)
    peer.until({"mine": POINT, "theirs": {**POINT, "name": "theirs"}})
    deadline = time.monotonic() + 60
    while peer.annotations() != peer.scene.annotations.entries():
        assert time.monotonic() < deadline


def test_only_what_differs_is_written(peer):
    frames = []
    peer.scene._send = frames.append
    peer.scene.annotations.put({"a": POINT})
    peer.scene.annotations.put({"a": POINT})
    assert len(frames) == 1
    peer.scene.annotations.put({"a": {**POINT, "coords": [9.0, 9.0, 9.0]}})
    assert len(frames[1]) < 64 + 100


def test_changes_are_told_in_order_with_their_origin_and_never_under_the_lock(peer):
    peer.scene.opened()
    told = []
    done = threading.Event()

    def listener(changes: list[Change], origin: str) -> None:
        told.append((origin, [(c.id, c.before is None, c.after is None) for c in changes]))
        if len(told) == 1:
            peer.scene.annotations.put({"echo": POINT})  # a listener may edit
        if len(told) == 4:
            done.set()

    stop = peer.scene.annotations.listen(listener)
    peer.command(set="a", entry=POINT)
    peer.until({"a": POINT, "echo": POINT})
    peer.command(change="a", name="name", value="x")
    peer.until({"a": {**POINT, "name": "x"}, "echo": POINT})
    peer.scene.annotations.remove(["a"])
    assert done.wait(60)
    assert told == [
        ("remote", [("a", True, False)]),
        ("local", [("echo", True, False)]),
        ("remote", [("a", False, False)]),
        ("local", [("a", False, True)]),
    ]
    stop()
    peer.scene.annotations.put({"later": POINT})
    time.sleep(0.1)
    assert len(told) == 4


def test_a_listener_that_fails_does_not_end_the_others(peer, caplog):
    heard = threading.Event()
    peer.scene.annotations.listen(lambda *_: 1 / 0)
    peer.scene.annotations.listen(lambda *_: heard.set())
    peer.scene.annotations.put({"a": POINT})
    assert heard.wait(60)
    assert "ZeroDivisionError" in caplog.text


def test_presence_is_left_alone_and_damage_changes_nothing(peer):
    peer.scene.annotations.put({"a": POINT})
    peer.scene.receive(None, memoryview(b"\x01\x05hello"))
    peer.scene.receive(None, memoryview(b""))
    with pytest.raises(Exception):  # noqa: B017  whatever pycrdt says of nonsense
        peer.scene.receive(None, memoryview(b"\x00\x02\x05\xff\xff\xff\xff\xff"))
    assert peer.scene.annotations.entries() == {"a": POINT}
    peer.command(set="b", entry=POINT)
    peer.scene.opened()
    peer.until({"a": POINT, "b": POINT})


def test_many_threads_edit_one_scene():
    other: Doc = Doc(allow_multithreading=True)
    lock = threading.Lock()

    def apply(frame: bytes) -> None:
        _, payload = unpack_frame(frame)
        with lock:
            other.apply_update(_update_of(bytes(payload)))

    scene = Scene(apply)

    def work(number: int) -> None:
        for i in range(100):
            scene.annotations.put({f"{number}/{i}": {**POINT, "name": str(i)}})
            scene.annotations.put({"shared": {**POINT, "name": f"{number}/{i}"}})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scene.annotations.entries()) == 801
    told = {entry_id: json.loads(row) for entry_id, row in other.get("annotations", type=Map).to_py().items()}
    for key, value in other.get("annotation_edits", type=Map).to_py().items():
        entry_id, field = key.split("/")
        told[entry_id][field] = value
    assert told == scene.annotations.entries()


def _update_of(message: bytes) -> bytes:
    """The update in a message: type 0, kind 2, length as a variable-length number, bytes."""
    assert message[:2] == b"\x00\x02"
    at, length, shift = 2, 0, 0
    while True:
        byte = message[at]
        length |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            break
    assert len(message) == at + length
    return message[at:]


def test_an_update_in_parts_says_what_the_whole_one_says():
    one: Doc = Doc()
    annotations, text = one.get("annotations", type=Map), one.get("text", type=Text)
    for n in range(20):
        with one.transaction():
            for k in range(50):
                annotations[f"{n}-{k}"] = json.dumps({"kind": "point", "coords": [n, k, 0.5], "name": "é😀"}, ensure_ascii=False)
            annotations[f"map{n}"] = Map({"a": 1, "b": [1, -2.5, None, True], "c": Map({"x": "y"})})
            annotations[f"object{n}"] = {"z": -(2**40), "list": [False, {"deep": "😀"}]}
            text += "hé😀llo"  # a struct of several clocks, counted as UTF-16 does
        with one.transaction():
            del annotations[f"{n}-3"]
    two: Doc = Doc()
    theirs = two.get("annotations", type=Map)
    two.apply_update(one.get_update())
    for n in range(20):
        theirs[f"{n}-7"] = f"changed {n}"  # of another client, and behind what the first one wrote
    one.apply_update(two.get_update())
    whole = one.get_update()
    parts = update_parts(whole, most=4096, part=2048)
    assert len(parts) > 20
    assert max(map(len, parts)) < 2048 + 256
    got: Doc = Doc()
    read, words = got.get("annotations", type=Map), got.get("text", type=Text)
    for part in parts:
        got.apply_update(part)
    assert (read.to_py(), str(words), got.get_state()) == (annotations.to_py(), str(text), one.get_state())
    assert update_parts(whole) == [whole]
    for damaged in (whole[: len(whole) // 2], b"\x01\x01\x05\x00\x1f" + bytes(9000)):
        with pytest.raises(ValueError, match="an update of the scene"):
            update_parts(damaged, most=100, part=50)
