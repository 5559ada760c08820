"""Annotations in an Arrow IPC file: the table that people analyse, with layers and classes in its metadata."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from voxbeam.annotation.files import FIELDS, FORMAT, SavedAnnotations, damaged, head_of, saved_of
from voxbeam.annotation.table import to_table
from voxbeam.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = ("id", "kind", "coords", *FIELDS)


def write_arrow(path: Path, saved: SavedAnnotations) -> None:
    """Write the table of :func:`to_table`."""
    table = to_table(saved.annotations).replace_schema_metadata({FORMAT: json.dumps(head_of(saved), ensure_ascii=False)})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_arrow(source: Path) -> SavedAnnotations:
    """Read such a table; columns that follow from others are not looked at."""
    try:
        with pa.OSFile(str(source)) as file:
            table = pa.ipc.open_file(file).read_all()
        metadata = table.schema.metadata or {}
        table = table.select([name for name in _COLUMNS if name in table.column_names])
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        damaged(source, str(error).splitlines()[0] if str(error) else type(error).__name__)
    missing = [name for name in ("kind", "coords") if name not in table.column_names]
    head = _json(source, "its metadata", metadata.get(FORMAT.encode(), b"null"))
    if missing or head is None:
        raise SourceError(f"{source} holds no annotations of voxbeam.", "Give a file that annotations.save() has written.")
    rows = table.to_pylist()
    for at, row in enumerate(rows):
        if row.get("props") is not None:
            row["props"] = _json(source, f"annotations[{at}].props", row["props"])
    return saved_of(source, head, rows)


def _json(source: Path, what: str, value: Any) -> Any:
    try:
        return json.loads(value)
    except (ValueError, TypeError, RecursionError) as error:
        damaged(source, f"{what}: {error}")
