"""Arrays in memory that a visualization server of the same host can open: level 0 of such a volume is the array itself."""

from __future__ import annotations

import mmap
import os
import weakref
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from voxbeam.sources.source import volume_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray


class SharedPlace(NamedTuple):
    """Where an array lies, for another process of this user on this host."""

    path: str
    inode: int
    offset: int

    def to_wire(self) -> dict[str, Any]:
        """As it stands in a declaration."""
        return self._asdict()


class _Segment(mmap.mmap):
    """Memory without a name, 0600: it is gone when nobody holds it any more, however those processes ended."""

    fd: int
    address: int

    def __del__(self) -> None:
        os.close(self.fd)


#: Those whose arrays are alive.
_segments: weakref.WeakSet[_Segment] = weakref.WeakSet()


def _allocate(nbytes: int) -> _Segment:
    fd = os.memfd_create("voxbeam", os.MFD_CLOEXEC)
    try:
        os.fchmod(fd, 0o600)
        os.ftruncate(fd, nbytes)
        segment = _Segment(fd, nbytes)
    except BaseException:
        os.close(fd)
        raise
    segment.fd = fd
    segment.address = np.frombuffer(segment, np.uint8).__array_interface__["data"][0]
    _segments.add(segment)
    return segment


def empty(shape: Sequence[int], dtype: DTypeLike = "float32") -> NDArray[Any]:
    """An array that a visualization server can look into: :func:`render_volume` of it copies nothing of level 0.

    It is a NumPy array like any other. Its memory belongs to no file: it is freed when the array and the volumes made of it are
    gone, also where a process was killed.

    Parameters
    ----------
    shape
        Voxels along z, y, x.
    dtype
        uint8, uint16 and float32 (labels: uint8, uint16, uint32) are shown from where they are; others are copied
        as from any array.

    Returns
    -------
    numpy.ndarray
        In C order; zeros, of which pages are taken as they are written. Where the system has no such memory (other than
        Linux) an ordinary array. Rendered on a server of another host it is copied like one.

    Raises
    ------
    ShapeError
        It has not three axes, or an empty one.

    Examples
    --------
    >>> volume = empty((64, 64, 64), "uint16")
    >>> volume[...] = 7
    >>> volume.shape, int(volume.max())
    ((64, 64, 64), 7)
    """
    whole, voxels = volume_shape(tuple(shape)), np.dtype(dtype)
    if voxels.hasobject or not hasattr(os, "memfd_create"):
        return np.zeros(whole, voxels)
    return np.frombuffer(_allocate(prod(whole) * voxels.itemsize), voxels).reshape(whole)


def share(array: ArrayLike) -> NDArray[Any]:
    """A copy of `array` in memory that a visualization server can look into, or `array` itself where it lies in such memory.

    Parameters
    ----------
    array
        Voxels along z, y, x.

    Examples
    --------
    >>> volume = share([[[1, 2]]])
    >>> share(volume) is volume
    True
    """
    given = np.asarray(array)
    if place_of(given) is not None:
        return given
    shared = empty(given.shape, given.dtype)
    np.copyto(shared, given)
    return shared


def place_of(array: NDArray[Any]) -> SharedPlace | None:
    """Where `array` lies, if it is one of these or a part of one that is whole in memory; else None."""
    if not array.flags.c_contiguous:
        return None
    address = array.__array_interface__["data"][0]
    for segment in list(_segments):
        if segment.address <= address and address + array.nbytes <= segment.address + len(segment):
            return SharedPlace(f"/proc/{os.getpid()}/fd/{segment.fd}", os.fstat(segment.fd).st_ino, address - segment.address)
    return None
