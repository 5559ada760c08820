"""Opening the WebSocket that carries frames: the one place that knows how a ticket travels."""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING

from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from voxbeam.errors import UnauthorizedError
from voxbeam.protocol import MAX_FRAME_BYTES, SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX
from voxbeam.tls_socket import TlsSocket
from voxbeam.trust import open_socket

if TYPE_CHECKING:
    from voxbeam.trust import Trust

#: Messages from this size on are sent as they stand; up to 64 KiB they would have another form of header.
LARGE_BYTES = 2**16
_LARGE_HEADER = struct.Struct(">BBQI")

#: A send that moves no byte for this long means a peer that no longer reads: the connection is given up.
SEND_STALL_SECONDS = 20


def open_stream(
    host: str, port: int, ticket: str, *, timeout: float = 10.0, trust: Trust | None = None,
) -> ClientConnection:
    """Open the WebSocket of the sidecar at ``host:port`` with a single-use ticket.

    Neither the environment's HTTP proxy nor compression is used, and no ``Origin`` is sent: that marks a native client.

    Raises
    ------
    CertificateError
        It is not whom `trust` trusts.
    UnauthorizedError
        The ticket is used up, expired, or unknown.
    OSError
        Nobody answers there in time.
    """
    sock = open_socket(host, port, timeout, trust)
    try:
        _limit_stalls(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connect(
            f"ws://{bracketed(host)}:{port}/v1/stream",
            sock=sock,
            subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(TICKET_SUBPROTOCOL_PREFIX + ticket)],
            compression=None,
            max_size=MAX_FRAME_BYTES,
            open_timeout=timeout,
            close_timeout=1,
            ping_interval=None,
            user_agent_header=None,
        )
        # Entering is what tells websockets 17 and later that this is one connection, closed by us.
        return stream.__enter__()
    except InvalidStatus as error:
        sock.close()
        status = error.response.status_code
        if status in (401, 403):
            msg = f"the server at {host}:{port} refused the ticket (HTTP {status})"
            raise UnauthorizedError(msg) from error
        msg = f"the server at {host}:{port} answered HTTP {status} instead of opening a stream"
        raise ConnectionError(msg) from error
    except BaseException:
        sock.close()
        raise


def send_binary(stream: ClientConnection, frame: bytes | bytearray | memoryview) -> None:
    """Send a message; one that is large as it stands, without a copy and under a mask of zeros.

    Masks keep what a web page's script sends from looking like something else to a proxy; a program of one's own needs none,
    and the other side spends half of its time on taking them off.
    """
    if len(frame) < LARGE_BYTES or not isinstance(getattr(stream.protocol, "writes", None), list):
        stream.send(frame)
        return
    with stream.send_context():
        stream.protocol.writes += [_LARGE_HEADER.pack(0x82, 0xFF, len(frame), 0), frame]  # type: ignore[list-item]


def bracketed(host: str) -> str:
    """``host`` as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _limit_stalls(sock: socket.socket) -> None:
    if isinstance(sock, TlsSocket):
        sock.send_patience = SEND_STALL_SECONDS
        return
    milliseconds = SEND_STALL_SECONDS * 1000
    value = struct.pack("@i", milliseconds) if sys.platform == "win32" else struct.pack("@ll", SEND_STALL_SECONDS, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)
