"""A relay between a client and a sidecar that cuts, stalls, damages and refuses, so that faults are caused and not imagined."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time


class TcpRelay:
    """Listens on a port of its own and passes everything on to ``host:port``: towards it at `rate` bytes a second, if given."""

    def __init__(self, host: str, port: int, rate: float | None = None) -> None:
        self._rate, self._free = rate, 0.0
        self._target = (host, port)
        self._flowing = threading.Event()
        self._flowing.set()
        self._damage = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        #: Of the next connections: after how many bytes towards the sidecar each is cut.
        self.fuses: list[int] = []
        self.accepted = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def stall(self) -> None:
        """Pass nothing on, without a word: what a network that went away looks like."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on again."""
        self._flowing.set()

    def damage_next(self) -> None:
        """Flip a bit of the last byte in what the sidecar sends next."""
        self._damage.set()

    def refuse(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self) -> None:
        self.refuse()
        self.flow()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._sockets |= {client, server}
            fuse = self.fuses.pop(0) if self.fuses else None
            threading.Thread(target=self._pump, args=(client, server, False, fuse), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _take_turn(self, count: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._free = max(self._free, now) + count / self._rate
            wait = self._free - now
        time.sleep(wait)

    def _pump(self, source: socket.socket, sink: socket.socket, from_sidecar: bool, fuse: int | None = None) -> None:
        with contextlib.suppress(OSError):
            while fuse != 0 and (data := source.recv(65536 if fuse is None else min(fuse, 65536))):
                fuse = None if fuse is None else fuse - len(data)
                self._flowing.wait()
                if from_sidecar and self._damage.is_set():
                    self._damage.clear()
                    data = data[:-1] + bytes([data[-1] ^ 1])
                if self._rate and not from_sidecar:
                    self._take_turn(len(data))
                sink.sendall(data)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
