"""A volume that can only be read as a whole: its header is read when it is opened, its voxels when somebody needs one."""

from __future__ import annotations

import threading
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from voxbeam.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box


class LateArray:
    """An array that is loaded once, when it is first needed. Safe from several threads."""

    def __init__(self, load: Callable[[], NDArray[Any]]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._array: NDArray[Any] | None = None

    def get(self) -> NDArray[Any]:
        """The array."""
        with self._lock:
            if self._array is None:
                self._array = self._load()
            return self._array


class LateSource(Source):
    """A volume, or time points, of an array that is loaded later.

    Parameters
    ----------
    whole
        The array.
    choose
        Gives the three-dimensional array of a time point.
    """

    def __init__(self, whole: LateArray, choose: Callable[[NDArray[Any], int], NDArray[Any]], **said: Any) -> None:
        super().__init__(**said)
        self._whole = whole
        self._choose = choose

    def at(self, time: int) -> Source:
        """The volume at a time point, in memory."""
        count = self.times.count if self.times else 1
        if not 0 <= time < count:
            raise IndexError(f"{self.name!r} has {count} time points; {time} was asked for")
        said = {field.name: getattr(self, field.name) for field in fields(Source) if field.name not in ("array", "times")}
        return Source(**said, array=self._choose(self._whole.get(), time))

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of the first time point."""
        return self.at(0).read(level, box)
