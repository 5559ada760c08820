"""Sockets in TLS that one thread reads while another writes: nothing is lost, nobody waits for the other."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import pytest

from certificates import make_certificate
from conftest import MIB
from voxbeam.endpoint import Endpoint
from voxbeam.sidecar import start_sidecar
from voxbeam.stream import open_stream
from voxbeam.trust import Trust

SECONDS = 30


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificates"), "localhost")


@pytest.fixture
def pair(files):
    """Both ends of a connection: ours, and a server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.settimeout(SECONDS)
    served = []
    thread = threading.Thread(target=lambda: served.append(context.wrap_socket(theirs, server_side=True)))
    thread.start()
    with Trust(ca_file=files.cert).wrap(ours, "localhost") as secure:
        thread.join(SECONDS)
        yield secure, served[0]
        served[0].close()


class Watched:
    """OpenSSL's connection, and how many threads were in it at once."""

    def __init__(self, inner):
        self._inner, self._inside, self.most = inner, 0, 0
        self._lock = threading.Lock()

    def __getattr__(self, name):
        return getattr(self._inner, name)

    @contextlib.contextmanager
    def _visit(self):
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    def read(self, *args):
        with self._visit():
            return self._inner.read(*args)

    def write(self, data):
        with self._visit():
            return self._inner.write(data)


def test_many_streams_are_opened_at_once_in_tls(files):
    """The server's session tickets come as the client asks for the stream."""
    process = start_sidecar(store_bytes=64 * MIB, tls_cert=files.cert, tls_key=files.key)
    trust = Trust(process.fingerprint)
    endpoint = Endpoint("127.0.0.1", process.port, process.token, trust)
    failed = []

    def visit():
        for _ in range(150):
            try:
                ticket = endpoint.ticket("stream", "view", "none")
                open_stream("127.0.0.1", process.port, ticket, trust=trust, timeout=SECONDS).close()
            except Exception as error:  # noqa: BLE001  whatever it is
                failed.append(error)

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.stop()
    assert not failed


def test_reading_and_writing_take_turns_and_every_byte_comes(pair):
    ours, theirs = pair
    ours._sslobj = watched = Watched(ours._sslobj)
    payload = bytes(range(256)) * (8 * MIB // 256)

    def echo():
        left = len(payload)
        while left:
            data = theirs.recv(65536)
            theirs.sendall(data)
            left -= len(data)

    back = bytearray()

    def read():
        while len(back) < len(payload):
            back.extend(ours.recv(65536))

    threads = [threading.Thread(target=echo), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    ours.sendall(payload)
    for thread in threads:
        thread.join(SECONDS)
    assert bytes(back) == payload
    assert watched.most == 1


def test_who_waits_for_bytes_holds_up_nobody_who_sends(pair):
    ours, theirs = pair
    ours.settimeout(None)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(ours.recv(16)))
    reader.start()
    reader.join(0.2)
    assert reader.is_alive()
    ours.sendall(b"question")
    assert theirs.recv(16) == b"question"
    theirs.sendall(b"answer")
    reader.join(SECONDS)
    assert heard == [b"answer"]


def test_timeouts_are_those_of_any_socket(pair):
    ours, _ = pair
    ours.settimeout(0.05)
    assert ours.gettimeout() == 0.05
    with pytest.raises(TimeoutError):
        ours.recv(1)
    ours.settimeout(0)
    with pytest.raises(ssl.SSLWantReadError):
        ours.recv(1)
    ours.settimeout(None)
    ours.send_patience = 0.1
    with pytest.raises(TimeoutError):
        ours.sendall(bytes(64 * MIB))  # nobody reads it
