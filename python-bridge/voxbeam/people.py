"""Who looks at an instance: what its viewers say of themselves, checked as it is read."""

from __future__ import annotations

import json
import math
import re
import secrets
import threading
import time
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voxbeam.protocol import MAX_NAME_CHARS, MAX_PRESENCE_BYTES, PRESENCE_EXPIRY_MS
from voxbeam.user import user_name

if TYPE_CHECKING:
    from collections.abc import Callable

Place = tuple[float, float, float]

_ROLES = ("view", "edit", "owner")
_LAYOUTS = ("four", "volume", "slices")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_ID = 2**53
#: Ids that are remembered; more are not people.
_MAX_PEOPLE = 4096


@dataclass(frozen=True)
class Person:
    """One viewer that somebody looks through. Lengths are in the instance's unit, places are world x, y, z.

    Attributes
    ----------
    name, color
        As they call and colour themselves; the colour is ``#rrggbb``.
    role
        ``"view"``, ``"edit"`` or ``"owner"``, as the server says; empty where it does not.
    tool
        What they hold: ``"navigate"``, ``"point"``, ``"box"``, …; empty where they do not say.
    cursor
        Under their pointer; None where that is nowhere.
    cross
        Through which their slices go.
    camera : dict
        As a view's ``camera``; empty where it is not known.
    layout
        ``"four"``, ``"volume"`` or ``"slices"``.
    time
        Index of their time point.
    selected
        Id of the annotation they have selected.
    following
        Name of whom they follow.
    id
        Number of the viewer among all.
    kernel
        It is a program, such as a notebook's kernel, and looks through no viewer.
    """

    name: str
    color: str
    role: str
    tool: str
    cursor: Place | None
    cross: Place | None
    camera: dict[str, Any] = field(hash=False)
    layout: str
    time: int
    selected: str | None
    following: str | None
    id: int
    kernel: bool = False

    def __repr__(self) -> str:
        where = "" if self.cross is None else f" at ({', '.join(f'{n:.4g}' for n in self.cross)})"
        parts = (("role", self.role), ("with", self.tool), ("following", self.following))
        words = "".join(f", {word} {value}" for word, value in parts if value)
        return f"<Person {self.name!r}{where}{words}>"


class Announced:
    """What this kernel says of itself to the others: whose it is, again and again for as long as it is there."""

    def __init__(self) -> None:
        self._id = secrets.randbits(31)
        self._clock = 0

    def message(self) -> bytes:
        """A SCENE message that says it, under a new clock."""
        self._clock += 1
        text = json.dumps({"name": user_name(), "kernel": True}).encode()
        body = b"".join((b"\x01", *map(_written, (self._id, self._clock, len(text))), text))
        return b"".join((b"\x01", _written(len(body)), body))


class Presence:
    """What is known of who is here. Frames come on the connection's thread, and are read when somebody asks.

    Parameters
    ----------
    now
        The time in seconds, rising.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._said: dict[int, tuple[int, str, float]] = {}

    def clear(self) -> None:
        """Forget everyone: the connection is a new one, and will tell."""
        with self._lock:
            self._said.clear()

    def receive(self, message: bytes) -> None:
        """Take an awareness message, without its first byte.

        Raises
        ------
        ValueError
            It is none.
        """
        update, end = _bytes(message, 0)
        if end != len(message):
            raise ValueError(f"{len(message) - end} bytes follow an awareness message")
        count, at = _var_uint(update, 0)
        heard = self._now()
        with self._lock:
            for _ in range(count):
                client, at = _var_uint(update, at)
                clock, at = _var_uint(update, at)
                text, at = _bytes(update, at)
                self._take(client, clock, text, heard)

    def _take(self, client: int, clock: int, text: bytes, heard: float) -> None:
        known = self._said.get(client)
        if text == b"null" and known is not None and clock >= known[0]:
            del self._said[client]
            return
        news = len(self._said) < _MAX_PEOPLE if known is None else clock > known[0]
        # Four bytes a character at most, and what the server adds.
        if news and text != b"null" and len(text) <= 4 * MAX_PRESENCE_BYTES + 100:
            self._said[client] = (clock, text.decode(errors="replace"), heard)

    def people(self) -> list[Person]:
        """Everyone who is here now, by name."""
        late = self._now() - PRESENCE_EXPIRY_MS / 1000
        with self._lock:
            said = [(client, text) for client, (_, text, heard) in self._said.items() if heard > late]
        states = {client: state for client, text in said if (state := _state(text)) is not None}
        names = {client: _text(state.get("name"), MAX_NAME_CHARS) or "Someone" for client, state in states.items()}
        people = [_person(client, state, names) for client, state in states.items()]
        return sorted(people, key=lambda person: (person.name, person.id))


def _person(client: int, state: dict[str, Any], names: dict[int, str]) -> Person:
    color, role, layout, selected = (state.get(part) for part in ("color", "role", "layout", "selected"))
    at, followed = state.get("time"), state.get("following")
    return Person(
        name=names[client],
        color=color if isinstance(color, str) and _COLOR.fullmatch(color) else "#8a93a0",
        role=role if role in _ROLES else "",
        tool=_text(state.get("tool"), 40),
        cursor=_place(state.get("cursor")),
        cross=_place(state.get("cross")),
        camera=_camera(state.get("camera")),
        layout=layout if layout in _LAYOUTS else "",
        time=at if type(at) is int and 0 <= at < _MAX_ID else 0,
        selected=selected if isinstance(selected, str) and 0 < len(selected) <= 100 else None,
        following=names.get(followed) if type(followed) is int else None,
        id=client,
        kernel=state.get("kernel") is True,
    )


def _state(text: str) -> dict[str, Any] | None:
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return state if isinstance(state, dict) else None


def _text(value: object, most: int) -> str:
    """One line of letters that are seen."""
    if not isinstance(value, str):
        return ""
    letters = value[: 4 * most]
    seen = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter for letter in letters)
    return " ".join(seen.split())[:most]


def _number(value: object) -> float | None:
    return float(value) if type(value) in (int, float) and math.isfinite(value) else None  # type: ignore[arg-type]


def _place(value: object) -> Place | None:
    numbers = [_number(n) for n in value] if isinstance(value, list) and len(value) == 3 else []
    if not numbers or any(n is None for n in numbers):
        return None
    x, y, z = numbers
    return x, y, z  # type: ignore[return-value]


def _camera(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    target = _place(value.get("target"))
    distance, yaw, pitch = (_number(value.get(part)) for part in ("distance", "yaw", "pitch"))
    if target is None or distance is None or distance <= 0 or yaw is None or pitch is None or abs(pitch) > math.pi / 2:
        return {}
    return {"target": list(target), "distance": distance, "yaw": yaw, "pitch": pitch}


def _written(value: int) -> bytes:
    """A number as :func:`_var_uint` reads it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def _var_uint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at a byte, and where it ends: seven bits a byte, the lowest first."""
    value = 0
    for shift in range(0, 56, 7):
        if at >= len(data):
            raise ValueError("a message of presence ends early")
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
    raise ValueError("a number of presence has more than 53 bits")


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _var_uint(data, at)
    if size > len(data) - at:
        raise ValueError(f"a message of presence says {size} bytes and has {len(data) - at}")
    return data[at : at + size], at + size
