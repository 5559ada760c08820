"""The connection under faults that a relay causes, with a real sidecar behind it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import pytest

from conftest import until
from tcp_relay import TcpRelay
from voxbeam.connection import Connection
from voxbeam.endpoint import Endpoint
from voxbeam.errors import InstanceGoneError, UnauthorizedError
from voxbeam.protocol import FrameType, decode_control
from voxbeam.sidecar import start_sidecar
from voxbeam.stream import open_stream

#: For tests of silence alone: elsewhere a test that is held up must not be taken for one that is gone.
quick_heartbeat = pytest.mark.parametrize("heartbeat_ms", [200])


@pytest.fixture
def heartbeat_ms():
    return 10_000


@pytest.fixture
def sidecar(heartbeat_ms):
    process = start_sidecar(store_bytes=32 * 2**20, heartbeat_ms=heartbeat_ms)
    yield process
    process.stop()


@pytest.fixture
def relay(sidecar):
    relay = TcpRelay(sidecar.host, sidecar.port)
    yield relay
    relay.close()


class Observed:
    """A connection that keeps account of what it is told."""

    def __init__(self, sidecar, place, **options) -> None:
        self.minted = 0
        self.opened = 0
        self.closed: list[tuple[str, str | None]] = []
        self.pongs: list[float] = []
        endpoint = Endpoint(sidecar.host, sidecar.port, sidecar.token)

        def ticket() -> str:
            self.minted += 1
            return endpoint.ticket("stream", "owner", "none")

        self.connection = Connection(
            host=place.host,
            port=place.port,
            ticket=ticket,
            kind="producer",
            client="test",
            **options,
        )
        self.connection.on_open(self._open)
        self.connection.on_close(lambda reason: self.closed.append((reason, self.connection.gone)))
        self.connection.on(FrameType.PONG, lambda _, payload: self.pongs.append(decode_control(payload)["t"]))
        self.connection.start()
        until(lambda: self.opened == 1)

    def _open(self) -> None:
        self.opened += 1

    def answers(self) -> bool:
        """Whether a ping of its own comes back."""
        mark = time.monotonic()
        self.connection.send_control(FrameType.PING, {"t": mark})
        until(lambda: mark in self.pongs)
        return True


@pytest.fixture
def observed(sidecar, relay):
    observed = Observed(sidecar, relay)
    yield observed
    observed.connection.close()


def test_frames_are_handled_in_order_and_from_any_thread(observed):
    def ping(first: int) -> None:
        for t in range(first, first + 1000, 10):
            observed.connection.send_control(FrameType.PING, {"t": t})

    threads = [threading.Thread(target=ping, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mine = lambda: [t for t in observed.pongs if t < 1000]  # noqa: E731  those of the heartbeat are larger
    until(lambda: len(mine()) == 1000)
    for n in range(10):
        assert [t for t in mine() if t % 10 == n] == list(range(n, 1000, 10))


def test_after_a_cut_it_comes_back_with_its_resume_ticket(observed, relay):
    instance = observed.connection.welcome["instance"]
    for times in range(1, 4):
        relay.cut()
        until(lambda times=times: observed.opened == times + 1)
        assert observed.answers()
    assert observed.minted == 1
    assert observed.connection.welcome["instance"] == instance
    assert [gone for _, gone in observed.closed] == [None] * 3


def test_a_used_up_resume_ticket_is_replaced_by_a_minted_one(observed, relay):
    observed.connection.welcome["resume"] = "A" * 43
    relay.cut()
    until(lambda: observed.opened == 2)
    assert observed.minted == 2


@quick_heartbeat
def test_a_silent_network_is_noticed_by_the_heartbeat(observed, relay):
    relay.stall()
    until(lambda: observed.closed)
    relay.flow()
    until(lambda: observed.opened >= 2)
    assert observed.answers()


@quick_heartbeat
def test_a_sender_that_nobody_reads_is_let_go(observed, relay):
    """A send that waits for a peer that does not read ends when the heartbeat shuts the socket."""
    relay.stall()
    frame = bytes(4 * 2**20)
    ended = threading.Event()

    def flood() -> None:
        while observed.connection.send(frame):
            pass
        ended.set()

    threading.Thread(target=flood, daemon=True).start()
    assert ended.wait(60)
    relay.flow()
    until(lambda: observed.opened >= 2)


def test_a_damaged_frame_is_refused_and_the_connection_made_anew(observed, relay):
    relay.damage_next()
    until(lambda: observed.closed)
    assert "bad frame" in observed.closed[0][0] or "checksum" in observed.closed[0][0]
    until(lambda: observed.opened == 2)
    assert observed.answers()


def test_a_handler_that_fails_ends_nothing(observed, caplog):
    observed.connection.on(FrameType.PONG, lambda *_: 1 / 0)
    observed.connection.on(FrameType.PONG, lambda _, payload: observed.pongs.append("after"))
    assert observed.answers()
    until(lambda: "after" in observed.pongs)
    assert "PONG" in caplog.text
    assert observed.opened == 1


def test_a_killed_sidecar_is_given_up_within_seconds(observed, sidecar, relay):
    os.kill(sidecar.pid, signal.SIGKILL)
    relay.refuse()
    until(lambda: observed.connection.gone)
    assert observed.closed[-1] == ("nothing listens there", "nothing listens there")
    with pytest.raises(InstanceGoneError, match=rf"{relay.host}:{relay.port} is gone"):
        observed.connection.send(b"x")


def test_where_the_process_is_known_it_is_given_up_at_once(sidecar):
    observed = Observed(sidecar, sidecar, alive=lambda: sidecar.alive)
    os.kill(sidecar.pid, signal.SIGKILL)
    until(lambda: observed.connection.gone)
    assert observed.connection.gone == "its process has ended"


def test_another_instance_on_the_port_is_not_taken_for_the_old_one(sidecar):
    observed = Observed(sidecar, sidecar)
    os.kill(sidecar.pid, signal.SIGKILL)
    sidecar.stop()
    other = start_sidecar(store_bytes=32 * 2**20, port=sidecar.port)
    try:
        until(lambda: observed.connection.gone)
        assert "refused its owner's token" in observed.connection.gone
    finally:
        other.stop()


def test_nobody_there_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connection = Connection(host="127.0.0.1", port=port, ticket=lambda: "A" * 43, kind="producer", client="test")
    with pytest.raises(InstanceGoneError, match=f"127.0.0.1:{port} is gone \\(nothing listens there\\)"):
        connection.start()


def test_a_wrong_ticket_is_told(sidecar):
    with pytest.raises(UnauthorizedError, match="refused the ticket"):
        open_stream(sidecar.host, sidecar.port, "A" * 43)


def test_closing_ends_its_threads_and_tells_once(sidecar):
    before = set(threading.enumerate())
    observed = Observed(sidecar, sidecar)
    observed.connection.close()
    observed.connection.close()
    until(lambda: set(threading.enumerate()) <= before)
    assert observed.closed == [("it was closed", "it was closed")]
    with pytest.raises(InstanceGoneError):
        observed.connection.send(b"x")


def test_closing_while_it_comes_back_is_final(observed, relay):
    relay.stall()
    relay.cut()
    until(lambda: observed.closed)
    observed.connection.close()
    relay.flow()
    time.sleep(1)
    assert observed.opened == 1
    assert observed.connection.gone == "it was closed"
