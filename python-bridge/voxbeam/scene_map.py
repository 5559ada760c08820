"""One map of the scene document: its entries as this process has them, and who listens to it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pycrdt import Map

from voxbeam.pending_edits import PendingEdit, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from pycrdt import Doc

Origin = Literal["local", "remote"]
#: What stands in the document under one id.
Entry = dict[str, Any]


#: Entries that are read one by one; of more, all are read at once.
MANY = 256


class Change(NamedTuple):
    """One entry before and after a transaction; None where there was none."""

    id: str
    before: Entry | None
    after: Entry | None


class SceneMap:
    """Entries by id. Made by :class:`voxbeam.scene.Scene`, which keeps all maps of a document in step with everyone else's.

    Parameters
    ----------
    doc, name
        The document, and the map's name in it.
    lock
        Guards the document and every mirror of it.
    edit
        Encloses an edit: a transaction under the lock, sent when it ends.
    listened
        Called when somebody begins to listen.
    """

    def __init__(
        self,
        doc: Doc[Any],
        name: str,
        lock: Any,
        edit: Callable[[], AbstractContextManager[PendingEdit]],
        listened: Callable[[], None],
    ) -> None:
        self._lock = lock
        self._edit: Callable[[], AbstractContextManager[PendingEdit]] = edit
        self.name = name
        self._listened = listened
        self._map: Map[Any] = doc.get(name, type=Map)
        self._mirror: dict[str, Entry] = {}
        self._touched: set[str] = set()
        self._listeners: list[Callable[[list[Change], Origin], None]] = []
        self._changed = threading.Condition(lock)
        self._observe(True)

    def entries(self) -> dict[str, Entry]:
        """All entries by id, as they are now. Entries are replaced on change, never changed in place."""
        with self._lock:
            return dict(self._mirror)

    def entry(self, entry_id: str) -> Entry | None:
        """One entry, as it is now."""
        with self._lock:
            return self._mirror.get(entry_id)

    def wait_for(self, condition: Callable[[dict[str, Entry]], bool], seconds: float) -> bool:
        """Wait until ``condition(entries)`` holds; False when it did not within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self._mirror), seconds)

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Add entries, or change those of the same id: only fields that differ are written. None removes a field."""
        with self._edit() as edit:
            for entry_id, entry in entries.items():
                known = entry_id in self._mirror
                edit.written.append(Written(self.name, entry_id, self._write(entry_id, entry), known))
            self._written()

    def patch(self, entry_id: str, fields: Entry) -> bool:
        """Change an entry that is there; False where it is not."""
        with self._edit() as edit:
            if entry_id not in self._mirror:
                return False
            edit.written.append(Written(self.name, entry_id, fields, known=True))
            self._write(entry_id, fields)
            self._written()
        return True

    def remove(self, ids: list[str]) -> None:
        """Remove entries; those that are gone already are left out."""
        with self._edit() as edit:
            for entry_id in ids:
                if entry_id in self._map:
                    edit.written.append(Written(self.name, entry_id, None, known=True))
                    self._erase(entry_id)

    def again(self, written: list[Written]) -> list[Written]:
        """Write again what one transaction wrote; what has lost what it changes is left out, and returned."""
        with self._lock:
            lost = [one for one in written if one.known and one.fields is not None and one.id not in self._mirror]
            self.put({one.id: one.fields for one in written if one.fields is not None and one not in lost})
            self.remove([one.id for one in written if one.fields is None])
        return lost

    def follow(self, doc: Doc[Any]) -> None:
        """Go on with another document; what differs there counts as changed. Called with the lock held."""
        self._observe(False)
        self._map = doc.get(self.name, type=Map)
        self._observe(True)
        self._touched.update(self._mirror, self._map.keys())

    def listen(self, listener: Callable[[list[Change], Origin], None]) -> Callable[[], None]:
        """Call ``listener(changes, origin)`` after each transaction that changed this map; the result ends that."""
        with self._lock:
            self._listeners.append(listener)
        self._listened()

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def listeners(self) -> list[Callable[[list[Change], Origin], None]]:
        """Who listens now."""
        with self._lock:
            return list(self._listeners)

    def settle(self) -> list[Change]:
        """Bring the mirror up to date after a transaction, and say what it changed. Called with the lock held."""
        changes = []
        whole = self._whole()
        for entry_id in sorted(self._touched):
            before = self._mirror.pop(entry_id, None)
            after = self._read(entry_id, before) if whole is None else self._read_whole(entry_id, whole)
            if after is not None:
                self._mirror[entry_id] = after
            if before != after:
                changes.append(Change(entry_id, before, after))
        self._touched.clear()
        if changes:
            self._changed.notify_all()
        return changes

    def _whole(self) -> dict[str, Any] | None:
        """All of the map where most of it is new, as when a document arrives: read at once it takes a quarter of the time."""
        if len(self._touched) < MANY or 2 * len(self._touched) < len(self._mirror):
            return None
        found: dict[str, Any] = json.loads(str(self._map))
        return found

    def _read(self, entry_id: str, before: Entry | None) -> Entry | None:  # noqa: ARG002  some need not look
        """What stands under an id now, and stood there before."""
        stored = self._map.get(entry_id)
        return stored.to_py() if isinstance(stored, Map) else None

    def _read_whole(self, entry_id: str, whole: dict[str, Any]) -> Entry | None:
        """The same, of all that was read at once."""
        found = whole.get(entry_id)
        return found if isinstance(found, dict) else None

    def _erase(self, entry_id: str) -> None:
        del self._map[entry_id]

    def _write(self, entry_id: str, entry: Entry) -> Entry:
        """Write an entry; what would write the same again."""
        known = self._mirror.get(entry_id)
        if known is None:
            self._map[entry_id] = Map({name: value for name, value in entry.items() if value is not None})
        else:
            write_fields(self._map[entry_id], known, entry)
        return entry

    def _written(self) -> None:
        """All of a transaction was given to :meth:`_write`."""

    def _observe(self, on: bool) -> None:
        if on:
            self._subscription = self._map.observe_deep(self._note_touched)
        else:
            self._map.unobserve(self._subscription)

    def _note_touched(self, events: list[Any]) -> None:
        for event in events:
            path = list(event.path)
            self._touched.update(path[:1] if path else event.keys)


def write_fields(stored: Any, known: Entry, fields: Entry) -> None:
    """Write into a map of the document what differs from what is known of it; None takes a field away."""
    for name, value in fields.items():
        if value is None and name in known:
            del stored[name]
        elif value is not None and differs(known.get(name), value):
            stored[name] = value


def differs(before: Any, value: Any) -> bool:
    """Whether two values are not the same to everyone who reads the document: True is 1 to Python alone."""
    return bool(before != value) or isinstance(before, bool) != isinstance(value, bool)
