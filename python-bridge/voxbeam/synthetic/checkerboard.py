"""A checkerboard: every level is the exact mean, down to the even grey of cells smaller than a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.synthetic.generator import Common, generate
from voxbeam.synthetic.nested_mean import nested_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.sources.source import Source


def checkerboard(
    size: int | Sequence[int] = 256,
    dtype: DTypeLike = "uint8",
    *,
    cell: int | None = None,
    levels: int | None = None,
    times: int | None = None,
    time_step: float | None = None,
    time_unit: str = "",
    channels: int | None = None,
) -> Source | list[Source]:
    """Cubes of the smallest and the largest value by turns.

    Parameters
    ----------
    size
        An edge length, or voxels along z, y, x.
    dtype
        Of at most 32 bits.
    cell
        Edge of a cube in voxels; an eighth of the longest axis where left out.
    levels, times, time_step, time_unit
        As for :func:`voxbeam.from_function`. Over time the board moves by one cell along x.
    channels
        Gives a list of so many sources; cells of each are half as long as those of the one before.
    """
    common = Common(size, dtype, levels, times, time_step, time_unit, channels)
    shape = common.shape
    edge = max(max(shape) // 8, 1) if cell is None else cell
    if isinstance(edge, bool) or not isinstance(edge, int) or edge < 1:
        raise ParameterError(f"cell is {cell!r}.", "Give a whole number of voxels from 1 on.")

    def values(level: int, where: tuple[slice, slice, slice], time: float, channel: int) -> NDArray[np.float64]:
        length = max(edge // 2**channel, 1)
        shift = round(time * length)

        def still(start: NDArray[np.float64], span: float) -> NDArray[np.float64]:
            return _mean_sign(start, span, length)

        def moved(start: NDArray[np.float64], span: float) -> NDArray[np.float64]:
            return _mean_sign(start + shift, span, length)

        means = (still, still, moved)
        z, y, x = (nested_mean(level, part, n, mean) for part, n, mean in zip(where, shape, means, strict=True))
        # Signs multiply, and so do their means over a box.
        return 0.5 - 0.5 * (z[:, None, None] * y[:, None] * x)

    return generate("checkerboard", values, common, {"cell": edge})


def _mean_sign(start: NDArray[np.float64], span: float, length: int) -> NDArray[np.float64]:
    """The mean of +1 for `length` voxels and -1 for the next, and so on, over `span` voxels from each of `start` on."""

    def total(end: NDArray[np.float64]) -> NDArray[np.float64]:
        place = np.mod(end, 2 * length)
        there: NDArray[np.float64] = np.minimum(place, 2 * length - place)
        return there

    mean: NDArray[np.float64] = (total(start + span) - total(start)) / span
    return mean
