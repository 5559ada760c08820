"""One life of the connection. What a need of an earlier life is answered with must not reach a later one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from voxbeam.errors import InstanceGoneError
from voxbeam.producer.store import Store
from voxbeam.protocol import encode_control

if TYPE_CHECKING:
    from voxbeam.connection import Connection


class Link:
    """Sends on a connection from one WELCOME to its break, and holds the store that this WELCOME named."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._alive = True
        self.store = Store.open(connection.welcome.get("store"))

    @property
    def alive(self) -> bool:
        """Whether the connection has not broken since."""
        return self._alive

    def send(self, frame: bytes | memoryview) -> bool:
        """Send a frame; False where this life is over."""
        with self._lock:
            if not self._alive:
                return False
            try:
                return self._connection.send(frame)
            except InstanceGoneError:
                return False

    def send_control(self, frame_type: int, message: dict[str, Any]) -> bool:
        """Send a control frame; False where this life is over."""
        return self.send(encode_control(frame_type, message))

    def cut(self) -> None:
        """The connection has broken."""
        self._alive = False
