"""A socket in TLS that one thread reads while another writes.

OpenSSL's connections are not for two threads at once, and Python's do not keep them apart: a ticket of the session that
comes in just as the first request goes out leaves the connection silent, or broken. So reading and writing take turns
here, and nobody waits for the network during a turn.
"""

from __future__ import annotations

import selectors
import ssl
import threading
import time
from typing import Any

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class TlsSocket(ssl.SSLSocket):
    """What contexts make whose `sslsocket_class` it is; once its handshake is done, :meth:`share` it.

    A send that moves nothing for `send_patience` seconds fails, where no timeout is set.
    """

    send_patience: float | None = None
    _turn: threading.Lock | None = None
    _sending: threading.Lock
    _patience: float | None

    def share(self) -> None:
        """From now on one thread may read and others write."""
        self._patience = super().gettimeout()
        super().settimeout(0.0)  # of what is beneath: the waiting is done here
        self._sending = threading.Lock()
        self._turn = threading.Lock()

    def settimeout(self, value: float | None, /) -> None:
        """See `socket.settimeout`."""
        if self._turn is None:
            super().settimeout(value)
        else:
            self._patience = value

    def gettimeout(self) -> float | None:
        """See `socket.gettimeout`."""
        return super().gettimeout() if self._turn is None else self._patience

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002  as it is named there
        """See `ssl.SSLSocket.read`, which `recv` and `recv_into` call."""
        if self._turn is None:
            return super().read(len, buffer)
        patience = self._patience
        until = _end(patience)
        while True:
            try:
                with self._turn:
                    return super().read(len, buffer)
            except ssl.SSLWantReadError:
                if patience == 0:
                    raise
            self._wait(selectors.EVENT_READ, until)

    def send(self, data: Any, flags: int = 0) -> int:
        """See `socket.send`, which `sendall` calls."""
        if self._turn is None:
            return super().send(data, flags)
        patience = self._patience if self._patience is not None else self.send_patience
        until = _end(patience)
        with self._sending:  # what could not be written at once must be what is written next
            while True:
                try:
                    with self._turn:
                        return super().send(data, flags)
                except ssl.SSLWantWriteError:
                    if patience == 0:
                        raise
                self._wait(selectors.EVENT_WRITE, until)

    def _wait(self, event: int, until: float | None) -> None:
        """Wait for the network, outside a turn."""
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            msg = "the connection in TLS timed out"
            raise TimeoutError(msg)
        with _Selector() as selector:
            selector.register(self, event)
            selector.select(left)


def _end(patience: float | None) -> float | None:
    return None if patience is None else time.monotonic() + patience
