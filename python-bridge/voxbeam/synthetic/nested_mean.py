"""Means along an axis as the pyramid has them: of pairs, level by level, of the voxels that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def nested_mean(
    level: int, where: slice, n: int, mean: Callable[[NDArray[np.float64], float], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Values of voxels `where` of a level along an axis of `n` voxels of level 0.

    Parameters
    ----------
    mean
        ``mean(start, length)``: the mean of level 0 over ``length`` voxels from each of ``start`` on.

    Notes
    -----
    Every voxel but the last of a level stands for ``2**level`` voxels. The last one, where there are fewer, is the mean of the
    one or two that exist below it, as the pyramid makes it, which is not the mean of all of level 0 under it.
    """
    start = np.arange(where.start, where.stop, dtype=np.float64) * 2.0**level
    values = mean(start, 2.0**level)
    last = -(-n // 2**level) - 1
    if where.start <= last < where.stop:
        values = np.array(values)
        values[last - where.start] = _last(level, n, mean)
    return values


def _last(level: int, n: int, mean: Callable[[NDArray[np.float64], float], NDArray[np.float64]]) -> float:
    count = -(-n // 2**level)
    start = (count - 1) * 2**level
    if level == 0 or start + 2**level <= n:
        return float(mean(np.array([float(start)]), 2.0**level)[0])
    below = _last(level - 1, n, mean)
    if -(-n // 2 ** (level - 1)) % 2:
        return below
    return 0.5 * (float(mean(np.array([float(start)]), 2.0 ** (level - 1))[0]) + below)
