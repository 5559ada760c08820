"""Zarr arrays, and groups with the multiscales metadata of OME-Zarr 0.4 and 0.5. Read by chunks, never as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import ParameterError, ShapeError, SourceError
from voxbeam.geometry import level_shape
from voxbeam.sources.axes import LEADING, Leading, leading_axes
from voxbeam.sources.block_cache import BlockCache, BlockPool
from voxbeam.sources.channels import by_channel
from voxbeam.sources.ome import first_multiscale, is_label
from voxbeam.sources.omero import describe_channels
from voxbeam.sources.source import Source, volume_shape
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

MARKERS = ("zarr.json", ".zarray", ".zgroup")


@dataclass
class _Store:
    """The arrays of an image, one a level, with the decoded chunks that all its time points and channels share."""

    arrays: dict[int, Any]
    where: str

    def __post_init__(self) -> None:
        self.pools = {level: BlockPool() for level in self.arrays}


class ZarrSource(Source):
    """A volume in Zarr arrays, one for each level that the store holds.

    Parameters
    ----------
    at
        Indices along the axes that stand before z, y, x.
    """

    def __init__(self, store: _Store, at: tuple[int, ...], **fields: Any) -> None:
        super().__init__(**fields)
        self._where = store.where
        self._caches = {level: self._cache(store, level, at) for level in store.arrays}

    def _cache(self, store: _Store, level: int, first: tuple[int, ...]) -> BlockCache:
        array = store.arrays[level]

        def read(box: Box) -> NDArray[Any]:
            try:
                    return np.asarray(array[first + tuple(slice(*span) for span in box)])
            except Exception as error:
                text = f"{self._where!r} cannot be read at level {level}, {box}: {error}"
                raise SourceError(text, "Is the chunk complete?") from error

        chunks = array.chunks[-3:]
        shape: Shape = tuple(array.shape[-3:])
        return BlockCache(read, shape, (int(chunks[0]), int(chunks[1]), int(chunks[2])), store.pools[level], first)

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of a level of the store, through a cache of decoded chunks."""
        return self._caches[level].read(box)


def open_zarr(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for a Zarr path, array or group, one a channel, or None where it is none of these.

    `axes` says which axis of an array is which; a group of OME-Zarr says it itself.
    """
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
        leading = leading_axes(volume.shape, axes, repr(where))
        shape = volume_shape(volume.shape if leading is None else volume.shape[-3:], repr(where))
        fields = {"shape": shape, "dtype": np.dtype(volume.dtype), "name": name}
        return _channels(_Store({0: volume}, where), leading or Leading("", ()), fields)
    if not hasattr(volume, "attrs"):
        return None
    if axes is not None:
        raise ParameterError(f"axes is {axes!r}, and an OME-Zarr group says itself what its axes are.", "Leave axes out.")
    return _from_group(volume, where, name)


def _channels(store: _Store, leading: Leading, fields: dict[str, Any], times: Times | None = None) -> list[Source]:
    """One source a channel; with time points where the arrays have them."""

    def channel(index: int) -> Source:
        first = ZarrSource(store, leading.index(0, index), **fields)
        if leading.times is None or (leading.times == 1 and times is None):
            return first
        said = times or Times(leading.times)
        return TimeSeries(first, lambda time: ZarrSource(store, leading.index(time, index), **fields), said)

    return by_channel(leading.channels, channel)


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


def _from_group(group: Any, where: str, name: str) -> list[Source]:
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
    axes = "".join(multiscale.axes)
    if axes[-3:] != "zyx" or axes[:-3] not in LEADING or len(axes) != len(first.shape):
        text = f"{where!r} has axes {multiscale.axes} of lengths {tuple(first.shape)}."
        raise ShapeError(text, "Open what can be shown as an array, with z, y, x last: zarr.open(path)['0'].")
    leading = leading_axes(first.shape, axes, repr(where))
    shape = volume_shape(first.shape[-3:], repr(where))
    levels, held = {}, {0: first}
    for level, array in enumerate(arrays[1:], start=1):
        if tuple(array.shape[-3:]) == level_shape(shape, level):
            held[level] = array
            levels[level] = multiscale.half_voxel_rule(level)
    size, origin = multiscale.scales[0], multiscale.translations[0] or (0.0, 0.0, 0.0)
    fields = {
        "shape": shape,
        "dtype": np.dtype(first.dtype),
        "name": name if name != "volume" else multiscale.name or name,
        "kind": "labels" if is_label(attributes) else "image",
        "voxel_size": size,
        "unit": multiscale.unit,
        "origin": origin,
        "levels": levels,
    }
    count = (leading.times if leading else None) or 1
    times = Times(count, multiscale.time_step, multiscale.time_unit) if count > 1 else None
    sources = _channels(_Store(held, where), leading or Leading("", ()), fields, times)
    if len(sources) == 1:
        sources[0].channel = None  # an axis of one channel is how many files are written
    describe_channels(sources, attributes)
    return sources
