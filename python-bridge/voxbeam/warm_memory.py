"""Memory of arrays that was let go, kept for a while for the next ones: fresh pages cost as much as what is written to them."""

from __future__ import annotations

import contextlib
import mmap
import threading
import time
import weakref
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Smaller arrays are NumPy's own: of levels, and of blocks of chunks.
LEAST_BYTES = 2**20
LEAST_BLOCK_BYTES = 2**18
#: At most so much is kept: the levels of a volume of 2 GiB.
MOST_BYTES = 2**28 + 2**26
#: Nobody has taken it for so long: the system has it back.
KEPT_SECONDS = 20.0


#: Pages of this process alone: the system gives large ones, and a forked child writes to its own.
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_ANONYMOUS") else {}


class WarmMemory:
    """Blocks of memory for arrays; each comes back when nobody holds its array, nor a view of it. Safe from any thread.

    Parameters
    ----------
    least
        Smaller arrays are NumPy's own.
    """

    def __init__(self, least: int | None = None) -> None:
        self._least = least
        self._lock = threading.RLock()  # an array may be let go wherever the interpreter tidies up, also in here
        self._kept: list[tuple[float, mmap.mmap]] = []
        self._timer: threading.Timer | None = None

    @property
    def nbytes(self) -> int:
        """What is kept for the next one."""
        with self._lock:
            return sum(len(block) for _, block in self._kept)

    def take(self, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An uninitialised C-order array.

        Raises
        ------
        MemoryError
            There is not as much.
        """
        needed = prod(shape) * dtype.itemsize
        if needed < (LEAST_BYTES if self._least is None else self._least):
            return np.empty(shape, dtype)
        block = self._found(needed)
        if block is None:
            try:
                block = mmap.mmap(-1, needed, **_PRIVATE)
            except (OSError, ValueError) as error:
                raise MemoryError(f"{needed} bytes") from error
            if hasattr(mmap, "MADV_HUGEPAGE"):
                block.madvise(mmap.MADV_HUGEPAGE)
        flat: NDArray[Any] = np.frombuffer(block, dtype, prod(shape))
        weakref.finalize(flat, self._give_back, block).atexit = False
        return flat.reshape(shape)

    def _found(self, needed: int) -> mmap.mmap | None:
        """The smallest block that is large enough, and not far too large."""
        with self._lock:
            fit = [(len(block), n) for n, (_, block) in enumerate(self._kept) if needed <= len(block) <= 2 * needed]
            return self._kept.pop(min(fit)[1])[1] if fit else None

    def _give_back(self, block: mmap.mmap) -> None:
        with self._lock:
            self._kept.append((time.monotonic(), block))
            while sum(len(kept) for _, kept in self._kept) > MOST_BYTES:
                self._kept.pop(0)
            self._watch()

    def _watch(self) -> None:
        if self._timer is None and self._kept:
            self._timer = threading.Timer(KEPT_SECONDS, self._let_go)
            self._timer.daemon = True
            with contextlib.suppress(RuntimeError):  # the interpreter ends: no thread begins any more
                self._timer.start()

    def _let_go(self) -> None:
        with self._lock:
            self._timer = None
            end = time.monotonic() - KEPT_SECONDS
            self._kept = [(since, block) for since, block in self._kept if since > end]
            self._watch()


#: Those of this process.
level_memory = WarmMemory()
block_memory = WarmMemory(LEAST_BLOCK_BYTES)
