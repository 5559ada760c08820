"""The sidecar's store as a producer of the same host sees it: a file of slots, to be written where a need says."""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

#: Linux's MADV_POPULATE_READ, which the standard library has no name for.
_POPULATE_READ = 22


class Store:
    """The store's file, open for writing.

    The first frame at an offset is written by `pwrite`: that takes half the time of touching fresh pages of a mapping, and
    where memory is full it is an error, where a mapping is the end of the process. Pages that exist are written through
    the mapping, which needs no copy.
    """

    def __init__(self, path: str, size: int) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._size = min(size, os.fstat(self._fd).st_size)
        self._map: memoryview | None = None
        self._pages: mmap.mmap | None = None
        self._mapping = threading.Lock()
        self._address = 0
        self._written: dict[int, int] = {}
        self._at_hand: dict[int, int] = {}

    @classmethod
    def open(cls, place: dict[str, Any] | None) -> Store | None:
        """The store that a WELCOME names, or None where this process cannot open it: frames are then sent inline."""
        try:
            if not place or not _is_that(place["path"], place.get("name")):
                return None
            return cls(place["path"], place["bytes"])
        except OSError:
            return None

    def holds(self, offset: int, size: int) -> bool:
        """Whether there is room for `size` bytes at `offset`."""
        return offset >= 0 and offset + size <= self._size

    def mapped(self, offset: int, size: int) -> memoryview | None:
        """The bytes at `offset`, where this process has written as many there before."""
        if not self.has_pages(offset, size):
            return None
        self.fetch_pages(offset, size)
        return self.mapping[offset : offset + size]

    def has_pages(self, offset: int, size: int) -> bool:
        """Whether this process has written as many bytes at `offset` before."""
        return 0 <= offset <= self._size - size and self._written.get(offset, 0) >= size

    def fetch_pages(self, offset: int, size: int) -> None:
        """Map pages that exist in one call, once, which takes less than a fault for each when it is written to."""
        if self._at_hand.get(offset, 0) >= size:
            return
        self._at_hand[offset] = size
        _ = self.mapping
        start = offset // mmap.PAGESIZE * mmap.PAGESIZE
        if self._pages is not None and sys.platform == "linux":
            with contextlib.suppress(OSError):  # Linux before 5.14 does not know how
                self._pages.madvise(_POPULATE_READ, start, offset + size - start)

    @property
    def mapping(self) -> memoryview:
        """All of the file. Only what `has_pages` is to be touched."""
        with self._mapping:  # a second one in its place would take away the first, which somebody may be writing to
            if self._map is None:
                self._pages = mmap.mmap(self._fd, self._size)
                self._map = memoryview(self._pages)
                self._address = int(np.frombuffer(self._map, np.uint8).__array_interface__["data"][0])
            return self._map

    @property
    def address(self) -> int:
        """Where `mapping` begins."""
        _ = self.mapping
        return self._address

    def write(self, offset: int, data: memoryview) -> None:
        """Write `data` at `offset`.

        Raises
        ------
        OSError
            With ``ENOSPC`` where memory is full.
        """
        done = 0
        while done < len(data):
            done += os.pwrite(self._fd, data[done:], offset + done)
        self._written[offset] = max(self._written.get(offset, 0), len(data))

    def __del__(self) -> None:
        # Not earlier: a worker that still holds the store must not write to a number that is another file by then.
        fd = getattr(self, "_fd", None)
        if fd is not None:
            os.close(fd)


def _is_that(path: str, name: str | None) -> bool:
    """Whether the file at `path` is the store `name`, and not what another host's process has at the same place."""
    if name is None:
        return True
    with contextlib.suppress(OSError):
        path = str(Path(path).readlink())  # /proc/<pid>/fd/<fd>, whose file has no name any more
    return Path(path).name.removesuffix(" (deleted)") == name
