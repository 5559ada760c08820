"""Cuts bricks that a fill waits for while the pass that builds the levels has their voxels: these are read once for both."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any

from voxbeam.geometry import BRICK_EDGE, BrickKey
from voxbeam.producer.brick_maker import answer_needs
from voxbeam.producer.dtype_mapping import DtypeMapping
from voxbeam.producer.pyramid import TILE_Y
from voxbeam.producer.voxels import HeldVoxels
from voxbeam.producer.workers import Tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from voxbeam.geometry import Box
    from voxbeam.producer.pyramid import Visit
    from voxbeam.producer.time_points import TimePoint
    from voxbeam.producer.voxels import Voxels

#: How long all passes together wait for a fill that is behind them, and how often they look.
PATIENCE_SECONDS, LOOK_SECONDS = 0.2, 0.002


class FillAlong:
    """Needs of a fill for bricks that the pass has not come by are put off until it does. Safe from several threads.

    What is asked for too late, and what is left when the pass ends, however it ends, the workers make.
    """

    def __init__(self, point: TimePoint) -> None:
        self._point = point
        # Both are changed while the volume's order is held.
        #: A fill has begun, the pass has not: all rows are still to come.
        self._expected = False
        #: Rows of tiles, along z and y, that are still to come or under way; None until it begins.
        self._rows: set[tuple[int, int]] | None = None
        self._patience = PATIENCE_SECONDS

    @property
    def hurried(self) -> bool:
        """Whether somebody waits for the levels."""
        return self._point.volume.hurry.is_set()

    def expect(self) -> None:
        """A fill begins: where the pass is still to be made, all its rows are to come, though needs may come before it begins."""
        with self._point.volume.order:
            self._expected = self._rows is None and self._point.levels.will_decode_finest

    def expect_no_more(self) -> None:
        """No pass will begin, or not soon."""
        self._passed(set())

    def comes_by(self, key: BrickKey) -> bool:
        """Whether the pass will have a brick's voxels. The volume's order is held."""
        return self._expected or (self._rows is not None and _row(key) in self._rows)

    @contextmanager
    def coming_by(self, rows: Iterable[tuple[int, int]], voxels: Voxels) -> Iterator[Visit]:
        """A pass over rows of tiles; gives what it is to call with each tile."""
        volume, tools = self._point.volume, threading.local()
        stored = DtypeMapping(voxels.mapping.stored, voxels.mapping.dtype)

        def visit(tile: Box, box: Box, block: NDArray[Any]) -> None:
            keys = _bricks(tile)
            self._await(keys)
            needs = volume.cancel_put_off(keys)
            if needs:
                if not hasattr(tools, "mine"):
                    tools.mine = Tools()
                answer_needs(volume, needs, tools.mine, HeldVoxels(voxels.shape, stored, box, block))
            if tile[2][1] == voxels.shape[2]:
                self._passed({(tile[0][0] // BRICK_EDGE, tile[1][0] // TILE_Y)})

        with volume.order:
            self._rows = set(rows) if not self._point.time else set()
        self._passed(set())  # rows that a build before this one has come by are not among them
        try:
            yield visit
        finally:
            self._passed(set(self._rows or ()))

    def _await(self, keys: list[BrickKey]) -> None:
        """Wait a little until the fill, which takes level 0 in the order of keys and then the others, is as far."""
        volume, began = self._point.volume, time.monotonic()
        while self._patience > 0 and volume.filling:
            with volume.order:
                come = max(volume.put_off_keys, default=keys[0])
            if come >= keys[-1]:
                return
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            self._patience -= now - began
            began = now

    def _passed(self, rows: set[tuple[int, int]]) -> None:
        """These rows are no longer to come, nor is a pass that has not begun. What it does not come by is the workers'."""
        volume = self._point.volume
        with volume.order:
            self._expected = False
            self._rows = self._rows and self._rows - rows
            mine = [key for key in volume.put_off_keys if not key.level and not key.time and not self.comes_by(key)]
        left = volume.cancel_put_off(mine)
        if left:
            volume.make_now(left)


def _row(key: BrickKey) -> tuple[int, int]:
    return key.z, key.y * BRICK_EDGE // TILE_Y


def _bricks(tile: Box) -> list[BrickKey]:
    spans = (range(low // BRICK_EDGE, -(-high // BRICK_EDGE)) for low, high in tile)
    return [BrickKey(0, z, y, x, 0) for z, y, x in product(*spans)]
