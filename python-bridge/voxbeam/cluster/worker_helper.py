"""What runs in a worker of a cluster: it makes bricks of its part of a volume and sends them to the instance itself."""

from __future__ import annotations

import logging
import pickle
import threading
from typing import TYPE_CHECKING, Any

from voxbeam.connection import Connection
from voxbeam.geometry import BrickKey, brick_grid, level_count
from voxbeam.producer.brick_maker import refuse
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.levels import Levels
from voxbeam.producer.link import Link
from voxbeam.producer.need_queue import Need, NeedQueue
from voxbeam.producer.produced_volume import ProducedVolume
from voxbeam.producer.workers import Workers
from voxbeam.protocol import ErrorCode, FrameType, Header, decode_control
from voxbeam.sources.dask_source import dask_levels

if TYPE_CHECKING:
    from voxbeam.description import VolumeDescription
    from voxbeam.geometry import Shape
    from voxbeam.producer.time_points import TimePoint
    from voxbeam.sources import Source

log = logging.getLogger("voxbeam.cluster")

_helpers: dict[str, WorkerHelper] = {}
_lock = threading.Lock()


def start_helper(about: dict[str, Any]) -> str | None:
    """Connect to the instance and offer a part of the bricks; returns why that cannot be, or None. A task of the cluster."""
    from distributed import get_client  # noqa: PLC0415  this runs in one of its workers

    try:
        arrays, description = pickle.loads(about["data"])  # noqa: S301  from the client of this cluster
        helper = WorkerHelper(about, dask_levels(arrays, get_client()), description)
    except Exception as error:  # noqa: BLE001  the client says it
        return f"{type(error).__name__}: {error}"
    with _lock:
        before, _helpers[about["name"]] = _helpers.get(about["name"]), helper
    if before:
        before.close()
    return None


def end_helper(name: str) -> None:
    """End the helper of a volume that is gone."""
    with _lock:
        helper = _helpers.pop(name, None)
    if helper:
        helper.close()


def part_boxes(shape: Shape, number: int, count: int) -> list[list[int]]:
    """The bricks, of each level, that the worker `number` of `count` makes: slabs across the longest axis."""
    boxes = []
    for level in range(level_count(shape)):
        grid = brick_grid(shape, level)
        axis = max(range(3), key=lambda i: grid[i])
        low, high = grid[axis] * number // count, grid[axis] * (number + 1) // count
        if low < high:
            starts, ends = [0, 0, 0], list(grid)
            starts[axis], ends[axis] = low, high
            boxes.append([level, *starts, *ends])
    return boxes


class _Volume(ProducedVolume):
    """A volume that another process has declared: here its bricks are made, and nothing else is said of it."""

    def __init__(self, source: Source, description: VolumeDescription, handle: int) -> None:
        super().__init__(None, source, description, Levels(source, map_dtype(source)))  # type: ignore[arg-type]
        self.handle = handle

    def flush_ranges(self, point: TimePoint) -> None:
        """Its producer tells them."""


class WorkerHelper:
    """One connection of a worker."""

    def __init__(self, about: dict[str, Any], source: Source, description: VolumeDescription) -> None:
        source.kind = "labels" if description.kind == "labels" else "image"
        source.name = description.name
        source.fingerprint = description.fingerprint
        self._volume = _Volume(source, description, about["handle"])
        self._queue = NeedQueue()
        #: Bricks that it has been asked for.
        self.asked = 0
        Workers(self._queue).start()
        self._connection = Connection(
            host=about["host"], port=about["port"], ticket=lambda: str(about["ticket"]), kind="helper", client="voxbeam-dask",
            helps=about["helps"], trust=about["trust"],
        )
        self._connection.on(FrameType.NEED, self._on_need)
        self._connection.on(FrameType.CANCEL, self._on_cancel)
        self._connection.on(FrameType.UPLOAD, self._on_upload)
        self._connection.on_close(lambda _reason: threading.Thread(target=self.close, daemon=True).start())
        self._connection.start()
        self._link = Link(self._connection, self._queue.put)
        self._link.ask_for_uploads()
        boxes = part_boxes(description.shape, *about["part"])
        self._link.send_control(FrameType.HELP, {"volume": about["handle"], "boxes": boxes, "first": True})

    def close(self) -> None:
        """Make no more."""
        self._link.cut()
        self._volume.live = False
        self._queue.close()
        self._connection.close()

    def _on_need(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        self.asked += len(message["keys"])
        self._queue.put(
            Need(self._link, self._volume, BrickKey(level, z, y, x, message.get("time", 0)), rank, at)
            for level, z, y, x, rank, at in message["keys"]
        )

    def _on_upload(self, _header: Header, payload: memoryview) -> None:
        self._link.begin_uploads(decode_control(payload))

    def _on_cancel(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        keys = None
        if "keys" in message:
            keys = [BrickKey(level, z, y, x, message.get("time", 0)) for level, z, y, x in message["keys"]]
        for need in self._queue.cancel(self._volume, keys):
            refuse(need, ErrorCode.CANCELLED, "cancelled before it was begun")
