"""Measures each label of a volume of any size, brick by brick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from voxbeam.description import triple
from voxbeam.errors import ParameterError, ShapeError
from voxbeam.keywords import refuse_unknown
from voxbeam.learning.accept import bricks_in, checked_box

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from voxbeam.geometry import Box

#: Rows of partial results that are kept before they are put together.
MAX_PARTS = 65_536
_EDGES = ("z0", "y0", "x0", "z1", "y1", "x1")


def measure(
    labels: Any, intensity: Any = None, *, voxel_size: float | Sequence[float] | None = None, box: Box | None = None,
    progress: bool = True, **unknown: NoReturn,
) -> pa.Table:
    """Count, volume, surface, centroid, bounding box and intensities of each label, as a table with one row a label.

    The volume is read once, a brick at a time: what is kept grows with the number of labels, not with the volume.

    Parameters
    ----------
    labels
        Array-like of whole numbers, z, y, x: an array, ``view.labels(name)``, a prediction, or what :func:`voxbeam.open`
        takes. 0 is not measured.
    intensity
        An image of the same shape.
    voxel_size
        Edge lengths of a voxel, z, y, x; left out, what `labels` says, else 1.
    box
        Half-open ranges ``((z0, z1), (y0, y1), (x0, x1))``; all where left out. What lies beyond counts as another label.
    progress
        Show a bar where it takes longer than a second.

    Returns
    -------
    pyarrow.Table
        ``label``; ``count`` in voxels; ``volume`` = count × the volume of a voxel; ``surface``, the area of the faces between
        voxels of the label and others, or the end of the volume; ``centroid_z``, ``_y``, ``_x`` in voxels; ``z0`` to ``x1``, the
        half-open bounding box in voxels; with `intensity` its ``mean``, ``std``, ``min``, ``max`` and ``sum``. ``.to_pandas()``
        makes a data frame.

    Raises
    ------
    ShapeError
        `intensity` has another shape.
    ParameterError
        The labels are no whole numbers, or the box lies outside.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((4, 4, 4), "uint8"); labels[1:3, 1:3, 1:3] = 7
    >>> measure(labels, voxel_size=0.5).select(["label", "count", "volume", "surface"]).to_pylist()
    [{'label': 7, 'count': 8, 'volume': 1.0, 'surface': 6.0}]
    """
    refuse_unknown("measure", unknown, ("intensity", "voxel_size", "box", "progress"))
    from voxbeam.progress import Progress  # noqa: PLC0415

    ids, own_size = _array_like(labels)
    values = None if intensity is None else _array_like(intensity)[0]
    if np.dtype(getattr(ids, "dtype", np.uint8)).kind not in "biu":
        raise ParameterError(f"The labels are {ids.dtype}.", "Give whole numbers.")
    if values is not None and tuple(values.shape) != tuple(ids.shape):
        raise ShapeError(f"The intensities have shape {tuple(values.shape)}.", f"The labels have {tuple(ids.shape)}.")
    size = triple("voxel_size", own_size if voxel_size is None else voxel_size, positive=True)
    region = checked_box(box, ids.shape)
    bricks = list(bricks_in(region))
    parts: list[NDArray[np.float64]] = []
    with Progress("Measuring", patience=1.0 if progress else float("inf")) as bar:
        for number, brick in enumerate(bricks):
            parts.append(_of_brick(ids, values, brick, region, size))
            if sum(map(len, parts)) > MAX_PARTS:
                parts = [_together(np.concatenate(parts))]
            bar.update(number + 1, len(bricks))
    return _table(_together(np.concatenate([np.zeros((0, _COLUMNS)), *parts])), size, with_values=values is not None)


#: Columns of partial results: label, count, face area, sums of z, y, x, low and high corners; of the intensities the sum, the
#: squares about the mean, the least and the most.
_COLUMNS = 16


def _of_brick(ids: Any, values: Any, brick: Box, region: Box, size: Sequence[float]) -> NDArray[np.float64]:
    # One voxel more on each side, as far as there are any, to see what lies next to each.
    wide = [(max(low - 1, first), min(high + 1, end)) for (low, high), (first, end) in zip(brick, region, strict=True)]
    block = np.asarray(ids[tuple(slice(*span) for span in wide)])
    inner = tuple(slice(low - first, high - first) for (low, high), (first, _) in zip(brick, wide, strict=True))
    held = block[inner]
    found = np.flatnonzero(held)
    if not len(found):
        return np.zeros((0, _COLUMNS))
    names, place = np.unique(held.ravel()[found], return_inverse=True)
    count = np.bincount(place).astype(np.float64)
    area = np.bincount(place, _open_faces(block, inner, size).ravel()[found])
    rows = np.zeros((len(names), _COLUMNS))
    rows[:, 0], rows[:, 1], rows[:, 2] = names, count, area
    for axis, at in enumerate(np.unravel_index(found, held.shape)):
        coordinate = at + brick[axis][0]
        rows[:, 3 + axis] = np.bincount(place, coordinate)
        rows[:, 6 + axis], rows[:, 9 + axis] = _ends(place, coordinate, len(names))
    rows[:, 9:12] += 1
    if values is not None:
        inside = np.asarray(values[tuple(slice(*span) for span in brick)]).astype(np.float64).ravel()[found]
        rows[:, 12] = np.bincount(place, inside)
        rows[:, 13] = np.bincount(place, (inside - (rows[:, 12] / count)[place]) ** 2)
        rows[:, 14], rows[:, 15] = _ends(place, inside, len(names))
    return rows


def _open_faces(block: NDArray[Any], inner: tuple[slice, ...], size: Sequence[float]) -> NDArray[np.float64]:
    """Of each inner voxel, the area of its faces towards other labels or the end of the block."""
    held = block[inner]
    area = np.zeros(held.shape)
    for axis in range(3):
        face = size[0] * size[1] * size[2] / size[axis]
        for step in (-1, 1):
            span = inner[axis]
            low, high = span.start + step, span.stop + step
            reach = slice(max(low, 0), min(high, block.shape[axis]))
            there = list(inner)
            there[axis] = reach
            here = [slice(None)] * 3
            here[axis] = slice(reach.start - low, reach.stop - low)
            is_open = np.ones(held.shape, bool)
            is_open[tuple(here)] = held[tuple(here)] != block[tuple(there)]
            area += is_open * face
    return area


def _ends(place: NDArray[np.intp], values: NDArray[Any], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, place, values)
    np.maximum.at(high, place, values)
    return low, high


def _together(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """One row a label: sums, ends, and squares about the common mean."""
    names, place = np.unique(rows[:, 0], return_inverse=True)
    out = np.zeros((len(names), _COLUMNS))
    out[:, 0] = names
    for column in (1, 2, 3, 4, 5, 12):
        out[:, column] = np.bincount(place, rows[:, column], len(names))
    for column in (6, 7, 8, 14):
        out[:, column] = _ends(place, rows[:, column], len(names))[0]
    for column in (9, 10, 11, 15):
        out[:, column] = _ends(place, rows[:, column], len(names))[1]
    apart = rows[:, 12] / rows[:, 1] - (out[:, 12] / out[:, 1])[place]
    out[:, 13] = np.bincount(place, rows[:, 13] + rows[:, 1] * apart**2, len(names))
    return out


def _table(rows: NDArray[np.float64], size: Sequence[float], *, with_values: bool) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    count = rows[:, 1]
    columns: dict[str, Any] = {
        "label": rows[:, 0].astype(np.int64),
        "count": count.astype(np.int64),
        "volume": count * float(np.prod(size)),
        "surface": rows[:, 2],
    }
    columns |= {f"centroid_{axis}": rows[:, 3 + i] / count for i, axis in enumerate("zyx")}
    columns |= {name: rows[:, 6 + i].astype(np.int64) for i, name in enumerate(_EDGES)}
    if with_values:
        columns |= {
            "mean": rows[:, 12] / count,
            "std": np.sqrt(rows[:, 13] / count),
            "min": rows[:, 14],
            "max": rows[:, 15],
            "sum": rows[:, 12],
        }
    return pa.table(columns)


class _SourceArray:
    """A source that slices like an array."""

    def __init__(self, source: Any) -> None:
        self.shape = source.shape
        self.dtype = source.dtype
        self._source = source

    def __getitem__(self, where: tuple[slice, ...]) -> NDArray[Any]:
        spans = [part.indices(n)[:2] for part, n in zip(where, self.shape, strict=True)]
        found: NDArray[Any] = self._source.read(0, tuple(spans))
        return found


def _array_like(data: Any) -> tuple[Any, Any]:
    """What slices into arrays, and its voxel size."""
    if hasattr(data, "shape") and hasattr(data, "__getitem__") and len(data.shape) == 3:
        return data, getattr(data, "voxel_size", 1.0)
    from voxbeam.sources import open_source  # noqa: PLC0415

    source = open_source(data)
    return _SourceArray(source), source.voxel_size
