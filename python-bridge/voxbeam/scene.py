"""The scene document of one instance, as this process has it: a Yjs document, kept the same as the sidecar's."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pycrdt import Doc, YMessageType, create_sync_message, handle_sync_message, read_message, write_var_uint

from voxbeam.annotation_map import AnnotationMap
from voxbeam.errors import VoxbeamError
from voxbeam.pending_edits import PendingEdit, PendingEdits, Refusal, Written, words_of
from voxbeam.people import Announced, Presence
from voxbeam.protocol import ErrorCode, FrameType, Header, decode_control, encode_frame
from voxbeam.saved import SavedEdits
from voxbeam.scene_map import Change, SceneMap
from voxbeam.scene_parts import update_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voxbeam.scene_map import Origin

log = logging.getLogger("voxbeam.scene")

_SYNC_STEP_1 = 0
#: The second byte of a sync message that answers ours: from then on the document is complete.
_SYNC_STEP_2 = 1
_SYNC_UPDATE = 2
_EMPTY_UPDATE = b"\x00\x00"
_LEFT_OVER = Refusal("what it changes was refused itself")


@dataclass
class _RollBack:
    """The document is made anew of what the sidecar has: nothing can be taken out of one."""

    #: The first frame that the sidecar did not take.
    first: float = float("inf")
    fresh: Doc[Any] = field(default_factory=lambda: Doc(allow_multithreading=True))
    #: What the sidecar asked meanwhile.
    asked: bytes | None = None
    #: Of the annotations before.
    names: dict[str, str] = field(default_factory=dict)


class Scene:
    """The annotations, layers and bookmarks of one instance, kept in step with everyone else's.

    One lock guards the document and its mirrors; nobody is called while it is held. Listeners run on a thread of their own, in
    the order of the changes, so that they may take their time and may edit.

    Parameters
    ----------
    send
        Sends a frame to the sidecar. While the connection is broken frames are lost: coming back, both sides exchange
        what the other lacks.

    Attributes
    ----------
    annotations, annotation_layers, classes, layers, bookmarks : SceneMap
        The document's maps.
    presence : Presence
        Who is here.
    saved : SavedEdits
        What of this process's edits is on disk.
    """

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._lock = threading.RLock()
        self._doc: Doc[Any] = Doc(allow_multithreading=True)
        self.saved = SavedEdits()
        self._updates: list[bytes] = []
        self._doc.observe(lambda event: self._updates.append(event.update))
        self._edits = PendingEdits()
        #: Numbers of changes are in the order in which they are sent.
        self._sending = threading.RLock()
        self._back: _RollBack | None = None
        #: Questions for the document that are not answered yet.
        self._questions = 0
        self._synced = threading.Event()
        self._pending: queue.SimpleQueue[tuple[SceneMap, list[Change], Origin]] = queue.SimpleQueue()
        self._notifier: threading.Thread | None = None
        self.annotations = self._one("annotations", AnnotationMap)
        self.annotation_layers = self._one("annotation_layers")
        self.classes = self._one("classes")
        self.layers = self._one("layers")
        self.bookmarks = self._one("bookmarks")
        self._maps = (self.classes, self.annotation_layers, self.annotations, self.layers, self.bookmarks)
        self.presence = Presence()
        self._announced = Announced()

    # With the sidecar

    def opened(self) -> None:
        """A connection opened: ask for what is missing here. The sidecar asks in turn for what it lacks."""
        self.saved.opened()
        self._edits.opened()
        self.presence.clear()
        with self._lock:
            self._questions = 0
            if self._back is not None:
                self._back = _RollBack()
        self._ask()
        self._send(self.announcement())

    def announcement(self) -> bytes:
        """A frame that tells the others that this kernel is here; who says nothing for half a minute is gone."""
        return encode_frame(FrameType.SCENE, self._announced.message())

    def receive(self, _header: Header, payload: memoryview) -> None:
        """Take a SCENE frame."""
        message = bytes(payload)
        if len(message) >= 2 and message[0] == YMessageType.AWARENESS:
            try:
                self.presence.receive(message[1:])
            except ValueError as error:
                log.warning("%s", error)  # who looks from where is not worth a connection
            return
        if len(message) < 2 or message[0] != YMessageType.SYNC:
            return
        if message[1] == _SYNC_STEP_1:
            with self._lock:
                if self._back is not None:
                    self._back.asked = message[2:]
                    return
            self._answer(message[2:])
            return
        with self._lock:
            back = self._back
            handle_sync_message(message[1:], self._doc if back is None else back.fresh)
            if message[1] == _SYNC_STEP_2:
                self._questions -= 1
            again = self._replace(back) if back is not None and self._questions <= 0 else []
            self._updates.clear()
            self._settle("remote")
        if back is not None and self._back is None:
            self._make_again(back, again)
        if message[1] == _SYNC_STEP_2 and self._back is None:
            self._synced.set()

    def receive_saved(self, header: Header, payload: memoryview) -> None:
        """Take a SAVED frame."""
        message = decode_control(payload)
        with self._lock:  # of what was refused it is said too that the sidecar is done with it
            most = float("inf") if self._back is None else self._back.first - 1
        self._edits.taken(min(max(message["edits"], message.get("taken", 0)), most))
        self.saved.receive(header, payload)

    def not_taken(self, _header: Header, payload: memoryview) -> None:
        """Take an ERROR frame: one about an edit makes the document anew of what the sidecar has."""
        message = decode_control(payload)
        if "edit" not in message:
            return
        edit, why = int(message["edit"]), Refusal(str(message.get("message", "")), message.get("remedy"))
        if message.get("code") == ErrorCode.FORBIDDEN:
            self._edits.refuse_all(why)
        elif message.get("code") != ErrorCode.CANCELLED:
            self._edits.refuse(edit, why)
        with self._lock:
            if self._back is not None:
                self._back.first = min(edit, self._back.first)
                return
            self._back = _RollBack(edit)
        self.saved.renewing(True)
        self._ask()

    def wait_synced(self, seconds: float) -> bool:
        """Wait until the sidecar's document has arrived once."""
        return self._synced.wait(seconds)

    def update(self) -> bytes | None:
        """The whole document as one update; None while it is not known."""
        if not self._synced.is_set():
            return None
        with self._lock:
            return bytes(self._doc.get_update())

    # For the maps

    def _one(self, name: str, make: type[SceneMap] = SceneMap) -> SceneMap:
        return make(self._doc, name, self._lock, self._edit, self._start_notifier)

    @contextmanager
    def _edit(self) -> Iterator[PendingEdit]:
        edit = PendingEdit()
        with self._lock:
            with self._doc.transaction():
                yield edit
            updates = [update for update in self._settle("local") if update != _EMPTY_UPDATE]
            if not updates:
                return
            self._edits.add(edit)
            if self._back is not None:
                return
        self._send_update(updates, edit)

    def _ask(self) -> None:
        """Ask for what is missing here: all of it, where the document is made anew."""
        with self._lock:
            self._questions += 1
            message = create_sync_message(self._doc if self._back is None else self._back.fresh)
        self._send_message(message)

    def _answer(self, known: bytes) -> None:
        with self._sending:
            with self._lock:
                lacking = bytes(self._doc.get_update(read_message(known)))
            first = self.saved.count + 1
            self._edits.given((first, first + len(update_parts(lacking)) - 1))
            self._send_parts(update_parts(lacking), answer=True)

    def _replace(self, back: _RollBack) -> list[PendingEdit]:
        """Put what the sidecar has in the document's place; the edits that it did not take. Called with the lock held."""
        self._back = None
        back.names = {entry_id: str(entry.get("name", "")) for entry_id, entry in self.annotations.entries().items()}
        self._doc = back.fresh
        self._doc.observe(lambda event: self._updates.append(event.update))
        for one in self._maps:
            one.follow(self._doc)
        return self._edits.drain(min(back.first, self.saved.count + 1))

    def _make_again(self, back: _RollBack, pending: list[PendingEdit]) -> None:
        """Make edits once more that nobody refused, and say what is not kept."""
        if back.asked is not None:
            self._answer(back.asked)
        maps = {one.name: one for one in self._maps}
        out: dict[Refusal, list[Written]] = {}
        for edit in pending:
            if edit.refused is not None:
                out.setdefault(edit.refused, []).extend(edit.written)
                continue
            lost: list[Written] = []
            for name, written in groupby(edit.written, lambda one: one.map):
                lost += maps[name].again(list(written))
            if lost:
                out.setdefault(_LEFT_OVER, []).extend(lost)
        errors: list[VoxbeamError] = []
        for why, parts in out.items():
            error = VoxbeamError(f"Not kept: {words_of(parts, back.names)}: {why.message}.", why.remedy)
            log.warning("%s", error)
            errors.append(error)
        if errors:
            self.saved.refused(errors[0])
        self.saved.renewing(False)

    def _settle(self, origin: Origin) -> list[bytes]:
        """Bring the mirrors up to date after a transaction, queue its changes, and take its updates."""
        for one in self._maps:
            changes = one.settle()
            if changes and one.listeners():
                self._pending.put((one, changes, origin))
        updates, self._updates = self._updates, []
        return updates

    def _send_update(self, updates: list[bytes], edit: PendingEdit) -> None:
        """Send what one transaction changed, in parts where it is larger than a frame."""
        parts = [part for update in updates for part in update_parts(update)]
        with self._sending:
            first = self.saved.count + 1
            edit.frames = (first, first + len(parts) - 1)
            self._send_parts(parts)

    def _send_parts(self, parts: list[bytes], *, answer: bool = False) -> None:
        """Send updates; as an answer to the sidecar's question the last is step 2."""
        for index, part in enumerate(parts):
            kind = _SYNC_STEP_2 if answer and index == len(parts) - 1 else _SYNC_UPDATE
            self.saved.sent(answer=kind == _SYNC_STEP_2)
            self._send_message(bytes((YMessageType.SYNC, kind)) + write_var_uint(len(part)) + part)

    def _send_message(self, message: bytes) -> None:
        self._send(encode_frame(FrameType.SCENE, message))

    def _start_notifier(self) -> None:
        with self._lock:
            if self._notifier is None:
                self._notifier = threading.Thread(target=self._notify, name="voxbeam-scene", daemon=True)
                self._notifier.start()

    def _notify(self) -> None:
        while True:
            one, changes, origin = self._pending.get()
            for listener in one.listeners():
                try:
                    listener(changes, origin)
                except Exception:
                    log.exception("a listener of the scene failed")
