"""A point cloud that this process serves: all its bricks are true ones from the start, and nothing has to be built or put off."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from voxbeam.geometry import has_brick
from voxbeam.producer.brick_maker import refuse
from voxbeam.producer.levels import Levels
from voxbeam.producer.produced_volume import ProducedVolume
from voxbeam.producer.ranges import RangeTable
from voxbeam.protocol import ErrorCode, FrameType

if TYPE_CHECKING:
    from voxbeam.geometry import BrickKey
    from voxbeam.points import PointCloud
    from voxbeam.points.brick_rows import BrickRows
    from voxbeam.producer.need_queue import Need
    from voxbeam.producer.producer import Producer
    from voxbeam.producer.ranges import Row
    from voxbeam.producer.workers import Tools

class PointLevels(Levels):
    """Levels without voxels: what `ProducedVolume` asks of them is always the same."""

    def __init__(self, rows: BrickRows) -> None:
        self.shape = rows.shape
        self.answers = []
        self.unbuilt = []
        self.note = None
        self._replaced = []
        self._bricks = rows

    @property
    def nbytes(self) -> int:
        """Memory that the points take."""
        return self._bricks.nbytes


class PointRanges(RangeTable):
    """Values and boxes of all bricks, known from the start."""

    def __init__(self, rows: BrickRows) -> None:
        self._bricks = rows

    def knows(self, key: BrickKey) -> bool:  # noqa: ARG002
        """Every brick's."""
        return True

    def take_fresh(self) -> list[Row]:
        """Nothing becomes known later."""
        return []

    def rows(self) -> list[Row]:
        """Of all bricks, coarse levels first."""
        return [*self._bricks.ranges()]


class ProducedPoints(ProducedVolume):
    """Made by `Producer.declare_points`."""

    def __init__(self, producer: Producer, cloud: PointCloud) -> None:
        super().__init__(producer, None, cloud.description, PointLevels(cloud.rows))
        self.points.first.ranges = PointRanges(cloud.rows)
        self.points.first.built.set()
        self._rows = cloud.rows

    def __repr__(self) -> str:
        count = self.description.points.count if self.description.points else 0
        return f"<ProducedPoints {self.description.name!r} {count:,} points, {self.status['resident']} bricks in the store>"

    def answer(self, needs: list[Need], tools: Tools) -> None:  # noqa: ARG002  nothing is cut
        """Answer needs for its bricks, each exactly once, unless its connection or the cloud has gone."""
        done: dict[object, list[list[int]]] = {}
        for need in needs:
            size = self._write(need)
            if size:
                done.setdefault(need.link, []).append([*need.key[:4], need.offset, size, 1])
        with self.order:
            for link in {need.link for need in needs}:
                if link in done and self.live:
                    link.send_control(FrameType.DONE, {"volume": self.handle, "keys": done[link]})

    def _write(self, need: Need) -> int:
        """Bytes of the frame in the store; 0 where the need was answered otherwise."""
        if not (self.live and need.link.alive):
            return 0
        if not has_brick(self.description.shape, need.key):
            refuse(need, ErrorCode.NOT_FOUND, f"{self.description.name!r} has no brick {tuple(need.key[:4])}")
            return 0
        try:
            frame = self._rows.frame(self.handle, need.key)
            store = need.link.store
            if store is not None and store.holds(need.offset, len(frame)):
                store.write(need.offset, memoryview(frame))
                return len(frame)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                refuse(need, ErrorCode.STORE_FULL, "shared memory is full", "Free some: df -h /dev/shm.")
            else:
                refuse(need, ErrorCode.INTERNAL, f"a brick of points could not be written: {error}")
            return 0
        if not need.link.upload(need, memoryview(frame)):
            need.link.send(frame)
        return 0
