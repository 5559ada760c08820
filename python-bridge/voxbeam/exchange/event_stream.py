"""Changes as they happen, to one program, on a socket that an HTTP server has accepted: a WebSocket that only speaks."""

from __future__ import annotations

import json
import queue
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.http11 import Request

    Tell = Callable[[dict[str, Any]], None]
    Waiting = queue.Queue[dict[str, Any] | None]

#: Events that may wait for somebody to read them.
MAX_WAITING = 4096
#: Somebody who takes nothing for so long is gone.
_SEND_SECONDS = 30.0
#: Bytes that the other side may say at once: nothing but pings and its goodbye is expected.
_MAX_HEARD_BYTES = 4096


def stream_events(
    stream: socket.socket, request: Request, about: Callable[[], dict[str, Any]],
    listen: Callable[[Tell], Callable[[], None]], ended: threading.Event,
) -> None:
    """Take over a socket whose request asked for a WebSocket, and tell it of changes until it ends.

    Parameters
    ----------
    stream
        Of the request, nothing read after its headers.
    request
        It, as websockets has requests.
    about
        What is told before everything else; edits up to its ``seq`` are in it and are not told again.
    listen
        Calls what it is given with each change; its result ends that.
    ended
        Set when the endpoint is closed.
    """
    protocol = ServerProtocol(max_size=_MAX_HEARD_BYTES)
    protocol.receive_data(request.serialize())  # it reads frames once it has read the request
    protocol.events_received()
    protocol.send_response(protocol.accept(request))
    lock = threading.Lock()
    _flush(stream, protocol)
    if protocol.state is not State.OPEN:
        return
    waiting: Waiting = queue.Queue(MAX_WAITING)
    slow = threading.Event()

    def tell(event: dict[str, Any]) -> None:
        try:
            waiting.put_nowait(event)
        except queue.Full:
            slow.set()

    stop = listen(tell)
    hello = {"event": "hello", **about()}  # after one listens, so that nothing lies between
    seq = hello.get("seq", 0)
    stream.settimeout(_SEND_SECONDS)
    hearing = threading.Thread(target=_hear, args=(stream, protocol, lock, waiting), name="voxbeam-exchange-events", daemon=True)
    hearing.start()
    event: dict[str, Any] | None = hello
    try:
        while not ended.is_set():
            with lock:
                if event is not None and (event is hello or event.get("seq", seq + 1) > seq):
                    protocol.send_text(json.dumps(event, ensure_ascii=False, allow_nan=False).encode())
                    _flush(stream, protocol)
            event = None
            with suppress(queue.Empty):
                event = waiting.get(timeout=0.5)
                if event is None:
                    return
            if slow.is_set():
                break
        code, why = (CloseCode.TRY_AGAIN_LATER, "events were not read") if slow.is_set() else (CloseCode.GOING_AWAY, "closed")
        with lock:
            protocol.send_close(code, why)
            _flush(stream, protocol)
    except OSError:
        pass  # it is gone
    finally:
        stop()
        with suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)
        hearing.join(5)


def _hear(stream: socket.socket, protocol: ServerProtocol, lock: threading.Lock, waiting: Waiting) -> None:
    """Answer pings and a goodbye; what else is said is left."""
    while True:
        try:
            data = stream.recv(_MAX_HEARD_BYTES)
        except TimeoutError:
            continue
        except OSError:
            data = b""
        with lock, suppress(OSError):
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            protocol.events_received()
            _flush(stream, protocol)
            over = protocol.state is not State.OPEN
        if over or not data:
            with suppress(queue.Full):
                waiting.put_nowait(None)
            return


def _flush(stream: socket.socket, protocol: ServerProtocol) -> None:
    for data in protocol.data_to_send():
        if data:
            stream.sendall(data)
