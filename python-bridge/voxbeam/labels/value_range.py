"""The range of an image's values within which an edit writes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxbeam.description import VolumeDescription
    from voxbeam.volumes import Volume

#: What stands for an end that is open: the wire has no infinities.
_LARGEST = 1.7e308


def range_of(within: Any, volumes: Mapping[str, Volume], labels: VolumeDescription) -> dict[str, Any]:
    """The range as the wire has it.

    Parameters
    ----------
    within
        ``(low, high)`` or ``(low, high, image)``, both ends included; an end may be infinite. Left out, the image is the one
        whose voxels are those of the labels.
    volumes
        Of the instance, by name.
    labels
        What is edited.

    Raises
    ------
    ParameterError
        The range is none, or there is no such image, or several.
    """
    try:
        low, high, *rest = within
        ends = [float(low), float(high)]
        if any(map(math.isnan, ends)) or ends[0] > ends[1] or len(rest) > 1:
            raise ValueError
    except (TypeError, ValueError):
        remedy = "Give (low, high), the lower first, or (low, high, image) with the name of an image."
        raise ParameterError(f"The range of values is {within!r:.60}.", remedy) from None
    volume = image_named(rest[0] if rest else None, volumes, labels)
    clipped = [min(max(end, -_LARGEST), _LARGEST) for end in ends]
    return {"volume": volume, "low": clipped[0], "high": clipped[1]}


def image_named(name: str | None, volumes: Mapping[str, Volume], labels: VolumeDescription) -> int:
    """The handle of an image; left out, of the only one whose voxels are those of the labels.

    Raises
    ------
    ParameterError
        There is no such image, or several.
    """
    named = _only(volumes, labels) if name is None else name
    if named not in volumes:
        raise ParameterError(f"The instance holds no volume called {named!r:.60}.", f"It has {_names(volumes)}.")
    return volumes[named].handle


def _only(volumes: Mapping[str, Volume], labels: VolumeDescription) -> str:
    place = (labels.shape, labels.voxel_size, labels.origin)
    fits = [
        name for name, one in ((name, volume.description) for name, volume in volumes.items())
        if one.kind == "image" and place == (one.shape, one.voxel_size, one.origin)
    ]
    if len(fits) == 1:
        return fits[0]
    said = f"{len(fits)} images have" if fits else "No image has"
    raise ParameterError(f"{said} the voxels of the labels {labels.name!r}.", f"Say which: image= one of {_names(volumes)}.")


def _names(volumes: Mapping[str, Volume]) -> str:
    return ", ".join(map(repr, volumes)) or "none"
