"""Between annotations and what stands in the scene document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.annotation.base import PALETTE, Annotation
from voxbeam.annotation.checks import COLOR, numbers, read_props
from voxbeam.annotation.oriented import Ellipsoid, OrientedBox
from voxbeam.annotation.paths import Line, Polygon, Polyline
from voxbeam.annotation.point_and_box import Box, Point
from voxbeam.errors import ParameterError
from voxbeam.protocol import MAX_NAME_CHARS, MAX_PATH_POINTS

if TYPE_CHECKING:
    from collections import Counter

    from voxbeam.description import VolumeDescription
    from voxbeam.scene_map import Entry

KINDS: dict[str, type[Annotation]] = {
    one.kind: one for one in (Point, Line, Polyline, Polygon, Box, OrientedBox, Ellipsoid)
}
_TEXTS = ("name", "author", "created", "modified", "modified_by", "label", "layer", "volume_name", "color")


def placed(annotation: Annotation, volume: VolumeDescription | None) -> Annotation:
    """The annotation with voxel and world coordinates both; where one is missing it is made from the other.

    Raises
    ------
    ParameterError
        Only voxels are given and there is no volume to count them in.
    """
    return annotation.placed(volume)


def to_entry(annotation: Annotation) -> Entry:
    """What stands in the scene document for a placed annotation; None removes what stands there."""
    return {
        "kind": annotation.kind,
        "name": annotation.name,
        "color": annotation.color or PALETTE[0],
        "volume_name": annotation.volume or "",
        "coords": annotation.coords(),
        "created": annotation.created,
        "author": annotation.author,
        "modified": annotation.modified or None,
        "modified_by": annotation.modified_by or None,
        "label": annotation.label or None,
        "layer": annotation.layer or None,
        "props": dict(annotation.props),
        "deleted": None,
    }


def from_entry(entry_id: str, entry: Entry, volume: VolumeDescription | None) -> Annotation | None:
    """The annotation in a document's entry; None where it was removed.

    Anyone may have written it: without a usable kind or coordinates there is none; other fields that make no sense get a default.
    """
    kind = entry.get("kind")
    make = KINDS.get(kind) if isinstance(kind, str) else None
    coords = numbers(entry.get("coords"))
    if make is None or not coords or len(coords) > 3 * MAX_PATH_POINTS or entry.get("deleted") is True:
        return None
    text = {name: _text(entry[name]) if name in entry else "" for name in _TEXTS}
    common: dict[str, Any] = {
        "id": entry_id,
        "volume": text.pop("volume_name") or None,
        "color": color if COLOR.fullmatch(color := text.pop("color")) else PALETTE[0],
        "props": read_props(entry.get("props")),
        **text,
    }
    try:
        return make.from_document(coords, volume, common)
    except ParameterError:
        return None


def next_color(used: Counter[str]) -> str:
    """The colour used least so far (in small letters); of those the first in the palette."""
    return min(PALETTE, key=used.__getitem__)


def _text(value: Any) -> str:
    if type(value) is str and len(value) <= MAX_NAME_CHARS:
        return value
    return str(value or "")[:MAX_NAME_CHARS] if isinstance(value, (str, int, float)) else ""
