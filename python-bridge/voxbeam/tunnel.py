"""The comm tunnel: frames between a page that cannot open a WebSocket and the sidecar, relayed by the kernel."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Protocol

from websockets.exceptions import ConnectionClosed

from voxbeam.protocol import FrameType, encode_frame, unpack_frame
from voxbeam.stream import open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voxbeam.trust import Trust

#: Bytes of frames in one comm message: 4 MiB ones cross a Jupyter server fastest, and 10 MiB ones are cut.
MAX_MESSAGE_BYTES = 4 * 2**20
#: How long a message waits for more frames.
GATHER_SECONDS = 0.004
#: Least time between two messages: a Jupyter server silently drops what goes beyond 1000 messages a second.
PACE_SECONDS = 0.005
#: A page not heard of for this long is gone: a tab closes without a word. A kernel may be deaf to its pages for long.
PAGE_SILENCE_SECONDS = 600.0
#: Where a frame's header holds its type.
_TYPE_AT = 6


class TicketSource(Protocol):
    """What a tunnel asks of an instance."""

    host: str
    port: int
    trust: Trust | None

    def ticket(self, use: str, role: str, origin: str) -> str:
        """Mint a single-use ticket."""
        ...


class Tunnel:
    """One page's connection to the sidecar, carried over its widget's comm.

    Parameters
    ----------
    instance
        Where the sidecar is and who mints tickets for it.
    deliver
        Sends a comm message: frames for the page. Called on the tunnel's own thread.
    closed
        Told once, with the reason, when the connection has ended for any cause but :meth:`close`.
    """

    def __init__(
        self,
        instance: TicketSource,
        deliver: Callable[[Sequence[bytes]], None],
        closed: Callable[[str], None],
    ) -> None:
        self._deliver = deliver
        self._closed = closed
        self._ending = threading.Event()
        self._heard = time.monotonic()
        ticket = instance.ticket(use="stream", role="edit", origin="none")
        self._socket = open_stream(instance.host, instance.port, ticket, trust=instance.trust)
        self._thread = threading.Thread(target=self._relay, name="voxbeam-tunnel", daemon=True)
        self._thread.start()

    def send(self, frame: bytes) -> None:
        """Pass a frame of the page on to the sidecar."""
        self._heard = time.monotonic()
        try:
            self._socket.send(frame)
        except (ConnectionClosed, OSError):
            return  # the relay thread tells the page, with the reason

    def close(self) -> None:
        """End the connection; returns at once when called from the tunnel's own thread."""
        self._ending.set()
        self._socket.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def _relay(self) -> None:
        reason = ""
        self._over: bytes | None = None
        try:
            while True:
                first, self._over = self._over or _binary(self._socket.recv()), None
                batch = [frame for frame in self._gather(first) if not self._answered(frame)]
                if batch:
                    self._deliver(batch)
                    time.sleep(PACE_SECONDS)
        except ConnectionClosed as error:
            received = error.rcvd
            reason = received.reason if received and received.reason else "the connection to the server ended"
        except Exception as error:  # noqa: BLE001  the page must learn of whatever ended its only connection
            reason = f"{type(error).__name__}: {error}"
        self._socket.close()
        if not self._ending.is_set():
            self._closed(reason)

    def _answered(self, frame: bytes) -> bool:
        """Whether ``frame`` is a ping, answered here: while a cell runs the kernel may not hear the page's answer for minutes.

        Those with a number below 0 measure the whole way, and are the page's to answer.
        """
        if frame[_TYPE_AT] != FrameType.PING or time.monotonic() - self._heard > PAGE_SILENCE_SECONDS:
            return False
        _, payload = unpack_frame(frame)
        if json.loads(bytes(payload))["t"] < 0:
            return False
        self._socket.send(encode_frame(FrameType.PONG, bytes(payload)))
        return True

    def _gather(self, first: bytes) -> list[bytes]:
        """``first`` and what else comes within a moment, up to a message's bytes; a frame that would be too much waits."""
        batch = [first]
        size = len(first)
        while size < MAX_MESSAGE_BYTES:
            try:
                frame = _binary(self._socket.recv(timeout=GATHER_SECONDS))
            except (TimeoutError, ConnectionClosed):
                break  # a connection that ended says so again at the next recv
            size += len(frame)
            if size > MAX_MESSAGE_BYTES:
                self._over = frame
                break
            batch.append(frame)
        return batch


def _binary(message: str | bytes) -> bytes:
    if isinstance(message, str):
        msg = "the server sent a text message; every frame is binary"
        raise TypeError(msg)
    return message
