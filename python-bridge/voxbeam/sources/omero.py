"""What OME-Zarr says of channels: the ``omero`` metadata with their names, colours and windows."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from voxbeam.protocol import MAX_NAME_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.sources.source import Source

_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")


def describe_channels(sources: Sequence[Source], attributes: dict[str, Any]) -> None:
    """Give the sources of an image's channels the names, colours and windows of its metadata; what cannot be used is left out."""
    inner = attributes.get("ome")
    omero = (inner if isinstance(inner, dict) else attributes).get("omero")
    listed = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(listed, list):
        return
    labels = [str(entry.get("label") or "") if isinstance(entry, dict) else "" for entry in listed]
    for index, (source, entry) in enumerate(zip(sources, listed, strict=False)):
        if not isinstance(entry, dict):
            continue
        window = entry.get("window")
        if isinstance(window, dict):
            source.window = _window(window.get("start"), window.get("end"))
        if source.channel is None:
            continue
        color = _COLOR.fullmatch(str(entry.get("color", "")))
        name = labels[index][:MAX_NAME_CHARS] if labels.count(labels[index]) == 1 and labels[index] else source.channel.name
        source.channel = replace(source.channel, name=name, color=f"#{color[1].lower()}" if color else None)


def _window(low: Any, high: Any) -> tuple[float, float] | None:
    try:
        ends = float(low), float(high)
    except (TypeError, ValueError):
        return None
    return ends if all(isfinite(end) for end in ends) and ends[0] < ends[1] else None
