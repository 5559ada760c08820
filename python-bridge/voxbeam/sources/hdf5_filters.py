"""Filters of HDF5 undone outside the library, whose one lock lets a single chunk be decoded at a time."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.kept.crew import cores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DEFLATE, SHUFFLE = 1, 2
BLOSC, LZ4, ZSTANDARD = 32001, 32004, 32015
#: These the library undoes as fast as one processor can: with fewer processors there are none to spare for more.
MANY_CORES = 4


def undo_filters(dataset: Any) -> Callable[[memoryview], NDArray[np.uint8]] | None:
    """What undoes the filters of a dataset, from several threads at once; None where only the library can.

    The result raises ValueError where a chunk is damaged, and never makes more bytes than a chunk has.
    """
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(index) for index in range(plist.get_nfilters())]
    itemsize, size = int(dataset.dtype.itemsize), int(np.prod(dataset.chunks)) * int(dataset.dtype.itemsize)
    shuffled = bool(filters) and filters[0][0] == SHUFFLE
    if len(filters) != 1 + shuffled:
        return None
    undo = _undo(filters[-1][0], size)
    if undo is None:
        return None

    def decoded(raw: memoryview) -> NDArray[np.uint8]:
        flat = np.frombuffer(undo(raw), np.uint8)
        if flat.size != size:
            raise ValueError(f"it holds {flat.size:,} bytes instead of {size:,}")
        return _unshuffled(flat, itemsize) if shuffled else flat

    return decoded


def _undo(code: int, size: int) -> Callable[[memoryview], Any] | None:
    try:
        import imagecodecs as typed  # noqa: PLC0415  optional
    except ImportError:
        return (lambda raw: _zlib(size, raw)) if code == DEFLATE else None
    imagecodecs: Any = typed
    decoders: dict[int, Callable[[memoryview], Any]] = {
        DEFLATE: lambda raw: imagecodecs.deflate_decode(raw, out=size),
        BLOSC: lambda raw: imagecodecs.blosc_decode(raw, out=size, numthreads=1),
        LZ4: lambda raw: imagecodecs.lz4h5_decode(raw, out=size),
        ZSTANDARD: lambda raw: imagecodecs.zstd_decode(raw, out=size),
    }
    return decoders.get(code) if code == DEFLATE or cores() >= MANY_CORES else None


def _unshuffled(flat: NDArray[np.uint8], itemsize: int) -> NDArray[np.uint8]:
    if itemsize == 1:
        return flat
    planes = flat.reshape(itemsize, -1)
    voxels = np.empty((planes.shape[1], itemsize), np.uint8)
    for index in range(itemsize):
        voxels[:, index] = planes[index]
    return voxels.reshape(-1)


def _zlib(size: int, raw: memoryview) -> bytes:
    stream = zlib.decompressobj()
    data = stream.decompress(raw, size)
    return data + stream.decompress(stream.unconsumed_tail, 1)
