"""The annotations of a scene document: rows that stay as they were made, and beside them what was changed since, field by field.

A row is one entry of the document, JSON text; a map with a dozen fields would be a dozen, and of a hundred thousand annotations
that is what opening and adding takes. Entries that are maps themselves, as all were once, are read and changed as such.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pycrdt import Map

from voxbeam.scene_map import MANY, SceneMap, differs, write_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pycrdt import Doc

    from voxbeam.scene_map import Entry

EDITS = "annotation_edits"
_PROPS = "props"


def edit_key(entry_id: str, field: str) -> str:
    """The key of a changed field: ``id/field``, and ``id/props.name`` of own fields."""
    return f"{entry_id.replace('%', '%25').replace('/', '%2F')}/{field}"


def read_edit_key(key: str) -> tuple[str, str] | None:
    """Id and field of such a key; None where it is none."""
    entry_id, slash, field = key.partition("/")
    return (entry_id.replace("%2F", "/").replace("%25", "%"), field) if slash and entry_id else None


def count_annotations(doc: Doc[Any]) -> int:
    """How many entries of a document were not removed."""
    edits = doc.get(EDITS, type=Map).to_py() or {}
    count = 0
    for entry_id, stored in (doc.get("annotations", type=Map).to_py() or {}).items():
        row = _row(stored)
        entry = {"deleted": edits.get(edit_key(entry_id, "deleted"), row.get("deleted"))} if row is not None else stored
        count += isinstance(entry, dict) and entry.get("deleted") is not True
    return count


class AnnotationMap(SceneMap):
    """Annotations by id, as :class:`SceneMap` has entries; ``props`` of an entry merges name by name."""

    def __init__(
        self, doc: Doc[Any], name: str, lock: Any, edit: Callable[[], Any], listened: Callable[[], None]
    ) -> None:
        super().__init__(doc, name, lock, edit, listened)
        self._edits: Map[Any] = doc.get(EDITS, type=Map)
        #: What was changed, by id and field.
        self._changes: dict[str, Entry] = {}
        self._edits_touched: set[str] = set()
        #: Rows that are just being added, as they will be read.
        self._added: dict[str, Entry] = {}
        self._edits.observe(self._note_edit)

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Add entries, or change those of the same id; of ``props`` only the names given are written."""
        if len(entries) < MANY:
            return super().put(entries)
        # An event names every field of every row; what is written here is known.
        with self._lock:
            self._observe(False)
            self._touched.update(entries)
            try:
                super().put(entries)
            finally:
                self._observe(True)

    def follow(self, doc: Doc[Any]) -> None:
        """As for all maps, with what was changed."""
        super().follow(doc)
        self._edits = doc.get(EDITS, type=Map)
        self._edits.observe(self._note_edit)
        self._edits_touched.update(self._edits.keys())
        self._edits_touched.update(edit_key(entry_id, field) for entry_id, of in self._changes.items() for field in of)

    def settle(self) -> list[Any]:
        """Bring the mirror up to date after a transaction, and say what it changed. Called with the lock held."""
        many = len(self._edits_touched) > MANY
        whole = json.loads(str(self._edits)) if many else None
        for key in self._edits_touched:
            found = read_edit_key(key)
            if found is None:
                continue
            entry_id, field = found
            there = key in whole if whole is not None else key in self._edits
            if there:
                self._changes.setdefault(entry_id, {})[field] = whole[key] if whole is not None else self._edits[key]
            else:
                self._changes.get(entry_id, {}).pop(field, None)
            self._touched.add(entry_id)
        self._edits_touched.clear()
        changes = super().settle()
        self._added.clear()
        return changes

    def _note_edit(self, event: Any) -> None:
        self._edits_touched.update(event.keys)

    def _whole(self) -> dict[str, Any] | None:
        return None if self._added else super()._whole()

    def _read(self, entry_id: str) -> Entry | None:
        added = self._added.get(entry_id)
        if added is not None:
            return self._with_changes(entry_id, added)
        stored = self._map.get(entry_id)
        if isinstance(stored, Map):
            return super()._read(entry_id)
        row = _row(stored)
        return None if row is None else self._with_changes(entry_id, row)

    def _read_whole(self, entry_id: str, whole: dict[str, Any]) -> Entry | None:
        found = whole.get(entry_id)
        row = _row(found)
        if row is not None:
            return self._with_changes(entry_id, row)
        # A map comes as a dict, and so would an object that is none: which of them is seen in the document.
        return found if isinstance(found, dict) and isinstance(self._map.get(entry_id), Map) else None

    def _with_changes(self, entry_id: str, row: Entry) -> Entry:
        """A row with what was changed of it; what says nothing is absent."""
        changes = self._changes.get(entry_id)
        if not changes:
            return row
        props = dict(own) if isinstance(own := row.get(_PROPS), dict) else {}
        now = dict(row)
        for field, value in changes.items():
            of, name = (props, field[len(_PROPS) + 1 :]) if field.startswith(f"{_PROPS}.") else (now, field)
            if value is None:
                of.pop(name, None)
            else:
                of[name] = value
        return {**now, _PROPS: props} if props or _PROPS in row else now

    def _write(self, entry_id: str, entry: Entry) -> None:
        known = self._mirror.get(entry_id)
        stored = None if known is None else self._map.get(entry_id)
        if known is None:
            self._add(entry_id, entry)
        elif isinstance(stored, Map):
            _write_map(stored, known, entry)
        else:
            fields = {name: value for name, value in entry.items() if name != _PROPS}
            own = entry.get(_PROPS) or {}
            before = props if isinstance(props := known.get(_PROPS), dict) else {}
            for name, value in fields.items():
                self._write_field(entry_id, name, known.get(name), value)
            for name, value in own.items():
                self._write_field(entry_id, f"{_PROPS}.{name}", before.get(name), value)

    def _erase(self, entry_id: str) -> None:
        super()._erase(entry_id)
        for field in self._changes.get(entry_id, {}):
            self._edits.pop(edit_key(entry_id, field), None)

    def _add(self, entry_id: str, entry: Entry) -> None:
        row = {name: value for name, value in entry.items() if value is not None and value != "" and name != _PROPS}
        if own := {name: value for name, value in (entry.get(_PROPS) or {}).items() if value is not None}:
            row[_PROPS] = own
        self._added[entry_id] = row
        self._map[entry_id] = json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    def _write_field(self, entry_id: str, field: str, before: Any, value: Any) -> None:
        if value is None and before is None:
            return
        if value is None or differs(before, value):
            self._edits[edit_key(entry_id, field)] = value


def _row(stored: Any) -> Entry | None:
    """The row in what stands in the document; None where that is none."""
    if not isinstance(stored, str):
        return None
    try:
        row = json.loads(stored)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _write_map(stored: Any, known: Entry, entry: Entry) -> None:
    own = entry.get(_PROPS)
    nested = isinstance(own, dict) and isinstance(stored.get(_PROPS), Map)
    write_fields(stored, known, {name: value for name, value in entry.items() if not (nested and name == _PROPS)})
    if nested:
        write_fields(stored[_PROPS], known[_PROPS], own or {})
