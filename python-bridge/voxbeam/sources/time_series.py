"""Time points side by side: one source for each, made when it is asked for."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from voxbeam.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.description import Times
    from voxbeam.geometry import Box


class TimeSeries(Source):
    """Time points of equal shape and dtype.

    Parameters
    ----------
    first
        The first time point: what the file or object says holds for all of them.
    open_at
        Gives the source of a time point; several threads call it at once.
    times
        How many there are, and how far apart.
    """

    def __init__(self, first: Source, open_at: Callable[[int], Source], times: Times) -> None:
        said = {field.name: getattr(first, field.name) for field in fields(Source) if field.name not in ("array", "times")}
        super().__init__(**said, times=times)
        self._first = first
        self._open_at = open_at

    def at(self, time: int) -> Source:
        """The source of a time point, placed and scaled like this one."""
        if self.times is None or not 0 <= time < self.times.count:
            raise IndexError(f"{self.name!r} has {self.times}; time point {time} was asked for")
        source = self._open_at(time) if time else self._first
        source.name, source.kind = self.name, self.kind
        return source

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of the first time point."""
        return self._first.read(level, box)

    def rest(self) -> None:
        """Let go of what was decoded of any."""
        self._first.rest()


def with_times(source: Source, *, step: float | None, unit: str | None) -> None:
    """Set how far apart the time points of `source` are."""
    if source.times is not None:
        source.times = replace(
            source.times,
            step=source.times.step if step is None else step,
            unit=source.times.unit if unit is None else unit,
        )
