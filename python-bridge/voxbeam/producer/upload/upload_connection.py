"""One connection that bricks travel on: places and frames back to back one way, words of how many were taken the other."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import select
import socket
import ssl
import struct
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from voxbeam.protocol import HEADER_BYTES, MAX_CONTROL_BYTES, FrameType, decode_control, encode_control, unpack_frame
from voxbeam.trust import open_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voxbeam.producer.need_queue import Need
    from voxbeam.trust import Trust

CONNECT_SECONDS = 5.0
#: A frame that takes longer, or bytes that nobody acknowledges for so long, mean a peer that is not there.
STALL_SECONDS = 60.0
#: What waits here and is not on its way yet: little, so that what is urgent stands behind little.
UNSENT_BYTES = 256 * 1024
#: What one record of TLS holds.
RECORD_BYTES = 16384
_PLACE = struct.Struct("<Q")


class UploadError(ConnectionError):
    """The other side has ended the connection, and said why."""


class UploadConnection:
    """An open connection; `lock` is held by whoever sends or hears on it.

    Raises
    ------
    OSError
        Nobody answers there, or not as expected.
    """

    def __init__(
        self, host: str, port: int, ticket: str, trust: Trust | None, heard: Callable[[int, dict[str, Any]], None],
    ) -> None:
        self.lock = threading.Lock()
        #: Needs whose frames were sent and not heard to be taken, with their bytes.
        self.under_way: deque[tuple[Need, int]] = deque()
        #: What was sent and not heard to be taken.
        self.bytes_under_way = 0
        self._heard = heard
        self._taken = 0
        self._unread = b""
        #: Set when it has ended.
        self.closed = threading.Event()
        began = time.perf_counter()
        self.socket = open_socket(host, port, CONNECT_SECONDS, trust)
        #: How long is waited for a peer that takes nothing; None where the system looks after that, a call less for each record.
        self._patience: float | None = STALL_SECONDS
        #: Seconds from the question to the answer.
        self.round_trip = 0.0
        try:
            self._set_up()
            began = self._greet(ticket, began + CONNECT_SECONDS)
        except BaseException:
            self.socket.close()
            raise
        self.round_trip = time.perf_counter() - began
        self.socket.settimeout(self._patience)

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return not self.closed.is_set()

    def send(self, need: Need, frame: memoryview | bytes) -> None:
        """Send a frame to its place; to be called with `lock` held."""
        self.under_way.append((need, len(frame)))
        self.bytes_under_way += len(frame)
        place = _PLACE.pack(need.offset)
        if isinstance(self.socket, ssl.SSLSocket):
            first = RECORD_BYTES - len(place)  # a record of its own would be a packet and a turn at both ends
            self.socket.sendall(place + bytes(frame[:first]))
            self.socket.sendall(memoryview(frame)[first:])
        else:
            self.socket.sendall(place, getattr(socket, "MSG_MORE", 0))
            self.socket.sendall(frame)

    def hear(self) -> None:
        """Take what was said so far, without waiting; to be called with `lock` held."""
        if not select.select([self.socket], [], [], 0)[0] and not self._pending():
            return
        self.socket.settimeout(0)
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    raise UploadError("it was closed")
                for message in self._messages(data):
                    self._told(message)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        finally:
            with contextlib.suppress(OSError):
                self.socket.settimeout(self._patience)

    def close(self) -> list[tuple[Need, int]]:
        """End it; returns what nobody knows to have arrived. To be called with `lock` held."""
        self.closed.set()
        self.cut()
        self.socket.close()
        lost = list(self.under_way)
        self.under_way.clear()
        self.bytes_under_way = 0
        return lost

    def cut(self) -> None:
        """Let whoever sends or hears on it fail; from any thread."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _pending(self) -> bool:
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def _set_up(self) -> None:
        sock = self.socket
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_NOTSENT_LOWAT", UNSENT_BYTES), ("TCP_USER_TIMEOUT", int(STALL_SECONDS * 1000))):
            option = getattr(socket, name, None)
            if option is not None:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, option, value)
                    if name == "TCP_USER_TIMEOUT":
                        self._patience = None

    def _greet(self, ticket: str, until: float) -> float:
        """Prove to know the ticket, and have it proven; the ticket itself is not said. Returns when it was asked.

        Without TLS the port may lead to somebody else, who must not get the voxels.
        """
        theirs = str(self._next(until).get("nonce", ""))
        mine = secrets.token_hex(16)
        began = time.perf_counter()
        hello = {"kind": "upload", "client": "voxbeam", "nonce": mine, "proof": _proof(ticket, "producer", theirs, mine)}
        self.socket.sendall(encode_control(FrameType.HELLO, hello))
        proof = str(self._next(until).get("proof", ""))
        if not hmac.compare_digest(proof.encode(), _proof(ticket, "instance", theirs, mine).encode()):
            raise UploadError("whoever answers there does not know the ticket")
        return began

    def _next(self, until: float) -> dict[str, Any]:
        """The next message."""
        while True:
            for message in self._messages(b""):
                return message
            self.socket.settimeout(max(0.01, until - time.perf_counter()))
            data = self.socket.recv(65536)
            if not data:
                raise UploadError("it was closed")
            self._unread += data

    def _messages(self, data: bytes) -> Iterator[dict[str, Any]]:
        self._unread += data
        while len(self._unread) >= HEADER_BYTES:
            (size,) = struct.unpack_from("<I", self._unread, 32)
            if size > MAX_CONTROL_BYTES:
                raise UploadError(f"a frame of {size} bytes")
            if len(self._unread) < HEADER_BYTES + size:
                return
            frame, self._unread = self._unread[: HEADER_BYTES + size], self._unread[HEADER_BYTES + size :]
            header, payload = unpack_frame(frame)
            message = decode_control(payload)
            if header.type != FrameType.UPLOAD:
                raise UploadError(str(message.get("message", f"a frame of type {header.type}")))
            yield message

    def _told(self, message: dict[str, Any]) -> None:
        taken = int(message.get("taken", 0))
        size = 0
        while self._taken < taken and self.under_way:
            size += self.under_way.popleft()[1]
            self._taken += 1
        self.bytes_under_way -= size
        self._heard(size, message)


def _proof(ticket: str, who: str, theirs: str, mine: str) -> str:
    """What who knows the ticket can say on a connection with these two numbers, and nobody else."""
    return hmac.new(ticket.encode(), f"{who}:{theirs}:{mine}".encode(), hashlib.sha256).hexdigest()
