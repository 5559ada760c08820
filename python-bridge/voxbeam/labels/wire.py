"""Edits and reads of labels over an instance's connection: each is answered once, also when the connection breaks in between."""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from collections import defaultdict
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voxbeam.connection import gone_error
from voxbeam.errors import ParameterError, VoxbeamError
from voxbeam.protocol import ErrorCode, FrameType, Header, decode_control, decode_head_tail, encode_control

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.connection import Connection

log = logging.getLogger("voxbeam.labels")

#: Sent and not answered yet, of one process: half of what an instance lets wait.
MOST_UNDER_WAY = 512
#: So long an interrupt waits to hear that what was under way is taken back.
CANCEL_SECONDS = 5.0


@dataclass
class _Pending:
    frame: bytes
    answer: Future[Any]
    #: Parts of a region that have come.
    parts: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)
    progress: Callable[[int, int], None] | None = None
    #: Takes it back, where that can be.
    cancel: bytes | None = None
    #: What a progress callback raised.
    failed: BaseException | None = None


class LabelWire:
    """Asks, waits and listens, for all labels of one instance. Safe from any thread but the connection's own.

    Parameters
    ----------
    connection
        The instance's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}
        self._room = threading.BoundedSemaphore(MOST_UNDER_WAY)
        self._listeners: defaultdict[int, list[Callable[[dict[str, Any]], None]]] = defaultdict(list)
        self._told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._teller: threading.Thread | None = None
        connection.on(FrameType.EDITED, self._edited)
        connection.on(FrameType.REGION, self._region)
        connection.on(FrameType.PROGRESS, self._progress)
        connection.on(FrameType.ERROR, self._refused)
        connection.on(FrameType.VOLUME, self._made)
        connection.on_open(self._opened)
        connection.on_close(self._broken)

    def ask(
        self, make: Callable[[str], bytes], *, progress: Callable[[int, int], None] | None = None, key: str | None = None,
        edits: int | None = None,
    ) -> Future[Any]:
        """Send the frame that ``make(id)`` gives; the answer comes in time. Waits while very many are under way.

        What ``progress`` raises is what the answer raises. What changes the volume ``edits`` is taken back then, or when
        `results` is interrupted.
        """
        name = key or uuid.uuid4().hex
        self._room.acquire()
        cancel = None if edits is None else encode_control(FrameType.CANCEL_EDIT, {"volume": edits, "id": name})
        pending = _Pending(b"", Future(), progress=progress, cancel=cancel)
        pending.answer.add_done_callback(lambda _: self._room.release())
        try:
            pending.frame = make(name)
            with self._lock:
                self._pending[name] = pending
            self._connection.send(pending.frame)
        except Exception as error:  # noqa: BLE001  whoever waits for the answer is told
            self._take(name)
            pending.answer.set_exception(error)
        return pending.answer

    def results(self, answers: list[Future[Any]]) -> list[Any]:
        """Wait for answers; an interrupt takes back what is not answered yet, where that can be."""
        try:
            return [answer.result() for answer in answers]
        except KeyboardInterrupt:
            with self._lock:
                waiting = [pending for pending in self._pending.values() if pending.answer in answers]
            for pending in waiting:
                if pending.cancel is not None:
                    self._connection.send(pending.cancel)
            wait(answers, timeout=CANCEL_SECONDS)
            raise

    def listen(self, volume: int, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call ``listener(edited)`` after each edit of a volume, on a thread of its own; the result ends that."""
        with self._lock:
            self._listeners[volume].append(listener)
            if self._teller is None:
                self._teller = threading.Thread(target=self._tell, name="voxbeam-labels", daemon=True)
                self._teller.start()

        def stop() -> None:
            with self._lock:
                if listener in self._listeners[volume]:
                    self._listeners[volume].remove(listener)

        return stop

    # The connection's thread

    def _edited(self, _header: Header, payload: memoryview) -> None:
        edited = decode_control(payload)
        if pending := self._take(edited["id"]):
            _settle(pending, edited)
        self._told.put(edited)

    def _region(self, _header: Header, payload: memoryview) -> None:
        head, tail = decode_head_tail(payload)
        with self._lock:
            pending = self._pending.get(head["id"])
        if pending is None:
            return
        pending.parts.append((head, bytes(tail)))
        if not head.get("more") and self._take(head["id"]):
            pending.answer.set_result(pending.parts)

    def _progress(self, _header: Header, payload: memoryview) -> None:
        told = decode_control(payload)
        with self._lock:
            pending = self._pending.get(told["id"])
        if pending is None or pending.progress is None or pending.failed is not None:
            return
        try:
            pending.progress(int(told["done"]), int(told["total"]))
        except BaseException as error:
            if pending.cancel is None:
                raise
            pending.failed = error
            self._connection.send(pending.cancel)

    def _made(self, _header: Header, payload: memoryview) -> None:
        """LABELS are answered by the announcement of the volume: the volume's name is what was asked under."""
        if pending := self._take(str(decode_control(payload)["description"]["name"])):
            pending.answer.set_result(None)

    def _refused(self, _header: Header, payload: memoryview) -> None:
        error = decode_control(payload)
        if pending := self._take(str(error.get("id", ""))):
            pending.answer.set_exception(pending.failed or _error_of(error))

    def _opened(self) -> None:
        """What was not answered is sent again: an edit that was applied before is answered, and not applied twice."""
        with self._lock:
            waiting = list(self._pending.values())
        for pending in waiting:
            pending.parts.clear()
            self._connection.send(pending.frame)
            if pending.failed is not None and pending.cancel is not None:
                self._connection.send(pending.cancel)

    def _broken(self, reason: str) -> None:
        if self._connection.gone is None:
            return
        with self._lock:
            waiting = list(self._pending)
        for name in waiting:
            if pending := self._take(name):
                pending.answer.set_exception(gone_error(self._connection.host, self._connection.port, reason))

    def _take(self, name: str) -> _Pending | None:
        with self._lock:
            return self._pending.pop(name, None)

    # The teller's thread

    def _tell(self) -> None:
        while True:
            edited = self._told.get()
            with self._lock:
                listeners = list(self._listeners[edited["volume"]])
            for listener in listeners:
                try:
                    listener(edited)
                except Exception:
                    log.exception("a callback of labels failed; the others are still called")


def _settle(pending: _Pending, edited: dict[str, Any]) -> None:
    """Answer an edit that was applied: also one that a callback wanted to take back too late."""
    if pending.failed is None:
        pending.answer.set_result(edited)
    else:
        pending.answer.set_exception(pending.failed)


def _error_of(error: dict[str, Any]) -> VoxbeamError:
    kind = ParameterError if error.get("code") in (ErrorCode.UNSUPPORTED, ErrorCode.TOO_LARGE) else VoxbeamError
    return kind(str(error.get("message", "the server refused")), error.get("remedy"))
