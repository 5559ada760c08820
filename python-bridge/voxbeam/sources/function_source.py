"""A volume whose voxels a function gives, at every level: nothing is stored, and nothing ever computes the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import ParameterError, SourceError, sentence
from voxbeam.geometry import Box, Shape, level_count
from voxbeam.sources.source import Source, volume_shape
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray


class FunctionSource(Source):
    """Reads boxes of any level from ``f(level, z, y, x)``; the slices are of voxels of that level."""

    def __init__(self, f: Callable[..., Any], levels: int, **fields: Any) -> None:
        # Each level is a true one: where the half-voxel rule puts it, so that none has to be built.
        super().__init__(levels=dict.fromkeys(range(1, levels), True), **fields)
        self._f = f

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """What the function gives, checked for its shape.

        Raises
        ------
        SourceError
            The function failed, or its array is not of the shape asked for.
        """
        where = [slice(*span) for span in box]
        wanted = tuple(b - a for a, b in box)
        try:
            block = np.asarray(self._f(level, *where))
        except Exception as error:
            where_words = f"level {level}, {_words(box)}"
            text = f"The function of {self.name!r} failed at {where_words}: {type(error).__name__}: {sentence(error)}"
            raise SourceError(text, "It is called with a level and three slices of its voxels, z, y, x.") from error
        if block.shape != wanted:
            text = f"The function of {self.name!r} gave shape {block.shape} at level {level}, {_words(box)}."
            raise SourceError(text, f"The slices ask for {wanted}.")
        return block


def from_function(
    f: Callable[..., Any],
    shape: Sequence[int],
    dtype: DTypeLike,
    *,
    name: str = "volume",
    levels: int | None = None,
    times: int | None = None,
    time_step: float | None = None,
    time_unit: str = "",
    window: tuple[float, float] | None = None,
    fingerprint: str | None = None,
) -> Source:
    """A volume of any size whose voxels are computed when they are looked at.

    Parameters
    ----------
    f
        ``f(level, z, y, x)`` gives the voxels of a level as an array: z, y and x are slices, in voxels of that level, which has
        ``ceil(n / 2**level)`` of them along an axis of n. Voxel i of a level stands for the 2**level voxels from
        ``i * 2**level`` on, its centre is at ``(i + 0.5) * 2**level - 0.5``. With `times`, it is called
        ``f(level, z, y, x, time)``. Several threads call it at once.
    shape
        Voxels along z, y, x, up to 2**31 each.
    dtype
        Of the voxels; what the function gives is converted.
    levels
        Of how many levels the function gives voxels. Left out: of all. Coarser ones are then made from the last of these.
    times, time_step, time_unit
        How many time points there are, and how far apart.
    window
        Values shown as black and white at first. Left out, the viewer finds them in what it has seen.
    fingerprint
        Equal ones mean equal voxels, which an instance then keeps; left out, each call makes a new one.

    Examples
    --------
    >>> import numpy as np
    >>> def depth(level, z, y, x):
    ...     rows = np.arange(z.start, z.stop) * 2.0**level
    ...     return np.broadcast_to(rows[:, None, None], (len(rows), y.stop - y.start, x.stop - x.start))
    >>> source = from_function(depth, (2**20, 2**20, 2**20), "float32", window=(0, 2**20))
    >>> source.read(0, ((7, 9), (0, 1), (0, 1))).ravel()
    array([7., 8.])
    """
    if not callable(f):
        raise ParameterError(f"f is a {type(f).__name__}.", "Give a function f(level, z, y, x).")
    whole: Shape = volume_shape(shape)
    held = level_count(whole) if levels is None else levels
    if not 1 <= held <= level_count(whole):
        raise ParameterError(f"levels is {levels!r}.", f"A volume of shape {whole} has 1 to {level_count(whole)}.")
    fields: dict[str, Any] = {"shape": whole, "dtype": np.dtype(dtype), "name": name, "window": window}
    if fingerprint is not None:
        fields["fingerprint"] = fingerprint
    if times is None:
        return FunctionSource(_cast(f, fields["dtype"]), held, **fields)

    def at(time: int) -> Source:
        return FunctionSource(_cast(lambda *where: f(*where, time), fields["dtype"]), held, **fields)

    return TimeSeries(at(0), at, replace(Times(int(times)), step=time_step, unit=time_unit))


def _cast(f: Callable[..., Any], dtype: np.dtype[Any]) -> Callable[..., Any]:
    return lambda *where: np.asarray(f(*where)).astype(dtype, copy=False)


def _words(box: Box) -> str:
    return ", ".join(f"{axis} {a}:{b}" for axis, (a, b) in zip("zyx", box, strict=True))
