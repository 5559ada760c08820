"""Tiles side by side, gathered to what is written at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.producer.pyramid import TILE_X

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

#: Voxels along x that are written at once.
SHARD_X = 4 * TILE_X


class Shards:
    """Those of one row of tiles."""

    def __init__(self, write: Callable[[Box, NDArray[Any]], None], shape: Shape, dtype: np.dtype[Any]) -> None:
        self._write = write
        self._width = shape[2]
        self._dtype = dtype
        self._voxels: NDArray[Any] = np.empty(0, dtype)

    def _span(self, box: Box) -> tuple[int, int]:
        start = box[2][0] // SHARD_X * SHARD_X
        return start, min(start + SHARD_X, self._width)

    def take(self, box: Box) -> NDArray[Any]:
        """Where the voxels of a tile belong."""
        start, end = self._span(box)
        if box[2][0] == start:
            self._voxels = np.empty([*(b - a for a, b in box[:2]), end - start], self._dtype)
        return self._voxels[:, :, box[2][0] - start : box[2][1] - start]

    def give(self, box: Box) -> None:
        """The tile is there: write, where it was the last one of its shard."""
        start, end = self._span(box)
        if box[2][1] == end:
            self._write((box[0], box[1], (start, end)), self._voxels)
