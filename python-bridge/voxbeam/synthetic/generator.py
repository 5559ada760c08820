"""What all generators share: sizes, dtypes, time points and channels around one function of the voxels."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Channel
from voxbeam.errors import ParameterError, ShapeError, UnsupportedDtypeError
from voxbeam.protocol import MAX_AXIS
from voxbeam.sources.function_source import from_function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.geometry import Shape
    from voxbeam.sources.source import Source

    #: ``f(level, (z, y, x), time, channel)`` gives values 0 to 1 as float64; z, y, x are slices, time is 0 to 1, without 1.
    Values = Callable[[int, "tuple[slice, slice, slice]", float, int], NDArray[np.float64]]

#: What ``size`` may be: an edge length, or voxels along z, y, x.
Size = "int | Sequence[int]"


@dataclass(frozen=True)
class Common:
    """The options that every generator takes; `window` is in parts of the dtype's range."""

    size: int | Sequence[int]
    dtype: DTypeLike
    levels: int | None
    times: int | None
    time_step: float | None
    time_unit: str
    channels: int | None
    window: tuple[float, float] = (0.0, 1.0)

    @property
    def shape(self) -> Shape:
        """Voxels along z, y, x."""
        axes = [self.size] * 3 if isinstance(self.size, (int, np.integer)) else list(self.size)
        if len(axes) != 3 or not all(isinstance(n, (int, np.integer)) and 1 <= n <= MAX_AXIS for n in axes):
            raise ShapeError(f"size is {self.size!r}.", f"Give an edge length, or three z, y, x, of 1 to {MAX_AXIS} voxels.")
        return int(axes[0]), int(axes[1]), int(axes[2])


def generate(name: str, values: Values, common: Common, parameters: dict[str, Any]) -> Source | list[Source]:
    """A source, or one for each channel, of the values that a generator computes; equal calls give equal fingerprints."""
    shape, dtype = common.shape, np.dtype(common.dtype)
    if dtype.kind not in "uif" or dtype.itemsize > 4:
        raise UnsupportedDtypeError(f"dtype is {dtype}.", "Give an integer or float of at most 32 bits, such as 'uint8'.")
    times, channels = (_count(what, n) for what, n in (("times", common.times), ("channels", common.channels)))
    top = float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0
    window = common.window[0] * top, common.window[1] * top
    said = [name, shape, dtype.str, common.levels, times, common.time_step, common.time_unit, parameters]

    def source(channel: int) -> Source:
        identity = json.dumps([*said, channel], default=float)

        def f(level: int, z: slice, y: slice, x: slice, time: int = 0) -> NDArray[Any]:
            moment = time / (times or 1)
            return to_dtype(values(level, (z, y, x), moment, channel), dtype, top)

        made = from_function(
            f, shape, dtype, name=name, levels=common.levels, times=times, time_step=common.time_step, time_unit=common.time_unit,
            window=window, fingerprint=hashlib.sha256(identity.encode()).hexdigest()[:32],
        )
        if channels is not None:
            made.channel = Channel(name, channel, str(channel))
            made.name = f"{name}/{channel}"
        return made

    return source(0) if channels is None else [source(channel) for channel in range(channels)]


def to_dtype(values: NDArray[np.float64], dtype: np.dtype[Any], top: float) -> NDArray[Any]:
    """Values 0 to 1 over the positive range of `dtype`; integers are rounded half up."""
    scaled = values * top
    return np.floor(scaled + 0.5).astype(dtype) if dtype.kind in "ui" else scaled.astype(dtype)


def _count(name: str, count: int | None) -> int | None:
    if count is not None and (isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1):
        raise ParameterError(f"{name} is {count!r}.", "Give a whole number from 1 on, or leave it out.")
    return None if count is None else int(count)


def centers(level: int, where: slice) -> NDArray[np.float64]:
    """Centres of voxels of a level along an axis, in voxels of level 0: exact up to 2**52."""
    return (np.arange(where.start, where.stop, dtype=np.float64) + 0.5) * 2.0**level - 0.5
