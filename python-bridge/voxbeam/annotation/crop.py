"""The voxels under an annotation, read when they are asked for."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation.inside import inside_of
from voxbeam.annotation.point_and_box import Box
from voxbeam.annotation.spans import voxel_span
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from voxbeam.annotation.base import Annotation
    from voxbeam.geometry import Shape

#: A mask is made at once: larger ones are asked for in parts.
MAX_MASK_VOXELS = 2**31

Slices = tuple[slice, slice, slice]


class Crop:
    """The voxels of a volume in the box that an annotation spans; of a box itself, exactly its own.

    An array in all but its voxels, which are read when they are indexed or made an array: ``crop[0]``, ``numpy.asarray(crop)``.
    It does not follow the annotation: it stays where that was.

    Parameters
    ----------
    annotation
        With voxel coordinates.
    volume
        See :meth:`Annotation.crop`.

    Attributes
    ----------
    slices : tuple of slice
        Where it is in the volume, z, y, x.
    shape, dtype, ndim
        As of an array.

    Raises
    ------
    ParameterError
        The annotation has no voxel coordinates, or lies outside of the volume.

    Examples
    --------
    >>> volume = np.arange(1000).reshape(10, 10, 10)
    >>> crop = Box((2, 2, 2), (4, 5, 6)).crop(volume)
    >>> crop.shape, int(crop[0, 0, 0])
    ((2, 3, 4), 222)
    """

    ndim = 3

    def __init__(self, annotation: Annotation, volume: Any) -> None:
        self.annotation = annotation
        self._volume = _readable(volume)
        self.dtype: np.dtype[Any] = np.dtype(self._volume.dtype)
        self.slices: Slices = _slices(annotation, tuple(self._volume.shape))
        z, y, x = (one.stop - one.start for one in self.slices)
        self.shape: Shape = (z, y, x)

    @property
    def size(self) -> int:
        """Voxels."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def nbytes(self) -> int:
        """Bytes of all of them."""
        return self.size * self.dtype.itemsize

    def mask(self, *index: Any) -> NDArray[np.bool_]:
        """Which of these voxels lie in the annotation: those whose centres do.

        Of a line, those that it passes through; of a polygon, those in it within half a voxel of its plane, counted along the
        axis that the plane faces most; of a point, the one it lies in.

        Parameters
        ----------
        *index
            Slices along z, y, x: the part of the box that is asked for. All of it where there are none.

        Raises
        ------
        ParameterError
            It is larger than 2 to the 31st voxels.
        """
        wanted = self._part(index)
        shape = tuple(one.stop - one.start for one in wanted)
        if shape[0] * shape[1] * shape[2] > MAX_MASK_VOXELS:
            words = " × ".join(map(str, shape))
            raise ParameterError(f"The mask would have {words} voxels.", "Ask for parts: mask(slice(0, 100)).")
        return inside_of(self.annotation, wanted)

    def masked(self, fill: Any = 0) -> NDArray[Any]:
        """The voxels, with `fill` in place of those that do not lie in the annotation."""
        voxels = np.array(self)
        voxels[~self.mask()] = fill
        return voxels

    def values(self) -> NDArray[Any]:
        """Those voxels alone that lie in the annotation, in z, y, x order."""
        return np.asarray(np.asarray(self)[self.mask()])

    def __getitem__(self, index: Any) -> Any:
        """Read these voxels. Integers and slices read only what they name."""
        given = index if isinstance(index, tuple) else (index,)
        if len(given) <= self.ndim and all(isinstance(one, (int, np.integer)) or _plain(one) for one in given):
            return self._read(given)
        return np.asarray(self)[index]

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a crop is read when it is asked for: there is no array to share")
        read = self._read(())
        return np.asarray(read, dtype)

    def _read(self, index: tuple[Any, ...]) -> Any:
        spans: list[slice] = []
        keep: list[Any] = []
        for axis, one in enumerate((*index, *(slice(None),) * (self.ndim - len(index)))):
            whole, length = self.slices[axis], self.shape[axis]
            if isinstance(one, slice):
                first, behind, _ = one.indices(length)
                spans.append(slice(whole.start + first, whole.start + max(first, behind)))
                keep.append(slice(None))
            else:
                at = int(one) + (length if one < 0 else 0)
                if not 0 <= at < length:
                    raise IndexError(f"index {one} is out of bounds for axis {axis} with {length} voxels")
                spans.append(slice(whole.start + at, whole.start + at + 1))
                keep.append(0)
        return np.asarray(self._volume[tuple(spans)])[tuple(keep)]

    def _part(self, index: tuple[Any, ...]) -> Slices:
        if len(index) > self.ndim or not all(_plain(one) for one in index):
            raise ParameterError(f"The part of the mask is {index!r:.80}.", "Give up to three slices without a step.")
        parts = []
        for whole, length, one in zip(self.slices, self.shape, (*index, *(slice(None),) * (self.ndim - len(index))), strict=True):
            first, behind, _ = one.indices(length)
            parts.append(slice(whole.start + first, whole.start + max(first, behind)))
        return parts[0], parts[1], parts[2]

    def __repr__(self) -> str:
        where = ", ".join(f"{one.start}:{one.stop}" for one in self.slices)
        return f"<Crop [{where}] {self.dtype}, {self.annotation.kind} {self.annotation.name!r}>"


class _Opened:
    """A source as what can be indexed by slices."""

    def __init__(self, source: Any) -> None:
        self.shape = tuple(source.shape)
        self.dtype = source.dtype
        self._source = source

    def __getitem__(self, index: Slices) -> Any:
        return self._source.read(0, tuple((one.start, one.stop) for one in index))


def _readable(volume: Any) -> Any:
    if hasattr(volume, "shape") and hasattr(volume, "dtype") and hasattr(volume, "__getitem__"):
        if len(volume.shape) != 3:
            shape = tuple(volume.shape)
            raise ParameterError(f"The volume has {len(shape)} axes, shape {shape}.", "Choose three, such as volume[0].")
        return volume
    if hasattr(volume, "sources"):
        sources = volume.sources
    else:
        from voxbeam.sources.opened import open as open_volume  # noqa: PLC0415

        sources = open_volume(volume).sources
    if len(sources) != 1:
        raise ParameterError(f"The volume has {len(sources)} channels.", "Crop one of them: an array of three axes.")
    return _Opened(sources[0].at(0))


def _slices(annotation: Annotation, shape: Shape) -> Slices:
    low, high = voxel_span(annotation)
    if low is None:
        raise ParameterError("The annotation has no voxel coordinates.", "Add it to an instance that holds its volume.")
    if isinstance(annotation, Box):
        spans = [(one.start, one.stop) for one in annotation.slices]
    else:
        # Voxel i reaches from i - 1/2 to i + 1/2.
        spans = [(floor(a + 0.5), max(floor(a + 0.5) + 1, ceil(b + 0.5))) for a, b in zip(low, high or low, strict=True)]
    cut = [slice(min(max(0, a), n), max(0, min(b, n))) for (a, b), n in zip(spans, shape, strict=True)]
    if any(one.stop <= one.start for one in cut):
        where = ", ".join(f"{a}:{b}" for a, b in spans)
        message = f"The annotation holds no voxel of the volume: [{where}] of shape {shape}."
        raise ParameterError(message, "Is it another volume's?")
    return cut[0], cut[1], cut[2]


def _plain(one: Any) -> bool:
    return isinstance(one, slice) and one.step in (None, 1)
