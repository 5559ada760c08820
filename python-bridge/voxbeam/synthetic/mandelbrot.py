"""The Mandelbrot set as a picture of 2**27 by 2**27 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.synthetic.generator import Common, centers, generate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.sources.source import Source

#: Beyond this distance from 0 a point has escaped; far enough for the count to be smooth.
_BAILOUT = 2.0**8


def mandelbrot(
    size: int | Sequence[int] = (1, 2**27, 2**27),
    dtype: DTypeLike = "uint8",
    *,
    center: complex = -0.75 + 0j,
    width: float = 3.0,
    iterations: int = 256,
    levels: int | None = None,
    times: int | None = None,
    time_step: float | None = None,
    time_unit: str = "",
    channels: int | None = None,
) -> Source | list[Source]:
    """The Mandelbrot set, coloured by how fast points escape: 18 PB of pixels in 22 levels, each computed when it is looked at.

    Levels 0 to 17 go down to 1024 by 1024 pixels, four more to 64 by 64: a volume's last level is always a single brick, from
    which a first picture is drawn whatever its size. With ``levels=18`` the four are made from the 18th.

    Parameters
    ----------
    size
        An edge length, or voxels along z, y, x. All planes along z are equal.
    dtype
        Of at most 32 bits.
    center, width
        The part of the plane that the x axis spans.
    iterations
        After so many a point belongs to the set.
    levels, times, time_step, time_unit
        As for :func:`voxbeam.from_function`. Over time the start of the iteration moves away from 0.
    channels
        Gives a list of so many sources: how fast points escape, how near to 0 they came, in which direction they left, by turns.
    """
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 1 <= iterations <= 2**16:
        raise ParameterError(f"iterations is {iterations!r}.", "Give a whole number from 1 to 65536.")
    common = Common(size, dtype, levels, times, time_step, time_unit, channels)
    _, ny, nx = common.shape
    pixel = width / nx

    def values(level: int, where: tuple[slice, slice, slice], time: float, channel: int) -> NDArray[np.float64]:
        z, y, x = where
        real = center.real + (centers(level, x) - (nx - 1) / 2) * pixel
        imaginary = center.imag - (centers(level, y) - (ny - 1) / 2) * pixel
        c = (real + 1j * imaginary[:, None]).ravel()
        plane = _escape(c, 0.6 * time, iterations)[channel % 3].reshape(len(imaginary), len(real))
        return np.broadcast_to(plane, (z.stop - z.start, *plane.shape))

    parameters = {"center": [center.real, center.imag], "width": width, "iterations": iterations}
    return generate("mandelbrot", values, common, parameters)


def _escape(c: NDArray[np.complex128], start: float, iterations: int) -> NDArray[np.float64]:
    """For each point: how fast it escapes, how near to 0 it came, and its direction at the end, as values 0 to 1."""
    speed, nearest, direction = np.ones(c.size), np.ones(c.size), np.zeros(c.size)
    left = np.arange(c.size)
    z = np.full(c.size, start, np.complex128)
    near = np.full(c.size, np.inf)
    for count in range(iterations):
        if not left.size:
            break
        z = z * z + c[left]
        size = z.real**2 + z.imag**2
        np.minimum(near, size, out=near)
        gone = size > _BAILOUT**2
        if not gone.any():
            continue
        at = left[gone]
        smooth = count + 1 - np.log2(np.log2(size[gone]) / (2 * np.log2(_BAILOUT)))
        speed[at] = np.sqrt(np.clip(smooth / iterations, 0.0, 1.0))
        nearest[at] = np.sqrt(np.minimum(near[gone], 1.0))
        direction[at] = np.angle(z[gone]) / (2 * np.pi) + 0.5
        stay = ~gone
        left, z, near = left[stay], z[stay], near[stay]
    nearest[left] = np.sqrt(np.minimum(near, 1.0))
    direction[left] = np.angle(z) / (2 * np.pi) + 0.5
    return np.stack([speed, nearest, direction])
