"""The image that is learnt from: anything that can be opened, or what an instance shows of it, with its place in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError
from voxbeam.learning.block_reader import BlockReader
from voxbeam.sources import open_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.instance import Instance


def shown_image(
    volume: Any, place: Instance, *, voxel_size: float | Sequence[float] | None, unit: str | None,
    origin: float | Sequence[float] | None, fallback_name: str | None,
) -> BlockReader:
    """A reader of `volume` whose voxel size, unit and origin are as they were given, else as it is shown, else as the file says.

    Raises
    ------
    ParameterError
        It is a name, and this process has shown no volume of that name.
    """
    if isinstance(volume, BlockReader):
        return volume
    given = {"voxel_size": voxel_size, "unit": unit, "origin": origin}
    if isinstance(volume, str):
        held = [one for one in place.producer.volumes if one.source is not None]
        named = [one for one in held if volume in (one.description.name, _group(one))]
        if named:
            volume, shown = [one.source for one in named], named
        else:
            shown = []
    else:
        shown = place.declared(volume, {})
    if isinstance(volume, str) and volume in place.volumes:
        raise ParameterError(f"The volume {volume!r} was rendered by another kernel.", "Give its array or path.")
    reader = BlockReader(open_sources(volume))
    if shown:
        description = shown[0].description
        reader.voxel_size, reader.unit, reader.origin = description.voxel_size, description.unit, description.origin
        reader.name = _group(shown[0])
    elif fallback_name and reader.name == "volume":
        reader.name = fallback_name
    if any(value is not None for value in given.values()):
        from voxbeam.description import triple  # noqa: PLC0415

        if voxel_size is not None:
            reader.voxel_size = triple("voxel_size", voxel_size, positive=True)
        if origin is not None:
            reader.origin = triple("origin", origin)
        reader.unit = reader.unit if unit is None else unit
    return reader


def _group(produced: Any) -> str:
    channel = produced.description.channel
    return str(channel.group if channel else produced.description.name)
