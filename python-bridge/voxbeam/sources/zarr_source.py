"""Zarr arrays, and groups with the multiscales metadata of OME-Zarr 0.4 and 0.5. Read by chunks, never as a whole."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import ParameterError, ShapeError, SourceError, sentence
from voxbeam.geometry import level_count, level_shape
from voxbeam.sources.axes import LEADING, leading_axes
from voxbeam.sources.chunked_source import NO_LEADING, ChunkedImage, IndexedArray
from voxbeam.sources.folder_fingerprint import folder_fingerprint
from voxbeam.sources.ome import first_multiscale, is_label
from voxbeam.sources.omero import describe_channels
from voxbeam.sources.places import PlaceInFile, Url, library, unreadable
from voxbeam.sources.source import volume_shape
from voxbeam.sources.zarr_direct import direct_zarr

if TYPE_CHECKING:
    from voxbeam.geometry import Shape
    from voxbeam.sources.chunked_source import ChunkedArray
    from voxbeam.sources.source import Source

MARKERS = ("zarr.json", ".zarray", ".zgroup")
#: Levels of what is smaller are built sooner than its files are looked through.
LEAST_VOXELS = 2**21


def _level(array: Any) -> ChunkedArray:
    """An array of Zarr; of a shard only the chunks that are asked for are read."""
    direct = direct_zarr(array)
    if direct is not None:
        return direct
    z, y, x = (int(n) for n in array.chunks[-3:])
    shape: Shape = (int(array.shape[-3]), int(array.shape[-2]), int(array.shape[-1]))
    return IndexedArray(array, shape, (z, y, x), tuple(int(n) for n in array.chunks[:-3]))


def open_zarr(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for a Zarr path, array or group, one a channel, or None where it is none of these.

    `axes` says which axis of an array is which; a group of OME-Zarr says it itself.
    """
    name, inside, folder = "volume", "", None
    if isinstance(volume, PlaceInFile) and volume.path.is_dir():
        volume, inside = volume.path, volume.inside.strip("/")
    if isinstance(volume, Url):
        if ".zarr" not in volume.text:
            return None
        name, where = volume.text.rstrip("/").rpartition("/")[2].removesuffix(".zarr"), volume.text
        volume = _open_path(volume.text, "")
    elif isinstance(volume, Path):
        if not (volume.suffix == ".zarr" or any((volume / marker).exists() for marker in MARKERS)):
            return None
        name, where, folder = volume.stem, str(volume), volume / inside
        volume = _open_path(volume, inside)
    elif type(volume).__module__.partition(".")[0] == "zarr":
        where = str(getattr(volume, "path", "") or "the Zarr store")
    else:
        return None
    if hasattr(volume, "chunks"):
        leading = leading_axes(volume.shape, axes, repr(where))
        volume_shape(volume.shape if leading is None else volume.shape[-3:], repr(where))
        image = ChunkedImage({0: _level(volume)}, where, np.dtype(volume.dtype))
        return _lasting(image.sources(leading or NO_LEADING, {"name": name}), folder)
    if not hasattr(volume, "attrs"):
        return None
    if axes is not None:
        raise ParameterError(f"axes is {axes!r}, and an OME-Zarr group says itself what its axes are.", "Leave axes out.")
    return _lasting(_from_group(volume, where, name), folder)


def _lasting(sources: list[Source], folder: Path | None) -> list[Source]:
    """Levels that a store in a folder lacks are kept: its fingerprint says which voxels they were built of."""
    shape = sources[0].shape
    missing = any(not sources[0].levels.get(level) for level in range(1, level_count(shape)))
    if folder is None or not missing or prod(shape) <= LEAST_VOXELS:
        return sources
    found = folder_fingerprint(folder, shape, sources[0].dtype.str)
    for index, source in enumerate(sources if found else ()):
        source.fingerprint = f"{found}{index:x}"[-32:]
        source.lasting = True
    return sources


def _open_path(path: Path | str, inside: str) -> Any:
    zarr = library("zarr", "zarr", path)
    try:
        return zarr.open(str(path), mode="r", path=inside or None)
    except Exception as error:
        if inside:
            held = ", ".join(sorted(zarr.open_group(str(path), mode="r").keys())) or "nothing"
            raise SourceError(f"{str(path)!r} has no {inside!r}.", f"It holds {held}.") from error
        raise unreadable(path, "Zarr", error) from error


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
    except ValueError as error:  # such as a path that leaves the store
        text = f"{where!r} lists levels that cannot be: {sentence(error)}"
        raise SourceError(text, "They are arrays inside the store.") from error
    first = arrays[0]
    axes = "".join(multiscale.axes)
    if axes[-3:] != "zyx" or axes[:-3] not in LEADING or len(axes) != len(first.shape):
        text = f"{where!r} has axes {multiscale.axes} of lengths {tuple(first.shape)}."
        raise ShapeError(text, "Open what can be shown as an array, with z, y, x last: zarr.open(path)['0'].")
    leading = leading_axes(first.shape, axes, repr(where))
    shape = volume_shape(first.shape[-3:], repr(where))
    levels: dict[int, bool] = {}
    held = {0: _level(first)}
    for level, array in enumerate(arrays[1:], start=1):
        if tuple(array.shape[-3:]) == level_shape(shape, level):
            held[level] = _level(array)
            levels[level] = multiscale.half_voxel_rule(level)
    size, origin = multiscale.scales[0], multiscale.translations[0] or (0.0, 0.0, 0.0)
    fields = {
        "name": name if name != "volume" else multiscale.name or name,
        "kind": "labels" if is_label(attributes) else "image",
        "voxel_size": size,
        "unit": multiscale.unit,
        "origin": origin,
        "levels": levels,
    }
    count = (leading.times if leading else None) or 1
    times = Times(count, multiscale.time_step, multiscale.time_unit) if count > 1 else None
    sources = ChunkedImage(dict(held), where, np.dtype(first.dtype)).sources(leading or NO_LEADING, fields, times)
    if len(sources) == 1:
        sources[0].channel = None  # an axis of one channel is how many files are written
    describe_channels(sources, attributes)
    return sources
