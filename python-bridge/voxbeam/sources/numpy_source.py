"""Arrays of NumPy and whatever turns into one in memory; ``.npy`` files are mapped, not read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import SourceError, UnsupportedDtypeError
from voxbeam.sources.axes import leading_axes
from voxbeam.sources.channels import by_channel
from voxbeam.sources.places import file_fingerprint
from voxbeam.sources.source import Source, volume_shape
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.sources.axes import Leading

#: DLPack's number of the memory that the processor reads.
DLPACK_CPU = 1


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
    if isinstance(volume, type):
        return None
    masked = sys.modules.get("numpy.ma")  # whoever has a masked array has read it, which takes a while
    if masked is not None and masked.isMaskedArray(volume):
        raise UnsupportedDtypeError("The volume is a masked array.", "Fill it first: volume.filled(0).")
    if not any(hasattr(volume, way) for way in ("__array__", "__array_interface__", "__dlpack__")):
        return None
    try:
        array = _array(volume)
    except Exception as error:
        text = f"A {type(volume).__qualname__} does not turn into an array: {error}."
        raise SourceError(text, "Give numpy.asarray(...).") from error
    sources = array_sources(array, axes, name)
    mapped = _mapped_file(array)
    for index, source in enumerate(sources if mapped else ()):
        source.fingerprint = f"{mapped}{index:x}"[-32:]
        source.lasting = True
    return sources


def _array(volume: Any) -> NDArray[Any]:
    """The array itself, without a copy where its memory is the processor's."""
    if isinstance(volume, np.ndarray):
        return volume
    if getattr(volume, "requires_grad", False) is True and hasattr(volume, "detach"):
        volume = volume.detach()  # a tensor that learns does not give its memory away
    volume = plain(volume)
    device = getattr(volume, "__dlpack_device__", None)
    if device is not None and (not hasattr(volume, "__array__") or int(device()[0]) == DLPACK_CPU):
        try:
            return np.from_dlpack(volume)
        except (BufferError, RuntimeError, TypeError, ValueError):
            if not hasattr(volume, "__array__"):
                raise
    return np.asarray(volume)


def plain(volume: Any) -> Any:
    """A tensor whose memory holds its values; DLPack gives that of one that is negated when it is read, and does not say so."""
    negated = getattr(volume, "is_neg", None)
    return volume.resolve_neg() if callable(negated) and negated() is True else volume


def _mapped_file(array: NDArray[Any]) -> str | None:
    """A fingerprint for an array that is mapped from a file read-only: its path, size and time, and which voxels of it."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    if not isinstance(base, np.memmap) or base.mode != "r" or base.filename is None:
        return None
    start = array.__array_interface__["data"][0] - base.__array_interface__["data"][0] + base.offset
    return file_fingerprint(Path(base.filename), start, array.shape, array.strides, array.dtype.str)


def array_sources(array: NDArray[Any], axes: str | None, name: str) -> list[Source]:
    """Sources of an array that is read in place, one for each channel."""
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
