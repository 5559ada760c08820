"""Decodes what a pass will come to while it is cutting: libraries with one lock would otherwise stand still meanwhile."""

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


@contextmanager
def reading_ahead(voxels: Voxels, places: Sequence[tuple[int, int]], niceness: int) -> Iterator[Callable[[], Row]]:
    """A thread that is at most a layer of rows ahead of those who pass, who do each row within what this gives.

    There is none where blocks of so many rows would not stay in the cache until they are needed. What cannot be read is the
    pass's to report.
    """
    if not places or not isinstance(voxels, SourceVoxels) or not voxels.has_room_ahead:
        yield nullcontext
        return
    # One more than a layer has: with the oldest row that is not done in one layer, it is at most at the end of the next.
    room = threading.Semaphore(-(-voxels.shape[1] // TILE_Y) + 1)
    begun, stop = count(), threading.Event()
    overtaken = [-1]

    def run() -> None:
        if niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        for number, place in enumerate(places):
            room.acquire()
            for tile in row_tiles(voxels.shape, place):
                if stop.is_set():
                    return
                if number > overtaken[0]:  # else they read it themselves
                    with suppress(Exception):
                        voxels.load(_with_halo(tile, voxels.shape))

    @contextmanager
    def row() -> Iterator[None]:
        overtaken[0] = next(begun)
        try:
            yield
        finally:
            room.release()

    reader = threading.Thread(target=run, name="voxbeam-read-ahead", daemon=True)
    reader.start()
    try:
        yield row
    finally:
        stop.set()
        room.release(len(places))
        reader.join()


def _with_halo(tile: Box, shape: Shape) -> Box:
    z, y, x = ((max(a - BRICK_HALO, 0), min(b + BRICK_HALO, n)) for (a, b), n in zip(tile, shape, strict=True))
    return z, y, x
