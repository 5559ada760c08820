"""The scene document of one instance, as this process has it: a Yjs document, kept the same as the sidecar's."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pycrdt import Doc, YMessageType, create_sync_message, handle_sync_message, read_message, write_var_uint

from voxbeam.annotation_map import AnnotationMap
from voxbeam.people import Announced, Presence
from voxbeam.protocol import FrameType, Header, encode_frame
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
        self._synced = threading.Event()
        self._pending: queue.SimpleQueue[tuple[SceneMap, list[Change], Origin]] = queue.SimpleQueue()
        self._notifier: threading.Thread | None = None
        self.annotations = self._one("annotations", AnnotationMap)
        self.annotation_layers = self._one("annotation_layers")
        self.classes = self._one("classes")
        self.layers = self._one("layers")
        self.bookmarks = self._one("bookmarks")
        self.presence = Presence()
        self._announced = Announced()

    # With the sidecar

    def opened(self) -> None:
        """A connection opened: ask for what is missing here. The sidecar asks in turn for what it lacks."""
        self.saved.opened()
        with self._lock:
            message = create_sync_message(self._doc)
        self.presence.clear()
        self._send_message(message)
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
                lacking = bytes(self._doc.get_update(read_message(message[2:])))
            self._send_update(lacking, answer=True)
            return
        with self._lock:
            handle_sync_message(message[1:], self._doc)
            self._updates.clear()
            self._settle("remote")
        if message[1] == _SYNC_STEP_2:
            self._synced.set()

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
    def _edit(self) -> Iterator[None]:
        with self._lock:
            with self._doc.transaction():
                yield
            updates = self._settle("local")
        for update in updates:
            if update != _EMPTY_UPDATE:
                self._send_update(update)

    def _settle(self, origin: Origin) -> list[bytes]:
        """Bring the mirrors up to date after a transaction, queue its changes, and take its updates."""
        for one in (self.classes, self.annotation_layers, self.annotations, self.layers, self.bookmarks):
            changes = one.settle()
            if changes and one.listeners():
                self._pending.put((one, changes, origin))
        updates, self._updates = self._updates, []
        return updates

    def _send_update(self, update: bytes, *, answer: bool = False) -> None:
        """Send an update, in parts where it is larger than a frame; as an answer to the sidecar's question the last is step 2."""
        parts = update_parts(update)
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
