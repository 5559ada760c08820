"""What of this process's edits is on the instance's disk."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from voxbeam.errors import VoxbeamError
from voxbeam.protocol import Header, decode_control

if TYPE_CHECKING:
    from collections.abc import Callable

State = Literal["saved", "saving", "unsaved", "memory"]


@dataclass(frozen=True)
class Saved:
    """How what is drawn is kept.

    Attributes
    ----------
    state
        ``"saved"``: everything is on disk, and there after every process was killed; ``"saving"``: edits of this process are on
        their way; ``"unsaved"``: the disk takes nothing now, and it is tried again; ``"memory"``: nothing is kept.
    message
        Why, or what was found damaged; empty where there is nothing to say.
    """

    state: State
    message: str = ""

    def __bool__(self) -> bool:
        """Whether everything is on disk."""
        return self.state == "saved"


class SavedEdits:
    """Counts the edits that were sent on a connection against those that the sidecar says are on disk."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sent = 0
        self._edits = 0
        self._answered = False
        self._state: State = "saving"
        self._message = ""
        self._remedy: str | None = None
        #: What was not taken of this process's edits, until somebody who waits was told.
        self._refused: VoxbeamError | None = None
        self._renewing = False

    def opened(self) -> None:
        """A connection opened: the sidecar counts anew, once it has been told what it lacks."""
        with self._changed:
            self._sent = self._edits = 0
            self._answered = False

    def sent(self, *, answer: bool = False) -> int:
        """A change was sent, and which one; with `answer` all that the sidecar lacked when the connection opened."""
        with self._changed:
            self._sent += 1
            self._answered = self._answered or answer
            return self._sent

    @property
    def count(self) -> int:
        """Changes that were sent on this connection."""
        with self._changed:
            return self._sent

    def renewing(self, under_way: bool) -> None:
        """Something was refused: until the document is made anew nobody knows what is saved."""
        with self._changed:
            self._renewing = under_way
            self._changed.notify_all()

    def refused(self, error: VoxbeamError) -> None:
        """Something of this process was not taken: who waits next is told."""
        with self._changed:
            self._refused = self._refused or error
            self._changed.notify_all()

    def receive(self, _header: Header, payload: memoryview) -> None:
        """Take a SAVED frame."""
        message = decode_control(payload)
        with self._changed:
            self._edits = int(message["edits"])
            self._state = message["state"]
            self._message = str(message.get("message", ""))
            self._remedy = message.get("remedy")
            self._changed.notify_all()

    @property
    def now(self) -> Saved:
        """As it is now."""
        with self._changed:
            state = self._state
            if state == "saved" and not self._complete:
                state = "saving"
            return Saved(state, self._message)

    def wait(self, timeout: float, check: Callable[[], None]) -> None:
        """Wait until all that was sent is on disk; `check` raises where that cannot come any more, as does what was refused."""
        end = time.monotonic() + timeout
        with self._changed:
            while not (self._state == "saved" and self._complete):
                check()
                self._tell_refused()
                if self._state == "memory":
                    raise VoxbeamError(f"{self._message[:1].upper()}{self._message[1:]}.", self._remedy)
                left = end - time.monotonic()
                if left <= 0:
                    words = self._message or "the instance has not said so yet"
                    raise TimeoutError(f"not everything was saved within {timeout:g} s: {words}")
                self._changed.wait(min(left, 0.5))
            self._tell_refused()

    def _tell_refused(self) -> None:
        error, self._refused = self._refused, None
        if error is not None:
            raise error

    @property
    def _complete(self) -> bool:
        return self._answered and self._edits >= self._sent and not self._renewing
