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
#: Squares of distances from the z axis below this count as this: the fourth power of its inverse is still a number of 32 bits.
_TINY = 1e-8
#: From this level on voxels are so far apart that numbers of 32 bits tell them apart a thousandfold, in half the time.
_SINGLE_LEVEL = 7
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
            c = c.astype(np.float32 if level >= _SINGLE_LEVEL else np.float64, copy=False)
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
    start = c[:, left]
    p = start
    for step in range(iterations):
        if not left.size:
            break
        p = _eighth_power(p, twist)
        p += start
        size = np.einsum("ij,ij->j", p, p)
        gone = size > _BAILOUT
        if not gone.any():
            continue
        smooth = step + 1 - np.log(np.log(size[gone]) / np.log(_BAILOUT)) / np.log(8.0)
        solid[left[gone]] = 0.75 * np.clip(smooth / iterations, 0.0, 1.0)
        stay = ~gone
        left, p, start = left[stay], p[:, stay], start[:, stay]
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
    """The eighth power of points in the bulb's algebra: lengths to the power, angles times 8, with one root and one division.

    With r the distance from the z axis and t the square of z / r, the azimuth's part is ``(x + iy)**8``, whose length is r to the
    eighth, and the elevation's is ``(1 + i z / r)**8``: its real part times the former is the new x and y, its imaginary part
    times r to the eighth the new z. Work is done in place, for new arrays cost as much as the sums.
    """
    x, y, z = p
    out = np.empty_like(p)
    a, b, real = out
    rr, t, other = np.empty((3, x.size), p.dtype)
    np.multiply(x, x, out=a)
    np.multiply(y, y, out=b)
    np.add(a, b, out=rr)
    np.maximum(rr, _TINY, out=rr)
    np.multiply(z, z, out=t)
    np.divide(t, rr, out=t)
    np.subtract(a, b, out=a)
    np.multiply(x, y, out=b)
    np.add(b, b, out=b)
    for _ in range(2):  # a + ib, squared
        np.multiply(a, b, out=real)
        np.multiply(a, a, out=a)
        np.multiply(b, b, out=b)
        np.subtract(a, b, out=a)
        np.add(real, real, out=b)
    np.add(t, -28, out=real)
    for term in (70, -28, 1):
        np.multiply(real, t, out=real)
        np.add(real, term, out=real)
    np.multiply(a, real, out=a)
    np.multiply(b, real, out=b)
    # 8 z r^7 |1 - 7 t + 7 t^2 - t^3|, of which the sum is (1 - t) (1 - 6 t + t^2): each doubling keeps z on its side.
    np.add(t, -6, out=real)
    np.multiply(real, t, out=real)
    np.add(real, 1, out=real)
    np.subtract(1, t, out=t)
    np.multiply(real, t, out=real)
    np.abs(real, out=real)
    np.sqrt(rr, out=t)
    np.multiply(rr, rr, out=other)
    np.multiply(other, rr, out=other)
    np.multiply(other, t, out=other)
    np.multiply(other, z, out=other)
    np.multiply(other, 8, out=other)
    np.multiply(real, other, out=real)
    if twist:
        cos, sin = p.dtype.type(np.cos(twist)), p.dtype.type(np.sin(twist))
        out[0], out[2] = cos * a - sin * real, sin * a + cos * real
    return out
