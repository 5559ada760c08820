"""The upload connections of one life of a producer's connection: opened, used, and opened again when they break."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from typing import TYPE_CHECKING, Any

from voxbeam.errors import VoxbeamError
from voxbeam.producer.upload.frame_codec import FrameCodec
from voxbeam.producer.upload.link_rate import LinkRate
from voxbeam.producer.upload.upload_connection import UploadConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.producer.need_queue import Need
    from voxbeam.trust import Trust

log = logging.getLogger("voxbeam.producer")

#: How many connections there are; "0": none, bricks then travel on the producer's own.
ENVIRONMENT = "VOXBEAM_UPLOADS"
CONNECTIONS = 4
MAX_CONNECTIONS = 16
#: Smaller frames, such as those of one value, are sent with what else is said.
SMALL_BYTES = 2**15
#: Pauses before a broken connection is opened again; after the last one it is given up.
PAUSES_SECONDS = (0.05, 0.25, 1.0, 4.0, 15.0, 60.0)
#: How often is looked for words on connections that somebody was sending on.
TICK_SECONDS = 0.02
#: Pause after something was heard: who sends hears too, and takes turns with whoever listens.
HEARD_SECONDS = 0.005


def connections_wished() -> int:
    """How many upload connections the environment asks for."""
    given = os.environ.get(ENVIRONMENT, "")
    return min(int(given), MAX_CONNECTIONS) if given.isdecimal() else CONNECTIONS


class Uploads:
    """Sends bricks to their places in the store of another host. Safe from any thread.

    Parameters
    ----------
    alive
        Whether the producer's connection has not broken since.
    again
        Takes needs whose frames were under way on a connection that broke.
    """

    def __init__(
        self, host: str, trust: Trust | None, message: dict[str, Any], alive: Callable[[], bool],
        again: Callable[[list[Need]], None],
    ) -> None:
        self._host, self._trust = host, trust
        self._ticket = str(message.get("ticket", ""))
        self._ports = [int(port) for port in message["ports"]]
        self._alive, self._again = alive, again
        self._connections: list[UploadConnection] = []
        self._counting = threading.Lock()
        self._busy = threading.Event()
        self._ended = threading.Event()
        self.link = LinkRate()
        self.codec = FrameCodec(list(message.get("codecs", [])), self.link)
        #: Bytes of frames as they travelled, and of those that had to be sent again.
        self.sent_bytes, self.lost_bytes = 0, 0
        count = connections_wished() if self._ports else 0
        for number in range(count):
            port = self._ports[number % len(self._ports)]
            threading.Thread(target=self._keep, args=(port,), name=f"voxbeam-upload-{number}", daemon=True).start()
        if count:
            threading.Thread(target=self._listen, name="voxbeam-uploads", daemon=True).start()

    @property
    def connections(self) -> list[UploadConnection]:
        """Those that are open."""
        return [connection for connection in list(self._connections) if connection.open]

    def send(self, need: Need, frame: memoryview) -> bool:
        """Send the answer to a need; False where it has to go another way."""
        if need.offset < 0 or len(frame) < SMALL_BYTES or not self._connections:
            return False
        made = self.codec.apply(need.volume.handle, frame)
        while (connection := self._take()) is not None:
            try:
                self.link.sent(len(made), time.perf_counter())
                connection.send(need, made)
                with self._counting:
                    self.sent_bytes += len(made)
                connection.hear()
            except (OSError, ValueError, VoxbeamError) as error:
                self._lose(connection, error, need)
                continue
            finally:
                connection.lock.release()
            self._busy.set()
            return True
        return False

    def close(self) -> None:
        """End them all: their needs are void."""
        self._ended.set()
        self._busy.set()
        for connection in list(self._connections):
            connection.cut()

    def _take(self) -> UploadConnection | None:
        """The connection with least under way that nobody is sending on, locked; or the first that is free again."""
        while not self._ended.is_set():
            ranked = sorted(self.connections, key=lambda connection: connection.bytes_under_way)
            if not ranked:
                return None
            for connection in ranked:
                if connection.lock.acquire(blocking=False):
                    if connection.open:
                        return connection
                    connection.lock.release()
            if ranked[0].lock.acquire(timeout=TICK_SECONDS):
                if ranked[0].open:
                    return ranked[0]
                ranked[0].lock.release()
        return None

    def _lose(self, connection: UploadConnection, error: Exception, but: Need | None = None) -> None:
        """A connection has broken, whose lock is held: what was under way on it is asked for again, `but` for one need."""
        lost = connection.close()
        size = sum(size for _, size in lost)
        self.link.lost(size)
        with self._counting:
            self.lost_bytes += size
            if connection in self._connections:
                self._connections.remove(connection)
        if self._ended.is_set() or not self._alive():
            return
        log.debug("an upload connection broke: %s", error)
        self._again([need for need, _ in lost if need is not but])

    # Threads

    def _keep(self, port: int) -> None:
        """Keep one connection open, until it cannot be."""
        pauses = iter(PAUSES_SECONDS)
        while not self._ended.is_set() and self._alive():
            try:
                connection = UploadConnection(self._host, port, self._ticket, self._trust, self._heard)
            except (OSError, ValueError, VoxbeamError) as error:
                log.debug("no upload connection to port %d: %s", port, error)
            else:
                self.link.answered(connection.round_trip)
                self._connections.append(connection)
                pauses = iter(PAUSES_SECONDS)
                while not connection.closed.wait(1.0) and not self._ended.is_set():
                    pass
            pause = next(pauses, None)
            if pause is None:
                return
            self._ended.wait(pause)

    def _heard(self, size: int, message: dict[str, Any]) -> None:
        if size:
            self.link.taken(size, time.perf_counter())
        if "decoded" in message:
            self.codec.decoded(*message["decoded"])

    def _listen(self) -> None:
        """Hear what is said on connections that nobody is sending on, and of their ends."""
        while not self._ended.is_set() and self._alive():
            free = [c for c in self.connections if not c.lock.locked()]
            try:
                heard = select.select([c.socket for c in free], [], [], TICK_SECONDS if free else 0)[0]
            except (OSError, ValueError):  # one was closed meanwhile
                heard = [c.socket for c in free]
            for connection in free:
                if connection.socket in heard and connection.lock.acquire(blocking=False):
                    try:
                        if connection.open:
                            connection.hear()
                    except (OSError, ValueError, VoxbeamError) as error:
                        self._lose(connection, error)
                    finally:
                        connection.lock.release()
            if heard:
                self._ended.wait(HEARD_SECONDS)
            if not self.link.under_way or not free:
                self._busy.wait(0.5 if not self.link.under_way else TICK_SECONDS)
                self._busy.clear()
        for connection in list(self._connections):
            with connection.lock:
                connection.close()
