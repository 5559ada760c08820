"""What happened to annotations, and those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voxbeam.annotation.base import Annotation
    from voxbeam.scene_map import Change, Entry, Origin


@dataclass(frozen=True)
class AnnotationEvent:
    """What happened to one annotation.

    Attributes
    ----------
    kind
        ``"added"``, ``"changed"`` or ``"removed"``. One that comes back because its removal was undone is added.
    annotation
        As it is now; a removed one as it was.
    author
        Who made the annotation.
    origin
        ``"local"`` when this object's own methods did it, ``"remote"`` when a viewer or another kernel did.
    by
        Who did this: whoever added, changed or removed it.
    """

    kind: Literal["added", "changed", "removed"]
    annotation: Annotation
    author: str
    origin: Origin
    by: str = ""


def event_of(change: Change, origin: Origin, read: Callable[[str, Entry], Annotation | None]) -> AnnotationEvent | None:
    """What a change of the document did to an annotation; None where there was none before and after."""
    before = read(change.id, change.before) if change.before is not None else None
    after = read(change.id, change.after) if change.after is not None else None
    subject = after or before
    if subject is None:
        return None
    kind: Literal["added", "changed", "removed"] = "changed" if before and after else "added" if after else "removed"
    by = (change.after or {}).get("modified_by") or subject.modified_by or subject.author
    return AnnotationEvent(kind, subject, subject.author, origin, str(by))


class Waiters:
    """Coroutines that wait for an annotation, each in the loop it runs in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: set[Callable[[Exception], None]] = set()

    def future(self) -> Waiter:
        """A place to wait in, for the running loop."""
        return Waiter(self, asyncio.get_running_loop())

    def fail(self, error: Exception) -> None:
        """Nobody need wait any longer."""
        for failed in self:
            failed(error)

    def __iter__(self) -> Iterator[Callable[[Exception], None]]:
        with self._lock:
            return iter(list(self._failures))

    def change(self, failed: Callable[[Exception], None], waits: bool) -> None:
        """Count somebody as waiting, or no longer."""
        with self._lock:
            (self._failures.add if waits else self._failures.discard)(failed)


class Waiter:
    """One of them. May be answered from any thread; the first answer counts."""

    def __init__(self, waiters: Waiters, loop: asyncio.AbstractEventLoop) -> None:
        self._waiters = waiters
        self._loop = loop
        self._future: asyncio.Future[Annotation] = loop.create_future()

    def found(self, annotation: Annotation) -> None:
        """What was waited for is here."""
        self._tell(lambda: self._future.set_result(annotation))

    def failed(self, error: Exception) -> None:
        """It will not come."""
        self._tell(lambda: self._future.set_exception(error))

    def _tell(self, answer: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(lambda: None if self._future.done() else answer())

    async def wait(self, timeout: float | None) -> Annotation:
        """What was found."""
        self._waiters.change(self.failed, waits=True)
        try:
            return await asyncio.wait_for(self._future, timeout)
        finally:
            self._waiters.change(self.failed, waits=False)
