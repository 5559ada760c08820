"""The frames of edits, checked before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any, Literal

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.protocol import (
    MAX_CELL_EDGE,
    MAX_CELL_VOXELS,
    MAX_POLYGON_POINTS,
    MAX_STROKE_POINTS,
    MAX_STROKE_RADIUS,
    MAX_SUPERVOXEL_SEEDS,
)

#: Which voxels an edit may write: all, those without a label, or those of one label.
Over = Literal["all", "empty"] | int


def mode_of(over: Any, most: int) -> dict[str, Any]:
    """The mode of an edit.

    Raises
    ------
    ParameterError
        It is no such thing.
    """
    if over in ("all", "empty") and isinstance(over, str):
        return {"write": over}
    if isinstance(over, (int, np.integer)) and not isinstance(over, bool):
        return {"write": "only", "label": label_of(over, most, "over")}
    remedy = "Give 'all', 'empty' (voxels without a label), or the label that is overwritten."
    raise ParameterError(f"over is {over!r:.60}.", remedy)


def label_of(label: Any, most: int, word: str = "label") -> int:
    """A label that can be stored.

    Raises
    ------
    ParameterError
        It is no whole number, or lies beyond the dtype.
    """
    if not isinstance(label, (int, np.integer)) or isinstance(label, bool) or not 0 <= int(label) <= most:
        raise ParameterError(f"{word} is {label!r:.40}.", f"Give a whole number from 0 (which erases) to {most}.")
    return int(label)


def stroke(points: Any, radius: Any, scales: Any = None) -> dict[str, Any]:
    """A brush drawn along points z, y, x, with a radius for all axes or one for each, in voxels; parts of it for each point."""
    path = _points(points, 3, 1, MAX_STROKE_POINTS)
    try:
        radii = np.broadcast_to(np.asarray(radius, np.float64), (3,))
    except (TypeError, ValueError):
        radii = np.array([np.nan])
    if not (np.isfinite(radii).all() and (radii >= 0).all() and (radii <= MAX_STROKE_RADIUS).all()):
        remedy = f"Give one number, or three (z, y, x), from 0 to {MAX_STROKE_RADIUS} voxels."
        raise ParameterError(f"radius is {radius!r:.60}.", remedy)
    op: dict[str, Any] = {"kind": "stroke", "points": path, "radius": radii.tolist()}
    if scales is not None:
        parts = np.ravel(np.asarray(scales, np.float64))
        if parts.size != len(path) or not ((parts > 0) & (parts <= 1)).all():
            raise ParameterError(f"scales are {scales!r:.60}.", "Give one for each point, above 0 and at most 1.")
        op["scales"] = parts.tolist()
    return op


def polygon(axis: Any, index: Any, points: Any) -> dict[str, Any]:
    """What lies in a polygon, in the planes ``index`` (one, or first and last) across ``axis``."""
    if axis not in (0, 1, 2):
        raise ParameterError(f"axis is {axis!r:.40}.", "Give 0 (z), 1 (y) or 2 (x).")
    first, last = (index if isinstance(index, Sequence) else (index, index))[:2]
    outline = _points(points, 2, 3, MAX_POLYGON_POINTS)
    return {"kind": "polygon", "axis": int(axis), "index": [int(first), int(last)], "points": outline}


def _points(points: Any, each: int, least: int, most: int) -> list[list[float]]:
    try:
        path = np.atleast_2d(np.asarray(points, np.float64))
    except (TypeError, ValueError):
        path = np.empty((0, 0))
    words = "z, y, x" if each == 3 else "along the other two axes"
    if path.ndim != 2 or path.shape[1] != each or not np.isfinite(path).all() or len(path) < least:
        raise ParameterError(f"points are {points!r:.60}.", f"Give at least {least}, each of {each} finite numbers ({words}).")
    if len(path) > most:
        raise ParameterError(f"There are {len(path)} points.", f"Give at most {most} at once.")
    listed: list[list[float]] = path.tolist()
    return listed


def interpolation(axis: Any, box: list[list[int]]) -> dict[str, Any]:
    """What lies between planes across ``axis``, of those of a box that have the label."""
    if axis not in (0, 1, 2):
        raise ParameterError(f"axis is {axis!r:.40}.", "Give 0 (z), 1 (y) or 2 (x).")
    return {"kind": "interpolate", "axis": int(axis), "box": box}


def supervoxels(seeds: Any, contrast: Any, cell: Any, axis: Any, voxel_size: Sequence[float]) -> dict[str, Any]:
    """The supervoxels in which some voxels z, y, x lie, but for their image.

    ``cell`` is the edge of a cell in edges of the voxel's shortest side; with ``axis`` pieces lie in planes across it.
    """
    if axis not in (None, 0, 1, 2):
        raise ParameterError(f"axis is {axis!r:.40}.", "Give 0 (z), 1 (y), 2 (x), or None for pieces in space.")
    if not isinstance(contrast, (int, float, np.number)) or not isfinite(contrast) or contrast <= 0:
        raise ParameterError(f"contrast is {contrast!r:.40}.", "Give a difference of values above 0.")
    known = isinstance(cell, (int, float, np.number)) and isfinite(cell) and 2 <= cell <= MAX_CELL_EDGE
    edges = [max(1, round(float(cell) * min(voxel_size) / edge)) for edge in voxel_size] if known else []
    if axis is not None and edges:
        edges[axis] = 1
    if not known or prod(edges) > MAX_CELL_VOXELS:
        remedy = f"Give the edge of a cell, from 2 to {MAX_CELL_EDGE} voxels, at most {MAX_CELL_VOXELS} voxels in all."
        raise ParameterError(f"cell is {cell!r:.40}.", remedy)
    places = [[round(n) for n in seed] for seed in _points(seeds, 3, 1, MAX_SUPERVOXEL_SEEDS)]
    return {"kind": "supervoxel", "seeds": places, "cell": edges, "contrast": float(contrast)}
