"""The Mandelbulb in a cube of 2**20 voxels along each edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.synthetic.generator import Common, centers, generate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.sources.source import Source

#: Half the edge of the cube; the bulb reaches to about 1.2.
REACH = 1.25
#: Square of the distance beyond which a point has escaped.
_BAILOUT = 16.0
#: Points that are iterated together: what they take stays in a processor's cache.
_CHUNK = 2**14
_TINY = 1e-300
#: A point c no further from 0 never leaves the ball of radius 8**(-1/7), whose eighth power is smaller by this much.
_SURE = 8 ** (-1 / 7) - 8 ** (-8 / 7)


def mandelbulb(
    size: int | Sequence[int] = 2**20,
    dtype: DTypeLike = "uint8",
    *,
    iterations: int = 10,
    levels: int | None = None,
    times: int | None = None,
    time_step: float | None = None,
    time_unit: str = "",
    channels: int | None = None,
) -> Source | list[Source]:
    """The Mandelbulb of power 8: an exabyte of voxels in 15 levels, each computed when it is looked at.

    Inside it the value is the largest; outside it falls with the speed at which points escape, to 0 away from it.

    Parameters
    ----------
    size
        An edge length, or voxels along z, y, x.
    dtype
        Of at most 32 bits.
    iterations
        After so many a point belongs to the bulb; each shows details an eighth as large.
    levels, times, time_step, time_unit
        As for :func:`voxbeam.from_function`. Over time the bulb is twisted by one turn.
    channels
        Gives a list of so many sources: the bulb, how near to 0 its points came, in which direction they left, by turns.
    """
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 1 <= iterations <= 64:
        raise ParameterError(f"iterations is {iterations!r}.", "Give a whole number from 1 to 64.")
    common = Common(size, dtype, levels, times, time_step, time_unit, channels, window=(0.3, 1.0))
    shape = common.shape
    voxel = 2 * REACH / max(shape)

    def values(level: int, where: tuple[slice, slice, slice], time: float, channel: int) -> NDArray[np.float64]:
        z, y, x = ((centers(level, part) - (n - 1) / 2) * voxel for part, n in zip(where, shape, strict=True))
        out = np.empty((len(z), len(y), len(x)))
        points = np.empty((3, len(y) * len(x)))
        points[0] = np.broadcast_to(x, (len(y), len(x))).ravel()
        points[1] = np.repeat(y, len(x))
        planes = max(1, _CHUNK // points.shape[1])
        for start in range(0, len(z), planes):
            some = z[start : start + planes]
            c = np.tile(points, len(some))
            c[2] = np.repeat(some, points.shape[1])
            out[start : start + planes] = _CHANNELS[channel % 3](c, 2 * np.pi * time, iterations).reshape(
                len(some), *out.shape[1:],
            )
        return out

    return generate("mandelbulb", values, common, {"iterations": iterations})


def _solid(c: NDArray[np.float64], twist: float, iterations: int) -> NDArray[np.float64]:
    """For points c (x, y, z): 1 in the bulb, outside less the faster they escape."""
    distance = (c * c).sum(axis=0)
    solid = np.where(distance <= _SURE**2, 1.0, 0.0)
    left = np.flatnonzero((distance > _SURE**2) & (distance <= REACH**2))
    p = c[:, left]
    for step in range(iterations):
        if not left.size:
            break
        p = _eighth_power(p, twist) + c[:, left]
        size = (p * p).sum(axis=0)
        gone = size > _BAILOUT
        if not gone.any():
            continue
        smooth = step + 1 - np.log(np.log(size[gone]) / np.log(_BAILOUT)) / np.log(8.0)
        solid[left[gone]] = 0.75 * np.clip(smooth / iterations, 0.0, 1.0)
        stay = ~gone
        left, p = left[stay], p[:, stay]
    solid[left] = 1.0
    return solid


def _nearest(c: NDArray[np.float64], twist: float, iterations: int) -> NDArray[np.float64]:
    """For points of the bulb how near to 0 they come, 0 to 1; outside 0."""
    near = np.minimum((c * c).sum(axis=0), 1.0)
    for p in _orbit(c, twist, iterations):
        np.minimum(near, (p * p).sum(axis=0), out=near)
    return np.where(_solid(c, twist, iterations) == 1, np.sqrt(near), 0.0)


def _direction(c: NDArray[np.float64], twist: float, iterations: int) -> NDArray[np.float64]:
    """For points of the bulb the azimuth at which they end, 0 to 1; outside 0."""
    *_, last = _orbit(c, twist, iterations)
    return np.where(_solid(c, twist, iterations) == 1, np.arctan2(last[1], last[0]) / (2 * np.pi) + 0.5, 0.0)


def _orbit(c: NDArray[np.float64], twist: float, iterations: int) -> Iterator[NDArray[np.float64]]:
    """The places of points, those that escape kept within bounds."""
    p = c
    for _ in range(iterations):
        p = np.clip(_eighth_power(p, twist) + c, -2.0, 2.0)
        yield p


_CHANNELS = (_solid, _nearest, _direction)


def _eighth_power(p: NDArray[np.float64], twist: float) -> NDArray[np.float64]:
    """The eighth power of points in the bulb's algebra, lengths to the power and both angles times 8: squared three times.

    Squaring doubles azimuth and elevation, which takes no trigonometry: with r the distance from the z axis, x + iy becomes
    ``(x + iy)**2 * (1 - z**2 / r**2)`` and z becomes ``2 z r``.
    """
    x, y, z = p
    for _ in range(3):
        xx, yy = x * x, y * y
        rr = np.maximum(xx + yy, _TINY)
        flat = 1 - z * z / rr
        x, y, z = (xx - yy) * flat, 2 * x * y * flat, 2 * z * np.sqrt(rr)
    if twist:
        cos, sin = np.cos(twist), np.sin(twist)
        x, z = cos * x - sin * z, sin * x + cos * z
    return np.stack([x, y, z])
