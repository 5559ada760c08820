"""Threads that read and decode the chunks of a block side by side, where the decoder lets go of the interpreter."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Place = TypeVar("Place")

#: Threads that decode the chunks of a block; a reading that needs one chunk uses the caller's.
THREADS = min(4, os.cpu_count() or 1)

#: Of what is longer, the memory is not used again.
MOST_RAW_BYTES = 2**24

_lock = threading.Lock()
_raw = threading.local()
_executor: ThreadPoolExecutor | None = None
_owner = 0


def for_each(places: Sequence[Place], work: Callable[[Place], None]) -> None:
    """Call `work` with each of the places, several at once. The first error is raised."""
    if len(places) <= 1 or THREADS == 1:
        for place in places:
            work(place)
        return
    list(_pool().map(work, places))


def read_at(file: int, count: int, offset: int) -> memoryview:
    """Bytes of a file, as many as there are of `count`, in memory that this thread's next call uses again."""
    if count > MOST_RAW_BYTES:
        return memoryview(os.pread(file, count, offset))
    if len(getattr(_raw, "bytes", b"")) < count:
        _raw.bytes = bytearray(count)
    wanted = memoryview(_raw.bytes)[:count]
    return wanted[: os.preadv(file, [wanted], offset)]


def _pool() -> ThreadPoolExecutor:
    """One for the process; a forked child makes its own."""
    global _executor, _owner
    with _lock:
        if _executor is None or _owner != os.getpid():
            _executor, _owner = ThreadPoolExecutor(THREADS, "voxbeam-chunks"), os.getpid()
        return _executor
