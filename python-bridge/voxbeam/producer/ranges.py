"""The range of values of each brick with its halo, as it becomes known."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, BrickKey, Shape, brick_grid, level_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

Row = tuple[int, int, int, int, float, float]
#: Index of a brick in its level, lowest and highest stored voxel.
BrickRange = tuple[Shape, float, float]
#: Rows in one RANGES frame.
MAX_ROWS = 65_536


class RangeTable:
    """Ranges of the bricks of a volume. Safe from several threads.

    Kept as float32, rounded outwards, so that the range holds every value also where float32 does not.
    """

    def __init__(self, shape: Shape, scale: float, offset: float) -> None:
        self._scale = scale
        self._offset = offset
        grids = [brick_grid(shape, level) for level in range(level_count(shape))]
        self._tables = [np.zeros((*grid, 2), np.float32) for grid in grids]  # zeros take no memory until they are written
        self._known = [np.zeros(grid, np.bool_) for grid in grids]
        self._fresh: list[BrickKey] = []
        self._lock = threading.Lock()

    def put(self, key: BrickKey, low: float, high: float) -> None:
        """The stored voxels of a brick lie within `low` and `high`; ``low > high``: none is finite."""
        if low <= high:
            ends = sorted((float(low) * self._scale + self._offset, float(high) * self._scale + self._offset))
            row = _outwards(ends[0], -np.inf), _outwards(ends[1], np.inf)
        else:
            row = np.float32(np.inf), np.float32(-np.inf)
        with self._lock:
            self._tables[key.level][key[1:]] = row
            self._known[key.level][key[1:]] = True
            self._fresh.append(key)

    def knows(self, key: BrickKey) -> bool:
        """Whether the brick's range has been put."""
        return bool(self._known[key.level][key[1:]])

    def take_fresh(self) -> list[Row]:
        """What was put since the last call."""
        with self._lock:
            keys, self._fresh = self._fresh, []
            return [self._row(key) for key in dict.fromkeys(keys)]

    def rows(self) -> list[Row]:
        """All that is known, coarse levels first."""
        with self._lock:
            self._fresh = []
            return [
                self._row(BrickKey(level, int(z), int(y), int(x)))
                for level, known in reversed(list(enumerate(self._known)))
                for z, y, x in np.argwhere(known)
            ]

    def _row(self, key: BrickKey) -> Row:
        low, high = self._tables[key.level][key[1:]]
        return (*key, float(low), float(high))


def _outwards(value: float, towards: float) -> np.float32:
    """The float32 nearest to `value`, or its neighbour `towards` where the nearest would leave `value` outside."""
    with np.errstate(over="ignore"):
        near = np.float32(value)
        inside = near > value if towards < 0 else near < value
        further: np.float32 = np.nextafter(near, np.float32(towards))
    return further if inside else near


def block_range(block: NDArray[Any]) -> tuple[float, float]:
    """Lowest and highest finite voxel of `block`; ``(inf, -inf)`` where there is none."""
    low, high = block.min(), block.max()
    if block.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
        good = np.isfinite(block)
        low = np.min(block, where=good, initial=np.inf)
        high = np.max(block, where=good, initial=-np.inf)
    return low.item(), high.item()


def tile_ranges(block: NDArray[Any], starts: Shape, shape: Shape) -> tuple[list[BrickRange], bool]:
    """Ranges of the bricks of one layer, halo included, and whether all voxels are finite.

    Planes are reduced first, which runs at the speed of memory; what is left is small.

    Parameters
    ----------
    block
        Stored voxels with their halo, as far as the level goes; one brick deep along z.
    starts
        Where, in voxels of the level, the first voxel without halo stands.
    shape
        Of the block without halo.
    """
    lows, highs = np.minimum.reduce(block, axis=0), np.maximum.reduce(block, axis=0)
    finite = block.dtype.kind != "f" or bool(np.isfinite(lows).all() and np.isfinite(highs).all())
    margins = [min(start, BRICK_HALO) for start in starts]
    found: list[BrickRange] = []
    for y in range(0, shape[1], BRICK_EDGE):
        for x in range(0, shape[2], BRICK_EDGE):
            rows, columns = (
                slice(max(i + margin - BRICK_HALO, 0), i + margin + BRICK_EDGE + BRICK_HALO)
                for i, margin in ((y, margins[1]), (x, margins[2]))
            )
            if finite:
                low, high = lows[rows, columns].min().item(), highs[rows, columns].max().item()
            else:
                low, high = block_range(block[:, rows, columns])
            index = (starts[0] // BRICK_EDGE, (starts[1] + y) // BRICK_EDGE, (starts[2] + x) // BRICK_EDGE)
            found.append((index, low, high))
    return found, finite
