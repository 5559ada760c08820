"""Arrays of NumPy and whatever turns into one; ``.npy`` files are mapped, not read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import SourceError, UnsupportedDtypeError
from voxbeam.sources.axes import leading_axes
from voxbeam.sources.channels import by_channel
from voxbeam.sources.source import Source, volume_shape
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.sources.axes import Leading


def open_numpy(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources that read the array in place, whatever its strides and byte order, or None where there is no array.

    One for each channel that `axes` names, such as ``'czyx'``.
    """
    name = "volume"
    if isinstance(volume, Path):
        if volume.suffix != ".npy":
            return None
        name = volume.stem
        try:
            volume = np.load(volume, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise SourceError(f"{str(volume)!r} cannot be read as .npy: {error}.", "Is it complete?") from error
    if not (hasattr(volume, "__array__") or hasattr(volume, "__array_interface__")) or isinstance(volume, type):
        return None
    if np.ma.isMaskedArray(volume):
        raise UnsupportedDtypeError("The volume is a masked array.", "Fill it first: volume.filled(0).")
    try:
        array = np.asarray(volume)
    except Exception as error:
        text = f"A {type(volume).__qualname__} does not turn into an array: {error}."
        raise SourceError(text, "Give numpy.asarray(...).") from error
    leading = leading_axes(array.shape, axes)
    if leading is None:
        return [_volume(array, name)]
    return by_channel(leading.channels, lambda channel: _channel(array, leading, channel, name))


def _volume(array: NDArray[Any], name: str) -> Source:
    return Source(shape=volume_shape(array.shape), dtype=array.dtype, name=name, array=array)


def _channel(array: NDArray[Any], leading: Leading, channel: int, name: str) -> Source:
    first = _volume(array[leading.index(0, channel)], name)
    if leading.times is None:
        return first
    return TimeSeries(first, lambda time: _volume(array[leading.index(time, channel)], name), Times(leading.times))
