"""A prediction as two volumes: reading is answered at once by what is known, and is how it learns what is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.sources.source import Changes, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box


class PredictedSource(Source):
    """Every level is there from the start; voxels change as they are predicted."""

    changes: Changes

    def __init__(self, read: Callable[[int, Box], NDArray[Any]], levels: int, **fields: Any) -> None:
        super().__init__(levels=dict.fromkeys(range(1, levels), True), changes=Changes(), ranges_change=True, **fields)
        self._read = read

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """What is known of a box; what is not is predicted soon."""
        return self._read(level, box)
