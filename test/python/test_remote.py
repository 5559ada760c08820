"""A producer on another host: TLS, whom it trusts, bricks inline, and a cut that costs what was under way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest

import voxbeam as rv
from brick_reader import BrickReader
from certificates import make_certificate
from conftest import MIB, until
from producer_support import SECONDS, check_all, noise
from returning_viewer import ReturningViewer
from tcp_relay import TcpRelay
from voxbeam.geometry import brick_keys
from voxbeam.instance import Instance
from voxbeam.producer.store import Store
from voxbeam.sidecar import start_sidecar
from voxbeam.trust import Trust


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificates"), "localhost")


@pytest.fixture(scope="module")
def server(certificate):
    """A sidecar on all interfaces, in TLS."""
    process = start_sidecar(store_bytes=128 * MIB, host="0.0.0.0", tls_cert=certificate.cert, tls_key=certificate.key)
    yield process
    process.stop()


def address(server, port=None, **changes) -> str:
    said = {"token": server.token, "sha256": server.fingerprint, **changes}
    return f"https://127.0.0.1:{port or server.port}/#" + "&".join(f"{name}={value}" for name, value in said.items() if value)


@pytest.fixture
def elsewhere(monkeypatch):
    """This process cannot open the sidecar's store, as on another host."""
    monkeypatch.setattr(Store, "open", classmethod(lambda *_: None))


def test_a_volume_of_another_host_is_there_voxel_for_voxel(server, elsewhere):
    array = noise((150, 100, 90), np.uint16)
    with rv.connect(address(server)) as instance:
        assert rv.render_volume(array, instance, name="far") is True
        assert instance.visualization_server_url.startswith(f"https://127.0.0.1:{server.port}/#")
        assert instance.volumes["far"].complete
        assert server.token not in repr(instance)
        reader = BrickReader(server, trust=instance.trust)
        check_all(reader, instance.producer.volumes[0], array)
        reader.close()
        instance.annotations.add(rv.Point(world=(1, 2, 3), name="from afar"))
        again = rv.connect(instance.address)
        until(lambda: [a.name for a in again.annotations] == ["from afar"])
        again.close()
        instance.remove_volume("far")


def test_a_cut_costs_what_was_under_way_and_no_more(server, elsewhere):
    array = noise((300, 190, 190), np.uint8)
    relay = TcpRelay("127.0.0.1", server.port)
    with rv.connect(address(server, relay.port)) as instance:
        volume = instance.producer.declare(array, name="cut")
        made = []
        answer = volume.answer
        volume.answer = lambda needs, tools: (made.extend(needs), answer(needs, tools))
        volume.fill(wait=False)
        for share in (0.2, 0.5, 0.8):
            until(lambda: volume.status["resident"] > share * volume.status["total"], SECONDS)  # noqa: B023
            relay.cut()
            until(lambda: not volume.is_announced)
            until(lambda: volume.is_announced, SECONDS)
            assert volume.status["resident"] > 0.8 * share * volume.status["total"], "the store keeps what it has"
        volume.fill(timeout=SECONDS)
        assert len(made) <= volume.status["total"] + 3 * 64, "only what was under way is made again"
        keys = list(brick_keys(array.shape))
        viewer = ReturningViewer(server, "cut", keys, trust=instance.trust)
        until(lambda: viewer.complete, SECONDS)
        viewer.close()
        volume.remove()
    relay.close()


def test_the_file_at_the_stores_path_on_this_host_is_not_taken_for_it(tmp_path):
    """Another host has another file at /proc/<pid>/fd/<fd>: it must not be written to."""
    other = tmp_path / "voxbeam-1-0123456789abcdef"
    other.write_bytes(bytes(4096))
    with other.open("r+b") as file:
        place = {"path": f"/proc/{os.getpid()}/fd/{file.fileno()}", "bytes": 4096}
        assert Store.open({**place, "name": "voxbeam-1-fedcba9876543210"}) is None
        assert Store.open({**place, "name": other.name}) is not None
    assert Store.open({"path": str(other), "bytes": 4096, "name": "voxbeam-2-0123456789abcdef"}) is None


def test_whom_it_does_not_trust_it_tells_nothing(server, certificate, tmp_path):
    for trust in ({"fingerprint": "0" * 64}, {"sha256": "f" * 64}):
        changes = {"sha256": None, **{name: value for name, value in trust.items() if name == "sha256"}}
        with pytest.raises(rv.CertificateError, match=f"another one: its fingerprint is {server.fingerprint}"):
            rv.connect(address(server, **changes), fingerprint=trust.get("fingerprint"))
    with pytest.raises(rv.CertificateError, match=r"cannot be trusted.*self"):
        rv.connect(address(server, sha256=None))
    stranger = make_certificate(tmp_path, "stranger")
    with pytest.raises(rv.CertificateError, match="cannot be trusted"):
        rv.connect(address(server, sha256=None), ca_file=stranger.cert)
    rv.connect(address(server, sha256=None), ca_file=certificate.cert).close()
    colons = ":".join(server.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    rv.connect(address(server, sha256=None), fingerprint=colons).close()


def test_a_certificate_made_for_another_name_is_refused(tmp_path):
    other = make_certificate(tmp_path, "other", "DNS:other.example")
    process = start_sidecar(store_bytes=32 * MIB, host="0.0.0.0", tls_cert=other.cert, tls_key=other.key)
    with pytest.raises(rv.CertificateError, match=r"127\.0\.0\.1 cannot be trusted.*mismatch"):
        rv.connect(address(process, sha256=None), ca_file=other.cert)
    process.stop()


def test_a_server_that_is_another_one_after_a_break_is_not_sent_anything(server, tmp_path):
    """The port leads to somebody else: the connection is given up with the reason, and the token stays here."""
    impostor = make_certificate(tmp_path, "impostor")
    other = start_sidecar(store_bytes=32 * MIB, tls_cert=impostor.cert, tls_key=impostor.key)
    relay = TcpRelay("127.0.0.1", server.port)
    with rv.connect(address(server, relay.port)) as instance:
        assert instance.volumes == {}
        relay._target = ("127.0.0.1", other.port)
        relay.cut()
        until(lambda: instance._connection.gone is not None)
        with pytest.raises(rv.InstanceGoneError, match="another one: its fingerprint is"):
            rv.render_volume(np.zeros((3, 3, 3), "u1"), instance)
    relay.close()
    other.stop()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("https://host/#token=a", "no address"),
        ("ftp://host:1/#token=a", "no address"),
        ("", "no address"),
        ("https://host:99999/#token=a", "no address"),
        ("https://host:31443/", "No token"),
        ("http://elsewhere.example:31443/#token=a", "without TLS"),
        ("https://host:31443/#token=a&sha256=abc", "no SHA-256 fingerprint"),
    ],
)
def test_addresses_that_are_none(given, words):
    with pytest.raises(rv.ParameterError, match=words) as caught:
        rv.connect(given)
    assert "token=a" not in str(caught.value)
    with pytest.raises(TypeError, match="secret"):
        rv.connect(given, secret=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "0.0.0.0"}, "without TLS.*0.0.0.0"),
        ({"tls_cert": "/nowhere/cert.pem"}, "tls_cert is given alone"),
        ({"tls_cert": "/nowhere/cert.pem", "tls_key": "/nowhere/key.pem"}, "/nowhere/cert.pem: ENOENT"),
        ({"tls_cert": __file__, "tls_key": __file__}, "holds no certificate"),
    ],
)
def test_nothing_listens_beyond_this_machine_without_a_certificate(options, words):
    with pytest.raises(rv.SidecarError, match=words):
        start_sidecar(store_bytes=32 * MIB, **options)


def test_a_key_of_another_certificate_is_named(certificate, tmp_path):
    other = make_certificate(tmp_path, "other")
    with pytest.raises(rv.SidecarError, match="is not the key of"):
        start_sidecar(store_bytes=32 * MIB, tls_cert=certificate.cert, tls_key=other.key)


def test_the_command_serves_and_its_address_is_all_that_is_needed(certificate):
    command = [sys.executable, "-m", "voxbeam.cli", "serve", "--host", "0.0.0.0", "--store-bytes", str(64 * MIB)]
    command += ["--tls-cert", certificate.cert, "--tls-key", certificate.key, "--name", "localhost"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    where = child.stdout.readline().strip()
    sidecars = psutil.Process(child.pid).children(recursive=True)
    assert urlsplit(where).hostname == "localhost"
    assert not any(part in json.dumps([p.cmdline() for p in sidecars]) for part in (where.split("token=")[1][:20],))
    with rv.connect(where) as instance:
        rv.render_volume(np.zeros((8, 8, 8), "u1"), instance, name="z")
        assert instance.volumes["z"].complete
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 0
    _, alive = psutil.wait_procs(sidecars, timeout=60)
    assert not alive


def test_a_page_is_served_in_tls_with_a_cookie_for_tls_alone(server):
    instance = Instance("127.0.0.1", server.port, server.token, trust=Trust(server.fingerprint))
    url = instance.visualization_server_url
    run = ["curl", "-sk", "-D", "-", "-H", f"Origin: https://127.0.0.1:{server.port}", "-H", "Content-Type: application/json"]
    body = json.dumps({"ticket": url.split("#")[1]})
    run += ["-d", body, f"https://127.0.0.1:{server.port}/v1/session"]
    answer = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "200 OK" in answer.stdout
    assert "; Secure" in answer.stdout
    instance.close()
