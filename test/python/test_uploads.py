"""Bricks of another host by several connections: every voxel, a cut in the middle, strangers at the port, and codecs."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from brick_reader import BrickReader
from certificates import make_certificate
from conftest import MIB, until
from producer_support import SECONDS, check_all, noise
from tcp_relay import TcpRelay
from voxbeam import sidecar as sidecar_module
from voxbeam.geometry import BrickKey
from voxbeam.instance import Instance
from voxbeam.producer.frame_buffer import FrameBuffer
from voxbeam.producer.link import Link
from voxbeam.producer.store import Store
from voxbeam.producer.upload.frame_codec import FrameCodec, smaller
from voxbeam.producer.upload.link_rate import LinkRate
from voxbeam.producer.upload.upload_connection import UploadConnection, UploadError
from voxbeam.producer.upload.uploads import CONNECTIONS
from voxbeam.sidecar import start_sidecar
from voxbeam.trust import Trust


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    """This process cannot open the sidecar's store, as on another host."""
    monkeypatch.setattr(Store, "open", classmethod(lambda *_: None))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    files = make_certificate(tmp_path_factory.mktemp("certificates"), "localhost")
    process = start_sidecar(store_bytes=128 * MIB, tls_cert=files.cert, tls_key=files.key)
    yield process
    process.stop()


@pytest.fixture
def instance(server):
    with Instance("127.0.0.1", server.port, server.token, trust=Trust(server.fingerprint)) as instance:
        yield instance


def opened(instance):
    """The upload connections, all open."""
    producer = instance.producer
    until(lambda: producer._link and producer._link.uploads and len(producer._link.uploads.connections) == CONNECTIONS, SECONDS)
    return producer._link.uploads


def check_whole(server, trust, volume, array):
    """A viewer of its own reads every voxel."""
    reader = BrickReader(server, trust=trust)
    try:
        check_all(reader, volume, array)
    finally:
        reader.close()


def through_relays(monkeypatch, rate=None, fuses=()):
    """Upload connections pass relays, which are returned once they are known; each passes on `rate` bytes a second.

    The first connections of each are cut after as many bytes as `fuses` say.
    """
    relays = []
    begin = Link.begin_uploads

    def relayed(link, message):
        relays.extend(TcpRelay("127.0.0.1", port, rate) for port in message["ports"])
        for relay in relays:
            relay.fuses = list(fuses)
        begin(link, {**message, "ports": [relay.port for relay in relays]})

    monkeypatch.setattr(Link, "begin_uploads", relayed)
    return relays


@pytest.mark.parametrize("codec", ["raw", "zstd", "lz4"])
def test_every_voxel_by_uploads_in_tls_raw_and_compressed(server, instance, codec):
    uploads = opened(instance)
    uploads.codec._forced = codec
    array = (noise((140, 70, 70), np.uint16) >> 6).astype(np.uint16)
    volume = instance.producer.declare(array, name=codec)
    volume.fill(timeout=SECONDS)
    check_whole(server, instance.trust, volume, array)
    whole = volume.status["total"] * 66**3 * 2
    if codec == "raw":
        assert whole <= uploads.sent_bytes < 1.01 * whole
        assert uploads.codec.coded == 0
    else:
        assert 0 < uploads.sent_bytes < 0.8 * whole
        assert uploads.codec.coded == volume.status["total"]
    volume.remove()


def test_connections_that_are_cut_are_opened_again_and_lose_what_was_under_way_alone(server, instance, monkeypatch):
    relays = through_relays(monkeypatch, rate=3e6)  # slow enough for something to be under way at every cut
    uploads = opened(instance)
    array = noise((300, 150, 150), np.uint8)
    volume = instance.producer.declare(array, name="cut")
    volume.fill(wait=False)
    for share in (0.2, 0.5, 0.8):
        until(lambda: volume.status["resident"] > share * volume.status["total"], SECONDS)  # noqa: B023
        for relay in relays:
            relay.cut()
        assert volume.is_announced, "the producer's own connection goes on"
    volume.fill(timeout=SECONDS)
    until(lambda: sum(relay.accepted for relay in relays) > CONNECTIONS, SECONDS)
    opened(instance)
    assert 0 < uploads.lost_bytes <= 64 * MIB
    check_whole(server, instance.trust, volume, array)
    volume.remove()
    for relay in relays:
        relay.close()


def test_connections_that_are_cut_while_they_begin_are_opened_again(server, instance, monkeypatch):
    """In the middle of the first words of TLS, of the proof, of the first frame."""
    relays = through_relays(monkeypatch, fuses=(1, 300, 600, 900, 1200, 30_000))
    array = noise((140, 150, 150), np.uint8)

    def fill():
        volume = instance.producer.declare(array, name="fuses")
        volume.fill(timeout=SECONDS)
        check_whole(server, instance.trust, volume, array)
        volume.remove()

    fill()
    until(lambda: sum(relay.accepted for relay in relays) >= CONNECTIONS, SECONDS)
    uploads = opened(instance)
    while any(relay.fuses for relay in relays):
        opened(instance)
        fill()
    before, whole = uploads.sent_bytes, 3 * 3 * 3 * 66**3
    until(lambda: (opened(instance), fill(), uploads.sent_bytes - before > whole)[-1], SECONDS)
    for relay in relays:
        relay.close()


def test_the_producers_own_connection_comes_back_however_early_it_is_cut(server):
    """In TLS, in the request for a stream or a ticket, in HELLO: six times, where three refusals mean that nobody is there."""
    relay = TcpRelay("127.0.0.1", server.port)
    with Instance("127.0.0.1", relay.port, server.token, trust=Trust(server.fingerprint)) as instance:
        volume = instance.producer.declare(array := noise((70, 70, 70), np.uint8), name="early")
        volume.fill(timeout=SECONDS)
        relay.fuses = [1, 300, 700, 900, 1000, 1100]
        relay.cut()
        until(lambda: not relay.fuses and volume.is_announced, SECONDS)
        check_whole(server, instance.trust, volume, array)
        volume.remove()
    relay.close()


def test_without_a_way_to_the_ports_bricks_go_with_what_else_is_said(instance, monkeypatch):
    begin = Link.begin_uploads
    with TcpRelay("127.0.0.1", 1)._listener as nobody:
        port = nobody.getsockname()[1]
    monkeypatch.setattr(Link, "begin_uploads", lambda link, message: begin(link, {**message, "ports": [port]}))
    array = noise((100, 90, 80), np.uint8)
    volume = instance.producer.declare(array, name="shut")
    volume.fill(timeout=SECONDS)
    assert instance.producer._link.uploads.sent_bytes == 0
    volume.remove()


def test_killed_in_the_middle_it_is_back_with_every_voxel_right(monkeypatch):
    monkeypatch.setattr(sidecar_module, "MAX_RESTARTS", 100)
    process = start_sidecar(store_bytes=128 * MIB)
    with Instance(process.host, process.port, process.token, process=process, restarts=True) as instance:
        opened(instance)
        array = noise((300, 190, 190), np.uint8)
        volume = instance.producer.declare(array, name="killed")
        volume.fill(wait=False)
        until(lambda: volume.status["resident"] > volume.status["total"] // 3, SECONDS)
        before = process.pid
        os.kill(before, signal.SIGKILL)
        until(lambda: process.pid != before and volume.is_announced and volume.status["complete"], SECONDS)
        check_whole(process, None, volume, array)
        assert opened(instance).connections, "and bricks come by uploads again"


def test_a_stranger_at_the_port_gets_no_voxels_and_one_without_the_ticket_is_refused(server, instance):
    uploads = opened(instance)
    with pytest.raises(UploadError, match="ticket is unknown"):
        UploadConnection("127.0.0.1", uploads._ports[0], "x" * 43, instance.trust, lambda *_: None)
    greeting = UploadConnection._next
    said = iter([{"nonce": "0" * 32}, {"proof": "0" * 64}])
    try:
        UploadConnection._next = lambda *_: next(said)
        with pytest.raises(UploadError, match="does not know the ticket"):
            UploadConnection("127.0.0.1", uploads._ports[0], uploads._ticket, instance.trust, lambda *_: None)
    finally:
        UploadConnection._next = greeting


def test_compressed_when_and_only_when_it_is_faster_on_the_measured_link():
    def choice(rate, encode=250e6, ratio=2.0):
        link = LinkRate()
        codec = FrameCodec(["raw", "lz4", "zstd"], link)
        for turn in range(8):
            link.sent(int(rate), turn)
            link.taken(int(rate), turn + 1)
        codec._encode = {"zstd": encode, "lz4": 0.5 * encode}
        codec._ratios = {(1, "zstd"): ratio, (1, "lz4"): 0.8 * ratio}
        return codec.choose(1)

    assert FrameCodec(["zstd"], LinkRate()).choose(1) is None, "not before the link is measured"
    assert choice(1.25e6) == choice(12.5e6) == "zstd"
    assert choice(1e9) is None
    assert choice(12.5e6, ratio=1.02) is None, "noise"
    assert choice(12.5e6, encode=5e6) is None, "a slow processor"


def test_over_a_slow_link_bricks_are_compressed_once_it_is_measured(server, instance, monkeypatch):
    relays = through_relays(monkeypatch, rate=1e6)
    uploads = opened(instance)
    array = (noise((140, 70, 70), np.uint16) >> 8).astype(np.uint16)
    volume = instance.producer.declare(array, name="slow")
    volume.fill(timeout=SECONDS)
    # After a pause its words come in a burst; without the relay the rate is a hundred times this.
    assert 0 < uploads.link.rate < 1e7 * len(relays)
    assert uploads.codec.coded > 0
    assert uploads.sent_bytes < 0.9 * volume.status["total"] * 66**3 * 2
    check_whole(server, instance.trust, volume, array)
    volume.remove()
    for relay in relays:
        relay.close()


def test_what_is_no_smaller_goes_as_it_is():
    frame = FrameBuffer("u16")
    frame.voxels[...] = np.random.default_rng(0).integers(0, 2**16, frame.voxels.shape)
    assert smaller(frame.seal(1, BrickKey(0, 0, 0, 0), 1, 0), "zstd") is None
    frame.voxels[...] = 7
    assert smaller(frame.seal(1, BrickKey(0, 0, 0, 0), 1, 0), "zstd") is None, "one value has nothing left to compress"
