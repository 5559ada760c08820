"""Decoded blocks of a chunked array, so that a brick's halo does not decode its neighbours' chunks again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

#: Budget of one cache.
CACHE_BYTES = 128 * 2**20
#: Smaller chunks are read several at a time, larger ones are not kept.
LEAST_EDGE = 64


class BlockPool:
    """Blocks of one cache or several, of which the last used are kept. Safe from several threads."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._blocks: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: tuple[int, ...]) -> NDArray[Any] | None:
        """The block, now the one used last."""
        with self._lock:
            if key in self._blocks:
                self._blocks.move_to_end(key)
            return self._blocks.get(key)

    def put(self, key: tuple[int, ...], block: NDArray[Any]) -> None:
        """Keep a block, and let go of those used longest ago until all fit."""
        with self._lock:
            if key not in self._blocks and block.nbytes <= self._max_bytes:
                self._blocks[key] = block
                self.bytes += block.nbytes
            while self.bytes > self._max_bytes:
                self.bytes -= self._blocks.popitem(last=False)[1].nbytes


class BlockCache:
    """Reads boxes of a 3D array through whole blocks, of which the last used are kept.

    Parameters
    ----------
    read
        Reads a box of the array.
    shape, chunks
        Of the array; blocks are multiples of its chunks.
    pool
        Where blocks are kept; one of its own where left out.
    member
        Tells this array's blocks from those of others in the same pool.
    """

    def __init__(
        self,
        read: Callable[[Box], NDArray[Any]],
        shape: Shape,
        chunks: Shape,
        pool: BlockPool | None = None,
        member: tuple[int, ...] = (),
    ) -> None:
        self._read = read
        self._shape = shape
        self._edges = tuple(c * max(1, -(-LEAST_EDGE // c)) for c in chunks)
        self._pool = pool or BlockPool()
        self._member = member

    def read(self, box: Box) -> NDArray[Any]:
        """The voxels of `box`, put together from blocks."""
        spans = [range(lo // e, -(-hi // e)) for (lo, hi), e in zip(box, self._edges, strict=True)]
        out: NDArray[Any] | None = None
        for index in product(*spans):
            block = self._block(index)
            starts = [i * e for i, e in zip(index, self._edges, strict=True)]
            both = [
                (max(lo, start), min(hi, start + n))
                for (lo, hi), start, n in zip(box, starts, block.shape, strict=True)
            ]
            if out is None:
                out = np.empty([hi - lo for lo, hi in box], block.dtype)
            target = tuple(slice(a - lo, b - lo) for (a, b), (lo, _) in zip(both, box, strict=True))
            out[target] = block[tuple(slice(a - s, b - s) for (a, b), s in zip(both, starts, strict=True))]
        if out is None:
            raise ValueError(f"empty box {box}")
        return out

    def _block(self, index: tuple[int, ...]) -> NDArray[Any]:
        kept = self._pool.get((*self._member, *index))
        if kept is not None:
            return kept
        z, y, x = ((i * e, min((i + 1) * e, n)) for i, e, n in zip(index, self._edges, self._shape, strict=True))
        block = self._read((z, y, x))  # two threads may both decode it: cheaper than one waiting for the other
        self._pool.put((*self._member, *index), block)
        return block
