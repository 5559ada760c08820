"""Who is here, as Python hears it: from real viewers' messages, and from ones that no viewer would send."""

from __future__ import annotations

import json
import time
from dataclasses import FrozenInstanceError

import pytest

from voxbeam.errors import ParameterError
from voxbeam.instance import Instance
from voxbeam.people import Presence
from voxbeam.protocol import FrameType, encode_frame
from voxbeam.user import user_name
from voxbeam.widget import VolumeView

ADA = {
    "name": "Ada", "color": "#12ab9F", "role": "edit", "page": "p", "tool": "box", "span": 9,
    "cursor": [1, 2.5, 3], "cross": [4, 5, 6],
    "camera": {"target": [0, 0, 0], "distance": 50.0, "yaw": 0.5, "pitch": -0.25}, "layout": "four", "maximised": None, "time": 2,
    "selected": "an-id", "following": 8,
}  # fmt: skip


def var_uint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def update(*entries: tuple[int, int, object]) -> bytes:
    """An awareness message without its kind: client, clock and state of each; text is taken as it stands."""
    body = var_uint(len(entries))
    for client, clock, state in entries:
        text = (state if isinstance(state, str) else json.dumps(state)).encode()
        body += var_uint(client) + var_uint(clock) + var_uint(len(text)) + text
    return var_uint(len(body)) + body


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def presence(clock):
    return Presence(lambda: clock[0])


def test_a_person_is_where_and_with_what_they_say(presence):
    presence.receive(update((7, 1, ADA), (8, 3, {"name": "Ben", "role": "view"})))
    ada, ben = presence.people()
    assert (ada.name, ada.color, ada.role, ada.tool) == ("Ada", "#12ab9F", "edit", "box")
    assert (ada.cursor, ada.cross, ada.camera) == ((1, 2.5, 3), (4, 5, 6), ADA["camera"])
    assert (ada.layout, ada.time, ada.selected, ada.following, ada.id) == ("four", 2, "an-id", "Ben", 7)
    assert (ben.cursor, ben.camera, ben.following, ben.time) == (None, {}, None, 0)
    assert repr(ada) == "<Person 'Ada' at (4, 5, 6), role edit, with box, following Ben>"
    with pytest.raises(FrozenInstanceError):
        ada.name = "Eve"  # type: ignore[misc]


def test_later_words_count_and_who_is_silent_or_says_goodbye_is_gone(presence, clock):
    presence.receive(update((7, 5, ADA), (8, 1, {"name": "Ben"})))
    presence.receive(update((7, 4, {"name": "older"}), (8, 2, None)))
    assert [person.name for person in presence.people()] == ["Ada"]
    clock[0] += 29
    presence.receive(update((8, 1, {"name": "Ben"})))
    assert [person.name for person in presence.people()] == ["Ada", "Ben"]
    clock[0] += 2
    assert [person.name for person in presence.people()] == ["Ben"]


def test_what_makes_no_sense_is_left_out(presence):
    odd = {
        "name": "a\u202eb\n<b>" + "x" * 1000, "color": "red; x", "role": "god", "tool": 5,
        "cursor": [1, 2, "3"], "cross": [1, 2, True], "camera": {"yaw": 1},
        "layout": "five", "time": -1, "selected": ["x"], "following": True,
    }  # fmt: skip
    presence.receive(update((1, 1, odd), (2, 1, "[1]"), (3, 1, "{"), (4, 1, '{"cross": [NaN, 1, 1e999]}'), (5, 1, "[" * 100_000)))
    first, second = presence.people()
    assert (first.name, second.name) == ("Someone", "a b <b>" + "x" * 193)
    assert (first.cross, second.cross, second.cursor, second.camera, second.color) == (None, None, None, {}, "#8a93a0")
    assert (second.role, second.tool, second.layout, second.time) == ("", "", "", 0)
    assert (second.selected, second.following) == (None, None)
    before = presence.people()
    for damaged in (b"", b"\x05\x01", b"\xff" * 12, update((9, 1, ADA))[:-1], update((9, 1, ADA)) + b"x", b"\x03\x01\x01\x01"):
        with pytest.raises(ValueError, match=r"presence|awareness"):
            presence.receive(damaged)
    assert presence.people() == before


def test_an_instance_tells_who_is_here_as_the_server_knows_them(instance):
    from voxbeam.connection import Connection

    assert instance.people == []
    ticket = lambda: instance.ticket("stream", "edit", "none")  # noqa: E731
    other = Connection(host=instance.host, port=instance.port, ticket=ticket, kind="viewer", client="test").start()
    try:
        other.send(encode_frame(FrameType.SCENE, b"\x01" + update((7, 1, {**ADA, "role": "owner"}))))
        end = time.monotonic() + 60
        while not instance.people:
            assert time.monotonic() < end
            time.sleep(0.005)
        (ada,) = instance.people
        assert (ada.name, ada.role) == ("Ada", "edit")
        view = VolumeView(instance)
        assert view.people == [ada]
        view.follow("Ada")
        assert view.following == "Ada"
        view.follow(None)
        view.follow(ada)
        assert view.following == "Ada"
        with pytest.raises(ParameterError, match=r"'Eve' is here.*'Ada'"):
            view.follow("Eve")
        view.close()
    finally:
        other.close()
    end = time.monotonic() + 60
    while instance.people:
        assert time.monotonic() < end
        time.sleep(0.005)


def test_kernels_are_here_too_and_say_so_with_each_beat(sidecar):
    first, second = (Instance(sidecar.host, sidecar.port, sidecar.token) for _ in range(2))
    try:
        assert [len(one.annotations) for one in (first, second)] == [0, 0]
        end = time.monotonic() + 60
        while not (first.people and second.people):
            assert time.monotonic() < end
            time.sleep(0.005)
        (seen,) = first.people
        assert (seen.name, seen.role, seen.kernel, seen.cross) == (user_name(), "owner", True, None)
        assert seen.id != second.people[0].id
        # What is said again counts: under a later clock, by the same one.
        once, again = (Presence(lambda: 0.0) for _ in range(2))
        for presence, frame in ((once, second._scene.announcement()), (again, second._scene.announcement())):
            presence.receive(frame[64 + 1 :])
        assert once.people() == again.people()
        assert again.people()[0].id == seen.id
        assert first._connection._beaten == [first._scene.announcement]
    finally:
        first.close()
        end = time.monotonic() + 60
        while second.people:
            assert time.monotonic() < end
            time.sleep(0.005)
        second.close()
