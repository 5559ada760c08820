"""A viewer that comes back after every break, as a page does: it keeps what it has, and asks for what it lacks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from voxbeam.connection import Connection
from voxbeam.endpoint import Endpoint
from voxbeam.protocol import FrameType, Header, decode_brick, decode_control

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from voxbeam.geometry import BrickKey
    from voxbeam.sidecar import SidecarProcess
    from voxbeam.trust import Trust


class ReturningViewer:
    """Wants bricks of one volume until it has them all, by whatever connections that takes."""

    def __init__(self, sidecar: SidecarProcess, name: str, keys: Iterable[BrickKey], trust: Trust | None = None) -> None:
        self.name = name
        self.bricks: dict[BrickKey, np.ndarray] = {}
        self.bytes = self.bytes_again = 0
        self.handles: list[int] = []
        self.lost = 0
        self._missing = set(keys)
        self._lock = threading.Lock()
        host = "127.0.0.1" if trust else sidecar.host
        endpoint = Endpoint(host, sidecar.port, sidecar.token, trust)
        self.connection = Connection(
            trust=trust, host=host, port=sidecar.port, kind="viewer", client="returning-viewer",
            ticket=lambda: endpoint.ticket("stream", "view", "none"),
            # The process that the kernel starts again is not this viewer's business: it only waits for the port.
            alive=lambda: True,
        )
        self.connection.on(FrameType.BRICK, self._brick)
        self.connection.on(FrameType.VOLUME, lambda _header, payload: self._volume(decode_control(payload)))
        self.connection.on(FrameType.CHANGED, self._changed)
        self.connection.on_open(self._opened)
        self.connection.on_close(self._closed)
        self.connection.start()

    @property
    def complete(self) -> bool:
        return not self._missing and bool(self.handles)

    def close(self) -> None:
        self.connection.close()

    def _closed(self, _reason: str) -> None:
        self.lost += 1

    def _opened(self) -> None:
        for announcement in self.connection.welcome["volumes"]:
            self._volume(announcement)

    def _volume(self, announcement: dict) -> None:
        if announcement["description"]["name"] != self.name:
            return
        if not self.handles or self.handles[-1] != announcement["volume"]:
            self.handles.append(announcement["volume"])
        self._need()

    def _need(self) -> None:
        with self._lock:
            keys = sorted(self._missing)
        for start in range(0, len(keys), 1000):
            wire = [[*key[:4], index] for index, key in enumerate(keys[start : start + 1000])]
            self.connection.send_control(FrameType.NEED, {"volume": self.handles[-1], "keys": wire, "reorder": False})

    def _brick(self, header: Header, payload: memoryview) -> None:
        size = len(payload) + 64
        with self._lock:
            self.bytes += size
            if header.key not in self._missing:
                self.bytes_again += size
            self.bricks[header.key] = decode_brick(header, payload).copy()
            self._missing.discard(header.key)
        self.connection.send_control(FrameType.CREDIT, {"bytes": size})

    def _changed(self, _header: Header, payload: memoryview) -> None:
        boxes = decode_control(payload)["boxes"]
        with self._lock:
            stale = [
                key for key in self.bricks for level, z0, y0, x0, z1, y1, x1 in boxes
                if key.level == level and z0 <= key.z < z1 and y0 <= key.y < y1 and x0 <= key.x < x1
            ]
            self._missing.update(stale)
        if stale:
            self._need()
