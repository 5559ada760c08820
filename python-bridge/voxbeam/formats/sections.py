"""Plane figures of solid annotations: what a program that draws in planes across z gets of a box or an ellipsoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.annotation import Box, Ellipsoid


def rectangle(box: Box) -> NDArray[np.float64]:
    """Corners z, y, x in voxels, of shape (4, 3), of the box in its middle plane; its faces are those of its voxels."""
    assert box.start is not None
    assert box.stop is not None
    (_, y0, x0), (_, y1, x1) = (np.array(corner) - 0.5 for corner in (box.start, box.stop))
    z = middle(box)
    return np.array([(z, y0, x0), (z, y0, x1), (z, y1, x1), (z, y1, x0)])


def middle(box: Box) -> float:
    """The plane across z in the middle of a box, in voxels."""
    assert box.start is not None
    assert box.stop is not None
    return (box.start[0] + box.stop[0] - 1) / 2


def ellipse(one: Ellipsoid) -> NDArray[np.float64]:
    """Corners z, y, x in voxels, of shape (4, 3), of the rectangle around the ellipsoid's section across z at its centre."""
    assert one.voxel is not None
    axes = np.array(one.voxel_axes)  # rows: half axes z, y, x
    form = np.linalg.inv(axes.T @ axes)  # voxels v from the centre are inside where v form v <= 1
    lengths, turns = np.linalg.eigh(form[1:, 1:])
    first, second = (np.array([0.0, *turns[:, i]]) / np.sqrt(lengths[i]) for i in (0, 1))
    centre = np.array(one.voxel)
    return np.array([centre - first - second, centre - first + second, centre + first + second, centre + first - second])


def principal(axes: NDArray[np.float64], size: Sequence[float]) -> NDArray[np.float64]:
    """The half axes of the same ellipsoid that are perpendicular in the world; both in voxels, one a row.

    Parameters
    ----------
    axes
        Any three half axes that span it, of shape (3, 3).
    size
        Edge lengths of a voxel, z, y, x.
    """
    world = axes * np.array(size)
    squares, turns = np.linalg.eigh(world.T @ world)
    return np.asarray((np.sqrt(squares) * turns).T / np.array(size))


def rotated(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centre and two half axes of a rectangle of any place, of four corners in order."""
    first, second = (corners[1] - corners[0]) / 2, (corners[2] - corners[1]) / 2
    return corners.mean(axis=0), first, second
