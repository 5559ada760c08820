"""One life of the connection. What a need of an earlier life is answered with must not reach a later one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from voxbeam.errors import InstanceGoneError
from voxbeam.producer.store import Store
from voxbeam.producer.upload.uploads import Uploads, connections_wished
from voxbeam.protocol import FrameType, encode_control

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.connection import Connection
    from voxbeam.producer.need_queue import Need


class Link:
    """Sends on a connection from one WELCOME to its break, and holds the store that this WELCOME named."""

    def __init__(self, connection: Connection, again: Callable[[list[Need]], None]) -> None:
        self._connection = connection
        self._again = again
        self._lock = threading.Lock()
        self._alive = True
        self.store = Store.open(connection.welcome.get("store"))
        #: Further connections for bricks, where there is no store and the instance receives by such.
        self.uploads: Uploads | None = None

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

    def ask_for_uploads(self) -> None:
        """Ask where bricks may be sent by further connections, if they cannot be written to the store itself."""
        if self.store is None and self._connection.welcome.get("uploads") and connections_wished():
            self.send_control(FrameType.UPLOAD, {})

    def begin_uploads(self, message: dict[str, Any]) -> None:
        """The instance has said where bricks may be sent."""
        if self._alive and self.uploads is None:
            connection = self._connection
            self.uploads = Uploads(connection.host, connection.trust, message, lambda: self._alive, self._ask_again)

    def upload(self, need: Need, frame: memoryview) -> bool:
        """Send a brick by an upload connection; False where there is none."""
        return self.uploads is not None and self.uploads.send(need, frame)

    def _ask_again(self, needs: list[Need]) -> None:
        self._again([need for need in needs if need.volume.live])

    def cut(self) -> None:
        """The connection has broken."""
        self._alive = False
        if self.uploads is not None:
            self.uploads.close()
