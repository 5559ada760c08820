"""The outline of a polygon in its plane, and whether it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is flatter than this part of its length has no area that anyone could see.
_THINNEST = 1e-9


def plane(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The middle of points, and the axes of the plane that fits them best: two in it, and its normal.

    Parameters
    ----------
    corners
        Shape (n, 3).

    Returns
    -------
    tuple or None
        Middle of shape (3,) and axes of shape (3, 3), one a row; None where the points lie in one line.
    """
    middle = corners.mean(axis=0)
    _, lengths, axes = np.linalg.svd(corners - middle, full_matrices=False)
    return None if lengths[1] <= _THINNEST * lengths[0] else (middle, axes)


def flat(corners: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The points in that plane, of shape (n, 2); None where they lie in one line."""
    found = plane(corners)
    if found is None:
        return None
    middle, axes = found
    return np.asarray((corners - middle) @ axes[:2].T)


def crossing(outline: NDArray[np.float64]) -> tuple[int, int] | None:
    """Numbers of the first points of two sides that cross, or None. Sides that only touch do not.

    Parameters
    ----------
    outline
        Closed, of shape (n, 2). Sides are compared with those only that lie beside them along the first axis.
    """
    ends = np.roll(outline, -1, axis=0)
    low, high = np.minimum(outline, ends), np.maximum(outline, ends)
    order = np.argsort(low[:, 0], kind="stable")
    starts = low[order, 0]
    last = np.searchsorted(starts, high[order, 0], side="right")
    for at, side in enumerate(order):
        others = order[at + 1 : last[at]]
        near = (low[others, 1] <= high[side, 1]) & (high[others, 1] >= low[side, 1])
        others = others[near]
        if others.size == 0:
            continue
        a, b, c, d = outline[side], ends[side], outline[others], ends[others]
        cross = _turn(a, b, c) * _turn(a, b, d) < 0
        cross &= _turn(c, d, a) * _turn(c, d, b) < 0
        if cross.any():
            found = sorted((int(side), int(others[cross][0])))
            return found[0], found[1]
    return None


def _turn(a: Any, b: Any, c: Any) -> Any:
    """On which side of the line from a to b the point c lies, as -1, 0 or 1."""
    return np.sign((b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0]))
