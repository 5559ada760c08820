"""Annotations as a table: for analysis (Arrow), and for the eye (HTML)."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pyarrow as pa

from voxbeam.annotation import Annotation, Box, Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.geometry import Vec3

_TEXT = ("id", "kind", "name", "color", "volume", "author", "created")
_VOXEL = ("z", "y", "x", "z_stop", "y_stop", "x_stop")
_WORLD = ("world_x", "world_y", "world_z", "world_x_stop", "world_y_stop", "world_z_stop")
SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXT), *((name, pa.float64()) for name in (*_VOXEL, *_WORLD))])
#: Rows that a notebook cell shows.
MAX_ROWS = 100


def to_table(annotations: Sequence[Annotation]) -> pa.Table:
    """A row for each annotation; a point has no ``…_stop``, and what is not known is null."""
    rows = []
    for a in annotations:
        (start, stop), (low, high) = corners(a)
        numbers = [*_three(start), *_three(stop), *_three(low), *_three(high)]
        text = [getattr(a, name) for name in _TEXT]
        rows.append(dict(zip(SCHEMA.names, [*text, *numbers], strict=True)))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def to_html(annotations: Sequence[Annotation]) -> str:
    """A table for a notebook cell. Names and the like come from people: all text is escaped."""
    if not annotations:
        return "<em>No annotations yet: draw a point or a box in the viewer, or add one.</em>"
    head = "".join(
        f"<th>{title}</th>" for title in ("", "kind", "name", "volume", "voxel z, y, x", "world x, y, z", "author", "id")
    )
    body = "".join(_row(a) for a in annotations[:MAX_ROWS])
    more = f"<p>and {len(annotations) - MAX_ROWS} more</p>" if len(annotations) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def corners(annotation: Annotation) -> tuple[tuple[Vec3 | None, Vec3 | None], tuple[Vec3 | None, Vec3 | None]]:
    """Voxel and world corners; a point has only the first of each."""
    if isinstance(annotation, Box):
        return (annotation.start, annotation.stop), annotation.world or (None, None)
    if isinstance(annotation, Point):
        return (annotation.voxel, None), (annotation.world, None)
    raise TypeError(type(annotation).__name__)


def _row(a: Annotation) -> str:
    voxel, world = corners(a)
    # The colour was checked to be #rrggbb; the square is drawn with it, so that no style needs a place of its own.
    chip = f'<span style="color:{html.escape(a.color or "")}">&#9632;</span>'
    cells = [a.kind, a.name, a.volume or "", _span(*voxel), _span(*world), a.author, (a.id or "")[:8]]
    return f"<tr><td>{chip}</td>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def _span(first: Vec3 | None, last: Vec3 | None) -> str:
    if first is None:
        return ""
    text = ", ".join(f"{n:.6g}" for n in first)
    return text if last is None else f"{text} – {', '.join(f'{n:.6g}' for n in last)}"


def _three(v: Vec3 | None) -> tuple[float | None, ...]:
    return v if v is not None else (None, None, None)
