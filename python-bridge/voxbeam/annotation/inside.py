"""Which voxels lie in an annotation."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from voxbeam.annotation.oriented import Ellipsoid, Oriented
from voxbeam.annotation.outline import plane
from voxbeam.annotation.paths import Path, Polygon
from voxbeam.annotation.point_and_box import Point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.annotation.base import Annotation

Slices = tuple[slice, slice, slice]


def inside_of(annotation: Annotation, where: Slices) -> NDArray[np.bool_]:
    """A bool for each voxel of the box `where`: its centre lies in the annotation, or a line passes through it.

    Parameters
    ----------
    annotation
        With voxel coordinates.
    where
        Slices along z, y, x; they may reach out of the volume.
    """
    shape = tuple(one.stop - one.start for one in where)
    if isinstance(annotation, Oriented) and annotation.voxel is not None:
        return _in_oriented(annotation, where)
    if isinstance(annotation, Polygon) and annotation.voxel is not None:
        return _in_polygon(np.asarray(annotation.voxel), where)
    if isinstance(annotation, (Point, Path)) and annotation.voxel is not None:
        corners = np.asarray([annotation.voxel] if isinstance(annotation, Point) else annotation.voxel, dtype=np.float64)
        return _passed(corners, where)
    return np.ones(shape, dtype=bool)  # a box: its slices are its voxels


def _in_oriented(annotation: Oriented, where: Slices) -> NDArray[np.bool_]:
    centre, axes = np.asarray(annotation.voxel), np.asarray(annotation.voxel_axes)
    # A voxel is centre + u · axes; it lies inside where u is short enough.
    inverse = np.linalg.inv(axes)
    z, y, x = (np.arange(one.start, one.stop, dtype=np.float64) - c for one, c in zip(where, centre, strict=True))
    inside = np.empty((len(z), len(y), len(x)), dtype=bool)
    plane_part = y[:, None, None] * inverse[1] + x[None, :, None] * inverse[2]
    for at, dz in enumerate(z):  # plane after plane: a large mask must not take 24 times its size
        u = plane_part + dz * inverse[0]
        # A face that lies on centres counts, whatever rounding says.
        inside[at] = (u * u).sum(axis=2) <= 1 + 1e-9 if isinstance(annotation, Ellipsoid) else np.abs(u).max(axis=2) <= 1 + 1e-9
    return inside


def _in_polygon(corners: NDArray[np.float64], where: Slices) -> NDArray[np.bool_]:
    """Voxels within half a voxel of the plane, along the axis it faces most, that the outline has when seen along that axis."""
    shape = tuple(one.stop - one.start for one in where)
    found = plane(corners)
    if found is None:
        return _passed(corners, where)
    middle, axes = found
    normal = axes[2]
    facing = int(np.abs(normal).argmax())
    a, b = (axis for axis in range(3) if axis != facing)
    at_a, at_b = (np.arange(where[axis].start, where[axis].stop, dtype=np.float64) for axis in (a, b))
    inside = even_odd(corners[:, [a, b]], at_a, at_b)
    # Where the plane is, at each of these places, along the axis it faces.
    slope = (normal[a] * (at_a - middle[a]))[:, None] + (normal[b] * (at_b - middle[b]))[None, :]
    height = middle[facing] - slope / normal[facing]
    nearest = np.floor(height + 0.5).astype(np.int64) - where[facing].start
    inside &= (nearest >= 0) & (nearest < shape[facing])
    mask = np.zeros(shape, dtype=bool)
    i, j = np.nonzero(inside)
    index: list[NDArray[np.int64]] = [i, i, i]
    index[facing], index[a], index[b] = nearest[inside], i, j
    mask[tuple(index)] = True
    return mask


def even_odd(outline: NDArray[np.float64], at_a: NDArray[np.float64], at_b: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each place of a grid lies in a closed outline, by the even-odd rule. A place on a side lies on one side of it.

    Parameters
    ----------
    outline
        Shape (n, 2).
    at_a, at_b
        Rising coordinates along the first and the second axis; the result has the shape (len(at_a), len(at_b)).
    """
    flips = np.zeros((len(at_a), len(at_b) + 1), dtype=np.int64)
    for (a0, b0), (a1, b1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        low, high = (a0, a1) if a0 <= a1 else (a1, a0)
        # Rows low < a <= high: each row counts one end of every side.
        first, behind = np.searchsorted(at_a, [low, high], side="right")
        if first == behind:
            continue
        rows = np.arange(first, behind)
        crossed = b0 + (at_a[rows] - a0) * ((b1 - b0) / (a1 - a0))
        np.add.at(flips, (rows, np.searchsorted(at_b, crossed, side="right")), 1)
    return np.asarray(np.cumsum(flips, axis=1)[:, :-1] % 2 == 1)


def _passed(corners: NDArray[np.float64], where: Slices) -> NDArray[np.bool_]:
    """Voxels that a line passes through. At each border of voxels that it crosses it goes on into the next."""
    shape = tuple(one.stop - one.start for one in where)
    mask = np.zeros(shape, dtype=bool)
    first = np.array([one.start for one in where])
    for start, end in pairwise(corners) if len(corners) > 1 else [(corners[0], corners[0])]:
        step = end - start
        cuts = [np.array([0.0, 1.0])]
        for axis in range(3):
            if step[axis]:
                low, high = sorted((start[axis], end[axis]))
                borders = np.arange(np.floor(low + 0.5), np.ceil(high + 0.5)) + 0.5
                cuts.append((borders - start[axis]) / step[axis])
        along = np.unique(np.clip(np.concatenate(cuts), 0, 1))
        middles = (along[1:] + along[:-1]) / 2 if len(along) > 1 else along
        voxels = np.floor(start + middles[:, None] * step + 0.5).astype(np.int64) - first
        voxels = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)]
        mask[tuple(voxels.T)] = True
    return mask
