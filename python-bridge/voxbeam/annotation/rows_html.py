"""Annotations as a table for the eye."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from voxbeam.annotation.spans import voxel_span, world_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.annotation.base import Annotation
    from voxbeam.annotation.spans import Span

#: Rows that a notebook cell shows.
MAX_ROWS = 100
_TITLES = ("", "kind", "name", "class", "volume", "voxel z, y, x", "world x, y, z", "author", "id")


def to_html(annotations: Sequence[Annotation]) -> str:
    """A table for a notebook cell. Names and the like come from people: all text is escaped."""
    if not annotations:
        return "<em>No annotations yet: draw one in the viewer, or add one.</em>"
    head = "".join(f"<th>{title}</th>" for title in _TITLES)
    body = "".join(_row(a) for a in annotations[:MAX_ROWS])
    more = f"<p>and {len(annotations) - MAX_ROWS} more</p>" if len(annotations) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _row(a: Annotation) -> str:
    # The colour was checked to be #rrggbb; the square is drawn with it, so that no style needs a place of its own.
    chip = f'<span style="color:{html.escape(a.color or "")}">&#9632;</span>'
    kind = a.kind.replace("_", " ")
    cells = [kind, a.name, a.label, a.volume or "", _words(voxel_span(a)), _words(world_span(a)), a.author, (a.id or "")[:8]]
    return f"<tr><td>{chip}</td>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def _words(span: Span) -> str:
    low, high = span
    if low is None:
        return ""
    text = ", ".join(f"{n:.6g}" for n in low)
    return text if high is None else f"{text} – {', '.join(f'{n:.6g}' for n in high)}"
