"""What has been predicted so far, at every level: the last known of each voxel stays until the new one is there."""

from __future__ import annotations

import os
import tempfile
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.geometry import BRICK_EDGE, Box, Shape, brick_grid, level_count, level_shape
from voxbeam.producer.mean import halve_by_mean
from voxbeam.producer.mode import halve_by_mode

if TYPE_CHECKING:
    import threading

    from numpy.typing import DTypeLike, NDArray

#: Bytes that predictions keep in memory; larger ones are kept in a file.
MEMORY_BYTES = 2**30


class PredictedLevels:
    """Labels and shade of all levels. Level 0 as it was predicted, the others made of it: modes of labels, means of shade.

    Parameters
    ----------
    memory
        What takes more bytes is kept in an unnamed file in `folder`, whose space is taken at once, so that a full disk is an
        error now and no signal later. The system keeps of it in memory what is in use.
    lock
        Held while coarser levels are made.

    Raises
    ------
    ParameterError
        There is no room.
    """

    def __init__(self, shape: Shape, dtype: DTypeLike, *, memory: int, folder: str | None, lock: threading.RLock) -> None:
        self.shape = shape
        self.grid = brick_grid(shape, 0)
        #: Of each brick of level 0, the version of the model that predicted it; 0: none.
        self.version = np.zeros(self.grid, np.int32)
        self._lock = lock
        shapes = [level_shape(shape, level) for level in range(level_count(shape))]
        sizes = [prod(one) * item for item in (np.dtype(dtype).itemsize, 1) for one in shapes]
        whole = _room(sum(sizes), memory, folder)
        parts = np.split(whole, np.cumsum(sizes)[:-1])
        count = len(shapes)
        self._arrays = {
            "labels": [part.view(dtype).reshape(one) for part, one in zip(parts[:count], shapes, strict=True)],
            "shade": [part.reshape(one) for part, one in zip(parts[count:], shapes, strict=True)],
        }

    def read(self, kind: str, level: int, box: Box) -> NDArray[Any]:
        """A copy of the ``"labels"`` or the ``"shade"`` of a box, as far as they are known."""
        found: NDArray[Any] = self._arrays[kind][level][tuple(slice(*span) for span in box)].copy()
        return found

    def array(self, kind: str, level: int) -> NDArray[Any]:
        """A whole level, to look at."""
        return self._arrays[kind][level]

    def write(self, box: Box, labels: NDArray[Any], shade: NDArray[np.uint8]) -> None:
        """Voxels of level 0 are known."""
        where = tuple(slice(*span) for span in box)
        self._arrays["labels"][0][where] = labels
        self._arrays["shade"][0][where] = shade

    def brick_done(self, brick: Shape, version: int) -> None:
        """All of a brick has been written by a model: what is coarser follows."""
        box = brick_box(self.shape, brick)
        with self._lock:
            for level in range(1, level_count(self.shape)):
                spans = [(low >> level, -(-high >> level)) for low, high in box]
                fine = tuple(slice(2 * low, 2 * high) for low, high in spans)
                coarse = tuple(slice(low, high) for low, high in spans)
                for kind, halve in (("labels", halve_by_mode), ("shade", halve_by_mean)):
                    levels = self._arrays[kind]
                    halve(np.ascontiguousarray(levels[level - 1][fine]), levels[level][coarse])
            self.version[brick] = version

    def plane_done(self, box: Box, version: int) -> None:
        """A slice has been written: coarser levels take every other voxel of it, where their bricks are not known yet."""
        with self._lock:
            for level in range(1, level_count(self.shape)):
                spans = [(low >> level, -(-high >> level)) for low, high in box]
                pick = [
                    np.clip((np.arange(a, b) << level) + (1 << level - 1), low, high - 1)
                    for (a, b), (low, high) in zip(spans, box, strict=True)
                ]
                unknown = self.version[np.ix_(*[places // BRICK_EDGE for places in pick])] != version
                where = tuple(slice(a, b) for a, b in spans)
                for arrays in self._arrays.values():
                    np.copyto(arrays[level][where], arrays[0][np.ix_(*pick)], where=unknown)


def brick_box(shape: Shape, brick: Shape, rim: int = 0) -> Box:
    """Voxels of level 0 that a brick holds, with as many around it as the volume has."""
    z, y, x = (
        (max(i * BRICK_EDGE - rim, 0), min((i + 1) * BRICK_EDGE + rim, n)) for i, n in zip(brick, shape, strict=True)
    )
    return z, y, x


def _room(size: int, memory: int, folder: str | None) -> NDArray[np.uint8]:
    if size <= memory:
        return np.zeros(size, np.uint8)
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            place = folder or tempfile.gettempdir()
            text = f"The prediction takes {size:,} bytes, and {place!r} has no room for it: {error.strerror}."
            raise ParameterError(text, "Give a folder that has, folder=…, or predict a part of the volume.") from error
        return np.memmap(file, np.uint8, "r+", shape=(size,))
