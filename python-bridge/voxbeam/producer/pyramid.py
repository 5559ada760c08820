"""Builds the coarser levels, and on the way finds the range of each brick and counts what is not finite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.compiled.loader import kernels
from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, Box, BrickKey, Shape
from voxbeam.producer.mean import halve_by_mean
from voxbeam.producer.mode import halve_by_mode
from voxbeam.producer.ranges import tile_ranges
from voxbeam.producer.scratch import Scratch
from voxbeam.producer.voxels import ArrayVoxels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from voxbeam.producer.ranges import BrickRange
    from voxbeam.producer.voxels import Voxels

    Visit = Callable[[Box, Box, NDArray[Any]], None]

#: Voxels of a tile without halo, a layer of whole bricks: large enough that Python's share is small, small enough for a cache.
TILE_Y = 2 * BRICK_EDGE
TILE_X = 8 * BRICK_EDGE
#: Bytes of a tile's rows where an array is read in place: memory is read at twice the speed in rows that are longer.
WIDE_BYTES = 2048


class BuildStoppedError(Exception):
    """The volume was removed while its pyramid was built."""


def tiles(shape: Shape, width: int = TILE_X) -> Iterator[Box]:
    """Boxes of whole bricks that cover a level, in the order of its memory."""
    for z in range(-(-shape[0] // BRICK_EDGE)):
        for y in range(-(-shape[1] // TILE_Y)):
            yield from row_tiles(shape, (z, y), width)


def row_tiles(shape: Shape, place: tuple[int, int], width: int = TILE_X) -> Iterator[Box]:
    """The tiles of one row, by the row's number along z and y."""
    z, y = place[0] * BRICK_EDGE, place[1] * TILE_Y
    for x in range(0, shape[2], width):
        starts, edges = (z, y, x), (BRICK_EDGE, TILE_Y, width)
        spans = [(a, min(a + e, n)) for a, e, n in zip(starts, edges, shape, strict=True)]
        yield spans[0], spans[1], spans[2]


class LevelPass:
    """Reads a level once, tile by tile: gives each brick's range, and the next level where one is wanted.

    Parameters
    ----------
    labels
        Coarser voxels are modes, not means.
    put_range
        Told the range of each brick.
    pause
        Called after each tile; raises to stop the pass.
    visit
        Shown each tile while it is in cache: its box, and the stored voxels of that box with its halo, and these, which then
        must not be kept.
    """

    def __init__(
        self, *, labels: bool, put_range: Callable[[BrickKey, float, float], None] = lambda *_: None,
        pause: Callable[[], None] = lambda: None, visit: Visit | None = None,
    ) -> None:
        self._labels = labels
        self._visit = visit
        self._put_range = put_range
        self._pause = pause
        self._block = Scratch()
        self._order = Scratch()

    @property
    def scratch_bytes(self) -> int:
        """Memory kept between tiles."""
        return self._block.nbytes + self._order.nbytes

    def run(self, voxels: Voxels, level: int, coarser: NDArray[Any] | None, only: Box | None = None) -> int:
        """Pass over `voxels` of `level`; means or modes are written to `coarser`. Returns how many voxels are not finite.

        Where only voxels of the box `only` have changed, bricks that do not hold any of them, halo included, are left out.
        """
        turned = None if self._labels else _turned(voxels)
        if turned is None:
            return self._run(voxels, coarser, only, lambda index, low, high: self._put_range(BrickKey(level, *index), low, high))
        array, axes = turned
        back = [axes.index(axis) for axis in range(3)]

        def put(index: Shape, low: float, high: float) -> None:
            self._put_range(BrickKey(level, *(index[axis] for axis in back)), low, high)

        box = None if only is None else (only[axes[0]], only[axes[1]], only[axes[2]])
        return self._run(array, None if coarser is None else coarser.transpose(axes), box, put)

    def _run(
        self, voxels: Voxels, coarser: NDArray[Any] | None, only: Box | None, put: Callable[[Shape, float, float], None],
    ) -> int:
        not_finite = 0
        in_place = voxels.view(((0, 1), (0, 1), (0, 1))) is not None
        width = max(TILE_X, WIDE_BYTES // voxels.mapping.dtype.itemsize) if in_place else TILE_X
        for whole in tiles(voxels.shape, width):
            box = whole
            if only is not None:
                clipped = _touched_bricks(box, only)
                if clipped is None:
                    continue
                box = clipped
            target = None
            if coarser is not None:
                target = coarser[tuple(slice(a // 2, (b + 1) // 2) for a, b in box)]
            found, bad = self.tile(voxels, box, target)
            for index, low, high in found:
                put(index, low, high)
            not_finite += bad
            self._pause()
        return not_finite

    def tile(
        self, voxels: Voxels, box: Box, target: NDArray[Any] | None, whole: NDArray[Any] | None = None,
    ) -> tuple[list[BrickRange], int]:
        """Pass over one tile: the range of each of its bricks, and how many voxels are not finite.

        `target` becomes its half; `whole` becomes what it is.
        """
        z, y, x = ((max(a - BRICK_HALO, 0), min(b + BRICK_HALO, n)) for (a, b), n in zip(box, voxels.shape, strict=True))
        block = self.read(voxels, (z, y, x))
        if self._visit is not None:
            self._visit(box, (z, y, x), block)
        inner = block[tuple(slice(a - low, b - low) for (a, b), (low, _) in zip(box, (z, y, x), strict=True))]
        if whole is not None:
            np.copyto(whole, inner)
        starts: Shape = (box[0][0], box[1][0], box[2][0])
        compiled = kernels()
        if compiled is not None:
            margins = starts[0] - z[0], starts[1] - y[0], starts[2] - x[0]
            shape = inner.shape[0], inner.shape[1], inner.shape[2]
            ranges = compiled.halve(block, starts, margins, shape, target, labels=self._labels)
            if ranges is not None:
                return ranges, 0
        found, finite = tile_ranges(block, starts, (inner.shape[0], inner.shape[1], inner.shape[2]))
        if target is not None and self._labels:
            _halve_labels(inner, starts, found, target)
        elif target is not None:
            halve_by_mean(inner, target, finite=finite)
        return found, 0 if finite else inner.size - int(np.count_nonzero(np.isfinite(inner)))

    def read(self, voxels: Voxels, box: Box) -> NDArray[Any]:
        """Stored voxels of a box, in place or until the next reading."""
        block = voxels.view(box)
        if block is None:
            block = self._block.take([b - a for a, b in box], voxels.mapping.dtype)
            voxels.copy(box, block, self._order)
            voxels.mapping.finish(block)
        return block


def memory_order(voxels: Voxels) -> tuple[int, int, int]:
    """Axes from the widest step in memory to the narrowest, where a level is better passed over in that order; else 0, 1, 2.

    Means of whole numbers are the same in any order. Sums of floats are rounded on the way, and ties of labels are decided in the
    order z, y, x: these are passed over in that one.
    """
    if not isinstance(voxels, ArrayVoxels) or voxels.mapping.ids is not None or voxels.array.dtype.kind != "u":
        return 0, 1, 2
    a, b, c = sorted(range(3), key=lambda axis: -abs(voxels.array.strides[axis]))
    good = voxels.array.strides[c] == voxels.array.itemsize and voxels.mapping.in_place(voxels.array.dtype)
    return (a, b, c) if good else (0, 1, 2)


def _turned(voxels: Voxels) -> tuple[ArrayVoxels, tuple[int, int, int]] | None:
    """The same voxels with their axes in the order of memory, and that order; None where they are so already."""
    axes = memory_order(voxels)
    if axes == (0, 1, 2) or not isinstance(voxels, ArrayVoxels):
        return None
    return ArrayVoxels(voxels.array.transpose(axes), voxels.mapping), axes


def _touched_bricks(tile: Box, box: Box) -> Box | None:
    """The part of a tile, in whole bricks, whose bricks hold voxels of `box`, halo included; None where there is none."""
    spans: list[tuple[int, int]] = []
    for (first, end), (low, high) in zip(tile, box, strict=True):
        start = max(first, (low - BRICK_HALO) // BRICK_EDGE * BRICK_EDGE)
        stop = min(end, -(-(high + BRICK_HALO) // BRICK_EDGE) * BRICK_EDGE)
        if start >= stop:
            return None
        spans.append((start, stop))
    return spans[0], spans[1], spans[2]


def _halve_labels(inner: NDArray[Any], starts: Shape, found: list[BrickRange], target: NDArray[Any]) -> None:
    """Modes brick by brick, in cache; most of a segmentation is one label, which needs no counting."""
    for index, low, high in found:
        part = tuple(slice(i * BRICK_EDGE - s, (i + 1) * BRICK_EDGE - s) for i, s in zip(index, starts, strict=True))
        half = tuple(slice(p.start // 2, p.stop // 2) for p in part)
        if low == high:
            target[half] = low
        else:
            halve_by_mode(inner[part], target[half])
