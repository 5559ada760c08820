"""The coarsest level of a large source that is read by chunks, made of a few chunks: a first picture before all of it is read."""

from __future__ import annotations

import threading
import time
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.geometry import Shape, level_shape
from voxbeam.sources.read_planner import block_cuts, widest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.compiled.kernels import Memory
    from voxbeam.geometry import Box
    from voxbeam.producer.dtype_mapping import DtypeMapping
    from voxbeam.producer.scratch import Scratch
    from voxbeam.sources import Source

#: What is smaller is built about as soon.
LEAST_BYTES = 2**28
#: Chunks are read for so long, and then those that were begun.
SECONDS = 0.5
#: Blocks of chunks that are read, at first and at most.
FEW_BLOCKS, MOST_BLOCKS = 8, 64
#: One block may not be larger: it alone would take too long.
MOST_BLOCK_BYTES = 2**26


def can_be_sampled(source: Source) -> bool:
    """Whether it is large, read by chunks, and its chunks are small enough to read a few at once."""
    if source.chunks is None or prod(source.shape) * source.dtype.itemsize < LEAST_BYTES:
        return False
    cuts = block_cuts(source.shape, source.chunks, source.dtype.itemsize)
    largest = prod(widest(axis) for axis in cuts)
    return largest * source.dtype.itemsize <= MOST_BLOCK_BYTES


class SampledVoxels:
    """Each voxel of the coarsest level is the nearest one that was read. What is read is chosen evenly, along each axis."""

    def __init__(self, source: Source, level: int, mapping: DtypeMapping) -> None:
        assert source.chunks is not None
        self.mapping = mapping
        self.shape = level_shape(source.shape, level)
        self._source = source
        self._level = level
        self._cuts = block_cuts(source.shape, source.chunks, source.dtype.itemsize)
        self._lock = threading.Lock()
        self._voxels: NDArray[Any] | None = None

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:  # noqa: ARG002  it is small
        """Sample, the first time, then copy."""
        with self._lock:
            if self._voxels is None:
                self._voxels = self._sample()
        part = self._voxels[tuple(slice(*span) for span in box)]
        self.mapping.check_ids(part)
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(out.view(self.mapping.write_as), part, casting="unsafe")

    def view(self, box: Box) -> NDArray[Any] | None:  # noqa: ARG002  voxels are the source's, not stored ones
        """None."""
        return None

    def memory(self, box: Box) -> Memory | None:  # noqa: ARG002  as others have it
        """None."""
        return None

    def _sample(self) -> NDArray[Any]:
        began, count = time.monotonic(), FEW_BLOCKS
        while True:
            found = self._read_evenly(count)
            took = time.monotonic() - began
            count *= 2
            if count > MOST_BLOCKS or 2 * took > SECONDS:
                return found

    def _read_evenly(self, count: int) -> NDArray[Any]:
        """Voxels of the level from about `count` blocks."""
        chosen = [_evenly(len(cuts) - 1, number) for cuts, number in zip(self._cuts, self._numbers(count), strict=True)]
        out = np.empty(self.shape, self._source.dtype)
        step = 2**self._level
        nearest = [self._nearest(axis, blocks, step) for axis, blocks in enumerate(chosen)]
        for blocks in product(*chosen):
            spans = [(cuts[b], cuts[b + 1]) for cuts, b in zip(self._cuts, blocks, strict=True)]
            here = [
                np.flatnonzero((at >= low) & (at < high)) for at, (low, high) in zip(nearest, spans, strict=True)
            ]
            if not all(len(one) for one in here):
                continue
            z, y, x = ((int(at[i].min()), int(at[i].max()) + 1) for at, i in zip(nearest, here, strict=True))
            block = self._source.read(0, (z, y, x))
            inside = [at[i] - low for at, i, (low, _) in zip(nearest, here, (z, y, x), strict=True)]
            out[np.ix_(*here)] = block[np.ix_(*inside)]
        return out

    def _nearest(self, axis: int, blocks: list[int], step: int) -> NDArray[np.intp]:
        """For each voxel of the level, which of the voxels that are read is nearest along an axis."""
        cuts, n = self._cuts[axis], self._source.shape[axis]
        wanted = np.minimum((np.arange(self.shape[axis]) + 0.5) * step - 0.5, n - 1)
        best = np.full(len(wanted), -1, np.intp)
        distance = np.full(len(wanted), np.inf)
        for block in blocks:
            at = np.clip(np.floor(wanted).astype(np.intp), cuts[block], cuts[block + 1] - 1)
            closer = np.abs(at - wanted) < distance
            best[closer], distance[closer] = at[closer], np.abs(at - wanted)[closer]
        return best

    def _numbers(self, count: int) -> Shape:
        """How many blocks are read along each axis: about as far apart along all of them."""
        most = [len(cuts) - 1 for cuts in self._cuts]
        numbers = [1, 1, 1]
        while prod(numbers) < count:
            axes = zip(self._source.shape, numbers, most, strict=True)
            gaps = [n / number if number < limit else 0 for n, number, limit in axes]
            axis = max(range(3), key=lambda i: gaps[i])
            if not gaps[axis]:
                break
            numbers[axis] = min(2 * numbers[axis], most[axis])
        return numbers[0], numbers[1], numbers[2]


def _evenly(blocks: int, number: int) -> list[int]:
    """The middle ones of `number` equal parts of a row of blocks."""
    return sorted({int((i + 0.5) * blocks / number) for i in range(number)})
