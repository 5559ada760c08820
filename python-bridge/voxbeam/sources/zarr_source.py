"""Zarr arrays, and groups with the multiscales metadata of OME-Zarr 0.4 and 0.5. Read by chunks, never as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ShapeError, SourceError
from voxbeam.geometry import level_shape
from voxbeam.sources.block_cache import BlockCache
from voxbeam.sources.ome import first_multiscale, is_label
from voxbeam.sources.source import Source, volume_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

MARKERS = ("zarr.json", ".zarray", ".zgroup")


class ZarrSource(Source):
    """A volume in Zarr arrays, one for each level that the store holds."""

    def __init__(self, arrays: dict[int, Any], where: str, **fields: Any) -> None:
        super().__init__(**fields)
        self._where = where
        self._caches = {level: self._cache(array, level) for level, array in arrays.items()}

    def _cache(self, array: Any, level: int) -> BlockCache:
        first = (0,) * (array.ndim - 3)  # leading axes of length 1

        def read(box: Box) -> NDArray[Any]:
            try:
                    return np.asarray(array[first + tuple(slice(*span) for span in box)])
            except Exception as error:
                text = f"{self._where!r} cannot be read at level {level}, {box}: {error}"
                raise SourceError(text, "Is the chunk complete?") from error

        chunks = array.chunks[-3:]
        shape: Shape = tuple(array.shape[-3:])
        return BlockCache(read, shape, (int(chunks[0]), int(chunks[1]), int(chunks[2])))

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of a level of the store, through a cache of decoded chunks."""
        return self._caches[level].read(box)


def open_zarr(volume: Any) -> Source | None:
    """A source for a Zarr path, array or group, or None where it is none of these."""
    name = "volume"
    if isinstance(volume, Path):
        if not (volume.suffix == ".zarr" or any((volume / marker).exists() for marker in MARKERS)):
            return None
        name, where = volume.stem, str(volume)
        volume = _open_path(volume)
    elif type(volume).__module__.partition(".")[0] == "zarr":
        where = str(getattr(volume, "path", "") or "the Zarr store")
    else:
        return None
    if hasattr(volume, "chunks"):
        shape = volume_shape(volume.shape, repr(where))
        return ZarrSource({0: volume}, where, shape=shape, dtype=np.dtype(volume.dtype), name=name)
    if hasattr(volume, "attrs"):
        return _from_group(volume, where, name)
    return None


def _open_path(path: Path) -> Any:
    try:
        import zarr  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise SourceError(f"{str(path)!r} needs zarr.", "Run: pip install 'voxbeam[zarr]'") from error
    try:
        return zarr.open(str(path), mode="r")
    except Exception as error:
        text = f"{str(path)!r} cannot be read as Zarr: {error}"
        raise SourceError(text, "Is it complete, and what its name says?") from error


def _from_group(group: Any, where: str, name: str) -> Source:
    attributes = dict(group.attrs)
    multiscale = first_multiscale(attributes, where)
    if multiscale is None:
        inside = ", ".join(sorted(group.keys())) or "nothing"
        text = f"{where!r} is a Zarr group without OME-Zarr multiscales; it holds {inside}."
        raise SourceError(text, "Open one of its arrays.")
    try:
        arrays = [group[path] for path in multiscale.paths]
    except KeyError as error:
        raise SourceError(f"{where!r} lists the level {error}, which is missing.", "Is the store complete?") from error
    first = arrays[0]
    extra = first.shape[:-3]
    if multiscale.axes[-3:] != ["z", "y", "x"] or any(n != 1 for n in extra):
        text = f"{where!r} has axes {multiscale.axes} of lengths {tuple(first.shape)}."
        raise ShapeError(text, "Open one channel and time as an array: zarr.open(path)['0'][0, 0].")
    shape = volume_shape(first.shape[-3:], repr(where))
    levels, held = {}, {0: first}
    for level, array in enumerate(arrays[1:], start=1):
        if tuple(array.shape[-3:]) == level_shape(shape, level):
            held[level] = array
            levels[level] = multiscale.half_voxel_rule(level)
    size, origin = multiscale.scales[0], multiscale.translations[0] or (0.0, 0.0, 0.0)
    return ZarrSource(
        held,
        where,
        shape=shape,
        dtype=np.dtype(first.dtype),
        name=name if name != "volume" else multiscale.name or name,
        kind="labels" if is_label(attributes) else "image",
        voxel_size=size,
        unit=multiscale.unit,
        origin=origin,
        levels=levels,
    )
