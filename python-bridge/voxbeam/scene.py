"""The scene document of one instance, as this process has it: a Yjs document, kept the same as the sidecar's."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pycrdt import Doc, Map, YMessageType, create_sync_message, create_update_message, handle_sync_message

from voxbeam.errors import ParameterError
from voxbeam.protocol import MAX_FRAME_BYTES, FrameType, Header, encode_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("voxbeam.scene")

Origin = Literal["local", "remote"]
#: What stands in the document for one annotation.
Entry = dict[str, Any]
#: The second byte of a sync message that answers ours: from then on the document is complete.
_SYNC_STEP_2 = 1
_EMPTY_UPDATE = b"\x00\x00"


class Change(NamedTuple):
    """One entry before and after a transaction; None where there was none."""

    id: str
    before: Entry | None
    after: Entry | None


class Scene:
    """The annotations of one instance, kept in step with everyone else's.

    One lock guards the document and its mirror; nobody is called while it is held. Listeners run on a thread of their own, in
    the order of the changes, so that they may take their time and may edit.

    Parameters
    ----------
    send
        Sends a frame to the sidecar. While the connection is broken frames are lost: coming back, both sides exchange
        what the other lacks.
    """

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._lock = threading.RLock()
        self._doc: Doc[Any] = Doc(allow_multithreading=True)
        self._map: Map[Any] = self._doc.get("annotations", type=Map)
        self._mirror: dict[str, Entry] = {}
        self._touched: set[str] = set()
        self._updates: list[bytes] = []
        self._doc.observe(lambda event: self._updates.append(event.update))
        self._map.observe_deep(self._note_touched)
        self._synced = threading.Event()
        self._listeners: list[Callable[[list[Change], Origin], None]] = []
        self._pending: queue.SimpleQueue[tuple[list[Change], Origin]] = queue.SimpleQueue()
        self._notifier: threading.Thread | None = None

    # With the sidecar

    def opened(self) -> None:
        """A connection opened: ask for what is missing here. The sidecar asks in turn for what it lacks."""
        with self._lock:
            message = create_sync_message(self._doc)
        self._send_message(message)

    def receive(self, _header: Header, payload: memoryview) -> None:
        """Take a SCENE frame."""
        message = bytes(payload)
        if len(message) < 2 or message[0] != YMessageType.SYNC:
            return  # presence: who looks from where is between viewers
        with self._lock:
            reply = handle_sync_message(message[1:], self._doc)
            self._updates.clear()
            self._settle("remote")
        if reply is not None:
            self._send_message(reply)
        if message[1] == _SYNC_STEP_2:
            self._synced.set()

    def wait_synced(self, seconds: float) -> bool:
        """Wait until the sidecar's document has arrived once."""
        return self._synced.wait(seconds)

    # Reading and editing

    def entries(self) -> dict[str, Entry]:
        """All entries by id, as they are now. Entries are replaced on change, never changed in place."""
        with self._lock:
            return dict(self._mirror)

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Add entries, or change those of the same id: only fields that differ are written. None removes a field."""
        with self._lock:
            with self._doc.transaction():
                for entry_id, entry in entries.items():
                    self._write(entry_id, entry)
            updates = self._settle("local")
        self._send_updates(updates)

    def remove(self, ids: list[str]) -> None:
        """Remove entries; those that are gone already are left out."""
        with self._lock:
            with self._doc.transaction():
                for entry_id in ids:
                    if entry_id in self._map:
                        del self._map[entry_id]
            updates = self._settle("local")
        self._send_updates(updates)

    def listen(self, listener: Callable[[list[Change], Origin], None]) -> Callable[[], None]:
        """Call ``listener(changes, origin)`` after each transaction that changed annotations; the result ends that."""
        with self._lock:
            self._listeners.append(listener)
            if self._notifier is None:
                self._notifier = threading.Thread(target=self._notify, name="voxbeam-scene", daemon=True)
                self._notifier.start()

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def _write(self, entry_id: str, entry: Entry) -> None:
        known = self._mirror.get(entry_id)
        if known is None:
            self._map[entry_id] = Map({name: value for name, value in entry.items() if value is not None})
            return
        stored = self._map[entry_id]
        for name, value in entry.items():
            if value is None and name in known:
                del stored[name]
            elif value is not None and known.get(name) != value:
                stored[name] = value

    def _settle(self, origin: Origin) -> list[bytes]:
        """Bring the mirror up to date after a transaction, queue its changes, and take its updates."""
        changes = []
        for entry_id in sorted(self._touched):
            before = self._mirror.pop(entry_id, None)
            stored = self._map.get(entry_id)
            after = stored.to_py() if isinstance(stored, Map) else None
            if after is not None:
                self._mirror[entry_id] = after
            if before != after:
                changes.append(Change(entry_id, before, after))
        self._touched.clear()
        if changes and self._listeners:
            self._pending.put((changes, origin))
        updates, self._updates = self._updates, []
        return updates

    def _note_touched(self, events: list[Any]) -> None:
        for event in events:
            path = list(event.path)
            self._touched.update(path[:1] if path else event.keys)

    def _send_updates(self, updates: list[bytes]) -> None:
        for update in updates:
            if update != _EMPTY_UPDATE:
                self._send_message(create_update_message(update))

    def _send_message(self, message: bytes) -> None:
        if len(message) > MAX_FRAME_BYTES - 64:
            msg = f"A change of the scene takes {len(message)} bytes; the limit is {MAX_FRAME_BYTES}."
            raise ParameterError(msg, "Make it in several steps.")
        self._send(encode_frame(FrameType.SCENE, message))

    def _notify(self) -> None:
        while True:
            changes, origin = self._pending.get()
            with self._lock:
                listeners = list(self._listeners)
            for listener in listeners:
                try:
                    listener(changes, origin)
                except Exception:
                    log.exception("a listener of the scene failed")
