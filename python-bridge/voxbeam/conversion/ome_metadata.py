"""The metadata of OME-Zarr 0.5: axes and units, where each level lies, names and colours of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.geometry import level_to_voxel
from voxbeam.sources.ome import TIME_SYMBOLS
from voxbeam.sources.source import UNIT_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.sources import Source

VERSION = "0.5"
_UNIT_NAMES = {symbol: name for name, symbol in reversed(UNIT_SYMBOLS.items()) if symbol}
_TIME_NAMES = {symbol: name for name, symbol in TIME_SYMBOLS.items()}
#: Of channels for which nothing says one.
_COLORS = ("FFFFFF", "00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF", "FF8000")


def axes_of(sources: Sequence[Source]) -> str:
    """Such as ``'tczyx'``."""
    return f"{'t' if sources[0].times else ''}{'c' if sources[0].channel else ''}zyx"


def attributes(sources: Sequence[Source], levels: int, ranges: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """What a group says of its levels and channels.

    Parameters
    ----------
    sources
        One a channel.
    ranges
        Lowest and highest value of each.
    """
    first, axes = sources[0], axes_of(sources)
    datasets = [{"path": str(level), "coordinateTransformations": _place(first, axes, level)} for level in range(levels)]
    how = "the most frequent" if first.kind == "labels" else "the mean"
    multiscale = {
        "name": first.channel.group or first.name if first.channel else first.name,
        "axes": [_axis(first, axis) for axis in axes],
        "datasets": datasets,
        "type": "mode" if first.kind == "labels" else "mean",
        "metadata": {"description": f"Each voxel is {how} of 2 × 2 × 2 of the level before.", "method": "voxbeam.convert"},
    }
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [multiscale]}
    if first.kind == "labels":
        ome["image-label"] = {"version": VERSION, **(first.label_metadata or {})}
    else:
        pairs = enumerate(zip(sources, ranges, strict=True))
        ome["omero"] = {"channels": [_channel(source, index, ends) for index, (source, ends) in pairs]}
    return {"ome": ome}


def _axis(source: Source, axis: str) -> dict[str, str]:
    if axis == "c":
        return {"name": "c", "type": "channel"}
    if axis == "t":
        unit = source.times.unit if source.times else ""
        return {"name": "t", "type": "time"} | ({"unit": _TIME_NAMES.get(unit, unit)} if unit else {})
    return {"name": axis, "type": "space"} | ({"unit": _UNIT_NAMES.get(source.unit, source.unit)} if source.unit else {})


def _place(source: Source, axes: str, level: int) -> list[dict[str, Any]]:
    """Scale and translation of a level: its first voxel is the middle of the 2^level of level 0 that it is made of."""
    step = (source.times.step if source.times else None) or 1.0
    before = [step if axis == "t" else 1.0 for axis in axes[:-3]]
    scale = [*before, *(size * 2**level for size in source.voxel_size)]
    shift = [o + level_to_voxel(0, level) * size for o, size in zip(source.origin, source.voxel_size, strict=True)]
    return [{"type": "scale", "scale": scale}, {"type": "translation", "translation": [*(0.0 for _ in before), *shift]}]


def _channel(source: Source, index: int, ends: tuple[float, float]) -> dict[str, Any]:
    low, high = ends if ends[0] < ends[1] else (ends[0], ends[0] + 1)
    start, end = source.window or (low, high)
    color = source.channel.color if source.channel else None
    return {
        "label": source.channel.name if source.channel else source.name,
        "color": (color or _COLORS[index % len(_COLORS)]).lstrip("#").upper(),
        "active": True,
        "window": {"min": low, "max": high, "start": start, "end": end},
    }
