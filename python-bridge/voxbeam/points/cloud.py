"""A checked cloud of points: what it is called, where it is, how it is described and cut into bricks."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_128

from voxbeam.description import PointFacts, VolumeDescription
from voxbeam.errors import ParameterError
from voxbeam.points.brick_rows import BrickRows
from voxbeam.points.octree import build_octree, choose_shape
from voxbeam.points.table import PointTable, read_table
from voxbeam.protocol import MAX_POINT_PROPERTIES, MAX_POINT_ROWS, POINT_STEPS, SLOT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: Bytes of a slot that are not rows: header, Arrow's schema and padding.
_OVERHEAD = 4096
_ROW_BYTES = 20
#: A single radius is that of the highest value; the lowest has this part of it.
LEAST_RADIUS = 0.25


@dataclass(frozen=True)
class PointCloud:
    """What `Producer.declare_points` takes."""

    description: VolumeDescription
    rows: BrickRows


def open_points(
    xyz: Any,
    values: Any = None,
    *,
    name: str,
    radius: float | Sequence[float] | None = None,
    unit: str = "",
    colormap: str | None = None,
    window: Sequence[float] | None = None,
    range: Sequence[float] | None = None,  # noqa: A002  the word of the public call
    properties: Mapping[str, Any] | Sequence[str] | None = None,
) -> PointCloud:
    """Read, check and cut a cloud. Parameters are those of :func:`voxbeam.render_points`."""
    table = read_table(xyz, values, properties)
    if len(table.properties) > MAX_POINT_PROPERTIES:
        text = f"There are {len(table.properties)} properties."
        raise ParameterError(text, f"Give at most {MAX_POINT_PROPERTIES}.")
    low = np.array([column.min() for column in table.places])
    high = np.array([column.max() for column in table.places])
    radii = _radii(radius, high - low, len(table), table.values is not None)
    low, high = low - max(radii), high + max(radii)
    if not (np.isfinite(high - low).all() and (high > low).all()):
        place = f"between {low.tolist()} and {high.tolist()}"
        text = f"The points lie {place} with radius {max(radii)}: doubles cannot tell that apart."
        raise ParameterError(text, "Give a larger radius, or move the points closer to zero.")
    steps = np.stack([_steps(column, low[i], high[i]) for i, column in reversed(list(enumerate(table.places)))])
    limit = rows_of(len(table.properties))
    shape = choose_shape(len(table), limit, [float(n) for n in (high - low)[::-1]])
    with np.errstate(over="ignore"):
        value = np.ones(len(table), np.float32) if table.values is None else table.values.astype(np.float32)
    columns: dict[str, NDArray[Any]] = {"x": steps[2], "y": steps[1], "z": steps[0], "value": value}
    columns["index"] = table.index.astype(np.uint32)
    columns |= {f"p{i}": column for i, column in enumerate(table.properties.values())}
    tree = build_octree(steps, shape)
    voxel = [float(edge / n) for edge, n in zip((high - low)[::-1], shape, strict=True)]
    origin = [float(start + edge / 2) for start, edge in zip(low[::-1], voxel, strict=True)]
    description = VolumeDescription(
        name=name,
        kind="points",
        shape=shape,
        dtype="float32" if table.values is None else str(np.asarray(table.values).dtype),
        stored="points",
        fingerprint=_fingerprint(columns),
        voxel_size=(voxel[0], voxel[1], voxel[2]),
        origin=(origin[0], origin[1], origin[2]),
        unit=unit,
        window=_interval("window", window),
        range=_interval("range", range, equal=True),
        colormap=colormap,
        note=_note(table),
        points=PointFacts(len(table), limit, radii, tuple(table.properties)),
    )
    return PointCloud(description, BrickRows(tree, columns))


def rows_of(properties: int) -> int:
    """The most points in a brick of the store that carries so many properties."""
    fitting = (SLOT_BYTES["points"] - _OVERHEAD) // (_ROW_BYTES + 8 * properties)
    return min(MAX_POINT_ROWS, fitting // 64 * 64)


def _steps(column: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint32]:
    """Places in steps of the box, rounded to the nearest."""
    scaled = (column - low) * (POINT_STEPS / (high - low))
    return np.minimum(np.rint(scaled, out=scaled), POINT_STEPS).astype(np.uint32)


def _radii(radius: float | Sequence[float] | None, extents: NDArray[np.float64], count: int, valued: bool) -> tuple[float, float]:
    """World radii at the low and the high end of the window."""
    if radius is None:
        highest = _spacing_radius(extents, count)
        return (highest * LEAST_RADIUS if valued else highest), highest
    try:
        numbers = [float(radius)] if np.ndim(radius) == 0 else [float(n) for n in radius]  # type: ignore[arg-type,union-attr]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (1, 2) or not all(isfinite(n) and n > 0 for n in numbers):
        remedy = "Give a positive length in the points' unit, or two: for the lowest and the highest value."
        raise ParameterError(f"radius is {radius!r}.", remedy)
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    return (numbers[0] * LEAST_RADIUS if valued else numbers[0]), numbers[0]


def _spacing_radius(extents: NDArray[np.float64], count: int) -> float:
    """Half of what lies between neighbours where the points fill their box evenly, within what can be told apart."""
    diagonal = float(np.linalg.norm(extents))
    if diagonal == 0:
        return 1.0
    wide = extents[extents > 1e-3 * diagonal]
    spacing = (float(np.prod(wide / diagonal)) / count) ** (1.0 / len(wide)) * diagonal
    return float(min(max(0.5 * spacing, 5e-4 * diagonal), 0.02 * diagonal))


def _interval(name: str, value: Sequence[float] | None, *, equal: bool = False) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = (float(n) for n in value)
    except (TypeError, ValueError):
        low = high = float("nan")
    if not (isfinite(low) and isfinite(high) and (low < high or (equal and low == high))):
        raise ParameterError(f"{name} is {value!r}.", "Give (low, high) with low < high, both finite.")
    return low, high


def _note(table: PointTable) -> str | None:
    if table.left_out == 0:
        return None
    points, verb = ("point is", "is") if table.left_out == 1 else ("points are", "are")
    return f"{table.left_out:,} {points} not finite and {verb} left out."


def _fingerprint(columns: dict[str, NDArray[Any]]) -> str:
    digest = xxh3_128()
    for name, column in columns.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(column).data)
    return f"points-{digest.hexdigest()}"
