"""The box along the axes that an annotation spans, in voxels and in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voxbeam.annotation.oriented import Oriented, OrientedBox
from voxbeam.annotation.paths import Path
from voxbeam.annotation.point_and_box import Box, Point

if TYPE_CHECKING:
    from voxbeam.annotation.base import Annotation
    from voxbeam.geometry import Vec3

#: Low and high corner; None where it is not known, or where there is no high one.
Span = tuple["Vec3 | None", "Vec3 | None"]


def voxel_span(annotation: Annotation) -> Span:
    """Lowest and highest voxel position, z, y, x; of a box start and stop, of a point its position alone."""
    if isinstance(annotation, Point):
        return annotation.voxel, None
    if isinstance(annotation, Box):
        return annotation.start, annotation.stop
    if isinstance(annotation, Path):
        return _of_points(annotation.voxel)
    if isinstance(annotation, Oriented) and annotation.voxel is not None and annotation.voxel_axes is not None:
        return _of_axes(annotation, annotation.voxel, np.asarray(annotation.voxel_axes))
    return None, None


def world_span(annotation: Annotation) -> Span:
    """Lowest and highest world position, x, y, z; of a point its position alone."""
    if isinstance(annotation, Point):
        return annotation.world, None
    if isinstance(annotation, Box):
        return annotation.world or (None, None)
    if isinstance(annotation, Path):
        return _of_points(annotation.world)
    if isinstance(annotation, Oriented) and annotation.world is not None and annotation.radii is not None:
        return _of_axes(annotation, annotation.world, np.asarray(annotation.half_axes))
    return None, None


def _of_points(points: tuple[Vec3, ...] | None) -> Span:
    if points is None:
        return None, None
    first, second, third = zip(*points, strict=True)
    return (min(first), min(second), min(third)), (max(first), max(second), max(third))


def _of_axes(annotation: Oriented, centre: Vec3, axes: np.ndarray) -> Span:
    # A box reaches as far as its half axes together, an ellipsoid as far as their root of squares.
    reach = np.abs(axes).sum(axis=0) if isinstance(annotation, OrientedBox) else np.sqrt((axes**2).sum(axis=0))
    (a, b, c), (d, e, f) = (np.asarray(centre) - reach).tolist(), (np.asarray(centre) + reach).tolist()
    return (a, b, c), (d, e, f)
