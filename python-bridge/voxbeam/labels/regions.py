"""Which voxels an index means, and how large regions are cut into parts."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from voxbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Triple = tuple[int, int, int]


class Region(NamedTuple):
    """A half-open box of voxels, z, y, x."""

    start: Triple
    stop: Triple

    @property
    def shape(self) -> Triple:
        """Voxels along z, y, x."""
        z, y, x = (b - a for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """To index an array with."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    def within(self, outer: Region) -> tuple[slice, slice, slice]:
        """To index an array with that begins where `outer` does."""
        z, y, x = (slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, outer.start, strict=True))
        return z, y, x


class Selection(NamedTuple):
    """What an index means: a box, and what NumPy's own indexing takes out of that."""

    region: Region
    #: Steps within the box, and integers for axes that vanish.
    inner: tuple[int | slice, ...]
    #: Of what comes out.
    shape: tuple[int, ...]


def select(index: Any, shape: Triple) -> Selection:
    """Resolve a basic index of NumPy: integers, slices and an ellipsis.

    Raises
    ------
    IndexError
        It is something else, has too many parts, or lies outside.

    Examples
    --------
    >>> select((slice(2, 9, 3), 5), (10, 10, 10)).shape
    (3, 10)
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("an index can have one ellipsis")
    if Ellipsis in [part for part in parts if not isinstance(part, np.ndarray)]:
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        parts[at : at + 1] = [slice(None)] * (4 - len(parts))
    parts += [slice(None)] * (3 - len(parts))
    if len(parts) != 3:
        raise IndexError(f"labels have 3 axes, z, y, x; the index has {len(parts)} parts")
    low: list[int] = []
    high: list[int] = []
    inner: list[int | slice] = []
    out: list[int] = []
    for axis, (part, size) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice):
            taken = range(*part.indices(size))
            first, last = (min(taken), max(taken)) if taken else (0, -1)
            low.append(first)
            high.append(last + 1)
            inner.append(slice(None, None, taken.step) if taken else slice(0, 0))
            out.append(len(taken))
        elif hasattr(part, "__index__") and not isinstance(part, (bool, np.bool_)):
            at = int(part)
            if not -size <= at < size:
                raise IndexError(f"index {at} is outside axis {'zyx'[axis]} of {size} voxels")
            low.append(at % size)
            high.append(at % size + 1)
            inner.append(0)
        else:
            raise IndexError(f"labels take integers, slices and an ellipsis; {part!r:.60} is a {type(part).__name__}")
    region = Region((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return Selection(region, tuple(inner), tuple(out))


def parts_of(region: Region, most: int) -> Iterator[Region]:
    """Cut a region into parts of at most ``most`` voxels, along the longest axis first; they come in z, y, x order."""
    shape = region.shape
    if prod(shape) <= most:
        if prod(shape) > 0:
            yield region
        return
    axis = shape.index(max(shape))
    middle = (region.start[axis] + region.stop[axis]) // 2
    for first, last in ((region.start[axis], middle), (middle, region.stop[axis])):
        start, stop = list(region.start), list(region.stop)
        start[axis], stop[axis] = first, last
        yield from parts_of(Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])), most)


def integers(values: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Labels that are to be written, as an array of ``dtype``.

    Raises
    ------
    UsageError
        They are no integers.
    OverflowError
        One does not fit ``dtype``.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "uib":
        raise UsageError(f"labels are whole numbers; these are {array.dtype}")
    limits = np.iinfo(dtype)
    if array.size and (int(array.min()) < limits.min or int(array.max()) > limits.max):
        span = f"{limits.min} to {limits.max}"
        raise OverflowError(f"labels from {array.min()} to {array.max()} do not fit {dtype}; it holds {span}")
    return array.astype(dtype, copy=False)
