"""The annotations of a scene document: rows that stay as they were made, and beside them what was changed since, field by field.

A row is one entry of the document, JSON text; a map with a dozen fields would be a dozen, and of a hundred thousand annotations
that is what opening and adding takes. Entries that are maps themselves, as all were once, are read and changed as such.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from pycrdt import Map

from voxbeam.scene_map import MANY, SceneMap, differs, write_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
        #: Entries that are maps themselves.
        self._nested: set[str] = set()
        #: What is just being written: rows and changed fields as they will be read, and as they will stand there.
        self._added: dict[str, Entry] = {}
        self._rewritten: dict[str, Entry] = {}
        self._texts: dict[str, str] = {}
        self._fields: dict[str, Any] = {}
        self._edits_subscription = self._edits.observe(self._note_edit)

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Add entries, or change those of the same id; of ``props`` only the names given are written."""
        with self._writing(entries):
            super().put(entries)

    def patch(self, entry_id: str, fields: Entry) -> bool:
        """Change an entry that is there; False where it is not."""
        with self._writing((entry_id,)):
            return super().patch(entry_id, fields)

    @contextmanager
    def _writing(self, ids: Iterable[str]) -> Iterator[None]:
        """What is written here is known: events, which name every field of every row, are not listened to meanwhile."""
        with self._lock:
            self._observe(False)
            self._edits.unobserve(self._edits_subscription)
            self._touched.update(ids)
            try:
                yield
            finally:
                for written in (self._added, self._rewritten, self._texts, self._fields):
                    written.clear()
                self._observe(True)
                self._edits_subscription = self._edits.observe(self._note_edit)

    def _written(self) -> None:
        # Many at once: one by one each is two transactions of its own within the transaction.
        self._map.update(self._texts)
        self._edits.update(self._fields)

    def follow(self, doc: Doc[Any]) -> None:
        """As for all maps, with what was changed."""
        super().follow(doc)
        self._edits = doc.get(EDITS, type=Map)
        self._edits_subscription = self._edits.observe(self._note_edit)
        self._nested.clear()
        self._edits_touched.update(self._edits.keys())
        self._edits_touched.update(edit_key(entry_id, field) for entry_id, of in self._changes.items() for field in of)

    def settle(self) -> list[Any]:
        """As of any map, once what was changed of rows is known by field. Called with the lock held."""
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
        for entry_id, fields in self._rewritten.items():
            self._changes.setdefault(entry_id, {}).update(fields)
        return super().settle()

    def _note_edit(self, event: Any) -> None:
        self._edits_touched.update(event.keys)

    def _whole(self) -> dict[str, Any] | None:
        return None if self._added or self._rewritten else super()._whole()

    def _read(self, entry_id: str, before: Entry | None) -> Entry | None:
        added = self._added.get(entry_id)
        if added is not None:
            return _with_changes(added, self._changes.get(entry_id))
        changed = self._rewritten.get(entry_id)
        if changed is not None and before is not None:
            return _with_changes(before, changed)
        stored = self._map.get(entry_id)
        if isinstance(stored, Map):
            self._nested.add(entry_id)
            return super()._read(entry_id, before)
        self._nested.discard(entry_id)
        row = _row(stored)
        return None if row is None else _with_changes(row, self._changes.get(entry_id))

    def _read_whole(self, entry_id: str, whole: dict[str, Any]) -> Entry | None:
        found = whole.get(entry_id)
        row = _row(found)
        if row is not None:
            return _with_changes(row, self._changes.get(entry_id))
        # A map comes as a dict, and so would an object that is none: which of them is seen in the document.
        if not isinstance(found, dict) or not isinstance(self._map.get(entry_id), Map):
            return None
        self._nested.add(entry_id)
        return found

    def _write(self, entry_id: str, entry: Entry) -> Entry:
        known = self._mirror.get(entry_id)
        if known is None:
            return self._add(entry_id, entry)
        if entry_id in self._nested:
            _write_map(self._map[entry_id], known, entry)
        else:
            fields = {name: value for name, value in entry.items() if name != _PROPS}
            own = entry.get(_PROPS) or {}
            before = props if isinstance(props := known.get(_PROPS), dict) else {}
            for name, value in fields.items():
                self._write_field(entry_id, name, known.get(name), value)
            for name, value in own.items():
                self._write_field(entry_id, f"{_PROPS}.{name}", before.get(name), value)
        return entry

    def _erase(self, entry_id: str) -> None:
        super()._erase(entry_id)
        for field in self._changes.get(entry_id, {}):
            self._edits.pop(edit_key(entry_id, field), None)

    def _add(self, entry_id: str, entry: Entry) -> Entry:
        row = {name: value for name, value in entry.items() if value is not None and value != "" and name != _PROPS}
        if own := {name: value for name, value in (entry.get(_PROPS) or {}).items() if value is not None}:
            row[_PROPS] = own
        self._added[entry_id] = row
        self._texts[entry_id] = row_text(row)
        return row

    def _write_field(self, entry_id: str, field: str, before: Any, value: Any) -> None:
        if value is None and before is None:
            return
        if value is None or differs(before, value):
            self._fields[edit_key(entry_id, field)] = value
            self._rewritten.setdefault(entry_id, {})[field] = value


def _with_changes(row: Entry, changes: Entry | None) -> Entry:
    """A row with what was changed of it; what says nothing is absent."""
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


def row_text(row: Entry) -> str:
    """A row as JSON. Texts and lists of floats, which are most of it, are written by hand: setting an encoder up takes longer."""
    return "{" + ",".join([encode_basestring(name) + ":" + _text_of(value) for name, value in row.items()]) + "}"


def _text_of(value: Any) -> str:
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is list:
        with suppress(TypeError):  # not all are floats
            return "[" + ",".join(map(float.__repr__, value)) + "]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
