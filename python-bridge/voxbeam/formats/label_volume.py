"""A label volume as formats see it: voxels that are read in parts, where they lie, and what their ids mean."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import triple
from voxbeam.errors import ParameterError, ShapeError
from voxbeam.formats.label_class import LabelClass, checked_classes
from voxbeam.sources.source import Source, volume_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.geometry import Box, Shape, Vec3

#: Voxels read at once take about so many bytes.
SLAB_BYTES = 64 * 2**20
#: Planes read at once at most: a layer of bricks.
SLAB_PLANES = 64

class LabelVolume:
    """Labels of any size: ``labels[z0:z1, y0:y1, x0:x1]`` reads a part as an array of NumPy. `rv.view` shows it.

    Attributes
    ----------
    shape : tuple of int
        Voxels along z, y, x.
    dtype : numpy.dtype
        Of the ids.
    voxel_size, origin : tuple of float
        Edge lengths of a voxel and centre of the first one, z, y, x, in `unit`.
    classes : dict of int to LabelClass
        What ids mean, where that is known.

    Examples
    --------
    >>> labels = import_labels("tissue.seg.nrrd")  # doctest: +SKIP
    >>> labels[10, :64, :64].shape  # doctest: +SKIP
    (64, 64)
    """

    def __init__(self, source: Source, classes: Mapping[int, LabelClass] | None = None) -> None:
        self.source = source
        self.classes = dict(classes or {})

    @property
    def sources(self) -> list[Source]:
        """Itself, as what opens volumes wants it."""
        return [self.source]

    @property
    def name(self) -> str:
        """Of the file it came from, where nothing else is said."""
        return self.source.name

    @property
    def shape(self) -> Shape:
        """Voxels along z, y, x."""
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the ids."""
        return self.source.dtype

    @property
    def voxel_size(self) -> Vec3:
        """Edge lengths of a voxel, z, y, x."""
        return self.source.voxel_size

    @property
    def origin(self) -> Vec3:
        """Centre of the first voxel, z, y, x."""
        return self.source.origin

    @property
    def unit(self) -> str:
        """Of `voxel_size` and `origin`."""
        return self.source.unit

    def __getitem__(self, key: Any) -> Any:
        """Read a part: whole numbers and slices along z, y, x, as of an array of NumPy."""
        keys = key if isinstance(key, tuple) else (key,)
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys = (*keys[:at], *([slice(None)] * (4 - len(keys))), *keys[at + 1 :])
        if len(keys) > 3:
            raise IndexError(f"a label volume has 3 axes; {len(keys)} indices were given")
        wanted, steps = [], []
        for one, n in zip((*keys, *([slice(None)] * (3 - len(keys)))), self.shape, strict=True):
            span, step = _span(one, n)
            wanted.append(span)
            steps.append(step)
        box: Box = (wanted[0], wanted[1], wanted[2])
        shape = [b - a for a, b in box]
        read = np.asarray(self.source.read(0, box)) if prod(shape) else np.zeros(shape, self.dtype)
        return read[tuple(steps)]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it, in memory."""
        held = np.asarray(self[:, :, :], dtype)
        return held.copy() if copy else held

    def __repr__(self) -> str:
        size = " × ".join(f"{n:g}" for n in self.voxel_size)
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"<LabelVolume {self.name!r}: {' × '.join(map(str, self.shape))}, {self.dtype}, {size} {self.unit}{classes}>"


def _span(key: Any, n: int) -> tuple[tuple[int, int], slice | int]:
    """What has to be read along an axis, and what is taken of that."""
    if isinstance(key, slice):
        start, stop, step = key.indices(n)
        if step < 1:
            raise IndexError(f"a step of {step} was given; steps are 1 or more")
        return (start, max(start, stop)), slice(None, None, step)
    index = key.__index__()
    if not -n <= index < n:
        raise IndexError(f"{index} is outside an axis of {n} voxels")
    return (index % n, index % n + 1), 0


class ArrayLabels(Source):
    """A source over whatever can be sliced; nothing is read before somebody wants it, and ids are checked against `dtype`."""

    def __init__(self, labels: Any, **said: Any) -> None:
        super().__init__(**said)
        self._labels = labels

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Ids of a box of level 0.

        Raises
        ------
        ParameterError
            An id does not fit the dtype.
        ShapeError
            What was sliced gave another shape.
        """
        if level:
            return super().read(level, box)  # which there is none of
        held = np.asarray(self._labels[tuple(slice(*span) for span in box)])
        wanted = tuple(b - a for a, b in box)
        if held.shape != wanted:
            words = ", ".join(f"{a}:{b}" for a, b in box)
            raise ShapeError(f"labels[{words}] has shape {held.shape}.", f"It should be {wanted}.")
        return fitted(held, self.dtype)


def fitted(ids: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`ids` as `dtype`, an unsigned one.

    Raises
    ------
    ParameterError
        One of them does not fit.
    """
    if ids.dtype == dtype or not ids.size:
        return ids.astype(dtype, copy=False)
    most = np.iinfo(dtype).max
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high > most:
        text = f"The labels hold the id {low if low < 0 else high:,}, and {dtype} goes from 0 to {most:,}."
        raise ParameterError(text, "Give a larger dtype=, or other ids." if high > most else "Ids are 0 or more.")
    return ids.astype(dtype)


def label_volume(
    labels: Any, *, name: str | None = None, voxel_size: Any = None, origin: Any = None, unit: str | None = None,
    classes: Any = None, dtype: DTypeLike | None = None,
) -> LabelVolume:
    """Labels as formats take them, from anything with ``shape``, ``dtype`` and slicing; what it says of itself counts.

    Raises
    ------
    ParameterError
        It is no label volume, or an argument cannot be used.
    """
    if not hasattr(labels, "shape") or not hasattr(labels, "dtype") or not hasattr(labels, "__getitem__"):
        kind = f"{type(labels).__module__}.{type(labels).__qualname__}"
        remedy = "Give an array, or anything with shape, dtype and labels[z0:z1, y0:y1, x0:x1]."
        raise ParameterError(f"labels is a {kind}.", remedy)
    held = np.dtype(labels.dtype)
    if held.kind not in "bui":
        raise ParameterError(f"labels has dtype {held}.", "Labels are whole numbers: labels.astype('uint32').")
    # What libraries call their arrays is no name for people.
    own = getattr(labels, "name", None) if hasattr(labels, "voxel_size") else None
    said = {
        "name": str(name or own or "labels"),
        "voxel_size": triple("voxel_size", _given(voxel_size, labels, "voxel_size", (1.0, 1.0, 1.0)), positive=True),
        "origin": triple("origin", _given(origin, labels, "origin", (0.0, 0.0, 0.0))),
        "unit": _given(unit, labels, "unit", ""),
    }
    stored = np.dtype(dtype) if dtype is not None else _natural(held)
    if stored.kind != "u":
        raise ParameterError(f"dtype is {stored}.", "Ids are written as 'uint8', 'uint16', 'uint32' or 'uint64'.")
    source = ArrayLabels(labels, shape=volume_shape(labels.shape, "The labels"), dtype=stored, kind="labels", **said)
    return LabelVolume(source, checked_classes(classes if classes is not None else getattr(labels, "classes", None)))


def _given(value: Any, labels: Any, name: str, otherwise: Any) -> Any:
    found = value if value is not None else getattr(labels, name, None)
    return otherwise if found is None else found


def _natural(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Unsigned and native. 64 signed bits are what programs make of whole numbers, not what ids need."""
    if dtype.kind == "b":
        return np.dtype("uint8")
    return np.dtype(f"uint{8 * (dtype.itemsize if dtype.kind == 'u' else min(dtype.itemsize, 4))}")


def slabs(shape: Shape, itemsize: int, *, least: int = 1) -> Iterator[Box]:
    """Boxes over the volume in the order of its voxels: some planes each, or some rows of a plane that is large.

    Parameters
    ----------
    least
        Whole planes are given all the same where this is not 1.
    """
    plane = shape[1] * shape[2] * itemsize
    if plane > SLAB_BYTES and least == 1:
        rows = max(1, SLAB_BYTES // (shape[2] * itemsize))
        for z in range(shape[0]):
            for y in range(0, shape[1], rows):
                yield (z, z + 1), (y, min(y + rows, shape[1])), (0, shape[2])
        return
    depth = max(1, min(SLAB_PLANES, SLAB_BYTES // plane))
    for z in range(0, shape[0], depth):
        yield (z, min(z + depth, shape[0])), (0, shape[1]), (0, shape[2])
