"""A linear ramp: the value says where one is, on every level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.synthetic.generator import Common, generate
from voxbeam.synthetic.nested_mean import nested_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.sources.source import Source


def ramp(
    size: int | Sequence[int] = 256,
    dtype: DTypeLike = "uint16",
    *,
    slope: Sequence[float] | None = None,
    levels: int | None = None,
    times: int | None = None,
    time_step: float | None = None,
    time_unit: str = "",
    channels: int | None = None,
) -> Source | list[Source]:
    """A linear ramp, exact on every level: a coarse voxel is the mean of those below it.

    Parameters
    ----------
    size
        An edge length, or voxels along z, y, x.
    dtype
        Of at most 32 bits. Integers run from 0 to their largest value, floats from 0 to 1.
    slope
        Rise from one voxel to the next along z, y, x, in values; the first voxel is 0. Left out, the ramp rises equally along all
        axes and ends at the largest value.
    levels, times, time_step, time_unit
        As for :func:`voxbeam.from_function`. With time points, the ramp is half as steep and rises as a whole over time.
    channels
        Gives a list of so many sources: the first rises along x, the next along y, the next along z, and so on.
    """
    common = Common(size, dtype, levels, times, time_step, time_unit, channels)
    shape = common.shape
    kind = np.dtype(dtype)
    top = float(np.iinfo(kind).max) if kind.kind in "ui" else 1.0
    given = None if slope is None else [float(rise) / top for rise in slope]
    half = 0.5 if times and times > 1 else 1.0

    def rises(channel: int) -> list[float]:
        if given is not None:
            return given
        along = range(3) if channels is None else [2 - channel % 3]
        free = [axis for axis in along if shape[axis] > 1]
        return [1 / (len(free) * (n - 1)) if axis in free else 0.0 for axis, n in enumerate(shape)]

    def values(level: int, where: tuple[slice, slice, slice], time: float, channel: int) -> NDArray[np.float64]:
        z, y, x = (
            rise * nested_mean(level, part, n, lambda start, length: start + (length - 1) / 2)
            for rise, part, n in zip(rises(channel), where, shape, strict=True)
        )
        total: NDArray[Any] = half * (z[:, None, None] + y[:, None] + x) + (1 - half) * time
        return np.clip(total, 0.0, 1.0, out=total) if given is None else total

    return generate("ramp", values, common, {"slope": given})
