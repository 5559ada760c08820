"""The endpoint itself: an HTTP server of this process, on loopback alone, for one thing that another program takes part in."""

from __future__ import annotations

import hmac
import logging
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request

from voxbeam.errors import ParameterError, VoxbeamError
from voxbeam.exchange.answers import MAX_BODY_BYTES, Answer, Asked, RefusedError, said
from voxbeam.exchange.event_stream import stream_events

if TYPE_CHECKING:
    from typing_extensions import Self

    from voxbeam.exchange.answers import Routes

log = logging.getLogger("voxbeam.exchange")

PROTOCOL = "voxbeam.exchange"
VERSION = 1
LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Programs that are connected at a time.
MAX_CONNECTIONS = 32
#: A request must have come after so long.
REQUEST_SECONDS = 30.0


class ExchangeEndpoint:
    """Made by :func:`voxbeam.send`. Requests are answered on threads of their own.

    Attributes
    ----------
    url : str
        Where it is: ``http://127.0.0.1:PORT``.
    token : str
        What a request must bring: ``Authorization: Bearer TOKEN``. **A secret**: whoever has it may edit.
    requests, refused : int
        How many were answered, and how many of them with an error.
    """

    def __init__(self, routes: Routes, host: str, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.requests = self.refused = 0
        self._routes = routes
        self._ended = threading.Event()
        self._entered = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._counting = threading.Lock()
        try:
            self._server = _server_of(self, host, port)
        except OSError as error:
            text = f"Port {port} of {host} cannot be had: {error.strerror}."
            raise ParameterError(text, "Give port 0 for a free one.") from None
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="voxbeam-exchange", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it: whoever is connected is let go."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ExchangeEndpoint {self.url}, {self.requests} requests, {self.refused} of them refused>"

    def about(self) -> dict[str, Any]:
        """What ``GET /v1`` says, and the first event."""
        return {"protocol": PROTOCOL, "version": VERSION, **self._routes.about()}

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        try:
            answer = self._answer(handler)
        except RefusedError as error:
            answer = said({"error": str(error), **{name: value for name, value in error.more.items() if value}}, error.status)
        except VoxbeamError as error:
            answer = said({"error": error.message, **({"remedy": error.remedy} if error.remedy else {})}, 422)
        except Exception as error:
            log.exception("a request of another program failed")
            answer = said({"error": f"{type(error).__name__}; the kernel's log has the details"}, 500)
        if answer is None:
            return
        with self._counting:
            self.requests += 1
            self.refused += answer.status >= 400
        handler.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, "Content-Length": str(len(answer.body)), **answer.headers}.items():
            handler.send_header(name, value)
        if answer.status >= 400:
            handler.close_connection = True  # its body may not have been read
            handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(answer.body)

    def _answer(self, handler: BaseHTTPRequestHandler) -> Answer | None:
        self._refuse_strangers(handler)
        target = urlsplit(handler.path)
        parts = tuple(unquote(part) for part in target.path.split("/")[1:])
        if parts[:1] != ("v1",):
            raise RefusedError(404, f"nothing is at {target.path[:200]}; it begins with /v1")
        asked = Asked(handler.command, parts[1:], dict(parse_qsl(target.query, keep_blank_values=True)), _body(handler))
        if asked.path == () and asked.method == "GET":
            return said(self.about())
        if asked.path == ("events",) and asked.method == "GET":
            if (handler.headers.get("Upgrade") or "").lower() != "websocket":
                raise RefusedError(426, "events are told by WebSocket")
            handler.close_connection = True
            request = Request(handler.path, Headers(handler.headers.items()))
            stream_events(handler.connection, request, self.about, self._routes.listen, self._ended)
            return None
        return self._routes.answer(asked)

    def _refuse_strangers(self, handler: BaseHTTPRequestHandler) -> None:
        host = urlsplit(f"//{handler.headers.get('Host', '')}").hostname
        if host not in LOOPBACK:
            raise RefusedError(403, f"the host {str(host)[:100]!r} is not served here")
        if handler.headers.get("Origin") is not None:
            raise RefusedError(403, "web pages may not come here")
        kind, _, token = (handler.headers.get("Authorization") or "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.token.encode()):
            raise RefusedError(401, "the token is missing or another one: Authorization: Bearer TOKEN")


def open_endpoint(routes: Routes, address: str) -> ExchangeEndpoint:
    """An endpoint at ``http://127.0.0.1:PORT``; port 0 is a free one.

    Raises
    ------
    ParameterError
        It is not on this machine's loopback, or the port cannot be had.
    """
    try:
        place = urlsplit(address)
        host, port = place.hostname, place.port
    except ValueError as error:
        raise ParameterError(f"to is {address[:200]!r}: {error}.", "Give an address such as 'http://127.0.0.1:8765'.") from None
    if place.scheme != "http" or host not in LOOPBACK or place.path not in ("", "/") or place.query or place.username:
        text = f"to is {address[:200]!r}; an endpoint is opened on this machine alone, with nothing behind its port."
        remedy = "Give 'http://127.0.0.1:8765', or port 0 for a free one; from elsewhere come by an SSH tunnel."
        raise ParameterError(text, remedy)
    return ExchangeEndpoint(routes, "127.0.0.1", port or 0)


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding"):
        raise RefusedError(411, "say how long the body is: Content-Length")
    length = handler.headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise RefusedError(400, f"Content-Length is {length[:40]!r}")
    if int(length) > MAX_BODY_BYTES:
        raise RefusedError(413, f"the body has {length} bytes; the limit is {MAX_BODY_BYTES}")
    body = handler.rfile.read(int(length))
    if len(body) != int(length):
        raise RefusedError(400, f"the body ends after {len(body)} of {length} bytes")
    return body


def _server_of(endpoint: ExchangeEndpoint, host: str, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "voxbeam", ""
        timeout = REQUEST_SECONDS

        def _do(self) -> None:
            endpoint.handle(self)

        do_GET = do_PUT = do_DELETE = do_POST = _do  # noqa: N815  names that the base class looks for

        def log_message(self, form: str, *values: Any) -> None:
            log.debug(form, *values)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def process_request(self, request: Any, client_address: Any) -> None:
            if not endpoint._entered.acquire(blocking=False):  # noqa: SLF001  one object in two classes
                self.shutdown_request(request)
                return
            super().process_request(request, client_address)

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            try:
                super().process_request_thread(request, client_address)
            finally:
                endpoint._entered.release()  # noqa: SLF001

        def handle_error(self, *_: Any) -> None:
            log.debug("another program's connection broke: %s", sys.exc_info()[1])

    return Server((host, port), Handler)
