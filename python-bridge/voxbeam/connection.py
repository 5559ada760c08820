"""A connection to a sidecar that outlives its socket: ordered dispatch, heartbeat, and coming back after a break."""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

from websockets.exceptions import ConnectionClosed, WebSocketException

from voxbeam.errors import CertificateError, InstanceGoneError, SidecarError, UnauthorizedError, VoxbeamError
from voxbeam.protocol import FrameError, FrameType, Header, decode_control, encode_control, unpack_frame
from voxbeam.stream import open_stream, send_binary

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.sync.client import ClientConnection

    from voxbeam.trust import Trust

log = logging.getLogger("voxbeam.connection")

#: First pause before a new attempt; each further one is twice as long, up to the cap.
BACKOFF_SECONDS = 0.25
BACKOFF_CAP_SECONDS = 15.0
#: One that was killed is back on its port within a second, if at all: so many refusals in a row mean that it has ended.
REFUSALS_MEAN_GONE = 3
WELCOME_SECONDS = 5.0


class Connection:
    """One client's connection to the sidecar at ``host:port``.

    Make it, register handlers, then :meth:`start` it. Handlers run on the connection's own thread, one at a time and in the
    order in which frames came; a handler must not wait for another frame. After a break it comes back by itself: what was
    sent before belongs to the old connection, so that whoever has state on the other side declares it again in `on_open`.

    Parameters
    ----------
    ticket
        Mints a stream ticket; called for the first connection, and later when the resume ticket is refused.
    kind
        What HELLO says: ``"producer"``, ``"viewer"`` or ``"helper"``.
    helps
        Of a helper: the ticket in the WELCOME of its producer.
    client
        Name and version for the server's records.
    alive
        Tells whether the sidecar's process runs, where that can be known.
    revive
        Starts a process that has died again, at the same place; False where that is given up.
    trust
        Whom to believe; TLS is spoken where there is somebody.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        ticket: Callable[[], str],
        kind: Literal["producer", "viewer", "helper"],
        client: str,
        helps: str | None = None,
        alive: Callable[[], bool] | None = None,
        revive: Callable[[], bool] | None = None,
        trust: Trust | None = None,
    ) -> None:
        self.host = host
        self.port = port
        #: The last WELCOME.
        self.welcome: dict[str, Any] = {}
        #: Why the connection has ended for good, or None while it has not.
        self.gone: str | None = None
        self._ticket = ticket
        self._hello = {"kind": kind, "client": client, **({"helps": helps} if helps else {})}
        self._alive = alive
        self._revive = revive
        self._trust = trust
        self._handlers: defaultdict[int, list[Callable[[Header, memoryview], None]]] = defaultdict(list)
        self._openers: list[Callable[[], None]] = []
        self._beaten: list[Callable[[], bytes]] = []
        self._closers: list[Callable[[str], None]] = []
        self._stream: ClientConnection | None = None
        self._heard = 0.0
        self._sending = threading.Lock()
        self._ended = threading.Event()
        self._ending = threading.Lock()

    @property
    def speaks_tls(self) -> bool:
        """Whether it travels in TLS."""
        return self._trust is not None

    @property
    def trust(self) -> Trust | None:
        """Whom it believes."""
        return self._trust

    def ticket(self) -> str:
        """A fresh ticket for one more connection like this one."""
        return self._ticket()

    def on(self, frame_type: FrameType, callback: Callable[[Header, memoryview], None]) -> None:
        """Call ``callback(header, payload)`` for each frame of a type. The payload is valid for as long as it is held."""
        self._handlers[frame_type].append(callback)

    def on_open(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` after each WELCOME, before any other frame of that connection is handled."""
        self._openers.append(callback)

    def on_beat(self, frame: Callable[[], bytes]) -> None:
        """Send what ``frame()`` makes with each beat of the heart, where nothing else is being sent."""
        self._beaten.append(frame)

    def on_close(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(reason)`` when the connection breaks, and once more when it is given up: then :attr:`gone` is set."""
        self._closers.append(callback)

    def start(self) -> Connection:
        """Connect; returns after WELCOME.

        Raises
        ------
        InstanceGoneError
            Nobody answers at ``host:port``.
        UnauthorizedError
            The ticket was refused.
        """
        try:
            stream = self._open(self._ticket())
        except (OSError, WebSocketException) as error:
            if isinstance(error, VoxbeamError):
                raise
            raise gone_error(self.host, self.port, words_of(error)) from error
        threading.Thread(target=self._run, args=(stream,), name=f"voxbeam-connection-{self.port}", daemon=True).start()
        threading.Thread(target=self._beat, name=f"voxbeam-heartbeat-{self.port}", daemon=True).start()
        return self

    @property
    def is_open(self) -> bool:
        """Whether a frame sent now has a connection to travel on."""
        return self._stream is not None

    def send(self, frame: bytes | bytearray | memoryview) -> bool:
        """Send a frame; safe from any thread. Waits while the socket is full.

        Returns
        -------
        bool
            False when the connection is broken at the moment and the frame was dropped.

        Raises
        ------
        InstanceGoneError
            The connection has ended for good.
        """
        stream = self._stream
        if stream is None:
            if self.gone is not None:
                raise gone_error(self.host, self.port, self.gone)
            return False
        with self._sending:
            return _sent(stream, frame)

    def send_control(self, frame_type: FrameType, message: dict[str, Any]) -> bool:
        """Send a control frame with ``message`` as its JSON payload. See :meth:`send`."""
        return self.send(encode_control(frame_type, message))

    def close(self, reason: str = "it was closed") -> None:
        """End the connection for good; waits for nothing that needs the other side."""
        if self.gone is not None:
            return
        self._give_up(reason)
        stream = self._stream
        if stream is not None:
            stream.close()

    # The reader's thread

    def _run(self, stream: ClientConnection | None) -> None:
        while stream is not None:
            self._stream = stream
            self._heard = time.monotonic()
            if self._ended.is_set():  # closed while it was opening
                stream.close()
            self._tell(self._openers)
            reason = self._read(stream)
            self._stream = None
            stream.close()
            if self._ended.is_set():
                return
            log.debug("connection to %s:%s broke: %s", self.host, self.port, reason)
            self._tell(self._closers, reason)
            stream = self._reconnect()

    def _open(self, ticket: str) -> ClientConnection:
        """Open a stream, say HELLO and take WELCOME."""
        stream = open_stream(self.host, self.port, ticket, trust=self._trust)
        try:
            stream.send(encode_control(FrameType.HELLO, self._hello))
            message = stream.recv(timeout=WELCOME_SECONDS)
            header, payload = unpack_frame(message if isinstance(message, bytes) else message.encode())
            answer = decode_control(payload)
            if header.type != FrameType.WELCOME:
                raise SidecarError(str(answer.get("message", "the server did not say WELCOME")), answer.get("remedy"))
            before = self.welcome.get("instance", answer["instance"])
            if answer["instance"] != before:
                msg = f"another instance, {answer['instance']}, has taken its port"
                raise _OtherInstanceError(msg)
        except BaseException:
            stream.close()
            raise
        self.welcome = answer
        return stream

    def _read(self, stream: ClientConnection) -> str:
        """Dispatch frames until the connection ends; returns why."""
        try:
            while True:
                message = stream.recv()
                self._heard = time.monotonic()
                if isinstance(message, str):
                    return "the server sent a text message; every frame is binary"
                self._dispatch(*unpack_frame(message))
        except FrameError as error:
            return f"the server sent a bad frame: {error}"
        except ConnectionClosed as error:
            close = error.rcvd
            return f"{close.code} {close.reason}".strip() if close else "the connection was lost"

    def _dispatch(self, header: Header, payload: memoryview) -> None:
        if header.type == FrameType.PING:
            self.send_control(FrameType.PONG, decode_control(payload))
        for handler in self._handlers.get(header.type, ()):
            try:
                handler(header, payload)
            except FrameError:
                raise
            except Exception:
                log.exception("a handler of %s frames failed", FrameType(header.type).name)

    def _reconnect(self) -> ClientConnection | None:
        """Come back, with growing pauses; None once that is given up."""
        refusals, pause = 0, BACKOFF_SECONDS
        while not self._ended.wait(pause * random.uniform(0.5, 1.0)):  # noqa: S311  jitter is no secret
            pause = min(BACKOFF_CAP_SECONDS, 2 * pause)
            if self._alive is not None and not self._alive():
                if self._revive is None or not self._revive():
                    self._give_up("its process has ended")
                    break
                refusals, pause = 0, BACKOFF_SECONDS
            try:
                return self._reopen()
            except (ConnectionRefusedError, InstanceGoneError) as error:
                # Who does not answer in time, or is cut off, may be back; where nobody listens nobody is.
                refusals += isinstance(error, ConnectionRefusedError) or isinstance(error.__cause__, ConnectionRefusedError)
                if refusals == REFUSALS_MEAN_GONE:
                    self._give_up(words_of(error))
            except (_OtherInstanceError, UnauthorizedError, CertificateError) as error:
                self._give_up(words_of(error))
            except (OSError, EOFError, WebSocketException, VoxbeamError) as error:
                log.debug("no connection to %s:%s yet: %s", self.host, self.port, error)
        return None

    def _reopen(self) -> ClientConnection:
        with contextlib.suppress(UnauthorizedError):  # expired after a long break: the owner's token mints another
            return self._open(self.welcome["resume"])
        return self._open(self._ticket())

    def _give_up(self, reason: str) -> None:
        with self._ending:
            if self.gone is not None:
                return
            self.gone = reason
        self._ended.set()
        self._tell(self._closers, reason)

    def _tell(self, callbacks: list[Callable[..., None]], *args: str) -> None:
        for callback in list(callbacks):
            try:
                callback(*args)
            except Exception:
                log.exception("a callback of the connection failed")

    # The heartbeat's thread

    def _beat(self) -> None:
        interval = self.welcome["heartbeat_ms"] / 1000
        looked = time.monotonic()
        while not self._ended.wait(interval):
            stream = self._stream
            now = time.monotonic()
            awake, looked = now - looked < 1.5 * interval, now
            if stream is None:
                continue
            # After code that let no thread run for long, what has come meanwhile is still to be read.
            if awake and now - self._heard > 2.5 * interval:
                # A sender may wait, with the stream's lock, for a peer that no longer reads: only the socket can be shut.
                with contextlib.suppress(OSError):
                    stream.socket.shutdown(socket.SHUT_RDWR)
            elif self._sending.acquire(blocking=False):  # who waits behind a sender cannot watch
                try:
                    _sent(stream, encode_control(FrameType.PING, {"t": time.monotonic() * 1000}))
                    for frame in self._beaten:
                        _sent(stream, frame())
                finally:
                    self._sending.release()


def _sent(stream: ClientConnection, frame: bytes | bytearray | memoryview) -> bool:
    try:
        send_binary(stream, frame)
    except ConnectionClosed:
        return False
    return True


class _OtherInstanceError(Exception):
    """Another instance answers at the port."""


def gone_error(host: str, port: int, why: str) -> InstanceGoneError:
    """The error of an instance that does not answer any more."""
    return InstanceGoneError(
        f"The instance at {host}:{port} is gone ({why}).",
        "Its volumes must be rendered again: into a new one from initialize_visualization_server(), "
        "or without an instance, which starts one in this kernel.",
    )


def words_of(error: BaseException) -> str:
    """What went wrong, in words: some of the system's errors have none of their own."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return getattr(error, "message", None) or str(error) or type(error).__name__
