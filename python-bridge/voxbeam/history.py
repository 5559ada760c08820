"""The restore points of an instance's scene: ``instance.history``."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from voxbeam.errors import ParameterError, VoxbeamError
from voxbeam.protocol import FrameType, Header, decode_control, encode_control
from voxbeam.user import user_name

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_SECONDS = 30.0
MAX_NAME_CHARS = 200


@dataclass(frozen=True)
class RestorePoint:
    """A state of the scene to which it can be set back.

    Attributes
    ----------
    id, name, author : str
        `name` is empty where it was made by itself.
    made : str
        When, ISO 8601 in UTC.
    automatic : bool
        Made by itself while people edited, or before a restoration.
    annotations, nbytes : int
        How many annotations it holds, and what it takes on disk.
    """

    id: str
    name: str
    author: str
    made: str
    automatic: bool
    annotations: int
    nbytes: int


class History(Sequence[RestorePoint]):
    """The restore points of an instance, oldest first, as they are when they are asked for.

    One is made about every ten minutes while somebody edits, and before each restoration; those are thinned out as they age.
    Those made by :meth:`make` stay.

    Examples
    --------
    >>> point = instance.history.make("before cleaning up")  # doctest: +SKIP
    >>> instance.history.restore(point)  # doctest: +SKIP
    """

    def __init__(self, send: Callable[[bytes], object], check: Callable[[], None]) -> None:
        self._send = send
        self._check = check
        self._answered = threading.Condition()
        self._answers: dict[str, dict[str, Any] | None] = {}

    def receive(self, _header: Header, payload: memoryview) -> None:
        """Take a HISTORY frame."""
        message = decode_control(payload)
        with self._answered:
            if message["id"] in self._answers:
                self._answers[message["id"]] = message
                self._answered.notify_all()

    def make(self, name: str = "") -> RestorePoint:
        """Keep the state of now, under a name.

        Raises
        ------
        VoxbeamError
            It could not be written, or there are too many already.
        """
        if not isinstance(name, str) or len(name) > MAX_NAME_CHARS:
            raise ParameterError(f"name is {name!r:.100}.", f"Give a text of at most {MAX_NAME_CHARS} characters.")
        answer = self._ask("make", name=name, author=user_name())
        return next(point for point in _points(answer) if point.id == answer["made"])

    def restore(self, point: RestorePoint | str) -> RestorePoint:
        """Set the scene back to a point, or the newest of that name: an edit that everybody sees. Returns the one of before."""
        answer = self._ask("restore", point=self._id(point), author=user_name())
        return next(one for one in _points(answer) if one.id == answer["made"])

    def remove(self, point: RestorePoint | str) -> None:
        """Forget a point."""
        self._ask("remove", point=self._id(point))

    def _id(self, point: RestorePoint | str) -> str:
        if isinstance(point, RestorePoint):
            return point.id
        for one in reversed(self._all()):
            if point in (one.id, one.name):
                return one.id
        raise KeyError(f"no restore point has the name or id {point!r}")

    def _all(self) -> list[RestorePoint]:
        return _points(self._ask("list"))

    def _ask(self, what: str, **fields: str) -> dict[str, Any]:
        self._check()
        asked = uuid.uuid4().hex
        with self._answered:
            self._answers[asked] = None
        try:
            self._send(encode_control(FrameType.HISTORY, {"id": asked, "do": what, **fields}))
            with self._answered:
                self._answered.wait_for(lambda: self._answers[asked] is not None, ANSWER_SECONDS)
                answer = self._answers[asked]
        finally:
            with self._answered:
                self._answers.pop(asked, None)
        if answer is None:
            self._check()
            raise VoxbeamError(f"The instance did not answer within {ANSWER_SECONDS:g} s.", "Try again.")
        if answer.get("error"):
            raise VoxbeamError(f"{answer['error']}.".capitalize(), answer.get("remedy"))
        return answer

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> RestorePoint: ...
    @overload
    def __getitem__(self, index: slice) -> list[RestorePoint]: ...
    def __getitem__(self, index: int | slice) -> RestorePoint | list[RestorePoint]:
        return self._all()[index]

    def __repr__(self) -> str:
        lines = [f"  {one.made}  {one.name or '(automatic)'}  {one.annotations} annotations" for one in self._all()]
        return "\n".join([f"<History: {len(lines)} restore points>", *lines])


def _points(answer: dict[str, Any]) -> list[RestorePoint]:
    return [
        RestorePoint(
            id=one["point"], name=one["name"], author=one["author"], made=one["made"], automatic=one["automatic"],
            annotations=one["annotations"], nbytes=one["bytes"],
        )
        for one in answer["points"]
    ]
