"""Annotations of slices as GeoJSON: two-dimensional features of what lies in a slice or is cut by it."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation.oriented import Ellipsoid, Oriented
from voxbeam.annotation.paths import Path, Polygon
from voxbeam.annotation.point_and_box import Box, Point
from voxbeam.annotation.spans import voxel_span
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.annotation.base import Annotation

AXES = ("z", "y", "x")
MAX_FEATURES = 1_000_000
#: Corners of an ellipse.
_CORNERS = 64
_FIELDS = ("kind", "name", "label", "color", "layer", "volume", "author", "created", "modified", "modified_by")
#: Corners of a box around the middle, in half axes; two that differ in one sign have an edge between them.
_SIGNS = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)], dtype=np.float64)
_EDGES = [(i, j) for i in range(8) for j in range(i + 1, 8) if np.count_nonzero(_SIGNS[i] != _SIGNS[j]) == 1]


def feature_collection(annotations: Sequence[Annotation], index: int | None, axis: str) -> dict[str, Any]:
    """See :meth:`Annotations.to_geojson`."""
    if axis not in AXES:
        raise ParameterError(f"axis is {axis!r:.80}.", "Give 'z', 'y' or 'x'.")
    if index is not None and (isinstance(index, bool) or not isinstance(index, (int, np.integer))):
        raise ParameterError(f"index is {index!r:.80}.", "Give the number of a slice.")
    across = AXES.index(axis)
    features: list[dict[str, Any]] = []
    for a in annotations:
        low, high = voxel_span(a)
        if low is None:
            continue
        first, last = _reach(a, low[across], (high or low)[across])
        if len(features) + last - first >= MAX_FEATURES and index is None:
            raise ParameterError(f"There are more than {MAX_FEATURES} features.", "Ask for one slice: to_geojson(index).")
        for at in range(first, last + 1) if index is None else [int(index)] if first <= index <= last else []:
            geometry = _geometry(a, across, at)
            if geometry is not None:
                features.append(_feature(a, geometry, axis, at))
    return {"type": "FeatureCollection", "features": features}


def _reach(a: Annotation, low: float, high: float) -> tuple[int, int]:
    """The first and the last slice that it may lie in. The faces of a box are half a voxel before its start and its stop."""
    if isinstance(a, Box):
        low, high = low - 0.5, high - 0.5
    return floor(low + 0.5), floor(high + 0.5)


def _feature(a: Annotation, geometry: dict[str, Any], axis: str, at: int) -> dict[str, Any]:
    properties = {"axis": axis, "slice": at, **{name: getattr(a, name) for name in _FIELDS}, "props": dict(a.props)}
    return {"type": "Feature", "id": a.id, "geometry": geometry, "properties": properties}


def _geometry(a: Annotation, across: int, at: int) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None
    if isinstance(a, Point):
        found = {"type": "Point", "coordinates": _flat(np.array([a.voxel]), across)[0]}
    elif isinstance(a, Polygon):
        found = _of_polygon(np.array(a.voxel), across, at)
    elif isinstance(a, Path):
        found = _of_lines(_clipped(np.array(a.voxel), across, at), across)
    elif isinstance(a, Box) and a.start is not None and a.stop is not None:
        middle, half = (np.array(a.start) + a.stop) / 2 - 0.5, (np.array(a.stop) - a.start) / 2
        found = _of_solid(middle + _SIGNS * half, across, at)
    elif isinstance(a, Ellipsoid):
        found = _of_ellipsoid(np.array(a.voxel), np.array(a.voxel_axes), across, at)
    elif isinstance(a, Oriented):
        found = _of_solid(np.array(a.voxel) + _SIGNS @ np.array(a.voxel_axes), across, at)
    return found


def _between(low: float, high: float) -> bool:
    """Whether what reaches from low to high, from this slice's middle, meets the middle of no slice and is in this one most."""
    return ceil(low) > floor(high) and -0.5 <= (low + high) / 2 < 0.5


def _of_solid(corners: NDArray[np.float64], across: int, at: int) -> dict[str, Any] | None:
    """A box: its cut by the middle plane, or its outline where it is too thin to meet any."""
    height = corners[:, across] - at
    cuts = [
        corners[i] + (corners[j] - corners[i]) * (height[i] / (height[i] - height[j]))
        for i, j in _EDGES
        if (height[i] <= 0) != (height[j] <= 0)  # half open, as slices are
    ]
    if not cuts and _between(height.min(), height.max()):
        cuts = list(corners)
    return _polygon(_hull(_flat_array(np.array(cuts), across))) if cuts else None


def _of_ellipsoid(centre: NDArray[np.float64], axes: NDArray[np.float64], across: int, at: int) -> dict[str, Any] | None:
    """Where centre + u · axes, |u| ≤ 1, meets the plane: a circle of u, and so an ellipse."""
    toward = axes[:, across]
    reach = float(np.linalg.norm(toward))
    offset = (at - centre[across]) / reach
    if abs(offset) >= 1:
        if not _between(centre[across] - reach - at, centre[across] + reach - at):
            return None
        offset = 0.0  # too thin for any slice's middle: its outline
    _, _, basis = np.linalg.svd((toward / reach)[None])
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    radius = np.sqrt(1 - offset**2)
    u = offset * toward / reach + radius * (np.cos(turn)[:, None] * basis[1] + np.sin(turn)[:, None] * basis[2])
    return _polygon(_flat_array(centre + u @ axes, across))


def _of_polygon(corners: NDArray[np.float64], across: int, at: int) -> dict[str, Any] | None:
    height = corners[:, across] - at
    if np.abs(height).max() <= 0.5 or _between(height.min(), height.max()):
        return _polygon(_flat_array(corners, across))
    ends = np.roll(corners, -1, axis=0)
    below, after = height < 0, np.roll(height, -1)
    sides = np.nonzero(below != (after < 0))[0]
    if sides.size == 0:
        return None
    cuts = corners[sides] + (ends[sides] - corners[sides]) * (height[sides] / (height[sides] - after[sides]))[:, None]
    # All cuts lie on one line, on which inside and outside change at each.
    order = np.argsort(cuts[:, np.ptp(cuts, axis=0).argmax()], kind="stable")
    return _of_lines([cuts[order[i : i + 2]] for i in range(0, len(order) - 1, 2)], across)


def _clipped(corners: NDArray[np.float64], across: int, at: int) -> list[NDArray[np.float64]]:
    """The parts of a line that lie in a slice, half a voxel before its middle to half a voxel behind."""
    parts: list[list[NDArray[np.float64]]] = []
    joined = False
    for start, end in pairwise(corners):
        first, last = start[across] - at, end[across] - at
        step = last - first
        enter, leave = 0.0, 1.0
        if step:
            enter, leave = sorted(((-0.5 - first) / step, (0.5 - first) / step))
            enter, leave = max(0.0, enter), min(1.0, leave)
        elif abs(first) > 0.5:
            enter, leave = 1.0, 0.0
        if enter > leave:
            joined = False
            continue
        points = [start + (end - start) * enter, start + (end - start) * leave]
        if joined and enter == 0:
            parts[-1].append(points[1])
        else:
            parts.append(points)
        joined = leave == 1
    return [np.array(part) for part in parts]


def _of_lines(parts: list[NDArray[np.float64]], across: int) -> dict[str, Any] | None:
    lines = []
    for part in parts:
        line = _flat(part, across)
        lines.append([one for i, one in enumerate(line) if i == 0 or one != line[i - 1]])
    if not lines:
        return None
    if all(len(line) == 1 for line in lines):  # straight through the slice
        return {"type": "Point", "coordinates": lines[0][0]} if len(lines) == 1 else {
            "type": "MultiPoint", "coordinates": [line[0] for line in lines],
        }
    lines = [line for line in lines if len(line) > 1]
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines}


def _polygon(outline: NDArray[np.float64]) -> dict[str, Any]:
    """Counter-clockwise, and closed, as the standard wants rings."""
    x, y = outline[:, 0], outline[:, 1]
    if (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() < 0:
        outline = outline[::-1]
    ring = outline.tolist()
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The convex outline of points, counter-clockwise."""
    ordered = sorted(map(tuple, points.tolist()))
    ordered = [one for i, one in enumerate(ordered) if i == 0 or one != ordered[i - 1]]
    outline: list[tuple[float, ...]] = []
    for way in (ordered, ordered[::-1]):
        part: list[tuple[float, ...]] = []
        for c in way:
            while len(part) > 1 and _turn(part[-2], part[-1], c) <= 0:
                part.pop()
            part.append(c)
        outline += part[:-1]
    return np.array(outline or ordered)


def _turn(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _flat_array(points: NDArray[np.float64], across: int) -> NDArray[np.float64]:
    """Columns before rows: of z, y, x without one axis, the later one first."""
    rows, columns = (axis for axis in range(3) if axis != across)
    return points[:, [columns, rows]]


def _flat(points: NDArray[np.float64], across: int) -> list[list[float]]:
    return [[float(a), float(b)] for a, b in _flat_array(points, across)]
