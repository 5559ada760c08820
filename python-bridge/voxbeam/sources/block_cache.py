"""Decoded blocks of a chunked array, so that a brick's halo does not decode its neighbours' chunks again."""

from __future__ import annotations

import threading
import time
import weakref
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.sources.read_planner import LEAST_CACHE_BYTES, Chunks, ReadCounter, block_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

Key = tuple[int, ...]
#: Blocks that nobody has used for so long are let go.
IDLE_SECONDS = 30.0


class BlockPool:
    """Blocks of one cache or several, of which the last used are kept. Safe from several threads."""

    def __init__(self, max_bytes: int = LEAST_CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._blocks: OrderedDict[Key, NDArray[Any]] = OrderedDict()
        self._reading: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()
        self._used = 0.0
        self.bytes = 0
        _janitor.mind(self)

    def find(self, key: Key) -> NDArray[Any] | None:
        """The block where it is kept, as the one used last."""
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
                self._used = time.monotonic()
            return block

    def get(self, key: Key, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The block, read if need be: once, however many threads want it, and kept as the one used last."""
        with self._lock:
            self._used = time.monotonic()
            if key in self._blocks:
                self._blocks.move_to_end(key)
                return self._blocks[key]
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            with self._lock:
                if key in self._blocks:  # another thread has read it meanwhile
                    return self._blocks[key]
            try:
                block = read()
                self._put(key, block)
            finally:
                with self._lock:
                    self._reading.pop(key, None)
            return block

    def rest(self, seconds: float) -> None:
        """Let go of all where nobody has asked for `seconds`."""
        with self._lock:
            if self._blocks and time.monotonic() - self._used >= seconds:
                self._blocks.clear()
                self.bytes = 0

    def _put(self, key: Key, block: NDArray[Any]) -> None:
        """Keep a block, and let go of those used longest ago until all fit."""
        with self._lock:
            if key not in self._blocks and block.nbytes <= self._max_bytes:
                self._blocks[key] = block
                self.bytes += block.nbytes
            while self.bytes > self._max_bytes:
                self.bytes -= self._blocks.popitem(last=False)[1].nbytes


class _Janitor:
    """One thread that looks after all pools: what was filled and is only looked at in the store needs no cache."""

    def __init__(self) -> None:
        self._pools: weakref.WeakSet[BlockPool] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def mind(self, pool: BlockPool) -> None:
        """Look after a pool from now on."""
        with self._lock:
            self._pools.add(pool)
            if self._thread is None or not self._thread.is_alive():  # a forked child has none
                self._thread = threading.Thread(target=self._run, name="voxbeam-block-pools", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(IDLE_SECONDS / 3)
            with self._lock:
                pools = list(self._pools)
            for pool in pools:
                pool.rest(IDLE_SECONDS)
            del pools


_janitor = _Janitor()


class BlockCache:
    """Reads boxes of a 3D array through whole blocks, of which the last used are kept.

    Parameters
    ----------
    read
        Reads a box of the array; with `within`, of all arrays whose voxels stand in the same chunks, along leading axes.
    shape, chunks
        Of the array; blocks are made of whole chunks.
    pool
        Where blocks are kept; one of its own where left out.
    member
        Tells this array's blocks from those of others in the same pool.
    within
        Which of the arrays that `read` gives this one is.
    """

    def __init__(
        self,
        read: Callable[[Box], NDArray[Any]],
        shape: Shape,
        chunks: Chunks,
        pool: BlockPool | None = None,
        member: Key = (),
        *,
        within: Key = (),
        itemsize: int = 1,
        counter: ReadCounter | None = None,
    ) -> None:
        self._read = read
        self._cuts = block_cuts(shape, chunks, itemsize)
        self._pool = pool or BlockPool()
        self._member = member
        self._within = within
        self._counter = counter or ReadCounter()

    def read(self, box: Box, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """The voxels of `box`, put together from blocks; in `out`, of any strides and dtype, where there is one."""
        if any(hi <= lo for lo, hi in box):
            raise ValueError(f"empty box {box}")
        axes = [_parts(span, cuts) for span, cuts in zip(box, self._cuts, strict=True)]
        asked = False
        for (i, to_z, of_z), (j, to_y, of_y), (k, to_x, of_x) in product(*axes):
            block = self._block((i, j, k))
            if out is None:
                out = np.empty([hi - lo for lo, hi in box], block.dtype)
            if not asked:
                self._counter.ask(out.size * block.itemsize)
                asked = True
            np.copyto(out[to_z, to_y, to_x], block[of_z, of_y, of_x], casting="unsafe")
        assert out is not None
        return out

    def rest(self) -> None:
        """Let go of all that its pool keeps."""
        self._pool.rest(0)

    def _block(self, index: Key) -> NDArray[Any]:
        key = (*self._member, *index)
        kept = self._pool.find(key)
        if kept is not None:
            there: NDArray[Any] = kept[self._within] if self._within else kept
            return there
        z, y, x = ((cuts[i], cuts[i + 1]) for i, cuts in zip(index, self._cuts, strict=True))

        def read() -> NDArray[Any]:
            block = self._read((z, y, x))
            self._counter.took(block.nbytes)
            return block

        found: NDArray[Any] = self._pool.get(key, read)[self._within]
        return found


def _parts(span: tuple[int, int], cuts: Sequence[int]) -> list[tuple[int, slice, slice]]:
    """The blocks that a span along an axis crosses: number, where its part belongs in the span, where it is in the block."""
    low, high = span
    found = []
    for number in range(bisect_right(cuts, low) - 1, bisect_left(cuts, high)):
        start, end = cuts[number], cuts[number + 1]
        a, b = max(low, start), min(high, end)
        found.append((number, slice(a - low, b - low), slice(a - start, b - start)))
    return found
