"""Arrays of NumPy and whatever turns into one; ``.npy`` files are mapped, not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from voxbeam.errors import SourceError, UnsupportedDtypeError
from voxbeam.sources.source import Source, volume_shape


def open_numpy(volume: Any) -> Source | None:
    """A source that reads the array in place, whatever its strides and byte order, or None where there is no array."""
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
    return Source(shape=volume_shape(array.shape), dtype=array.dtype, name=name, array=array)
