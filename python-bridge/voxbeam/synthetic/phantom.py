"""A gyroid in a ball, within shells: smooth, thin and curved walls, and much air."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.synthetic.generator import Common, centers, generate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.sources.source import Source

#: Radius of the ball that holds the gyroid, and radius, half thickness and value of each shell; 1 is half the longest edge.
BALL = 0.55
SHELLS = ((0.68, 0.02, 0.45), (0.82, 0.012, 0.7), (0.93, 0.02, 0.3))
#: Half the thickness of the gyroid's wall, in values of its function.
_WALL = 0.25


def phantom(
    size: int | Sequence[int] = 512,
    dtype: DTypeLike = "uint16",
    *,
    periods: float = 6.0,
    levels: int | None = None,
    times: int | None = None,
    time_step: float | None = None,
    time_unit: str = "",
    channels: int | None = None,
) -> Source | list[Source]:
    """A gyroid in a ball, within three shells, of any size.

    Parameters
    ----------
    size
        An edge length, or voxels along z, y, x.
    dtype
        Of at most 32 bits.
    periods
        Of the gyroid along the longest axis.
    levels, times, time_step, time_unit
        As for :func:`voxbeam.from_function`. Over time the gyroid moves by one period and the shells breathe once.
    channels
        Gives a list of so many sources: the gyroid, the shells, both, by turns. Left out: both.
    """
    if not (np.isfinite(periods) and periods > 0):
        raise ParameterError(f"periods is {periods!r}.", "Give a positive number.")
    common = Common(size, dtype, levels, times, time_step, time_unit, channels)
    shape = common.shape
    scale = 2 / max(shape)

    def values(level: int, where: tuple[slice, slice, slice], time: float, channel: int) -> NDArray[np.float64]:
        z, y, x = ((centers(level, part) - (n - 1) / 2) * scale for part, n in zip(where, shape, strict=True))
        z, y = z[:, None, None], y[:, None]
        voxel = scale * 2**level
        r = np.sqrt(z * z + y * y + x * x)
        part = 2 if channels is None else channel % 3
        out = np.zeros(r.shape)
        if part != 1:
            k = np.pi * periods
            out = _gyroid((k * z + 2 * np.pi * time, k * y, k * x), k, voxel) * _within(BALL - r, voxel)
        if part != 0:
            for radius, half, value in SHELLS:
                breath = radius * (1 + 0.025 * (1 - np.cos(2 * np.pi * time)))
                np.maximum(out, value * _within(half - np.abs(r - breath), voxel), out=out)
        return out

    return generate("phantom", values, common, {"periods": periods})


def _within(distance: NDArray[np.float64], voxel: float) -> NDArray[np.float64]:
    """How much of a voxel lies within a surface at this distance: its edge is as wide as a voxel, so that levels agree."""
    return np.clip(distance / voxel + 0.5, 0.0, 1.0)


def _gyroid(angles: Sequence[NDArray[np.float64]], k: float, voxel: float) -> NDArray[np.float64]:
    (sz, sy, sx), (cz, cy, cx) = [np.sin(angle) for angle in angles], [np.cos(angle) for angle in angles]
    value: NDArray[np.float64] = sx * cy + sy * cz + sz * cx
    steepness = k * 1.5  # of the gyroid's function near its surface, per unit of length
    return _within((_WALL - np.abs(value)) / steepness, voxel)
