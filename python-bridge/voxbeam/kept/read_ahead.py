"""Decodes what a pass will come to while it is cutting: a library with one lock would stand still meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from itertools import count
from typing import TYPE_CHECKING

from voxbeam.geometry import BRICK_HALO
from voxbeam.producer.pyramid import TILE_Y, row_tiles
from voxbeam.producer.voxels import SourceVoxels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from voxbeam.geometry import Box, Shape
    from voxbeam.producer.voxels import Voxels

    Row = AbstractContextManager[None]

#: How often it looks whether a viewer still waits.
LOOK_SECONDS = 0.002


@contextmanager
def reading_ahead(
    voxels: Voxels, places: Sequence[tuple[int, int]], niceness: int, awaited: Callable[[], bool],
) -> Iterator[Callable[[], Row]]:
    """A thread that is at most a layer of rows ahead of those who pass, who do each row within what this gives.

    There is none where rows share no blocks, or blocks of so many rows would not stay in the cache until they are needed. It
    stands still while a viewer waits for anything (`awaited`): a block that it is at is left between two parts, for whoever
    wants it to go on with. What cannot be read is the pass's to report.
    """
    with voxels.room_ahead(TILE_Y) if places and isinstance(voxels, SourceVoxels) else nullcontext(enter_result=False) as room:
        if not room or not isinstance(voxels, SourceVoxels):
            yield nullcontext
            return
        reader = _Reader(voxels, places, niceness, awaited)
        reader.start()
        try:
            yield reader.row
        finally:
            reader.end()


class _Reader(threading.Thread):
    def __init__(
        self, voxels: SourceVoxels, places: Sequence[tuple[int, int]], niceness: int, awaited: Callable[[], bool],
    ) -> None:
        super().__init__(name="voxbeam-read-ahead", daemon=True)
        self._voxels = voxels
        self._places = places
        self._niceness = niceness
        self._awaited = awaited
        # One more than a layer has: with the oldest row that is not done in one layer, it is at most at the end of the next.
        self._room = threading.Semaphore(-(-voxels.shape[1] // TILE_Y) + 1)
        self._numbers, self._overtaken = count(), -1
        self._stop_now = threading.Event()

    @contextmanager
    def row(self) -> Iterator[None]:
        """While somebody passes over the next row."""
        self._overtaken = next(self._numbers)
        try:
            yield
        finally:
            self._room.release()

    def end(self) -> None:
        """Wait until it has ended: at most for one part of a block."""
        self._stop_now.set()
        self._room.release()
        self.join()

    def run(self) -> None:
        """Read row by row what nobody has come to."""
        if self._niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
        for number, place in enumerate(self._places):
            self._room.acquire()
            for tile in row_tiles(self._voxels.shape, place):
                with suppress(Exception):
                    self._read(number, _with_halo(tile, self._voxels.shape))
            if self._stop_now.is_set():
                return

    def _read(self, number: int, box: Box) -> None:
        def behind() -> bool:  # who passes reads such a row himself
            return self._stop_now.is_set() or number <= self._overtaken

        while not behind() and not self._voxels.load(box, lambda: behind() or self._awaited()):
            self._stop_now.wait(LOOK_SECONDS)


def _with_halo(tile: Box, shape: Shape) -> Box:
    z, y, x = ((max(a - BRICK_HALO, 0), min(b + BRICK_HALO, n)) for (a, b), n in zip(tile, shape, strict=True))
    return z, y, x
