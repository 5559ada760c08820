"""The range of values of each brick with its halo, as it becomes known."""

from __future__ import annotations

import threading
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, BrickKey, Shape, brick_grid, level_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

#: Level, z, y, x, lowest and highest value; of points also the brick's box.
Row = tuple[float, ...]
#: Index of a brick in its level, lowest and highest stored voxel.
BrickRange = tuple[Shape, float, float]
Ends = tuple[float, float]
#: Rows in one RANGES frame.
MAX_ROWS = 65_536
#: Bricks of a level up to which its table is whole.
DENSE_BRICKS = 2**22
#: Of a larger level so many of the ranges known last are kept.
SPARSE_BRICKS = 2**18


class _LevelRanges:
    """Lowest and highest value of the bricks of one level; of a level too large for a table, of those known last."""

    def __init__(self, grid: Shape) -> None:
        whole = prod(grid) <= DENSE_BRICKS
        # Zeros take no memory until they are written.
        self._table = np.zeros((*grid, 2), np.float32) if whole else None
        self._is_known = np.zeros(grid, np.bool_) if whole else None
        self._sparse: dict[Shape, Ends] = {}

    def put(self, at: Shape, ends: Ends) -> None:
        if self._table is not None and self._is_known is not None:
            self._table[at] = ends
            self._is_known[at] = True
            return
        self._sparse.pop(at, None)
        self._sparse[at] = ends
        if len(self._sparse) > SPARSE_BRICKS:
            del self._sparse[next(iter(self._sparse))]

    def get(self, at: Shape) -> Ends | None:
        if self._table is None or self._is_known is None:
            return self._sparse.get(at)
        return (float(self._table[at][0]), float(self._table[at][1])) if self._is_known[at] else None

    def put_new(self, at: NDArray[Any], lows: NDArray[Any], highs: NDArray[Any]) -> NDArray[Any]:
        """Put what is not known yet, and return the numbers of those rows."""
        if self._table is None or self._is_known is None:
            new = [row for row, place in enumerate(at.tolist()) if tuple(place) not in self._sparse]
            for row in new:
                z, y, x = at[row].tolist()
                self.put((z, y, x), (float(lows[row]), float(highs[row])))
            return np.array(new, np.intp)
        z, y, x = at.T
        fresh = np.flatnonzero(~self._is_known[z, y, x])
        z, y, x = at[fresh].T
        self._table[z, y, x, 0] = lows[fresh]
        self._table[z, y, x, 1] = highs[fresh]
        self._is_known[z, y, x] = True
        return fresh

    def known(self) -> Iterator[Shape]:
        if self._is_known is None:
            yield from self._sparse
        else:
            yield from ((int(z), int(y), int(x)) for z, y, x in np.argwhere(self._is_known))


class RangeTable:
    """Ranges of the bricks of a volume at one time point, as far as they are known. Safe from several threads.

    Kept as float32, rounded outwards, so that the range holds every value also where float32 does not.
    """

    def __init__(self, shape: Shape, scale: float, offset: float) -> None:
        self._scale = scale
        self._offset = offset
        self._levels = [_LevelRanges(brick_grid(shape, level)) for level in range(level_count(shape))]
        self._fresh: list[BrickKey] = []
        self._lock = threading.Lock()

    def put(self, key: BrickKey, low: float, high: float) -> None:
        """The stored voxels of a brick lie within `low` and `high`; ``low > high``: none is finite."""
        if low <= high:
            ends = sorted((float(low) * self._scale + self._offset, float(high) * self._scale + self._offset))
            row = _outwards(ends[0], -np.inf), _outwards(ends[1], np.inf)
        else:
            row = np.float32(np.inf), np.float32(-np.inf)
        at, known = (key.z, key.y, key.x), (float(row[0]), float(row[1]))
        with self._lock:
            if self._levels[key.level].get(at) != known:
                self._levels[key.level].put(at, known)
                self._fresh.append(key)

    def put_new(
        self, level: int, bricks: Sequence[Sequence[int]], lows: ArrayLike, highs: ArrayLike,
    ) -> None:
        """Put the ranges of several bricks of a level, of those that are not known yet.

        Parameters
        ----------
        bricks
            Their z, y, x.
        lows, highs
            Lowest and highest stored voxel of each; ``low > high``: none is finite.
        """
        low, high = np.array(lows, np.float64), np.array(highs, np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            ends = np.stack([low, high]) * self._scale + self._offset
        finite = low <= high
        bottom, top = _floats_outwards(ends.min(axis=0), -np.inf), _floats_outwards(ends.max(axis=0), np.inf)
        bottom[~finite], top[~finite] = np.inf, -np.inf
        at = np.array(bricks, np.intp)
        with self._lock:
            new = self._levels[level].put_new(at, bottom, top)
            self._fresh += [BrickKey(level, *bricks[row]) for row in new.tolist()]

    def knows(self, key: BrickKey) -> bool:
        """Whether the brick's range has been put."""
        return self._levels[key.level].get((key.z, key.y, key.x)) is not None

    def widen(self, boxes: Iterable[list[int]], dtype: np.dtype[Any]) -> None:
        """Bricks in `boxes`, as CHANGED names them, may hold any value of an integer dtype, where something was known of them."""
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        for level, *ends in boxes:
            for z, y, x in product(*(range(a, b) for a, b in zip(ends[:3], ends[3:], strict=True))):
                if self._levels[level].get((z, y, x)) is not None:
                    self.put(BrickKey(level, z, y, x), low, high)

    def take_fresh(self) -> list[Row]:
        """What was put since the last call."""
        with self._lock:
            keys, self._fresh = self._fresh, []
            return self._rows((key.level, (key.z, key.y, key.x)) for key in dict.fromkeys(keys))

    def rows(self) -> list[Row]:
        """All that is known, coarse levels first."""
        with self._lock:
            self._fresh = []
            return self._rows((level, at) for level, known in reversed(list(enumerate(self._levels))) for at in known.known())

    def _rows(self, bricks: Iterable[tuple[int, Shape]]) -> list[Row]:
        found = ((level, at, self._levels[level].get(at)) for level, at in bricks)
        return [(level, *at, *ends) for level, at, ends in found if ends is not None]


def _outwards(value: float, towards: float) -> np.float32:
    """The float32 nearest to `value`, or its neighbour `towards` where the nearest would leave `value` outside."""
    with np.errstate(over="ignore"):
        near = np.float32(value)
        # As Python's numbers: NumPy would round `value` before it compares.
        inside = float(near) > value if towards < 0 else float(near) < value
        further: np.float32 = np.nextafter(near, np.float32(towards))
    return further if inside else near


def _floats_outwards(values: NDArray[Any], towards: float) -> NDArray[Any]:
    """`_outwards` of each of the values; those of no finite voxel become anything."""
    with np.errstate(over="ignore", invalid="ignore"):
        near = values.astype(np.float32)
        inside = near > values if towards < 0 else near < values
        return np.where(inside, np.nextafter(near, np.float32(towards)), near)


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
